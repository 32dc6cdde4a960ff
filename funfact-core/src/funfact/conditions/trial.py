"""A constraint tried on arrays: how far they are from it, and whether it is one."""

from math import prod
from statistics import median
from typing import Any, TypeAlias

import numpy as np

from funfact.backends.contract import Array, Backend
from funfact.conditions.constraint import Constraint

__all__ = ["distance", "flaw"]

_FAR = 1.0, 1e2, 1e4
"""How far out of a set are points from which others of it are found, in units of its elements."""

_CLOSE = 0.01
"""A share of a step, at most of the points: curved sets differ by the square root of a rounding,
corners that are near at one of them alone."""

Numbers: TypeAlias = np.ndarray[Any, Any]


def distance(x: Array, y: Array, ab: Backend) -> tuple[float, float]:
    """How far two arrays are apart, and how much of that is taken for rounding.

    Parameters
    ----------
    x, y : arrays, equal in shape and dtype
    ab : Backend

    Returns
    -------
    tuple of float
        The largest modulus of an element of the difference, and half of the digits of the largest
        element.
    """
    largest = max(_largest(x, ab), _largest(y, ab))
    return _largest(x - y, ab), _half(x, ab) * largest


def flaw(constraint: Constraint, x: Array, ab: Backend) -> str | None:
    """What is wrong with a constraint; None if nothing is found.

    Parameters
    ----------
    constraint : Constraint
    x : array, shape (*replicas, *shape of the factor)
        That it has made: the nearest to another.
    ab : Backend
    """
    moved, rounding = distance(x, constraint.project(x, ab), ab)
    if np.isnan(moved):
        return (
            "its project makes NaN of numbers. Does it divide by a length or a sum of zero, or "
            "take the root or the logarithm of a negative number? Choose what it is there with "
            "ff.active_backend.where."
        )
    if not moved <= rounding:
        return (
            f"its project moves by {moved:.3g} what it has made itself. It is to give the nearest "
            "point of a set, and a point of the set is the nearest to itself: project(project(x)) "
            "is project(x)."
        )
    gradient, v, w = (_waves(x, n, ab) for n in range(3))
    along = constraint.tangent(x, gradient, ab)
    moved, rounding = distance(along(v), along(along(v)), ab)
    if np.isnan(moved):
        return (
            "its tangent makes NaN of numbers. It is to give the part of v along which x can move."
        )
    if not moved <= rounding:
        return (
            f"its tangent is no projection: applied twice it differs by {moved:.3g} from applied "
            "once. It is to give the part of a direction along which x can move, and of that part "
            "all of it."
        )
    one, other = _inner(along(v), w, ab), _inner(v, along(w), ab)
    if not abs(one - other) <= _half(x, ab) * prod(x.shape):
        return (
            f"its tangent is not orthogonal: the inner product of the part of v with w is {one:.3g}"
            f", that of v with the part of w {other:.3g}, and the two are to be equal."
        )
    points = [x, *(_nearest(constraint, far * _scale(x, ab) * v, ab) for far in _FAR)]
    other = median(_difference(constraint, point, gradient, ab) for point in points)
    if not other <= _CLOSE:
        return (
            "its tangent is not that of its project: a small step against a gradient is another "
            f"if it is taken and projected than along the tangent, by {other:.0%} of it. For small "
            "h, h * tangent(x, gradient, -gradient) is project(x - h * gradient) - x. Does project "
            "give the nearest point, and does tangent hold back what would leave the set at an "
            "edge, and nothing else: of x >= 0, elements where x is 0 and the gradient positive?"
        )
    return None


def _difference(constraint: Constraint, x: Array, gradient: Array, ab: Backend) -> float:
    """Of a small step that is projected from one along the tangent, as a share of the step."""
    size = _half(x, ab) * _scale(x, ab)
    moved = (constraint.project(x - size * gradient, ab) - x) / size
    other = moved - constraint.tangent(x, gradient, ab)(-gradient)
    return float((_inner(other, other, ab) / _inner(gradient, gradient, ab)) ** 0.5)


def _nearest(constraint: Constraint, x: Array, ab: Backend) -> Array:
    """A point of the set; from afar it is found to fewer digits, and once more from close by."""
    return constraint.project(constraint.project(x, ab), ab)


def _scale(x: Array, ab: Backend) -> float:
    """The largest modulus of an element; one where all are zero."""
    return _largest(x, ab) or 1.0


def _largest(x: Array, ab: Backend) -> float:
    """The largest modulus of an element."""
    return float(np.max(np.abs(ab.to_numpy(x))))


def _half(x: Array, ab: Backend) -> float:
    """What is left out by half of the digits."""
    return float(np.sqrt(float(ab.xp.finfo(x.dtype).eps)))


def _waves(x: Array, number: int, ab: Backend) -> Array:
    """Numbers of order one, of the shape of `x`, others for each number."""
    place = np.arange(1.0, 1 + prod(x.shape))
    waves: Numbers = np.cos((1 + number / np.pi) * place).reshape(tuple(x.shape))
    if ab.is_complex(x):
        waves = waves + 1j * np.sin((2 + number / np.pi) * place).reshape(tuple(x.shape))
    return ab.tensor(waves, x.dtype)


def _inner(x: Array, y: Array, ab: Backend) -> float:
    return float(np.sum(ab.to_numpy(x).conj() * ab.to_numpy(y)).real)
