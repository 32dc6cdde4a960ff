"""Functions that the array API standard lacks, stable, in terms of what it has.

Each takes the namespace `xp` first, and a real floating array unless it says
otherwise. They use operations that every library can differentiate.

Examples
--------
>>> import numpy as np
>>> round(float(log_sum_exp(np, np.array([1000.0, 1000.0]), None)), 6)
1000.693147
>>> sigmoid(np, np.array([-1000.0, 0.0, 1000.0])).tolist()
[0.0, 0.5, 1.0]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import DtypeError

if TYPE_CHECKING:
    from .contract import Backend

__all__ = [
    "celu",
    "complex_sigmoid",
    "floating",
    "log_sum_exp",
    "real",
    "relu",
    "sigmoid",
]

Array = Any


def real(backend: Backend, x: Array, function: str) -> Array:
    """`x`, or `DtypeError` if it is complex."""
    if backend.is_complex(x):
        raise DtypeError(
            f"{function} needs real numbers and got {backend.dtype_name(x)}. "
            "Take abs(x), real(x) or imag(x) first."
        )
    return x


def floating(backend: Backend, x: Array, function: str) -> Array:
    """`x` as real floating numbers: integers become the backend's float."""
    x = real(backend, x, function)
    return x if backend.is_floating(x) else backend.xp.astype(x, backend.default_dtype)


def log_sum_exp(xp: Any, x: Array, axis: int | tuple[int, ...] | None) -> Array:
    """``log(sum(exp(x)))`` over axes; -inf where there is nothing to sum."""
    if axis == ():
        return x
    if 0 in x.shape:
        return xp.sum(x, axis=axis) - float("inf")  # each a sum of nothing, if there are any
    info = xp.finfo(x.dtype)
    # Clipped, an infinite maximum leaves inf - max = inf, where inf - inf would be NaN.
    top = xp.clip(xp.max(x, axis=axis, keepdims=True), info.min, info.max)
    total = xp.sum(xp.exp(x - top), axis=axis, keepdims=True)
    # Only a sum of exp(-inf) is 0; log(0) would warn, and has no derivative.
    empty = total == 0
    log = xp.log(xp.where(empty, xp.ones_like(total), total)) + top
    out = xp.where(empty, xp.full_like(log, -float("inf")), log)
    axes = tuple(range(x.ndim)) if axis is None else axis
    return xp.squeeze(out, axis=axes)


def relu(xp: Any, x: Array) -> Array:
    """``max(x, 0)``, for integers too."""
    return xp.maximum(x, xp.zeros_like(x))


def celu(xp: Any, x: Array, alpha: float) -> Array:
    """``max(x, 0) + min(alpha * expm1(x / alpha), 0)``.

    References
    ----------
    Barron, Continuously Differentiable Exponential Linear Units, arXiv:1704.07483, 2017.
    """
    zero = xp.zeros_like(x)
    return xp.maximum(x, zero) + alpha * xp.expm1(xp.minimum(x, zero) / alpha)


def sigmoid(xp: Any, x: Array) -> Array:
    """``1 / (1 + exp(-x))``, computed from ``exp(-abs(x))``, which cannot overflow."""
    small = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, xp.ones_like(x), small) / (1 + small)


def complex_sigmoid(xp: Any, z: Array) -> Array:
    """``1 / (1 + exp(-z))`` for complex `z`, from the exponential that cannot overflow."""
    right = xp.real(z) >= 0
    small = xp.exp(xp.where(right, -z, z))
    return xp.where(right, xp.ones_like(z), small) / (1 + small)
