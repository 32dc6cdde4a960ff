"""Errors about what cannot stand beside what."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from refusal import assert_says, refusal

import funfact as ff
from funfact import errors

ARITHMETIC = ["+", "-", "*", "/", "**"]


@pytest.mark.parametrize("op", [*ARITHMETIC, "@", "&"])
@pytest.mark.parametrize("expr", ["A", "A[alpha, beta]"])
@pytest.mark.parametrize("array", ["np.ones((2, 3))", "[[1, 2, 3], [4, 5, 6]]"])
def test_a_raw_array_beside_an_expression(array: str, expr: str, op: str) -> None:
    """A raw array beside an expression is an error that names `ff.tensor(array)`."""
    for text in (f"{expr} {op} {array}", f"{array} {op} {expr}"):
        assert_says(refusal(text, errors.NotationError, A=(2, 3)), "ff.tensor(")


@pytest.mark.parametrize("name", ["minplus", "viterbi", "logsumexp"])
def test_a_raw_array_in_a_semiring(name: str) -> None:
    """A raw array beside an expression is an error that names `ff.tensor(array)`."""
    for operands in ("A[alpha, beta], np.ones((2, 3))", "np.ones((2, 3)), A[alpha, beta]"):
        assert_says(refusal(f"ff.{name}({operands})", A=(2, 3)), "ff.tensor(")


def test_numpy_functions_are_refused() -> None:
    """`__array_ufunc__ = None`: NumPy's functions do not take expressions apart."""
    a = ff.tensor("a", 3)
    with pytest.raises(TypeError):
        np.exp(a)
    with pytest.raises(TypeError):
        np.add(np.ones(3), a)


@pytest.mark.parametrize("op", ["@", "&"])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("A[alpha, beta]", "B[beta, gamma]"),
        ("A[alpha, beta]", "B"),
        ("A", "B[beta, gamma]"),
        ("ff.exp(A[alpha, beta])", "B"),
        ("(A[alpha, beta] * A[beta, gamma])", "B"),
    ],
)
def test_products_of_whole_tensors_refuse_indices(op: str, left: str, right: str) -> None:
    """`@` and `&` both refuse indexed operands."""
    message = refusal(f"{left} {op} {right}", errors.NotationError, A=(3, 3), B=(3, 3))
    assert_says(message, op, ("indices", "indexed", "index"))


@pytest.mark.parametrize("op", ["@", "&"])
@pytest.mark.parametrize("number", ["2", "1.5", "ff.pi", "np.float32(2)"])
def test_products_of_whole_tensors_refuse_numbers(op: str, number: str) -> None:
    """`@` is `np.matmul` and `&` needs equal ndim >= 1: numbers are refused, `*` is the remedy."""
    for text in (f"A {op} {number}", f"{number} {op} A"):
        assert_says(refusal(text, A=(3, 3)), op, "*")


@pytest.mark.parametrize("name", ["minplus", "viterbi", "logsumexp"])
@pytest.mark.parametrize("operands", ["A, B", "A[alpha, beta], B", "A, B[beta, gamma]"])
def test_semirings_refuse_tensors_without_indices(name: str, operands: str) -> None:
    """Semirings refuse tensors without indices."""
    message = refusal(f"ff.{name}({operands})", errors.NotationError, A=(3, 3), B=(3, 3))
    assert_says(message, name, ("indices", "index", "indexed"))


@pytest.mark.parametrize("op", [*ARITHMETIC, "@", "&"])
@pytest.mark.parametrize("other", ["'u'", "None", "object()", "alpha", "{}", "..."])
def test_what_is_no_operand(op: str, other: str) -> None:
    """Strings and other things are no operands: the message names their type."""
    kind = type(eval(other, {"alpha": ff.index("alpha")})).__name__
    for expr in ("A", "A[alpha, beta]"):
        for text in (f"{expr} {op} {other}", f"{other} {op} {expr}"):
            message = refusal(text, errors.NotationError, A=(2, 3))
            assert_says(message, (kind, other))


@pytest.mark.parametrize("other", ["'u'", "None", "np.ones(3)", "alpha"])
def test_functions_of_what_is_no_expression(other: str) -> None:
    """`ff.exp(expr)`: of an expression."""
    refusal(f"ff.exp({other})")


@pytest.mark.parametrize("make", [lambda a, i: a, lambda a, i: a[i]], ids=["a", "a[i]"])
@pytest.mark.parametrize("use", [list, iter, tuple, lambda a: 1 in a, lambda a: [*a]])
def test_expressions_are_no_containers(
    use: Callable[[Any], Any], make: Callable[[Any, Any], Any]
) -> None:
    """Writing an expression computes nothing: it has no elements to iterate over."""
    expr = make(ff.tensor("a", 3), ff.index("i"))
    with pytest.raises(TypeError, match="iter"):
        use(expr)


@pytest.mark.parametrize("make", [lambda a, i: a, lambda a, i: a[i]], ids=["a", "a[i]"])
@pytest.mark.parametrize("use", [bool, lambda a: not a, lambda a: a and a, lambda a: 1 if a else 0])
def test_expressions_have_no_truth_value(
    use: Callable[[Any], Any], make: Callable[[Any, Any], Any]
) -> None:
    """Writing an expression computes nothing: it is neither true nor false."""
    expr = make(ff.tensor("a", 3), ff.index("i"))
    with pytest.raises(errors.FunFactError) as caught:
        use(expr)
    assert_says(str(caught.value), ("truth", "true", "false", "bool"))


@pytest.mark.parametrize("convert", [float, int, complex, len, operator.index])
def test_expressions_are_no_numbers(convert: Callable[[Any], Any]) -> None:
    """Writing an expression computes nothing: it is no number, and has no length."""
    with pytest.raises(TypeError):
        convert(ff.tensor("a", 3))


def test_items_of_expressions_cannot_be_set() -> None:
    """An expression is frozen."""
    a, i = ff.tensor("a", 3), ff.index("i")
    with pytest.raises(TypeError):
        a[i] = 3


@pytest.mark.parametrize("op", [operator.mod, operator.floordiv, operator.or_, operator.lshift])
def test_operators_the_language_does_not_have(op: Callable[[Any, Any], Any]) -> None:
    """The language has `+ - * / ** @ & >>` and no other operators."""
    a = ff.tensor("a", 3)
    with pytest.raises(TypeError):
        op(a, a)


def test_a_vectorized_count() -> None:
    """`ff.vectorize(expr, n)`: n is a positive whole number."""
    for count in (0, -1, 2.5, "3", None):
        with pytest.raises(errors.FunFactError) as caught:
            ff.vectorize(ff.tensor("a", 3), count)
        assert_says(str(caught.value), str(count))


def test_vectorize_takes_an_expression() -> None:
    with pytest.raises(errors.FunFactError):
        ff.vectorize(np.ones(3), 2)


def test_an_expression_is_no_array() -> None:
    M = ff.tensor("M", 2, 2)
    with pytest.raises(errors.NotationError, match=r"M holds no values.*from_tsrex"):
        np.array(M)
    assert repr(abs(M)) == "abs(M)"


def test_what_is_no_argument() -> None:
    with pytest.raises(errors.NotationError, match=r"an array of shape \(3,\) is the argument"):
        ff.exp(np.ones(3))


def test_rows_of_unequal_lengths() -> None:
    with pytest.raises(errors.NotationError, match="unequal lengths"):
        ff.tensor("a", [[1, 2], [3]])


def test_flags_are_true_or_false() -> None:
    with pytest.raises(errors.NotationError, match="optimizable='no': expected True or False"):
        ff.tensor("a", 3, optimizable="no")


def test_a_number_beyond_all_floats() -> None:
    with pytest.raises(errors.NotationError, match=r"401 digits.*1e308"):
        10**400 * ff.tensor("a", 3)


def test_an_error_and_its_drawing_use_one_name() -> None:
    i, other, j = ff.index("i"), ff.index("i"), ff.index("j")
    with pytest.raises(errors.IndexingError) as caught:
        ff.tensor("M", 2, 3)[i, j] >> [other, j]
    assert "'i_2' after" in str(caught.value)
    assert "[i_2, j]" in str(caught.value)


def test_a_wrong_number_of_indices_is_pointed_at() -> None:
    i, j = ff.indices("i, j")
    with pytest.raises(errors.IndexingError, match=r"\^"):
        ff.tensor("M", 2, 3, 4)[i, j]
