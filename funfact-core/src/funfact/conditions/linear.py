"""Matrices of a linear shape: triangular, diagonal, symmetric, Toeplitz.

The nearest point of a linear subspace is a linear function, and a point of it moves along it.
"""

from collections.abc import Callable
from typing import Self

import numpy as np

from funfact.backends.contract import Array, Backend
from funfact.conditions.constraint import Constraint, check_square
from funfact.conditions.matrices import adjoint

__all__ = ["Diagonal", "LowerTriangular", "Symmetric", "Toeplitz", "UpperTriangular"]


class _Linear(Constraint):
    """Matrices of a linear subspace."""

    needs_ndim = 2
    scale_free = True

    def tangent(self, x: Array, gradient: Array, ab: Backend) -> Callable[[Array], Array]:
        return lambda v: self.project(v, ab)


class UpperTriangular(_Linear):
    """Nothing below the diagonal of each matrix, square or not."""

    def project(self, x: Array, ab: Backend) -> Array:
        """`x` with zeros below the diagonal."""
        return ab.triu(x, k=0)


class LowerTriangular(_Linear):
    """Nothing above the diagonal of each matrix, square or not."""

    def project(self, x: Array, ab: Backend) -> Array:
        """`x` with zeros above the diagonal."""
        return ab.tril(x, k=0)


class Diagonal(_Linear):
    """Nothing off the diagonal of each matrix, square or not."""

    def project(self, x: Array, ab: Backend) -> Array:
        """`x` with zeros off the diagonal."""
        return ab.tril(ab.triu(x, k=0), k=0)


class Symmetric(_Linear):
    """Each matrix is its transpose; a complex one is Hermitian, its conjugate transpose."""

    def on(self, shape: tuple[int, ...]) -> Self:
        asked = super().on(shape)
        check_square(self, shape)
        return asked

    def project(self, x: Array, ab: Backend) -> Array:
        """The mean of `x` and its conjugate transpose."""
        return (x + adjoint(x, ab)) / 2


class Toeplitz(_Linear):
    """The elements of each diagonal of a matrix, square or not, are one number."""

    def project(self, x: Array, ab: Backend) -> Array:
        """Each diagonal's mean in the place of its elements."""
        rows, columns = x.shape[-2:]
        lead, width = tuple(x.shape[:-2]), rows + columns - 1
        # Behind each row as many zeros as make it one longer than there are diagonals: read in
        # rows of just as many, the next row stands one further to the right. So the
        # diagonals of the mirrored matrix, which run the other way, are columns.
        padding = ab.zeros((*lead, rows, rows), dtype=x.dtype)
        wide = ab.concatenate([ab.flip(x, axis=-1), padding], axis=-1)
        sheared = ab.reshape(wide, (*lead, rows * (width + 1)))[..., : rows * width]
        sums = ab.sum(ab.reshape(sheared, (*lead, rows, width)), axis=-2, keepdims=True)
        counts = np.minimum(np.arange(1, width + 1), np.arange(width, 0, -1))
        means = sums / ab.tensor(np.minimum(counts, min(rows, columns)), x.dtype)
        level = ab.reshape(ab.broadcast_to(means, (*lead, rows, width)), (*lead, rows * width))
        level = ab.concatenate([level, padding[..., 0, :]], axis=-1)
        level = ab.reshape(level, (*lead, rows, width + 1))[..., :columns]
        return ab.flip(level, axis=-1)
