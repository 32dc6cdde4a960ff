"""Pairings whose sum and product are other operations."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from funfact.arguments import called, check_call
from funfact.compiler.ir import LOGSUMEXP, MINPLUS, VITERBI, Semiring
from funfact.errors import NotationError, UnknownNameError
from funfact.language.leaves import checked_symbol
from funfact.language.nodes import Pair
from funfact.language.notation import TsrEx, operand

__all__ = ["PAIRWISE", "REDUCTIONS", "Operation", "logsumexp", "minplus", "semiring", "viterbi"]

REDUCTIONS = ("sum", "prod", "max", "min", "mean", "var", "std", "log_sum_exp")
PAIRWISE = (
    "add",
    "subtract",
    "multiply",
    "divide",
    "pow",
    "maximum",
    "minimum",
    "hypot",
    "logaddexp",
    "atan2",
    "floor_divide",
    "remainder",
)


def minplus(x: TsrEx, y: TsrEx) -> TsrEx:
    """Pair by adding, reduce by the minimum: shortest paths.

    Raises
    ------
    NotationError
        If an operand has no indices.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j, k = ff.indices("i, j, k")
    >>> ff.minplus(ff.tensor("x", 2, 3)[i, j], ff.tensor("y", 3, 4)[j, k]).shape
    (2, 4)
    """
    return _pair(x, y, MINPLUS)


def logsumexp(x: TsrEx, y: TsrEx) -> TsrEx:
    """Pair by adding, reduce by the logarithm of the sum of exponentials, without overflow.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j, k = ff.indices("i, j, k")
    >>> ff.logsumexp(ff.tensor("x", 2, 3)[i, j], ff.tensor("y", 3, 4)[j, k])
    logsumexp(x[i, j], y[j, k])
    """
    return _pair(x, y, LOGSUMEXP)


def viterbi(x: TsrEx, y: TsrEx) -> TsrEx:
    """Pair by adding, reduce by the maximum: the most likely path, from log-probabilities.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j = ff.indices("i, j")
    >>> ff.viterbi(ff.tensor("x", 3)[i], ff.tensor("y", 3)[i]).shape
    ()
    """
    return _pair(x, y, VITERBI)


@dataclass(frozen=True)
class Operation:
    """A semiring of a user's own: called as ``ff.minplus`` is."""

    semiring: Semiring

    def __call__(self, x: TsrEx, y: TsrEx) -> TsrEx:
        return _pair(x, y, self.semiring)

    def __repr__(self) -> str:
        return f"<semiring {self.semiring.name!r}>"


def semiring(
    reduce: str | Callable[..., Any],
    pairwise: str | Callable[[Any, Any], Any],
    symbol: str | None = None,
) -> Operation:
    """A pairing with operations of one's own in place of the sum and the product.

    Parameters
    ----------
    reduce : str or callable
        What is done over the indices that both operands share: ``sum``, ``prod``,
        ``max``, ``min``, ``mean``, ``var``, ``std``, ``log_sum_exp``; or
        ``reduce(x, axis=)``, with one axis, an integer, which it takes away. It is not
        called where nothing is shared.
    pairwise : str or callable
        What is done with every element of one operand and every element of the other:
        a binary function of the array API, such as ``multiply``, ``maximum``,
        ``hypot``; or ``pairwise(x, y)`` of arrays that broadcast.
    symbol : str, optional
        How it is shown; by default the names of the two functions.

    Returns
    -------
    callable
        ``op(x, y)`` of two indexed expressions, with marks, ``>>`` and sizes of 1 as
        in any pairing.

    Raises
    ------
    UnknownNameError
        If a name is none of these.
    NotationError
        If an argument is neither a name nor a function, or `symbol` is no symbol.
    OptionError
        If a function takes other arguments.

    Notes
    -----
    The functions are handed native arrays of the model's backend, which is the active
    one while they run, and may have replica axes in front; to be fitted, they must be
    made of what the backend differentiates. Nothing is assumed of them, neither that
    they are associative nor that one distributes over the other.

    Examples
    --------
    The most reliable path: probabilities are multiplied, the largest is taken.

    >>> import funfact as ff
    >>> reliable = ff.semiring("max", "multiply", symbol="reliable")
    >>> i, j, k = ff.indices("i, j, k")
    >>> p = ff.tensor("p", [[0.5, 0.9], [0.1, 0.7]])
    >>> reliable(p[i, j], p[j, k])
    reliable(p[i, j], p[j, k])
    >>> with ff.using("numpy"):
    ...     ff.Factorization.from_tsrex(reliable(p[i, j], p[j, k]))()
    array([[0.25, 0.63],
           [0.07, 0.49]])
    """
    _known("reduction", reduce, REDUCTIONS, "reduce(x, axis=)")
    _known("pairwise operation", pairwise, PAIRWISE, "pairwise(x, y)")
    if callable(reduce):
        check_call(reduce, f"the reduction {called(reduce)}", "x", keywords=["axis"])
    if callable(pairwise):
        check_call(pairwise, f"the pairwise operation {called(pairwise)}", "x", "y")
    words = (_word(function) for function in (reduce, pairwise))
    name = checked_symbol(symbol) or "_".join(word for word in words if word) or "semiring"
    return Operation(Semiring(name, combine=pairwise, reduce=reduce))


def _known(what: str, given: Any, names: tuple[str, ...], call: str) -> None:
    if isinstance(given, str):
        if given not in names:
            raise UnknownNameError.among(what, given, names)
    elif not callable(given):
        raise NotationError(
            f"the {what} of a semiring is {given!r:.60}, and is to be a name, such as "
            f"{names[0]!r}, or a function of arrays, {call}."
        )


def _word(function: str | Callable[..., Any]) -> str:
    name = function if isinstance(function, str) else getattr(function, "__name__", "")
    return name if name.isidentifier() else ""


def _pair(x: Any, y: Any, semiring: Semiring) -> TsrEx:
    left, right = operand(x, y if isinstance(y, TsrEx) else None), operand(y, None)
    return TsrEx(Pair(left.node, right.node, semiring.name, semiring), left, right)
