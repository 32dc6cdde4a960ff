"""The error function from the operations of the array API standard.

For libraries that have none of their own. In float64 the relative error is
within a few units of the last place.

References
----------
W. J. Cody, Rational Chebyshev Approximations for the Error Function,
Mathematics of Computation 23(107), 1969, pp. 631-637. Coefficients as in CALERF of SPECFUN
(netlib.org/specfun/erf), in Horner's order, highest power first.

Examples
--------
>>> import math, numpy as np
>>> x = np.linspace(-5.0, 5.0, 41)
>>> np.allclose(erf(np, x), [math.erf(v) for v in x], rtol=1e-14, atol=0)
True
"""

from __future__ import annotations

from typing import Any

__all__ = ["erf", "erfc"]

Array = Any

# |x| <= 0.46875: erf(x) = x * P(x**2) / Q(x**2)
_SMALL = (
    (
        *(1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2),
        *(3.77485237685302021e2, 3.20937758913846947e3),
    ),
    (
        *(1.0, 2.36012909523441209e1, 2.44024637934444173e2),
        *(1.28261652607737228e3, 2.84423683343917062e3),
    ),
)
# 0.46875 < x <= 4: erfc(x) = exp(-x**2) * P(x) / Q(x)
_MIDDLE = (
    (
        *(2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0),
        *(6.61191906371416295e1, 2.98635138197400131e2, 8.81952221241769090e2),
        *(1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3),
    ),
    (
        *(1.0, 1.57449261107098347e1, 1.17693950891312499e2),
        *(5.37181101862009858e2, 1.62138957456669019e3, 3.29079923573345963e3),
        *(4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
    ),
)
# x > 4: erfc(x) = exp(-x**2) / x * (1 / sqrt(pi) - y * P(y) / Q(y)), y = 1 / x**2
_LARGE = (
    (
        *(1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1),
        *(1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4),
    ),
    (
        *(1.0, 2.56852019228982242e0, 1.87295284992346725e0),
        *(5.27905102951428412e-1, 6.05183413124413191e-2, 2.33520497626869185e-3),
    ),
)
_INV_SQRT_PI = 0.56418958354775628695


def erf(xp: Any, x: Array) -> Array:
    """Error function of a real floating array."""
    near, tail = _pieces(xp, x)
    far = xp.where(x < 0, tail - 1, 1 - tail)
    return xp.where(xp.abs(x) <= 0.46875, near, far)


def erfc(xp: Any, x: Array) -> Array:
    """``1 - erf(x)`` of a real floating array."""
    near, tail = _pieces(xp, x)
    return xp.where(xp.abs(x) <= 0.46875, 1 - near, xp.where(x < 0, 2 - tail, tail))


def _pieces(xp: Any, x: Array) -> tuple[Array, Array]:
    """Near zero erf(x), elsewhere erfc(abs(x)); each held to its range, to stay finite."""
    size = xp.abs(x)
    near = xp.clip(x, -0.46875, 0.46875)
    middle = xp.clip(size, 0.46875, 4.0)
    # erfc(28) is 0 in float64; the square of a larger number may overflow
    large = xp.clip(size, 4.0, 28.0)
    y = 1 / (large * large)
    asymptote = (_INV_SQRT_PI - y * _rational(_LARGE, y)) / large
    tail = xp.where(size <= 4.0, _rational(_MIDDLE, middle), asymptote)
    return near * _rational(_SMALL, near * near), tail * _gauss(xp, xp.clip(size, 0.46875, 28.0))


def _gauss(xp: Any, x: Array) -> Array:
    """``exp(-x**2)``, split at sixteenths as Cody does: rounding x**2 would cost digits."""
    head = xp.trunc(x * 16) / 16
    return xp.exp(-head * head) * xp.exp(-(x - head) * (x + head))


def _rational(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Array) -> Array:
    top, bottom = coefficients
    return _horner(top, x) / _horner(bottom, x)


def _horner(coefficients: tuple[float, ...], x: Array) -> Array:
    total = x * 0 + coefficients[0]
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total
