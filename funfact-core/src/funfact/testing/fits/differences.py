"""Gradients by finite differences in NumPy's doubles, and how close to them a backend has to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import DtypeError
from ..compare import same_value

__all__ = ["differences", "draw", "is_close", "widest"]

Array = Any
STEP = 1e-6


def draw(dtype: str, *shape: int, low: float = 0.5, high: float = 1.5, seed: int = 4) -> Array:
    """Random data of a modulus between `low` and `high`."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(low, high, size=shape)
    return x * np.exp(1j * rng.uniform(-3, 3, size=shape)) if "complex" in dtype else x


def differences(f: Callable[[Array], float], x: Array) -> Array:
    """The direction of steepest ascent of a real function of `x`, by central differences.

    Examples
    --------
    >>> differences(lambda z: float(np.sum(abs(z)**2)), np.array([1 + 2j])).round(6)
    array([2.+4.j])
    """
    grad = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        for unit in (1, 1j) if np.iscomplexobj(x) else (1,):
            up, down = x.copy(), x.copy()
            up[place] += STEP * unit
            down[place] -= STEP * unit
            grad[place] += unit * (f(up) - f(down)) / (2 * STEP)
    return grad


def widest(backend: Any, dtype: str) -> str:
    """`dtype`, or the one of half its width where the backend has no doubles (JAX by default)."""
    try:
        backend.dtype(dtype)
    except DtypeError:
        return {"float64": "float32", "complex128": "complex64"}[dtype]
    return dtype


def is_close(backend: Any, found: Array, expected: Array, what: str = "the gradient") -> None:
    """Equal to what finite differences, or single precision, can tell."""
    double = widest(backend, "float64") == "float64"
    rtol, atol = (2e-6, 2e-7) if double else (2e-3, 2e-4)
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    same_value(what, found, expected, rtol * np.abs(expected) + atol * scale)
