"""PyTorch's functions under NumPy's names: the namespace of the backend.

array-api-compat covers those of the array API standard, and is asked for what is not
here. Here are some beside it, with NumPy's arguments and results.

Examples
--------
>>> import torch
>>> median(torch.tensor([[1.0, 2.0], [4.0, 8.0]]), axis=0)
tensor([2.5000, 5.0000])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import array_api_compat.torch as xp
import torch

__all__ = [
    "all",
    "any",
    "argmax",
    "argmin",
    "array_split",
    "cumprod",
    "cumsum",
    "diagonal",
    "dot",
    "max",
    "mean",
    "median",
    "min",
    "mod",
    "power",
    "prod",
    "split",
    "squeeze",
    "std",
    "sum",
    "var",
]

Array = Any
Axis = int | tuple[int, ...] | None


def __getattr__(name: str) -> Any:
    return getattr(xp, name)


def __dir__() -> list[str]:
    return sorted({*__all__, *dir(xp)})


def _by_position(function: Callable[..., Array]) -> Callable[..., Array]:
    """A reduction of the standard, whose axis is keyword-only there and second in NumPy."""

    @wraps(function)
    def reduction(x: Array, axis: Axis = None, **kwargs: Any) -> Array:
        return function(x, axis=axis, **kwargs)

    return reduction


all = _by_position(xp.all)
any = _by_position(xp.any)
argmax = _by_position(xp.argmax)
argmin = _by_position(xp.argmin)
max = _by_position(xp.max)
mean = _by_position(xp.mean)
min = _by_position(xp.min)
mod = torch.remainder
power = xp.pow
prod = _by_position(xp.prod)
sum = _by_position(xp.sum)


def cumsum(x: Array, axis: int | None = None, dtype: Any = None) -> Array:
    """Running sum, of the flattened tensor if `axis` is None."""
    return torch.cumsum(x.reshape(-1) if axis is None else x, axis or 0, dtype=dtype)


def cumprod(x: Array, axis: int | None = None, dtype: Any = None) -> Array:
    """Running product, of the flattened tensor if `axis` is None."""
    return torch.cumprod(x.reshape(-1) if axis is None else x, axis or 0, dtype=dtype)


def diagonal(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """Elements whose two indices differ by `offset`, as the last axis."""
    return torch.diagonal(x, offset, axis1, axis2)


def dot(a: Array, b: Array) -> Array:
    """Product over the last axis of `a` and the last but one, or only one, of `b`."""
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return torch.tensordot(a, b, dims=([a.ndim - 1], [b.ndim - 2 if b.ndim > 1 else 0]))


def median(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    """The middle value, or the mean of the two: PyTorch takes the lower one."""
    return torch.quantile(x, 0.5, axis, keepdims)


def split(x: Array, sections: int | Sequence[int], axis: int = 0) -> tuple[Array, ...]:
    """Equal parts, or parts between positions: an int counts parts, in PyTorch their size."""
    if isinstance(sections, int) and x.shape[axis] % sections:
        raise ValueError(f"{x.shape[axis]} elements do not split into {sections} equal parts")
    return array_split(x, sections, axis)


def array_split(x: Array, sections: int | Sequence[int], axis: int = 0) -> tuple[Array, ...]:
    """As `split`, with parts whose sizes may differ by one."""
    return torch.tensor_split(x, sections, axis)


def squeeze(x: Array, axis: Axis = None) -> Array:
    """Without axes of size 1: those given, or all."""
    return torch.squeeze(x) if axis is None else xp.squeeze(x, axis)


def std(
    x: Array, axis: Axis = None, *, ddof: float = 0, correction: float = 0, keepdims: bool = False
) -> Array:
    """Standard deviation, of the population unless `ddof` says otherwise."""
    return xp.std(x, axis=axis, correction=ddof or correction, keepdims=keepdims)


def var(
    x: Array, axis: Axis = None, *, ddof: float = 0, correction: float = 0, keepdims: bool = False
) -> Array:
    """Variance, of the population unless `ddof` says otherwise."""
    return xp.var(x, axis=axis, correction=ddof or correction, keepdims=keepdims)
