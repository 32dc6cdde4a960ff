"""Names of data types, the same for every array library.

Examples
--------
>>> import numpy as np
>>> name(np.float32, np.float64), name('f4', np.float64), name(complex, np.float32)
('float32', 'float32', 'complex64')
"""

from __future__ import annotations

from functools import cache
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import check_unmasked
from ..errors import DtypeError, ShapeError

if TYPE_CHECKING:
    from .contract import Backend

__all__ = [
    "NAMES",
    "at_least_single",
    "converted",
    "name",
    "native",
    "plain",
    "readable",
    "refuse_lossy",
    "vanishing",
]

NAMES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
)

_OF_NUMPY = (np.ndarray, np.generic, int, float, complex)


def name(x: Any, default: Any) -> str:
    """Name of a dtype, or of an array's.

    Parameters
    ----------
    x : str, Python type, NumPy dtype, native dtype or array
    default : native dtype, or None if `x` is neither of Python's types
        What Python's ``float`` stands for; ``complex`` is the complex one of its width.
    """
    if x is float:
        return name(default, default)
    if x is complex:
        return "complex128" if name(default, default) == "float64" else "complex64"
    if isinstance(x, str) and x in NAMES:
        return x
    # A scalar type such as np.float32 has an attribute dtype too, a bare descriptor.
    dtype = x if isinstance(x, (type, str)) else getattr(x, "dtype", x)
    try:
        return _name(np.dtype(dtype))
    except TypeError:
        return str(dtype).rsplit(".", 1)[-1]


@cache
def _name(dtype: np.dtype[Any]) -> str:
    return dtype.name  # which NumPy puts together each time


def native(xp: Any, name: str, backend: str) -> Any:
    """The dtype of that name in a namespace, or `DtypeError`."""
    found = getattr(xp, name, None) if name in NAMES else None
    if found is None:
        known = ", ".join(n for n in NAMES if hasattr(xp, n))
        raise DtypeError(f"{backend} has no data type {name!r}. It has {known}.")
    return found


def plain(data: Any) -> np.ndarray[Any, Any]:
    """Anything array-like as a NumPy array in native byte order.

    Numbers of extended precision, which no other library has, become double ones.

    Raises
    ------
    ShapeError
        For nested lists of unequal lengths.
    DtypeError
        For what does not hold numbers, or such as doubles do not hold.
    OptionError
        For an array with masked elements.
    """
    check_unmasked(data, "what is to become a tensor")
    try:
        array = np.asarray(data)
    except ValueError as exc:
        raise ShapeError(
            f"{type(data).__name__} cannot become a tensor: its rows have unequal lengths ({exc}). "
            "A tensor is rectangular."
        ) from exc
    if array.dtype.kind not in "biufc" and array.dtype.name not in NAMES:
        raise DtypeError(
            f"{type(data).__name__} cannot become a tensor: NumPy reads it as {array.dtype}, "
            "and a tensor holds numbers. Pass numbers in an array or in nested lists."
        )
    dtype = array.dtype.newbyteorder("=")
    if dtype.char in "gG":
        dtype = np.dtype("float64" if dtype.char == "g" else "complex128")
        _refuse_overflow(array, dtype.name)
    return array.astype(dtype, copy=False)


def readable(backend: Backend, data: Any) -> Any:
    """`data` with NumPy arrays in the place of a backend's tensors."""
    if isinstance(data, np.ndarray):  # as it is: one of a class of its own may be refused
        return data
    if backend.is_native(data):
        return backend.to_numpy(data)
    return [readable(backend, item) for item in data] if backend.holds(data) else data


def refuse_lossy(data: Any, dtype: str) -> None:
    """Raise `DtypeError` if data do not fit into the dtype of that name.

    Complex data fit into complex dtypes alone; fractions and numbers out of its range not into
    one of integers; finite numbers not where they would be infinite. The numbers of a native tensor
    are not looked at (see `converted`), nor those in lists that are to be complex.
    """
    if isinstance(data, list | tuple) and not dtype.startswith("complex"):
        data = plain(data)
    if isinstance(data, _OF_NUMPY):
        numbers = np.asarray(data)
        _refuse_unless_whole(numbers, dtype)
        _refuse_overflow(numbers, dtype)
    if dtype.startswith("complex"):
        return
    own = getattr(data, "dtype", None)
    if own is None:
        own = float if isinstance(data, (float, int)) else plain(data).dtype
    if name(own, np.float64).startswith("complex"):
        raise DtypeError(
            f"complex data do not fit into {dtype}: the imaginary part would be lost. "
            "Ask for complex64 or complex128, or take the real part first."
        )


def _refuse_unless_whole(data: np.ndarray[Any, Any], dtype: str) -> None:
    """Raise `DtypeError` for a number that the dtype of integers does not have."""
    if not dtype.startswith(("int", "uint")):
        return
    if data.dtype.kind not in "iuf" or np.can_cast(data.dtype, dtype):
        return
    info = np.iinfo(dtype)
    wrong = (data < info.min) | (data > info.max)
    if data.dtype.kind == "f":  # beyond 2**53 the bounds themselves are rounded, to powers of 2
        wrong = (data != np.trunc(data)) | (data < float(info.min)) | (data >= info.max + 1.0)
    if wrong.any():
        raise DtypeError(
            f"{data[wrong].flat[0]} does not fit into {dtype}, which holds whole numbers from "
            f"{info.min} to {info.max}. Ask for a wider dtype, or round and clip the data first."
        )


def _refuse_overflow(data: np.ndarray[Any, Any], dtype: str) -> None:
    """Raise `DtypeError` for a finite number that would be infinite in a floating dtype."""
    kind = "float32" if dtype == "bfloat16" else dtype  # which NumPy lacks, and is of that range
    if not kind.startswith(("float", "complex")) or data.dtype.kind not in "iufc":
        return
    most = float(np.finfo(kind).max)
    if np.can_cast(data.dtype, kind) or not data.size or _largest(data) <= most:
        return
    with np.errstate(over="ignore"):
        lost = np.isinf(data.astype(kind)) & np.isfinite(data)
    if lost.any():
        number = str(data[lost].flat[0])  # formatting makes a double of it
        raise DtypeError(
            f"{number} does not fit into {dtype}, whose largest number is {most:.2g}. Ask for a "
            "wider dtype, or scale the data first."
        )


def _largest(data: np.ndarray[Any, Any]) -> float:
    """The largest modulus of the parts of an element that are numbers; no array is made."""
    parts = (data.real, data.imag) if data.dtype.kind == "c" else (data,)
    ends = [(np.fmin.reduce(x, axis=None), np.fmax.reduce(x, axis=None)) for x in parts]
    return max(max(-float(least), float(most)) for least, most in ends)


def converted(data: Any, dtype: Any, ab: Backend) -> Any:
    """``ab.tensor(data, dtype)``, for which the numbers of native tensors are looked at as well.

    Raises
    ------
    DtypeError, ShapeError, OptionError
        As from `plain` and `refuse_lossy`.

    Examples
    --------
    >>> import funfact as ff, numpy as np
    >>> with ff.using("numpy"):
    ...     converted(np.float64(1e300), "float32", ff.active_backend)
    Traceback (most recent call last):
    funfact.errors.DtypeError: 1e+300 does not fit into float32, whose largest number is 3.4e+38. \
Ask for a wider dtype, or scale the data first.
    """
    seen = isinstance(data, np.ndarray) or not ab.is_native(data)
    if not seen and ab.dtype_name(data) != ab.dtype_name(dtype):
        data = ab.to_numpy(data)
    return ab.tensor(data, dtype)


def vanishing(x: Any, ab: Backend) -> float:
    """The size of numbers below which squares vanish, in the dtype of an array.

    Examples
    --------
    >>> import funfact as ff, numpy as np
    >>> with ff.using("numpy"):
    ...     f"{vanishing(np.ones(2, 'float16'), ff.active_backend):.2g}"
    '0.0078'
    """
    return sqrt(ab.xp.finfo(x.dtype).smallest_normal)


def at_least_single(x: Any, ab: Backend) -> Any:
    """An array in single precision, if it is of real numbers in less.

    Examples
    --------
    >>> import funfact as ff, numpy as np
    >>> with ff.using("numpy"):
    ...     [at_least_single(np.ones(2, t), ff.active_backend).dtype.name for t in ("f2", "f8")]
    ['float32', 'float64']
    """
    narrow = ab.is_floating(x) and ab.xp.finfo(x.dtype).bits < 32
    return ab.astype(x, "float32") if narrow else x
