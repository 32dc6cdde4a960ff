"""What products copy, and that plans spare it: against einsum, and what NumPy can view."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funfact as ff
from funfact.compiler.fuse import fuse
from funfact.compiler.gram import gram
from funfact.compiler.ir import PRODUCT, Axis, Contract, Load, Term
from funfact.compiler.moved import in_runs, moved
from funfact.compiler.plan import plan
from funfact.compiler.runs import runs
from funfact.graph import postorder

SIZES = (2, 3, 4, 5, 6)


def shares(a, order, shape):
    """Whether NumPy reads an array in this order, as one of this shape, without a copy."""
    array = np.empty([SIZES[axis] for axis in a])
    return np.shares_memory(array, array.transpose([a.index(x) for x in order]).reshape(shape))


@pytest.mark.parametrize("a", [(0, 1, 2), (1, 0, 2), (1, 2, 0), (0, 2, 1), (2, 0, 1), (2, 1, 0)])
def test_an_operand_is_copied_if_it_is_no_matrix(a):
    """Along axes 0 and 1 it is summed with a matrix, along axis 2 it stays."""
    matrix = shares(a, (2, 0, 1), (4, 6))
    assert (moved(a, (0, 1, 3), (2, 3), SIZES) == 0) == matrix


def test_the_elements_of_what_is_copied_count_once_for_each_product():
    middle = moved((0, 1, 2), (1, 3), (0, 2, 3), SIZES)  # 1 stands between the others
    assert middle == 3 * 24  # read so for two products, and made so by the third
    assert moved((0, 1), (2, 1), (2, 0), SIZES) == 0  # one that is turned around is a product too
    assert moved((0, 1), (2, 1), (0, 1, 2), SIZES) == 0  # nothing is summed


@st.composite
def chains(draw):
    """Up to five operands along up to five axes, each in any order."""
    axes = st.lists(st.integers(0, 4), min_size=1, max_size=4, unique=True).map(tuple)
    operands = draw(st.lists(axes, min_size=2, max_size=5))
    output = draw(st.permutations(sorted({axis for one in operands for axis in one})))
    return operands, tuple(output[: draw(st.integers(0, 3))])


@settings(deadline=None)
@given(chains())
def test_a_plan_makes_the_contraction(chain):
    operands, output = chain
    axes = [Axis(size) for size in SIZES]
    loads = [Load(object(), tuple(SIZES[axis] for axis in one)) for one in operands]
    terms = [
        Term(load, tuple(axes[n] for n in one)) for load, one in zip(loads, operands, strict=True)
    ]
    contract = Contract(PRODUCT, tuple(terms), tuple((axes[n],) for n in output))
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(0.5, 1, load.shape) for load in loads]
    flat = [part for pair in zip(arrays, operands, strict=True) for part in pair]
    expected = np.einsum(*flat, output)

    todo = list(arrays)
    for step in plan(contract).steps:
        pair = [todo[position] for position in step.positions]
        for position in sorted(step.positions, reverse=True):
            del todo[position]
        with_axes = [part for both in zip(pair, step.axes, strict=False) for part in both]
        todo.append(np.einsum(*with_axes, step.axes[-1]))
    np.testing.assert_allclose(todo[0], expected, rtol=1e-10)


def test_sides_are_swapped_where_a_large_array_would_be_copied():
    """A Tucker model and its target: what the target meets is made as it reads it."""
    i, j, k, p, q, r = ff.indices("i j k p q r")
    core, a, b, c = (ff.tensor(*shape) for shape in [(8, 8, 8), (64, 8), (64, 8), (64, 8)])
    target = ff.tensor(64, 64, 64)
    many = ff.vectorize(core[p, q, r] * a[i, p] * b[j, q] * c[k, r], 1)
    form = gram(fuse(many.ir), 0, many.tensors, conjugate=False)
    (inner,) = (
        node
        for node in postorder(form.ir)
        if isinstance(node, Contract) and node.terms[-1].value.shape == target.shape
    )
    met, _ = plan(inner).meeting(len(inner.terms) - 1)
    sizes = [1, *[9] * 9]  # the first axis is that of the replica
    assert met.size == 512
    assert moved(*met.axes, sizes) == 0


@pytest.mark.parametrize(("n", "swapped"), [(64, True), (16, False)])
def test_small_arrays_may_be_copied(n, swapped):
    b, d, e, f, g = (Axis(size) for size in (8, 8, n, n, n))
    loads = [Load(object(), shape) for shape in [(n, 8), (8, 8, n), (n, n, n)]]
    terms = map(Term, loads, [(f, d), (b, d, e), (g, e, f)])
    last = plan(Contract(PRODUCT, tuple(terms), ((g,), (b,)))).steps[-1]
    assert (moved(*last.axes, (n, 8, 8, n, n)) == 0) == swapped


@pytest.mark.parametrize("ways", [4, 5, 6])
def test_of_groupings_at_one_price_that_is_taken_whose_result_lies_as_wanted(ways):
    """(a b c) times (d e) is a model of five factors; that of (a b e) and (c d) is transposed."""
    axes, r = [Axis(16) for _ in range(ways)], Axis(16)
    terms = tuple(Term(Load(n, (16, 16)), (axis, r)) for n, axis in enumerate(axes))
    last = plan(Contract(PRODUCT, terms, tuple((axis,) for axis in axes))).steps[-1]
    a, b, made = last.axes
    rows, columns = ([axis for axis in x if axis in made] for x in (a, b))
    assert list(made) in (rows + columns, columns + rows)


@pytest.mark.parametrize(
    ("axes", "ordered"), [("cabz", "abcz"), ("zcab", "zabc"), ("bzac", "azbc")]
)
def test_an_operand_is_ordered_as_the_result_and_what_is_shared_stays(axes, ordered):
    letters = "abcdz"
    given, other, result = (tuple(map(letters.index, x)) for x in (axes, "dz", "abdc"))
    assert in_runs(given, other, result) == tuple(map(letters.index, ordered))


def last_product(count):
    """Of four arrays in a row, each with so many axes of size 2, the inner ones first."""
    first, second, third, fourth = ([Axis(2) for _ in range(count)] for _ in range(4))
    p, q, r = Axis(3), Axis(3), Axis(3)
    operands = [(*first, p), (p, *second[::-1], q), (q, *third, r), (r, *fourth)]
    terms = [Term(Load(object(), tuple(x.size for x in one)), one) for one in operands]
    output = (*second, *third, *first, *fourth)
    return plan(Contract(PRODUCT, tuple(terms), tuple((x,) for x in output))).steps[-1]


@pytest.mark.parametrize(("count", "long"), [(5, True), (3, False)])
def test_a_large_result_is_transposed_in_long_runs(count, long):
    """Those of the four arrays, though one has its axes the other way round; not a small one."""
    step = last_product(count)
    lengths = [len(run) for run in runs(step.axes).values() if run[0] in step.axes[-1]]
    assert (lengths == [count] * 4) == long
