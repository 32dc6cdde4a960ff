"""Pairings whose sum and product are other operations."""

from typing import Any

from funfact.language.nodes import Pair
from funfact.language.notation import TsrEx, operand

__all__ = ["logsumexp", "minplus", "viterbi"]


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
    return _pair(x, y, "minplus")


def logsumexp(x: TsrEx, y: TsrEx) -> TsrEx:
    """Pair by adding, reduce by the logarithm of the sum of exponentials, without overflow.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j, k = ff.indices("i, j, k")
    >>> ff.logsumexp(ff.tensor("x", 2, 3)[i, j], ff.tensor("y", 3, 4)[j, k])
    logsumexp(x[i, j], y[j, k])
    """
    return _pair(x, y, "logsumexp")


def viterbi(x: TsrEx, y: TsrEx) -> TsrEx:
    """Pair by adding, reduce by the maximum: the most likely path, from log-probabilities.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j = ff.indices("i, j")
    >>> ff.viterbi(ff.tensor("x", 3)[i], ff.tensor("y", 3)[i]).shape
    ()
    """
    return _pair(x, y, "viterbi")


def _pair(x: Any, y: Any, semiring: str) -> TsrEx:
    left, right = operand(x, y if isinstance(y, TsrEx) else None), operand(y, None)
    return TsrEx(Pair(left.node, right.node, semiring), left, right)
