"""Errors about index lists: what stands in the message."""

import pytest
from refusal import assert_says, refusal

from funfact import errors


@pytest.mark.parametrize(
    ("text", "given", "axes"),
    [
        ("A[alpha]", "1", "2"),
        ("A[alpha, beta, gamma]", "3", "2"),
        ("A[()]", ("0", "no"), "2"),
        ("A[[]]", ("0", "no"), "2"),
        ("(A @ A)[alpha]", "1", "2"),
        ("A[alpha, beta][gamma]", "1", "2"),
        ("(A[alpha, beta] * A[beta, gamma])[alpha]", "1", "2"),
        ("(A[alpha, beta] - A[alpha, beta])[gamma]", "1", ("0", "no")),
        ("A[alpha, beta, ..., gamma]", "3", "2"),
    ],
)
def test_one_index_an_axis(text: str, given: str, axes: str) -> None:
    """One index an axis; another count is an error."""
    assert_says(refusal(text, errors.IndexingError, A=(3, 3)), given, axes)


@pytest.mark.parametrize("text", ["c[[]]", "c[()]"])
def test_empty_lists_need_zero_axes(text: str) -> None:
    """`c[[]]` and `c[()]` need zero axes."""
    message = refusal(text, errors.IndexingError, c=(5, 7))
    assert_says(message, ("scalar", "0", "no indices", "empty"), "2")


@pytest.mark.parametrize(
    "text",
    [
        "A[alpha, beta] * B[beta, gamma] >> [alpha, delta]",
        "A[alpha, beta] >> [alpha, delta]",
        "ff.exp(A[alpha, beta]) >> [delta]",
        "2 * A[alpha, beta] >> [delta]",
        "-A[alpha, beta] >> [delta, alpha]",
        "ff.minplus(A[alpha, beta], B[beta, gamma]) >> [delta]",
    ],
)
def test_an_index_nobody_has(text: str) -> None:
    """The list is any subset of both sides' indices: another index is named, with those there
    are."""
    message = refusal(text, errors.IndexingError, A=(2, 3), B=(3, 4))
    assert_says(message, "delta", "alpha", "beta")


@pytest.mark.parametrize(
    "text",
    [
        "A[alpha, beta] * B[beta, gamma] * C[gamma, delta] >> [alpha, beta]",
        "(A[alpha, beta] * B[beta, gamma]) + C[gamma, delta] >> [beta]",
        "ff.exp(A[alpha, beta] * B[beta, gamma]) >> [alpha, beta]",
        "A[alpha, beta] * B[beta, gamma] >> [alpha, gamma] >> [beta]",
        "-(A[alpha, beta] * B[beta, gamma]) >> [beta, alpha]",
        "2 * (A[alpha, beta] * B[beta, gamma]) >> [beta]",
        "C[gamma, delta] * (A[alpha, beta] * B[beta, gamma]) >> [beta]",
        "ff.viterbi(A[alpha, beta] * B[beta, gamma], C[gamma, delta]) >> [beta]",
    ],
)
def test_an_index_summed_earlier(text: str) -> None:
    """An index that an earlier pairing summed is gone, and the error for naming it later points
    at that pairing."""
    message = refusal(text, errors.IndexingError, A=(2, 3), B=(3, 4), C=(4, 5))
    assert_says(message, "beta", ("summed", "reduced", "sums", "sum"), "~")
    pairing = message.replace(" ", "")
    assert "A[alpha,beta]*B[beta,gamma]" in pairing or "A,B" in pairing.replace("and", ",")


def test_an_index_summed_by_a_semiring() -> None:
    """An index that an earlier pairing reduced is gone: also one of another semiring."""
    text = "ff.minplus(A[alpha, beta], B[beta, gamma]) * C[gamma, delta] >> [alpha, beta]"
    message = refusal(text, errors.IndexingError, A=(2, 3), B=(3, 4), C=(4, 5))
    assert_says(message, "beta", "minplus")


def test_an_index_left_out_by_a_list() -> None:
    """An index that an earlier pairing summed is gone: also by its `>>`."""
    text = "(A[alpha, beta] * B[beta, gamma] >> [gamma]) * C[gamma, delta] >> [alpha]"
    message = refusal(text, errors.IndexingError, A=(2, 3), B=(3, 4), C=(4, 5))
    assert_says(message, "alpha", "A", "B")


@pytest.mark.parametrize(
    "text",
    [
        "A[alpha, beta] * B[beta, gamma] >> [alpha, alpha]",
        "A[alpha, beta] >> [alpha, beta, alpha]",
        "ff.exp(A[alpha, beta]) >> [alpha, alpha]",
        "A[alpha, beta] * B[beta, gamma] >> [alpha, ~alpha]",
    ],
)
def test_an_index_twice_in_the_list(text: str) -> None:
    """An index twice in the list is an error."""
    message = refusal(text, errors.IndexingError, A=(2, 3), B=(3, 4))
    assert_says(message, "alpha", ("twice", "2 times", "more than once", "repeated"))


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("A[alpha, ~beta] * B[beta, gamma] >> [alpha, gamma]", "~beta"),
        ("A[alpha, beta] * B[~beta, gamma] >> [alpha, gamma]", "~beta"),
        ("A[alpha, *beta] * B[beta, gamma] >> [alpha, gamma]", "*beta"),
        ("A[alpha, ~beta] * C[alpha, gamma] >> [alpha]", "~beta"),
        ("2 * A[alpha, ~beta] >> [alpha]", "~beta"),
        ("ff.minplus(A[alpha, ~beta], B[beta, gamma]) >> [alpha]", "~beta"),
    ],
)
def test_a_marked_index_left_out(text: str, mark: str) -> None:
    """Leaving out an index marked on either side is an error."""
    message = refusal(text, errors.IndexingError, A=(2, 3), B=(3, 4), C=(2, 3))
    assert_says(message, mark, ">>")


@pytest.mark.parametrize("text", ["A >> [alpha, beta]", "A @ B >> [alpha]", "A + A >> []"])
def test_a_list_on_an_unindexed_expression(text: str) -> None:
    """`>>` on an unindexed expression is an error."""
    message = refusal(text, A=(2, 3), B=(3, 4))
    assert_says(message, ">>", ("indices", "unindexed", "index"))


def test_ampersand_binds_looser_than_the_list() -> None:
    """Python binds `>>` tighter than `&`: error text says so."""
    message = refusal("A & B >> [alpha, beta]", A=(2, 3), B=(3, 4))
    assert_says(message, "&", ">>", ("tighter", "precedence", "parentheses", "looser"))


def test_ampersand_after_a_list() -> None:
    """Python binds `>>` tighter than `&`: error text says so."""
    message = refusal("A & B[alpha, beta] >> [beta, alpha]", A=(2, 3), B=(3, 4))
    assert_says(message, "&", ">>", ("tighter", "precedence", "parentheses", "looser"))


@pytest.mark.parametrize("op", ["*", "+", "-", "/", "@"])
def test_arithmetic_binds_tighter_than_the_list(op: str) -> None:
    """Python binds `*` and `+` tighter than `>>`: error text says so."""
    text = f"A[alpha, beta] * B[beta, gamma] >> [alpha, gamma] {op} C[gamma, delta]"
    message = refusal(text, A=(2, 3), B=(3, 4), C=(4, 5))
    assert_says(message, ">>", ("tighter", "precedence", "parentheses"), op)


@pytest.mark.parametrize(
    "text",
    ["A['i', 'j']", "A[0, 1]", "A[alpha, 0]", "A[alpha, None]", "A[alpha, 'j']", "A[0:1, beta]"],
)
def test_what_is_no_index(text: str) -> None:
    """One index an axis: what is no index is named, with the remedy."""
    assert_says(refusal(text, A=(2, 3)), "ff.index")


@pytest.mark.parametrize(
    "text",
    [
        "A[alpha, beta] >> ['alpha']",
        "A[alpha, beta] >> [0]",
        "A[alpha, beta] * A[alpha, beta] >> ['alpha']",
        "A[alpha, beta] >> 'alpha'",
        "A[alpha, beta] >> 3",
        "A[alpha, beta] >> A",
    ],
)
def test_what_is_no_index_list(text: str) -> None:
    """`>>` takes a list of indices."""
    assert_says(refusal(text, A=(2, 3)), ("index", "indices", "ff.index"))


@pytest.mark.parametrize("text", ["A[..., ...]", "A[alpha, beta] >> [..., ...]"])
def test_one_ellipsis(text: str) -> None:
    """`...` stands for the rest, and there is one rest."""
    assert_says(refusal(text, A=(2, 3)), "...")
