"""Sums are taken apart, equal parts computed once, where that is cheaper."""

import functools
import itertools
import operator

import numpy as np
import pytest
from hypothesis import given
from random_expressions import expressions
from rewriting import kept

import funfact as ff
from funfact.compiler.fuse import fuse
from funfact.compiler.ir import Contract, Map, check
from funfact.compiler.plan import plan
from funfact.compiler.share import share
from funfact.graph import postorder

RNG = np.random.default_rng(0)
i, j, k, l = ff.indices("i, j, k, l")


def data(*shape):
    return ff.tensor(RNG.uniform(0.5, 1.5, shape))


fused = functools.partial(kept, rtol=1e-10)


def largest(ir):
    """The elements of the largest array on the way, the result aside."""
    steps = [s.size for n in postorder(ir) if isinstance(n, Contract) for s in plan(n).steps]
    return max([*steps[:-1], *(int(np.prod(n.shape)) for n in postorder(ir) if n is not ir)])


u, v, a, w = data(30, 20), data(40, 20), data(20), data(30, 40)


@pytest.mark.parametrize(
    "expression",
    [
        (u[i, ~k] + v[j, ~k]) * a[k],
        (u[i, ~k] - v[j, ~k]) * a[k],
        a[k] * (2 - u[i, ~k] + v[j, ~k]),
        (u[i, ~k] - (v[j, ~k] - a[k])) * a[k],
        (u[i, ~k] + v[j, ~k]) * (a[k] * a[k]),
        (u[i, ~k] + v[j, ~k]) * a[k] * w[i, j] >> [],
        ff.vectorize((u[i, ~k] + v[j, ~k]) * a[k], 2),
    ],
)
def test_a_sum_times_something_never_builds_the_pairs(expression):
    assert largest(fused(expression)) <= 30 * 40


def test_a_sum_of_matrices_of_one_shape_stays():
    x, y, z = data(50, 50), data(50, 50), data(50, 50)
    ir = fused((x + y) @ z)
    assert [type(n) for n in postorder(ir) if n.below] == [Map, Contract]


def test_a_sum_that_is_used_elsewhere_stays_whole():
    pairs = u[i, ~k] + v[j, ~k] >> [i, j, k]
    ir = fused((pairs * a[k] >> [i, ~j]) + (ff.exp(pairs) * a[k] >> [i, j]))
    assert sum(n.shape == (30, 40, 20) for n in postorder(ir)) == 2  # the sum, its exponential


def test_a_function_stays_around_what_it_is_of():
    """A sum of a nonlinear term times something: a contraction around a map of the pairs."""
    ir = fused(ff.exp(-((u[i, ~k] - v[j, ~k]) ** 2)) * a[k])
    assert isinstance(ir, Contract)
    assert [n.fn for n in postorder(ir) if isinstance(n, Map)] == [
        "subtract",
        "pow",
        "negative",
        "exp",
    ]
    ir = fused(ff.exp(u[i, l] * v[j, l]) * w[i, k])
    kinds = [n.fn if isinstance(n, Map) else len(n.terms) for n in postorder(ir) if n.below]
    assert kinds == [2, "exp", 2]


def test_a_long_sum_is_taken_apart_without_recursion():
    total = functools.reduce(operator.add, [data(3) for _ in range(3000)])
    ir = fuse((total[i] >> []).ir)
    assert all(n.shape == () for n in postorder(ir) if isinstance(n, Map))


def test_sums_within_sums_within_products():
    p = a[k]
    for _ in range(200):
        p = (p + a[k] >> [k]) * a[k] >> [k]
    fused(p * a[k])


# -- what is equal ----------------------------------------------------------------------

s = data(30, 30)


def test_what_is_written_twice_is_computed_once():
    ir = fused(ff.exp(s @ s) + ff.sin(s @ s))
    assert sum(isinstance(n, Contract) for n in postorder(ir)) == 1


def test_what_is_not_quite_equal_is_not_shared():
    x, y = data(3, 3), data(3, 3)
    different = [ff.exp(x), ff.exp(y), ff.sin(x), x + 1, x + 2, x + 1.0, x * 0.0, x * -0.0]
    different += [x @ y, y @ x, x @ x, x + y, y + x, x & ff.ones(1, 1), ff.eye(3) & ff.ones(1, 1)]
    for one, other in itertools.combinations(different, 2):
        top = share((one & other).ir)
        assert top.below[0] is not top.below[1]
    top = share((different[0] & ff.exp(x)).ir)
    assert top.below[0] is top.below[1]


def test_a_product_that_is_used_twice_is_repeated_where_that_is_cheaper():
    x, vector = data(30, 30), data(30)
    once = s @ x
    assert isinstance(fused(once @ once @ vector), Contract)  # four products with a vector
    ir = fused(once @ once)  # two products of matrices instead of three
    assert sum(isinstance(n, Contract) for n in postorder(ir)) == 2


@given(expressions())
def test_sharing_and_fusing_leave_every_expression_well_formed(expression):
    for ir in (share(expression.ir), fuse(expression.ir)):
        check(ir)
        assert ir.shape == expression.ir.shape
