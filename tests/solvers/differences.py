"""Gradients by finite differences in NumPy's doubles, and those of the backend under test."""

import numpy as np

from funfact.errors import DtypeError

STEP = 1e-6


def draw(dtype, *shape, low=0.5, high=1.5, seed=4):
    """Random data of a modulus between `low` and `high`."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(low, high, size=shape)
    return x * np.exp(1j * rng.uniform(-3, 3, size=shape)) if "complex" in dtype else x


def differences(f, x):
    """The direction of steepest ascent of a real function of `x`."""
    grad = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        for unit in (1, 1j) if np.iscomplexobj(x) else (1,):
            up, down = x.copy(), x.copy()
            up[place] += STEP * unit
            down[place] -= STEP * unit
            grad[place] += unit * (f(up) - f(down)) / (2 * STEP)
    return grad


def widest(backend, dtype):
    """`dtype`, or the one of half its width where the backend has no doubles (JAX by default)."""
    try:
        backend.dtype(dtype)
    except DtypeError:
        return {"float64": "float32", "complex128": "complex64"}[dtype]
    return dtype


def is_close(backend, found, expected):
    """Equal to what finite differences, or single precision, can tell."""
    double = widest(backend, "float64") == "float64"
    rtol, atol = (2e-6, 2e-7) if double else (2e-3, 2e-4)
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol * scale)
