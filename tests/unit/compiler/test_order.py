"""Orders of contraction: each is complete, none is mended for the worse, blocks come first."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from funfact.compiler.ir import PRODUCT, Axis, Contract, Load, Term
from funfact.compiler.order import orders
from funfact.compiler.plan import plan
from funfact.compiler.rotate import rotated


def follow(order, operands, output, arrays):
    """What an order makes, one einsum a step, and the elements that it reads and writes."""
    todo = [(list(axes), array) for axes, array in zip(operands, arrays, strict=True)]
    moved = 0
    for place, step in enumerate(order):
        pair = [todo[position] for position in step]
        for position in sorted(step, reverse=True):
            del todo[position]
        needed = {*output, *(axis for axes, _ in todo for axis in axes)}
        kept = [a for a in dict.fromkeys(pair[0][0] + pair[1][0]) if a in needed]
        kept = list(output) if place == len(order) - 1 else kept
        made = np.einsum(pair[0][1], pair[0][0], pair[1][1], pair[1][0], kept)
        moved += made.size + pair[0][1].size + pair[1][1].size
        todo.append((kept, made))
    ((_, result),) = todo
    return result, moved


@st.composite
def networks(draw):
    sizes = draw(st.lists(st.integers(2, 4), min_size=3, max_size=7))
    axes = st.lists(st.integers(0, len(sizes) - 1), min_size=1, max_size=3, unique=True)
    operands = draw(st.lists(axes.map(tuple), min_size=2, max_size=9))
    carried = sorted({axis for one in operands for axis in one})
    output = draw(st.lists(st.sampled_from(carried), max_size=3, unique=True))
    return operands, tuple(output), sizes


@settings(deadline=None)
@given(networks())
def test_every_order_makes_the_contraction(network):
    operands, output, sizes = network
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(0.5, 1, [sizes[axis] for axis in axes]) for axes in operands]
    flat = [part for pair in zip(arrays, operands, strict=True) for part in pair]
    expected = np.einsum(*flat, output, optimize=True)
    for order in orders(operands, output, sizes):
        for candidate in (order, rotated(order, operands, output, sizes)):
            result, _ = follow(candidate, operands, output, arrays)
            np.testing.assert_allclose(result, expected, rtol=1e-10)


@settings(deadline=None)
@given(networks())
def test_nothing_is_left_to_mend(network):
    operands, output, sizes = network
    for order in orders(operands, output, sizes):
        mended = rotated(order, operands, output, sizes)
        assert rotated(mended, operands, output, sizes) == mended


def test_a_large_array_meets_small_ones_together():
    """Six 4x4 matrices on the axes of an array of 4^6: three steps over it instead of six."""
    axes = [Axis(4) for _ in range(6)]
    terms = [Term(Load("x", (4,) * 6), tuple(axes))]
    new = [Axis(4) for _ in range(6)]
    terms += [Term(Load(n, (4, 4)), (new[n], axes[n])) for n in range(6)]
    node = Contract(PRODUCT, tuple(terms), tuple((axis,) for axis in new))
    assert [step.size for step in plan(node).steps].count(4**6) <= 3
    assert plan(node).cost < plan(node, quick=True).cost


def test_what_both_operands_end_with_stays_last():
    """Elementwise along it: the factors of a CP model with replicas lie as they are paired."""
    n, i, j, k, r = Axis(2), Axis(5), Axis(6), Axis(7), Axis(3)
    terms = tuple(Term(Load(x, (2, x.size, 3)), (n, x, r)) for x in (i, j, k))
    first, second = plan(Contract(PRODUCT, terms, ((n,), (i,), (j,), (k,)))).steps
    left, right, paired = first.axes
    assert paired == (left[0], left[1], right[1], left[2])
    assert second.axes[-1] == (0, 1, 3, 4)


def test_neighbours_are_paired_as_in_the_best_product_of_a_chain_of_matrices():
    """Cormen, Leiserson, Rivest & Stein, section 14.2: ((A1 (A2 A3)) ((A4 A5) A6)).

    Reading and writing counts here, too, and leads to the same.
    """
    sizes = [30, 35, 15, 5, 10, 20, 25]
    operands = [(n, n + 1) for n in range(6)]
    first = [(0,), (1,), (2,), (3,), (4,), (5,)]
    expected = {(1, 2), (0, 1, 2), (3, 4), (3, 4, 5), (0, 1, 2, 3, 4, 5)}
    groupings = []
    for order in orders(operands, (0, 6), sizes):
        todo, groups = list(first), set()
        for left, right in order:
            pair = todo[left] + todo[right]
            todo = [x for n, x in enumerate(todo) if n not in (left, right)]
            todo.append(pair := tuple(sorted(pair)))
            groups.add(pair)
        groupings.append(groups)
    assert groupings[2] == expected
