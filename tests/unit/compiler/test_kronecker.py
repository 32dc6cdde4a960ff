"""Kronecker products and identities vanish from products, and nothing changes."""

import functools
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rewriting import kept, value

import funfact as ff
from funfact.compiler.fuse import fuse
from funfact.compiler.ir import Axis, Const, Contract, check
from funfact.compiler.plan import plan
from funfact.compiler.refine import Refinement, common_sizes
from funfact.compiler.runs import runs
from funfact.graph import postorder

i, j, k, l = ff.indices("i, j, k, l")


def data(*shape, seed=0):
    rng = np.random.default_rng((seed, *shape))
    return ff.tensor(rng.uniform(-1, 1, shape))


fused = functools.partial(kept, rtol=1e-10, atol=1e-12)


def identities(ir):
    return [n.shape for n in postorder(ir) if isinstance(n, Const) and n.value == "eye"]


def largest(ir):
    """The elements of the largest array that is made on the way, the result aside."""
    steps = [s.size for n in postorder(ir) if isinstance(n, Contract) for s in plan(n).steps]
    return max([*steps, *(int(np.prod(n.shape)) for n in postorder(ir) if n is not ir)])


# -- strides ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "common"),
    [
        ([2, 2, 2], [4, 2], (2, 2, 2)),
        ([4, 6], [2, 12], (2, 2, 6)),
        ([2, 3], [3, 2], None),
        ([6], [2, 3], (2, 3)),
        ([], [], ()),
        ([8], [8], (8,)),
        ([2, 3, 2], [3, 4], None),
        ([2, 3, 2], [6, 2], (2, 3, 2)),
    ],
)
def test_sizes_in_common_are_those_of_a_chain_of_strides(left, right, common):
    assert common_sizes(left, right) == common
    assert common_sizes(right, left) == common


def test_axes_that_are_tied_stay_so_when_one_is_split():
    axes = Refinement()
    a, b, c, d = Axis(8), Axis(8), Axis(4), Axis(2)
    assert axes.tie((a,), (b,))
    assert axes.tie((c, d), (b,))
    assert axes.atoms((a,)) == axes.atoms((b,)) == axes.atoms((c, d))
    assert [axis.size for axis in axes.atoms((a,))] == [4, 2]
    assert not axes.tie((a,), (Axis(3), Axis(3)))


def test_axes_that_travel_together_are_a_run():
    assert sorted(runs(["abc", "cab"]).values()) == [("a", "b"), ("c",)]
    assert sorted(runs(["ab", "ba"]).values()) == [("a",), ("b",)]
    assert sorted(runs(["aa", "ab"]).values()) == [("a",), ("b",)]
    assert sorted(runs(["xabcx"]).values()) == [("a", "b", "c"), ("x",)]


# -- gates ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "write",
    [
        lambda u, x: (ff.eye(4) & u & ff.eye(2)) @ x,
        lambda u, x: x @ (ff.eye(4) & u & ff.eye(2)),
        lambda u, x: (ff.eye(2) & (ff.eye(2) & u) & ff.eye(2)) @ x,
        lambda u, x: ff.eye(4)[i, j] * u[[*i, *j]] * ff.eye(2)[[*i, *j]] * x[j, k],
        lambda u, x: (ff.eye(4) & u & ff.eye(2))[i, j] * x[j, k],
        lambda u, x: ff.eye(32) @ (ff.eye(4) & u & ff.eye(2)) @ x,
    ],
)
def test_a_gate_costs_what_contracting_it_costs(write):
    x = data(32, 32)
    ir = fused(write(data(4, 4), x))
    assert identities(ir) == []
    assert write(ff.tensor(4, 4), ff.tensor(32, 32)).plan().flops == 2 * 4 * 32 * 32


@pytest.mark.parametrize("n", [4, 5, 8, 10])
@pytest.mark.parametrize("depth", [2, 10])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_brick_wall_costs_its_gates(n, depth, side):
    layers, gates = brick_wall(n, depth)
    product = functools.reduce(operator.matmul, layers)
    if side == "right":
        product = functools.reduce(lambda right, left: left @ right, layers[::-1])
    assert product.plan().flops <= 16 * 4**n * gates
    if n < 8:
        ir = fused(product)
        assert identities(ir) == []


def brick_wall(n, depth):
    """Layers of gates on neighbouring qubits, written as Kronecker products, and their count."""
    layers, gates = [], 0
    for layer in range(depth):
        first = layer % 2
        pairs = (n - first) // 2
        parts = [data(4, 4, seed=gates + pair) for pair in range(pairs)]
        parts = [ff.eye(2)] * first + parts + [ff.eye(2)] * ((n - first) % 2)
        layers.append(functools.reduce(operator.and_, parts))
        gates += pairs
    return layers, gates


def test_a_wide_circuit_needs_no_more_letters_than_there_are():
    n = 30
    state = ff.tensor(2**6, 1)
    for _ in range(4):
        parts = [ff.eye(2) & ff.tensor(4, 4) & ff.eye(8)]
        state = functools.reduce(operator.and_, parts) @ state
    assert state.plan().flops <= n * 2 * 4 * 2**6


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ((data(2, 2) & data(3, 3)) @ (data(2, 2) & data(3, 3)), 4),
        ((data(4, 4) & data(6, 6)) @ (data(2, 2) & data(12, 12)), 24),
        ((data(2, 2) & data(2, 2) & data(2, 2)) @ (data(4, 4) & data(2, 2)), 8),
        ((data(2, 3) & data(3, 2)) @ (data(3, 5) & data(2, 4)), 6),
        ((data(2, 1) & data(1, 3)) @ data(3, 4), 6),
    ],
)
def test_groups_refine_one_another(expression, rows):
    """No Kronecker product of two factors is formed."""
    ir = fused(expression)
    (contraction,) = [n for n in postorder(ir) if isinstance(n, Contract)]
    assert all(np.prod(n.shape) <= 12 * 12 for n in postorder(ir) if n is not ir)
    assert contraction is ir


def test_strides_that_do_not_divide_leave_the_axis_whole():
    left, right = data(2, 2) & data(3, 3), data(3, 3) & data(2, 2)
    ir = fused(left @ right)
    products = [n for n in postorder(ir) if isinstance(n, Contract)]
    assert [n.shape for n in products] == [(6, 6), (6, 6)]
    assert plan(ir).flops < 2 * 6**3  # one of them is applied factor by factor


# -- identities -------------------------------------------------------------------------

s = data(3, 3)


@pytest.mark.parametrize(
    ("expression", "left"),
    [
        (ff.eye(3) @ s, []),
        (ff.eye(3)[i, j] * ff.eye(3)[j, k] * s[k, l], []),
        (ff.eye(3)[i, j] * ff.eye(3)[j, i], []),  # a closed loop
        (ff.eye(3)[i, i] * s[k, l], []),
        (ff.eye(3)[i, j] * ff.eye(3)[j, k] >> [i], []),
        (ff.eye(3)[i, j] * ff.eye(3)[j, k], [(3, 3)]),  # two axes of the result
        ((ff.eye(3) & s) @ (ff.eye(3) & s), [(3, 3)]),
        ((ff.eye(4) & s) @ (ff.eye(2) & data(6, 6)), [(2, 2)]),
        ((ff.eye(6) & s) @ (ff.eye(3) & data(6, 6)), [(3, 3)]),
        (ff.eye(6)[i, j] * ff.eye(6)[i, j], []),
        ((ff.eye(2) & ff.eye(3)) @ data(6, 4), []),
        (ff.eye(2, 3) @ s, [(2, 3)]),
        (ff.eye(1)[i, j] * s[j, k], []),
        (ff.vectorize(ff.eye(3) @ s, 4), []),
    ],
)
def test_an_identity_makes_two_axes_one(expression, left):
    assert identities(fused(expression)) == left


# -- at random --------------------------------------------------------------------------


@st.composite
def matrices(draw, rows, columns, depth=3):
    """A product of Kronecker products of matrices, identities among them."""
    kinds = ["leaf", "eye" if rows == columns else "leaf"]
    kinds += ["product", "kron", "kron", "sum"] if depth else []
    match draw(st.sampled_from(kinds)):
        case "eye":
            return ff.eye(rows)
        case "product":
            inner = draw(st.sampled_from([1, 2, 3, 4, 6, 12]))
            left = draw(matrices(rows, inner, depth=depth - 1))
            return left @ draw(matrices(inner, columns, depth=depth - 1))
        case "kron":
            m, n = (draw(st.sampled_from(_divisors(size))) for size in (rows, columns))
            left = draw(matrices(m, n, depth=depth - 1))
            return left & draw(matrices(rows // m, columns // n, depth=depth - 1))
        case "sum":
            left = draw(matrices(rows, columns, depth=depth - 1))
            return left + draw(matrices(rows, columns, depth=depth - 1))
        case _:
            return data(rows, columns, seed=draw(st.integers(0, 5)))


def _divisors(size):
    return [n for n in range(1, size + 1) if size % n == 0]


@given(matrices(12, 6))
def test_no_rewrite_changes_a_product_of_kronecker_products(expression):
    ir = fuse(expression.ir)
    check(ir)
    plain = value(expression, expression.ir)
    scale = max(1.0, float(np.abs(plain).max()))
    np.testing.assert_allclose(value(expression, ir), plain, atol=1e-10 * scale)


@given(matrices(12, 12))
def test_a_trace_and_a_sum_are_the_same_too(expression):
    for scalar in (expression[i, i] >> [], expression[i, j] * expression[i, j]):
        ir = fuse(scalar.ir)
        check(ir)
        plain = value(scalar, scalar.ir)
        scale = max(1.0, float(np.abs(plain)))
        np.testing.assert_allclose(value(scalar, ir), plain, atol=1e-9 * scale)
