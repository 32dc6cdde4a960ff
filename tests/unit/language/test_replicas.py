"""Which tensors `vectorize` makes independent."""

import copy
import pickle

import numpy as np

import funfact as ff
from funfact.language.replicas import replicated


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


def test_what_is_asked_for_again_is_not_made_again():
    u = ff.tensor("u", 3)
    first, second = replicated(u, 2), replicated(u, 2)
    assert first is second
    assert replicated(u, 3) is not first
    assert replicated(u, 2, append=True).shape == (3, 2)
    assert first.original is second.original


def test_little_is_kept_with_an_expression():
    u = ff.tensor("u", 3)
    made = [u.once(n, lambda n=n: [n]) for n in range(100)]
    assert [u.once(n, list) for n in (98, 99)] == made[98:]
    assert u.once(0, list) == []


def test_what_is_kept_stays_here():
    expr = ff.tensor("u", 3) * ff.tensor("v", 3)
    expr.once("a function", lambda: lambda: None)
    assert pickle.loads(pickle.dumps(expr)).same_structure(expr)
    assert copy.copy(expr).tensors == expr.tensors


def test_one_tensor_stays_one_tensor():
    u = ff.tensor("u", 3)
    assert len(ff.vectorize(u * u, 2).tensors) == 1
