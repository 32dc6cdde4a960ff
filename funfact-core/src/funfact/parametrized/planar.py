"""Rotations of a plane."""

import operator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from funfact.backends.contract import Array, Backend
from funfact.errors import ShapeError
from funfact.language.notation import TsrEx
from funfact.parametrized.angle import angles, trigonometric
from funfact.parametrized.generated import Generator, parametrized

__all__ = ["InPlane", "planar_rotation"]


def planar_rotation(
    i: int,
    j: int,
    n: int,
    initializer: Any = None,
    optimizable: bool | None = None,
    *,
    theta: Any = None,
    prefer: Any = None,
) -> TsrEx:
    """The rotation of the plane of two coordinates: a Givens rotation.

    Parameters
    ----------
    i, j : int
        The plane, two of 0, …, n - 1.
    n : int
        The size of the matrix.
    initializer, optimizable, prefer
        Of the angle, as in ``ff.tensor``; it starts anywhere in [0, 2π).
    theta : str, number or scalar expression, optional
        The angle: what it is called, its value (fixed, unless `optimizable`), or where
        it comes from.

    Returns
    -------
    TsrEx, shape (n, n)
        The identity but for ``[i, i] = [j, j] = cos(theta)``, ``[j, i] = sin(theta)`` and
        ``[i, j] = -sin(theta)``: it turns the axis i towards the axis j.

    Raises
    ------
    ShapeError
        If i and j are not two different coordinates of n.

    References
    ----------
    Golub & Van Loan, Matrix Computations, 4th edition, 2013, section 5.1.8 (there
    transposed).

    Examples
    --------
    >>> import funfact as ff
    >>> with ff.using("numpy"):
    ...     fac = ff.Factorization.from_tsrex(ff.planar_rotation(0, 2, 3, theta=0.5))
    >>> fac()
    array([[ 0.87758256,  0.        , -0.47942554],
           [ 0.        ,  1.        ,  0.        ],
           [ 0.47942554,  0.        ,  0.87758256]])
    """
    if any(isinstance(k, bool) or not hasattr(k, "__index__") for k in (i, j, n)) or not (
        i != j and 0 <= i < n and 0 <= j < n
    ):
        raise ShapeError(
            f"planar_rotation({i!r}, {j!r}, {n!r}): expected two different coordinates of the "
            "plane, from 0 to n - 1, and the size n of the matrix, at least 2."
        )
    if np.shape(initializer) == (1,):
        initializer = np.reshape(initializer, ())  # FunFact 1.0 stored the angle as a vector of one
    return parametrized(
        InPlane(*map(operator.index, (i, j, n))),
        angles(theta, (), initializer, optimizable, prefer),
        shape=(n, n),
        name="planar_rotation",
        real=True,
        batched=True,
    )


@dataclass(frozen=True)  # equal rotations have equal generators
class InPlane:
    """The generator of the rotations of the plane i, j of n coordinates."""

    i: int
    j: int
    n: int

    def __call__(self, x: Array, ab: Backend) -> Array:
        return _in_plane(self.i, self.j, self.n)(x, ab)


@cache
def _in_plane(i: int, j: int, n: int) -> Generator:
    plane, quarter = np.zeros((2, n, n))
    plane[i, i] = plane[j, j] = 1
    quarter[j, i], quarter[i, j] = 1, -1
    return trigonometric(np.eye(n) - plane, plane, quarter)
