"""Constants: zeros, ones, identities and pi."""

import math
import operator
from typing import Any

import numpy as np

from funfact.errors import ShapeError
from funfact.language.leaves import tensor
from funfact.language.nodes import Special
from funfact.language.notation import TsrEx, literal

__all__ = ["eye", "ones", "pi", "zeros"]

pi = literal(math.pi, "pi")
"""The number π; it stands in expressions as a literal does."""


def zeros(*shape: int, optimizable: bool = False, dtype: Any = None) -> TsrEx:
    """A constant tensor of zeros.

    Parameters
    ----------
    *shape : int
    optimizable : bool
        Whether it is a factor instead, which a fit changes from there on.
    dtype : any
        Without effect, for programs of FunFact 1.0.3: a constant has the dtype of its model.

    Examples
    --------
    >>> import funfact as ff
    >>> ff.zeros(2, 3)
    zeros(2, 3)
    """
    constant = _special("zeros", shape)
    return tensor(np.zeros(constant.shape), optimizable=True) if optimizable else constant


def ones(*shape: int, optimizable: bool = False, dtype: Any = None) -> TsrEx:
    """A constant tensor of ones; `optimizable` and `dtype` as those of `zeros`.

    Examples
    --------
    >>> import funfact as ff
    >>> ff.ones(4).shape
    (4,)
    """
    constant = _special("ones", shape)
    return tensor(np.ones(constant.shape), optimizable=True) if optimizable else constant


def eye(n: int, m: int | None = None, optimizable: bool = False, dtype: Any = None) -> TsrEx:
    """A constant identity matrix, of `n` rows and `m` (by default `n`) columns.

    `optimizable` and `dtype` are as those of `zeros`.

    Examples
    --------
    >>> import funfact as ff
    >>> (ff.eye(2) & ff.tensor("a", 3, 3)).shape
    (6, 6)
    """
    constant = _special("eye", (n, n if m is None else m))
    return tensor(np.eye(n, m), optimizable=True) if optimizable else constant


def _special(name: str, sizes: tuple[Any, ...]) -> TsrEx:
    if len(sizes) == 1 and isinstance(sizes[0], tuple | list):
        sizes = tuple(sizes[0])
    if any(isinstance(s, bool) or not hasattr(s, "__index__") or s < 1 for s in sizes):
        raise ShapeError(f"ff.{name}{sizes}: expected sizes, integers of at least 1.")
    return TsrEx(Special(name, tuple(operator.index(size) for size in sizes)))
