"""Constants: zeros, ones, identities and pi."""

import math
import operator
from typing import Any

from funfact.errors import ShapeError
from funfact.language.nodes import Special
from funfact.language.notation import TsrEx, literal

__all__ = ["eye", "ones", "pi", "zeros"]

pi = literal(math.pi, "pi")
"""The number π; it stands in expressions as a literal does."""


def zeros(*shape: int) -> TsrEx:
    """A constant tensor of zeros.

    Examples
    --------
    >>> import funfact as ff
    >>> ff.zeros(2, 3)
    zeros(2, 3)
    """
    return _special("zeros", shape)


def ones(*shape: int) -> TsrEx:
    """A constant tensor of ones.

    Examples
    --------
    >>> import funfact as ff
    >>> ff.ones(4).shape
    (4,)
    """
    return _special("ones", shape)


def eye(n: int, m: int | None = None) -> TsrEx:
    """A constant identity matrix, of `n` rows and `m` (by default `n`) columns.

    Examples
    --------
    >>> import funfact as ff
    >>> (ff.eye(2) & ff.tensor("a", 3, 3)).shape
    (6, 6)
    """
    return _special("eye", (n, n if m is None else m))


def _special(name: str, sizes: tuple[Any, ...]) -> TsrEx:
    if len(sizes) == 1 and isinstance(sizes[0], tuple | list):
        sizes = tuple(sizes[0])
    if any(isinstance(s, bool) or not hasattr(s, "__index__") or s < 1 for s in sizes):
        raise ShapeError(f"ff.{name}{sizes}: expected sizes, integers of at least 1.")
    return TsrEx(Special(name, tuple(operator.index(size) for size in sizes)))
