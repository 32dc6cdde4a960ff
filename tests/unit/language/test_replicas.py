"""Which tensors `vectorize` makes independent."""

import numpy as np

import funfact as ff


def test_what_a_fit_may_not_change_is_shared():
    free = ff.tensor("u", 3)
    fixed = ff.tensor("c", 3, optimizable=False)
    data = ff.tensor("d", np.ones(3))
    start = ff.tensor("s", np.ones(3), optimizable=True)
    tensors = {t.symbol: t for t in ff.vectorize(free + fixed + data + start, 4).tensors}
    assert tensors["u"].full_shape == tensors["s"].full_shape == (4, 3)
    assert tensors["c"] is fixed.node
    assert tensors["d"] is data.node


def test_each_call_makes_new_tensors():
    u = ff.tensor("u", 3)
    first, second = ff.vectorize(u, 2), ff.vectorize(u, 2)
    assert first.tensors[0] is not second.tensors[0]
    assert first.original.tensors == second.original.tensors == (u.node,)


def test_one_tensor_stays_one_tensor():
    u = ff.tensor("u", 3)
    assert len(ff.vectorize(u * u, 2).tensors) == 1
