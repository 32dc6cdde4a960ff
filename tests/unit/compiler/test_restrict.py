"""A restricted expression equals its full value, restricted; and touches no more than it needs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain import Plain
from test_fuse import data, expressions

import funfact as ff
from funfact.compiler.fuse import fuse
from funfact.compiler.ir import Load, check
from funfact.compiler.lower import lower
from funfact.compiler.restrict import restrict
from funfact.graph import postorder

i, j, k, r = ff.indices("i, j, k, r")


def part(expression, positions, together=False, rewrite=lambda ir: ir):
    loads = [None if p is None else Load(object(), (len(p),)) for p in positions]
    ir = rewrite(restrict(expression.ir, loads, together))
    check(ir)
    keys = [*expression.tensors, *(load.key for load in loads if load)]
    arrays = [tensor.data for tensor in expression.tensors]
    arrays += [np.asarray(p, dtype=int) for p in positions if p is not None]
    return lower(ir, keys, Plain(), np.dtype("float64"))(arrays)


def whole(expression):
    function = lower(expression.ir, expression.tensors, Plain(), np.dtype("float64"))
    return function([tensor.data for tensor in expression.tensors])


def outer(array, positions):
    every = [range(n) if p is None else p for n, p in zip(array.shape, positions, strict=True)]
    return array[np.ix_(*every)]


a, b, c, s = data(4, 2), data(5, 2), data(3, 2), data(3, 3)
CASES = [
    a[i, ~r] * b[j, r] * c[k, r],
    a[i, r] + b[j, r],
    a & s,
    a[[*i, ~r]] * b[i, r],
    (a & s) & (s & a),
    ff.exp(a[i, ~r] - b[j, r])[i, j, k] * data(5, 5)[k, k],
    s[i, i] * a[j, r],
    s @ s @ c,
    ff.minplus(a[i, r], b[j, r]),
    ff.logsumexp(a[i, r], b[j, r]),
    ff.eye(3) & a,
    ff.vectorize(a[i, r] * 2, 3),
    ff.ones(3, 4)[i, j] * a[j, r] / 7,
    data(3, 1)[i, ~j] * data(5, 4)[j, k],
]


def draw_positions(shape, rng):
    return [None if rng.random() < 0.3 else rng.integers(0, n, rng.integers(1, 4)) for n in shape]


@pytest.mark.parametrize("expression", CASES, ids=repr)
@pytest.mark.parametrize("rewrite", [lambda ir: ir, fuse], ids=["plain", "fused"])
def test_a_choice_along_each_dimension(expression, rewrite):
    array, rng = whole(expression), np.random.default_rng(1)
    for _ in range(5):
        positions = draw_positions(array.shape, rng)
        result = part(expression, positions, rewrite=rewrite)
        np.testing.assert_allclose(result, outer(array, positions))


@pytest.mark.parametrize("expression", CASES, ids=repr)
@pytest.mark.parametrize("rewrite", [lambda ir: ir, fuse], ids=["plain", "fused"])
def test_scattered_points(expression, rewrite):
    array, rng = whole(expression), np.random.default_rng(2)
    points = [rng.integers(0, n, 6) for n in array.shape]
    result = part(expression, points, together=True, rewrite=rewrite)
    np.testing.assert_allclose(result, array[tuple(points)])


def test_only_what_is_needed_is_touched():
    tall = ff.tensor("tall", 10**6, 3)
    model = tall[i, ~r] * tall[j, r] * tall[k, r]
    ir = restrict(model.ir, [Load(n, (1,)) for n in "xyz"])
    sizes = [int(np.prod(n.shape)) for n in postorder(ir) if not isinstance(n, Load)]
    assert max(sizes) <= 3


def test_what_stands_twice_is_restricted_once():
    x = s
    for _ in range(30):
        x = x + x
    ir = restrict(x.ir, [Load("rows", (2,)), None])
    assert len(postorder(ir)) < 100


def test_a_long_chain_does_not_recurse():
    x = s
    for _ in range(3000):
        x = x @ s
    check(restrict(x.ir, [Load("rows", (1,)), Load("columns", (1,))]))


@given(expressions(), st.integers(0, 2**32 - 1))
def test_any_expression(expression, seed):
    array, rng = whole(expression), np.random.default_rng(seed)
    positions = draw_positions(array.shape, rng)
    scale = max(1.0, float(np.abs(array).max()))
    result = part(expression, positions)
    np.testing.assert_allclose(result, outer(array, positions), atol=1e-10 * scale)
    points = [rng.integers(0, n, 4) for n in array.shape]
    if points:
        scattered = part(expression, points, together=True)
        np.testing.assert_allclose(scattered, array[tuple(points)], atol=1e-10 * scale)
