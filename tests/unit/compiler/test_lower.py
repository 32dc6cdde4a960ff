"""Each form of the representation computes what NumPy says it should."""

import tracemalloc

import numpy as np
import pytest
from plain import Plain

from funfact.compiler.ir import (
    LOGSUMEXP,
    MINPLUS,
    PRODUCT,
    Axis,
    Const,
    Contract,
    Load,
    Map,
    Term,
    check,
)
from funfact.compiler.lower import lower
from funfact.errors import ShapeError

RNG = np.random.default_rng(0)
X, Y, Z = RNG.random((2, 3)), RNG.random((3, 4)), RNG.random((4, 3))
I, J, K = Axis(2), Axis(3), Axis(4)
LOADS = x, y, z = Load("x", (2, 3)), Load("y", (3, 4)), Load("z", (4, 3))


def run(ir, arrays=(X, Y, Z), keys=("x", "y", "z")):
    check(ir)
    result = lower(ir, keys, Plain(), np.dtype("float64"))(arrays)
    assert result.shape == ir.shape
    return result


def test_the_order_of_the_arrays_is_that_of_the_keys():
    ir = Map("subtract", (Term(x, (I, J)), Term(Load("w", (2, 3)), (I, J))), (I, J))
    ones = np.ones((2, 3))
    keys = [x.key, "w"]
    np.testing.assert_array_equal(run(ir, [X, ones], keys), X - 1)
    np.testing.assert_array_equal(run(ir, [ones, X], keys[::-1]), ones - X + 2 * (X - 1))


def test_map_aligns_its_operands():
    product = Map("multiply", (Term(y, (J, K)), Term(x, (I, J))), (K, I, J))
    np.testing.assert_allclose(run(product), np.einsum("jk,ij->kij", Y, X))


def test_map_broadcasts_a_dimension_of_size_1():
    column = Load("c", (2, 1))
    ir = Map("add", (Term(x, (I, J)), Term(column, (I, None))), (J, I))
    np.testing.assert_allclose(run(ir, [X, X[:, :1]], ["x", "c"]), (X + X[:, :1]).T)


def test_a_number_is_an_operand():
    ir = Map("pow", (Term(Const(2), ()), Term(x, (I, J))), (I, J))
    np.testing.assert_allclose(run(ir), 2**X)


def test_numbers_alone_give_an_array():
    result = run(Map("add", (Term(Const(2), ()), Term(Const(3), ())), ()))
    assert isinstance(result, np.ndarray | np.generic)
    assert result.dtype == np.float64
    assert run(Const(2.5)) == 2.5


@pytest.mark.parametrize(("value", "array"), [("eye", np.eye(3, 4)), (2.0, np.full((3, 4), 2.0))])
def test_constant_arrays(value, array):
    np.testing.assert_array_equal(run(Const(value, (3, 4))), array)


def test_contractions_of_one_two_and_three_operands():
    chain = (Term(x, (I, J)), Term(y, (J, K)))
    np.testing.assert_allclose(run(Contract(PRODUCT, chain[:1], ((J,),))), X.sum(0))
    np.testing.assert_allclose(run(Contract(PRODUCT, chain, ((K,), (I,)))), (X @ Y).T)
    last = Axis(3)
    longer = (*chain, Term(z, (K, last)))
    np.testing.assert_allclose(run(Contract(PRODUCT, longer, ((I,), (last,)))), X @ Y @ Z)
    kept = Contract(PRODUCT, longer, ((last,), (J,), (I,)))
    np.testing.assert_allclose(run(kept), np.einsum("ij,jk,kl->lji", X, Y, Z))


def test_a_repeated_axis_is_a_diagonal_and_a_group_is_merged():
    square = Load("s", (3, 3))
    s = RNG.random((3, 3))
    trace = Contract(PRODUCT, (Term(square, (J, J)),), ())
    np.testing.assert_allclose(run(trace, [s], ["s"]), np.trace(s))
    p, q = Axis(3), Axis(3)
    terms = (Term(x, (I, J)), Term(square, (p, q)))
    kron = Contract(PRODUCT, terms, ((I, p), (J, q)))
    np.testing.assert_allclose(run(kron, [X, s], ["x", "s"]), np.kron(X, s))


@pytest.mark.parametrize(
    ("semiring", "oracle"),
    [
        (MINPLUS, lambda pairs: pairs.min(1)),
        (LOGSUMEXP, lambda pairs: np.log(np.exp(pairs).sum(1))),
    ],
)
def test_semirings_pair_then_reduce(semiring, oracle):
    ir = Contract(semiring, (Term(x, (I, J)), Term(y, (J, K))), ((I,), (K,)))
    np.testing.assert_allclose(run(ir), oracle(X[:, :, None] + Y[None]))


def test_a_shared_node_is_computed_once():
    calls = []

    class Counting(Plain):
        def einsum(self, subscripts, *operands):
            calls.append(subscripts)
            return super().einsum(subscripts, *operands)

    product = Contract(PRODUCT, (Term(x, (I, J)), Term(y, (J, K))), ((I,), (K,)))
    twice = Map("add", (Term(product, (I, K)), Term(product, (I, K))), (I, K))
    result = lower(twice, ["x", "y"], Counting(), np.dtype("float64"))([X, Y])
    np.testing.assert_allclose(result, 2 * X @ Y)
    assert calls == ["ab,bc->ac"]


def test_intermediate_results_are_released():
    n, keys = 256, ["x"]
    rows, columns = Axis(n), Axis(n)
    node = Load("x", (n, n))
    for _ in range(12):
        node = Map("exp", (Term(node, (rows, columns)),), (rows, columns))
        node = Map("negative", (Term(node, (rows, columns)),), (rows, columns))
    function = lower(node, keys, Plain(), np.dtype("float64"))
    array = np.zeros((n, n))
    tracemalloc.start()
    function([array])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * array.nbytes


def test_more_axes_than_letters_is_an_error_that_says_so():
    axes = tuple(Axis(1) for _ in range(53))
    wide = Load("w", (1,) * 53)
    ir = Contract(PRODUCT, (Term(wide, axes),), tuple((axis,) for axis in axes[::-1]))
    with pytest.raises(ShapeError, match="53 axes"):
        lower(ir, ["w"], Plain(), np.dtype("float64"))


def test_a_semiring_never_builds_all_pairs():
    n = 400
    a, b = RNG.random((n, n)), RNG.random((n, n))
    i, j, k = Axis(n), Axis(n), Axis(n)
    terms = (Term(Load("a", (n, n)), (i, j)), Term(Load("b", (n, n)), (j, k)))
    function = lower(
        Contract(MINPLUS, terms, ((i,), (k,))), ["a", "b"], Plain(), np.dtype("float64")
    )
    tracemalloc.start()
    result = function([a, b])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.2 * n**3 * a.itemsize
    rows = RNG.integers(0, n, 20)
    np.testing.assert_allclose(result[rows], (a[rows][:, :, None] + b[None]).min(1))


@pytest.mark.parametrize("output", ["ik", "ki", "k", "zik"])
def test_blocks_change_no_result(output, monkeypatch):
    monkeypatch.setattr("funfact.compiler.semiring._BLOCK", 40)
    axes = {"z": Axis(2), "i": Axis(5), "j": Axis(3), "k": Axis(7)}
    a, b = RNG.random((2, 5, 3)), RNG.random((3, 7))
    left, right = tuple(axes[c] for c in "zij"), tuple(axes[c] for c in "jk")
    terms = (Term(Load("a", a.shape), left), Term(Load("b", b.shape), right))
    ir = Contract(MINPLUS, terms, tuple((axes[c],) for c in output))
    pairs = a[:, :, :, None] + b
    reduced = pairs.min(tuple(p for p, c in enumerate("zijk") if c not in output))
    kept = "".join(c for c in "zijk" if c in output)
    expected = np.einsum(f"{kept}->{output}", reduced)
    np.testing.assert_array_equal(run(ir, [a, b], ["a", "b"]), expected)
