"""Random numbers: arguments checked alike for every backend, and NumPy's draws, the default.

Examples
--------
>>> seed(7)
7
>>> seed(-1)
Traceback (most recent call last):
    ...
funfact.errors.OptionError: a seed is a whole number from 0 to 2**63 - 1, not -1.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DtypeError, OptionError, ShapeError

if TYPE_CHECKING:
    from .contract import Backend, Shape

__all__ = ["arguments", "normal", "seed", "uniform"]


def arguments(backend: Backend, shape: Shape, dtype: Any, **parameters: Any) -> tuple[Any, ...]:
    """What is to be drawn: its shape as a tuple, its native dtype, and the parameters.

    Those of NumPy become Python's, which promote no other dtype.

    Raises
    ------
    OptionError
        For parameters (``mean``, ``std``, ``low``, ``high``) that are not single
        numbers, or a negative ``std``.
    ShapeError
        For a size that is negative, or no whole number.
    DtypeError
        For a dtype that is not floating, or cannot hold the mean.
    """
    for name, value in parameters.items():
        if isinstance(value, (np.generic, np.ndarray)) and not value.ndim:
            parameters[name] = value.item()
        elif not _single(value):
            what = f"of shape {tuple(value.shape)}" if hasattr(value, "shape") else repr(value)
            raise OptionError(
                f"the {name} of random data is one number, not {type(value).__name__} {what}. "
                "Parameters are scalars; add the array to the result, or multiply by it."
            )
    std, mean = parameters.get("std", 0), parameters.get("mean", 0)
    if isinstance(std, (int, float)) and not std >= 0:
        raise OptionError(f"the standard deviation of random data is not negative, and {std} is.")
    return _size(shape), _dtype(backend, dtype, mean), *parameters.values()


def seed(n: Any) -> int:
    """`n` as a seed that every backend takes, or `OptionError`."""
    try:
        number = index(n)
    except TypeError:
        number = -1
    if not 0 <= number < 2**63:
        raise OptionError(f"a seed is a whole number from 0 to 2**63 - 1, not {n!r}.")
    return number


def normal(
    backend: Backend,
    generator: np.random.Generator,
    mean: complex,
    std: float,
    shape: Shape,
    dtype: Any,
) -> Any:
    """`Backend.normal`, drawn by NumPy."""
    size, native, mean, std = arguments(backend, shape, dtype, mean=mean, std=std)
    if not backend.is_complex(native):
        return backend.tensor(mean + std * generator.standard_normal(size), native)
    real, imaginary = generator.standard_normal((2, *size))  # at once, whatever other threads draw
    return backend.tensor(mean + std * (real + 1j * imaginary) / 2**0.5, native)


def uniform(
    backend: Backend,
    generator: np.random.Generator,
    low: float,
    high: float,
    shape: Shape,
    dtype: Any,
) -> Any:
    """`Backend.uniform`, drawn by NumPy."""
    size, native, low, high = arguments(backend, shape, dtype, low=low, high=high)
    if not backend.is_complex(native):
        return backend.tensor(generator.uniform(low, high, size), native)
    real, imaginary = generator.uniform(low, high, (2, *size))
    return backend.tensor(real + 1j * imaginary, native)


def _single(value: Any) -> bool:
    """Whether it is a number, or a native tensor without axes, a traced one included."""
    return isinstance(value, (int, float, complex)) or getattr(value, "ndim", 1) == 0


def _size(shape: Shape) -> tuple[int, ...]:
    try:
        sizes = tuple(map(index, shape)) if isinstance(shape, Sequence) else (index(shape),)
    except TypeError:
        sizes = (-1,)
    if any(size < 0 for size in sizes):
        raise ShapeError(
            f"random data cannot have the shape {shape!r}: a shape is a whole number or a "
            "sequence of them, none negative."
        )
    return sizes


def _dtype(backend: Backend, dtype: Any, mean: Any) -> Any:
    native = backend.default_dtype if dtype is None else backend.dtype(dtype)
    if isinstance(mean, complex) and not backend.is_complex(native):
        raise DtypeError(
            f"the mean {mean} is complex and {backend.dtype_name(native)} is not. "
            "Pass dtype='complex64' or 'complex128', or a real mean."
        )
    if not backend.is_floating(native):
        raise DtypeError(
            f"random data cannot be of {backend.dtype_name(native)}: normal and uniform give "
            "real or complex floating numbers. Draw those and convert them with astype."
        )
    return native
