"""The default einsum against NumPy's."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funfact.backends.einsum import einsum, is_explicit
from funfact.errors import IndexingError

LETTERS = "abcd"
SIZES = {"a": 2, "b": 3, "c": 1, "d": 4}


@st.composite
def subscripts(draw: st.DrawFn) -> str:
    """One or two operands with letters repeated, shared or alone, and any output of them."""
    word = st.text(LETTERS, max_size=4)
    terms = draw(st.lists(word, min_size=1, max_size=2))
    output = draw(st.permutations(sorted(set("".join(terms)))))
    kept = draw(st.integers(0, len(output)))
    return ",".join(terms) + "->" + "".join(output[:kept])


def arrays(pattern: str, dtype: type = np.float64) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    terms = pattern.split("->")[0].split(",")
    return [rng.uniform(0.5, 1.5, [SIZES[x] for x in term]).astype(dtype) for term in terms]


@given(subscripts())
def test_any_subscripts(pattern: str) -> None:
    operands = arrays(pattern)
    result = einsum(np, pattern, *operands)
    np.testing.assert_allclose(result, np.einsum(pattern, *operands), rtol=1e-13)


@pytest.mark.parametrize(
    "pattern",
    [
        "ab,bc->ac",
        "ab,cb->ca",
        "dab,dbc->dac",
        "abd,bcd->acd",
        "aab,bb->ab",
        "abc,d->dab",
        ",ab->ba",
    ],
)
def test_common_products(pattern: str) -> None:
    operands = arrays(pattern)
    result = einsum(np, pattern, *operands)
    np.testing.assert_allclose(result, np.einsum(pattern, *operands), rtol=1e-13)


@pytest.mark.parametrize(
    "pattern", ["ab,bc->ac", "ab,bc->ca", "bxa,bcy->axcy", "bxa,bcy->cyax", "xab,xbc->xca"]
)
def test_what_is_larger_than_its_operands_lies_in_order(pattern: str) -> None:
    """Whoever reads it next reads it as it lies in memory."""
    sizes = dict.fromkeys("acxy", 6) | {"b": 2}
    operands = [np.ones([sizes[x] for x in term]) for term in pattern.split("->")[0].split(",")]
    assert einsum(np, pattern, *operands).flags.c_contiguous


def test_complex_and_small_integers_keep_their_dtype() -> None:
    z = np.array([[1 + 2j, 3j], [4, 5]], np.complex64)
    assert einsum(np, "ab->b", z).dtype == np.complex64
    np.testing.assert_allclose(einsum(np, "ab,cb->ac", z, z), z @ z.T)
    assert einsum(np, "ab->b", np.ones((2, 2), np.int8)).dtype == np.int8


def test_empty_axes() -> None:
    result = einsum(np, "ab,bc->ac", np.ones((2, 0)), np.ones((0, 3)))
    np.testing.assert_array_equal(result, np.zeros((2, 3)))
    assert einsum(np, "aa->a", np.ones((0, 0))).shape == (0,)


@pytest.mark.parametrize("pattern", ["ab,bc->ac", "ba,bc->ac", "ab,cb->ac", "ab,bc->ca"])
def test_a_matrix_product_copies_no_operand(pattern: str) -> None:
    a, b = np.ones((2, 300, 300), np.float32)
    einsum(np, pattern, a, b)
    tracemalloc.start()
    try:
        result = einsum(np, pattern, a, b)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= 1.5 * result.nbytes


def test_a_summed_product_forms_no_broadcast_product() -> None:
    a, b = np.ones((64, 64, 16)), np.ones((64, 16))
    tracemalloc.start()
    try:
        einsum(np, "ijr,kr->ik", a, b)  # j is summed first
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 64 * 64 * 8 / 8


@pytest.mark.parametrize("pattern", ["ab,bc", "ab, bc -> ac", "a,b,c->abc", "a...->a"])
def test_other_forms_are_refused(pattern: str) -> None:
    assert not is_explicit(pattern)
    with pytest.raises(IndexingError, match="one or two operands and an output") as caught:
        einsum(np, pattern, np.ones((2, 2)), np.ones((2, 2)))
    assert repr(pattern) in str(caught.value)
