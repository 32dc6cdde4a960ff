"""What a program is found again by: all that tracing it depends on, and nothing else."""

from functools import partial

import numpy as np
import pytest

import funfact as ff
from funfact.compiler.signature import Unsettled, settled, signature

i, j, r = ff.indices("i, j, r")
SCALE = 2.0


def key(expr):
    return signature(expr.ir, expr.tensors)


def product(n=4, fn=ff.exp, number=2):
    u, v = ff.tensor("u", n, 2), ff.tensor("v", 5, 2)
    return number * fn(u[i, r]) * v[j, r]


def test_expressions_of_one_form_have_one_signature():
    assert key(product()) == key(product())
    assert hash(key(product())) == hash(key(product()))


@pytest.mark.parametrize(
    "other",
    [
        product(n=5),
        product(fn=ff.sin),
        product(number=3),
        product(number=2.0),
        ff.exp(ff.tensor("v", 4, 2)[i, r]) * ff.tensor("u", 5, 2)[j, ~r],
    ],
)
def test_other_expressions_have_others(other):
    assert key(product()) != key(other)


def test_which_leaf_stands_where_matters():
    u, v = ff.tensor("u", 3, 3), ff.tensor("v", 3, 3)
    first, second, square = u @ v @ v, u @ v @ u, u @ u @ u
    assert len({key(first), key(second), key(square)}) == 3


def of_scale(number):
    def function(model, target):
        return number * abs(model - target)

    return function


def of_global(model, target):
    return SCALE * abs(model - target)


def test_functions_are_known_by_what_they_refer_to(monkeypatch):
    assert settled(of_scale(2)) == settled(of_scale(2))
    assert settled(of_scale(2)) != settled(of_scale(3))
    before = settled(of_global)
    monkeypatch.setitem(globals(), "SCALE", 3.0)
    assert settled(of_global) != before
    assert settled(partial(of_global, target=1)) != settled(partial(of_global, target=2))
    assert settled(lambda: np.ones(2)) != settled(lambda: np.ones(3))


def test_objects_are_known_by_their_attributes():
    class Weighted(ff.loss.Loss):
        def __init__(self, weight):
            super().__init__()
            object.__setattr__(self, "weight", weight)

        def elementwise(self, model, target, ab):
            return self.weight * (model - target) ** 2

    assert Weighted(1) == Weighted(2)  # a frozen dataclass compares the fields that it knows
    assert settled(Weighted(1)) != settled(Weighted(2))
    assert settled(Weighted(1)) == settled(Weighted(1))
    assert settled(Weighted(np.ones(3))) == settled(Weighted(np.ones(3)))
    assert settled(Weighted(np.ones(3))) != settled(Weighted(np.zeros(3)))


def test_numbers_are_told_apart():
    kinds = [1, 1.0, True, 1 + 0j, "1", 0.0, -0.0, float("nan")]
    assert len({settled(x) for x in kinds}) == len(kinds)
    assert settled(float("nan")) == settled(float("nan"))


def test_what_may_change_is_not_settled():
    seen = []

    def noting(model, target):
        seen.append(1)
        return model

    for value in ([1], {"a": 1}, {1}, noting, iter("a"), np.ones(5000)):
        with pytest.raises(Unsettled):
            settled(value)


def test_a_function_may_refer_to_itself():
    def again(n):
        return again(n - 1) if n else 0

    assert settled(again) == settled(again)
