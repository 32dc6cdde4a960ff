"""Which part of a model's value is asked for: NumPy's index kinds, one axis each."""

import operator
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from funfact.errors import OptionError, RangeError, ShapeError

__all__ = ["Positions", "coordinates", "positions"]

Positions: TypeAlias = "list[np.ndarray[Any, Any] | None]"
"""For each axis a vector of positions from 0 on, or None for the whole axis."""


def positions(key: Any, shape: tuple[int, ...]) -> Positions:
    """The positions along each axis that a key in brackets asks for.

    Parameters
    ----------
    key : int, slice, list or vector of ints or booleans, ``...``, or a tuple of these
        Each axis stands on its own, so that lists combine as by `numpy.ix_`; an
        int keeps its axis, with size 1. Axes that are not named are whole.
    shape : tuple of int

    Raises
    ------
    RangeError
        If a position lies outside of its axis; an `IndexError`.
    OptionError
        If the key is of no kind listed above, None included.
    ShapeError
        If it has more entries than there are axes, or a list of booleans another length.

    Examples
    --------
    >>> positions((-1, ..., slice(0, 4, 2)), (3, 5, 8))
    [array([2]), None, array([0, 2])]
    """
    entries = list(key) if isinstance(key, tuple) else [key]
    dots = [place for place, entry in enumerate(entries) if entry is ...]
    if len(dots) > 1 or len(entries) - len(dots) > len(shape):
        raise ShapeError(
            f"the key {key!r} has {len(entries) - len(dots)} entries"
            f"{' and more than one `...`' if len(dots) > 1 else ''}, and the model {len(shape)} "
            f"axes, shape {shape}. Write one entry for each axis, and at most one `...`."
        )
    place = dots[0] if dots else len(entries)
    missing = len(shape) - len(entries) + len(dots)
    entries[place : place + len(dots)] = [slice(None)] * missing
    return [
        _along(entry, axis, size)
        for axis, (entry, size) in enumerate(zip(entries, shape, strict=True))
    ]


def coordinates(points: Sequence[Any], shape: tuple[int, ...]) -> Positions:
    """The coordinates of scattered points: one vector of integers for each axis.

    All are of one length; one of length 1, or an integer, stands for as many of the same.

    Raises
    ------
    ShapeError
        If there is not one vector for each axis, or their lengths differ.

    Examples
    --------
    >>> coordinates(([0, -1], 2), (3, 5))
    [array([0, 2]), array([2, 2])]
    """
    if len(points) != len(shape):
        raise ShapeError(
            f"points were given {len(points)} vectors of coordinates, and the model has "
            f"{len(shape)} axes, shape {shape}. Give one vector for each axis."
        )
    vectors = [_coordinate(p, axis) for axis, p in enumerate(points)]
    lengths = {len(vector) for vector in vectors} - {1}
    if len(lengths) > 1:
        raise ShapeError(
            f"the vectors of coordinates have {[len(vector) for vector in vectors]} entries. "
            "They go together, point by point: give all of them one length."
        )
    count = lengths.pop() if lengths else 1
    within = [
        _within(v, axis, size) for axis, (v, size) in enumerate(zip(vectors, shape, strict=True))
    ]
    return [np.broadcast_to(vector, (count,)) for vector in within]


def _coordinate(entry: Any, axis: int) -> "np.ndarray[Any, Any]":
    vector = np.atleast_1d(_vector(entry, axis))
    if vector.ndim != 1 or vector.dtype.kind not in "iu":
        raise OptionError(
            f"{entry!r:.60} are no coordinates along axis {axis}: expected an integer, or a list "
            "of integers."
        )
    return vector


def _along(entry: Any, axis: int, size: int) -> "np.ndarray[Any, Any] | None":
    if isinstance(entry, slice):
        try:
            span = range(*entry.indices(size))
        except (TypeError, ValueError) as exc:  # a step of zero, bounds that are no integers
            raise OptionError(
                f"{entry!r} for axis {axis} is no slice of positions ({exc}). Its bounds are "
                "integers or left out, and its step is not zero."
            ) from exc
        return None if span == range(size) else np.arange(span.start, span.stop, span.step)
    if entry is None or isinstance(entry, bool | np.bool_ | str):
        raise _wrong(entry, axis)
    if hasattr(entry, "__index__") and not getattr(entry, "shape", ()):
        position = operator.index(entry)
        if not -size <= position < size:
            raise _outside(position, axis, size)
        return np.array([position % size])
    vector = _vector(entry, axis)
    if vector.dtype == bool and vector.shape != (size,):
        raise ShapeError(
            f"the list of booleans for axis {axis} has shape {vector.shape}, and the axis has "
            f"size {size}. Give one boolean for each position."
        )
    return _within(_integers(vector, axis), axis, size)


def _vector(entry: Any, axis: int) -> "np.ndarray[Any, Any]":
    try:
        return np.asarray(entry)
    except ValueError as exc:  # lists of unequal lengths
        raise _wrong(entry, axis) from exc


def _integers(vector: "np.ndarray[Any, Any]", axis: int) -> "np.ndarray[Any, Any]":
    if vector.size == 0 and vector.ndim == 1:
        return vector.astype(int)
    if vector.ndim == 1 and vector.dtype == bool:
        return np.flatnonzero(vector)
    if vector.ndim != 1 or vector.dtype.kind not in "iu":
        raise _wrong(vector.tolist(), axis)
    return vector


def _within(vector: "np.ndarray[Any, Any]", axis: int, size: int) -> "np.ndarray[Any, Any]":
    outside = vector[(vector < -size) | (vector >= size)]
    if outside.size:
        raise _outside(outside[0], axis, size)
    return np.where(vector < 0, vector + size, vector)


def _outside(position: int, axis: int, size: int) -> RangeError:
    return RangeError(
        f"position {position} is outside of axis {axis}, which has size {size}. "
        f"Positions run from {-size} to {size - 1}."
    )


def _wrong(entry: Any, axis: int) -> OptionError:
    return OptionError(
        f"{entry!r:.60} asks for nothing along axis {axis}. Each axis takes an integer, a slice, a "
        "list of integers or of booleans, or `...` for several axes; no new axis is made (None), "
        "and lists have one dimension. For scattered points there is fac.points."
    )
