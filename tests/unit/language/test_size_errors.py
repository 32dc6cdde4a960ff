"""Errors about sizes: which operands, indices and sizes disagree."""

import pytest
from refusal import assert_says, refusal

from funfact import errors


@pytest.mark.parametrize(
    "text",
    [
        "A[alpha, beta] * B[beta, gamma]",
        "A[alpha, beta] + B[beta, gamma]",
        "A[alpha, beta] - B[beta, gamma]",
        "A[alpha, beta] / B[beta, gamma]",
        "A[alpha, beta] ** B[beta, gamma]",
        "A[alpha, ~beta] * B[beta, gamma]",
        "ff.minplus(A[alpha, beta], B[beta, gamma])",
        "ff.exp(A[alpha, beta]) * B[beta, gamma]",
        "C[alpha, gamma] * A[alpha, beta] * B[beta, delta]",
    ],
)
def test_unequal_sizes_under_one_index(text: str) -> None:
    """Two axes under one index in a pairing are equal, or one is 1."""
    message = refusal(text, errors.ShapeError, A=(11, 13), B=(17, 19), C=(11, 23))
    assert_says(message, "beta", "13", "17")


def test_a_third_kronecker_factor_without_its_mark() -> None:
    """A third factor needs its own mark."""
    text = "A[*alpha] * B[alpha] * C[alpha]"
    message = refusal(text, errors.ShapeError, A=(3,), B=(5,), C=(7,))
    assert_says(message, "alpha", "15", "7")


@pytest.mark.parametrize(
    "text", ["A[alpha, alpha]", "(A @ B)[alpha, alpha]", "A[alpha, beta][gamma, gamma]"]
)
def test_unequal_sizes_on_a_diagonal(text: str) -> None:
    """Equal indices in one list take the diagonal; sizes must be equal."""
    message = refusal(text, errors.ShapeError, A=(11, 13), B=(13, 13))
    assert_says(message, ("alpha", "gamma"), "11", "13")


def test_a_diagonal_does_not_broadcast() -> None:
    """Sizes must be equal on a diagonal: 1 is no exception."""
    assert_says(refusal("A[alpha, alpha]", errors.ShapeError, A=(1, 13)), "alpha", "1", "13")


@pytest.mark.parametrize("op", ["+", "-", "*", "/", "**"])
@pytest.mark.parametrize("left", ["A", "A[alpha, beta]"])
def test_shapes_that_do_not_broadcast(left: str, op: str) -> None:
    """Elementwise, NumPy broadcasting: shapes that do not broadcast are an error."""
    message = refusal(f"{left} {op} B", errors.ShapeError, A=(11, 13), B=(17, 13))
    assert_says(message, "11", "13", "17")


@pytest.mark.parametrize(
    ("left", "right", "facts"),
    [
        ((11, 13), (17, 19), ("13", "17")),
        ((13,), (17,), ("13", "17")),
        ((11, 13), (17,), ("13", "17")),
        ((2, 11, 13), (3, 13, 5), ("2", "3")),
        ((), (3, 3), ("A",)),
        ((3, 3), (), ("B",)),
    ],
)
def test_matrices_that_do_not_multiply(
    left: tuple[int, ...], right: tuple[int, ...], facts: tuple[str, ...]
) -> None:
    """`@` is `np.matmul`."""
    assert_says(refusal("A @ B", A=left, B=right), "@", *facts)


@pytest.mark.parametrize(
    ("left", "right", "facts"),
    [
        ((11, 13), (17,), ("2", "1")),
        ((17,), (11, 13, 5), ("1", "3")),
        ((), (), (("0", "scalar"),)),
        ((2, 2), (), (("0", "scalar"),)),
    ],
)
def test_kronecker_products_of_unequal_ndim(
    left: tuple[int, ...], right: tuple[int, ...], facts: tuple[str | tuple[str, ...], ...]
) -> None:
    """`&` is `np.kron` for equal ndim >= 1."""
    assert_says(refusal("A & B", A=left, B=right), "&", *facts)
