"""Sets of a fixed size: probabilities, unit vectors, orthonormal columns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from funfact.backends.capabilities import Linalg
from funfact.backends.contract import Array, Backend
from funfact.conditions.constraint import AlongAxis, Constraint, check_square
from funfact.conditions.matrices import adjoint, polar
from funfact.errors import ShapeError

__all__ = ["Orthonormal", "Simplex", "UnitNorm", "Unitary"]


@dataclass(frozen=True)
class Simplex(AlongAxis):
    """Probabilities: along an axis, nonnegative numbers whose sum is one; complex ones are real.

    References
    ----------
    Held, Wolfe & Crowder, Validation of subgradient optimization, Mathematical Programming 6,
    1974, section 3: the projection.
    """

    def project(self, x: Array, ab: Backend) -> Array:
        """The nearest such numbers: all less one threshold, zeros where that is negative."""
        axis, y = self.axis, ab.real(x)
        y = y - ab.max(y, axis=axis, keepdims=True)
        y = ab.relu(y - _threshold(y, 1.0, axis, ab))
        return ab.astype(y / ab.sum(y, axis=axis, keepdims=True), x.dtype)

    def tangent(self, x: Array, gradient: Array, ab: Backend) -> Callable[[Array], Array]:
        axis, descent = self.axis, -ab.real(gradient)
        # Zeros are held that the descent would make negative, were the sum kept: it is
        # projected as if everything else were far from zero.
        inside = ab.astype(ab.real(x) > 0, descent.dtype)
        far = inside * (3 * ab.max(ab.abs(descent), axis=axis, keepdims=True) + 1)
        total = ab.sum(far, axis=axis, keepdims=True)
        free = far + descent > _threshold(far + descent, total, axis, ab)

        def along(v: Array) -> Array:
            part = ab.real(v)
            part = ab.where(free, part - _mean(part, free, axis, ab), ab.zeros_like(part))
            return ab.astype(part, v.dtype)

        return along

    def start(self, x: Array, ab: Backend) -> Array:
        """The moduli of `x`, over their sum."""
        size = ab.abs(x)
        return ab.astype(size / ab.sum(size, axis=self.axis, keepdims=True), x.dtype)


def _threshold(x: Array, total: Any, axis: int, ab: Backend) -> Array:
    """What is to be taken from all elements for the positive part to have this sum.

    That is (s_k - total) / k for the sum s_k of the k largest elements, for the k for which it
    is largest.
    """
    sums = ab.xp.cumulative_sum(-ab.xp.sort(-x, axis=axis), axis=axis)
    count = ab.xp.cumulative_sum(ab.ones_like(x), axis=axis)
    return ab.max((sums - total) / count, axis=axis, keepdims=True)


def _mean(x: Array, chosen: Array, axis: int, ab: Backend) -> Array:
    """The mean of the chosen elements along an axis, which is kept."""
    kept = ab.where(chosen, x, ab.zeros_like(x))
    count = ab.sum(ab.astype(chosen, x.dtype), axis=axis, keepdims=True)
    return ab.sum(kept, axis=axis, keepdims=True) / count


@dataclass(frozen=True)
class UnitNorm(AlongAxis):
    """Vectors along an axis of length one, real or complex."""

    convex = False

    def project(self, x: Array, ab: Backend) -> Array:
        """`x` over its length; equal numbers where that is zero."""
        largest = ab.max(ab.abs(x), axis=self.axis, keepdims=True)
        some = largest > 0
        # over the largest element first: squares of tiny or huge ones would leave the range
        x = x / ab.astype(ab.where(some, largest, ab.ones_like(largest)), x.dtype)
        x = ab.where(some, x, ab.ones_like(x))
        length = ab.sqrt(ab.sum(ab.abs(x) ** 2, axis=self.axis, keepdims=True))
        return x / ab.astype(length, x.dtype)

    def tangent(self, x: Array, gradient: Array, ab: Backend) -> Callable[[Array], Array]:
        def along(v: Array) -> Array:
            share = ab.sum(ab.real(ab.conj(x) * v), axis=self.axis, keepdims=True)
            return v - x * ab.astype(share, v.dtype)

        return along


class _Orthonormal(Constraint):
    """Matrices of orthonormal columns: the Stiefel manifold.

    References
    ----------
    Absil, Mahony & Sepulchre, Optimization Algorithms on Matrix Manifolds, 2008, sections 3.5.7
    and 3.6.1: the tangent.
    """

    needs = (Linalg,)
    needs_ndim = 2
    convex = False

    def residual(self, x: Array, ab: Backend) -> Array:
        return ab.matmul(adjoint(x, ab), x) - ab.eye(x.shape[-1], dtype=x.dtype)

    def project(self, x: Array, ab: Backend) -> Array:
        """The polar factor of `x`."""
        return polar(x, ab)

    def tangent(self, x: Array, gradient: Array, ab: Backend) -> Callable[[Array], Array]:
        def along(v: Array) -> Array:
            gram = ab.matmul(adjoint(x, ab), v)
            return v - ab.matmul(x, (gram + adjoint(gram, ab)) / 2)

        return along


class Orthonormal(_Orthonormal):
    """Orthonormal columns, of each matrix that is at least as tall as wide: ``X.H @ X = 1``."""

    def on(self, shape: tuple[int, ...]) -> Self:
        asked = super().on(shape)
        rows, columns = shape[-2:]
        if rows < columns:
            raise ShapeError(
                f"Orthonormal is asked of a tensor of shape {shape}, and {columns} columns of "
                f"length {rows} cannot be orthonormal. Give at least as many rows as columns, or "
                "use the transpose, v[j, i], for orthonormal rows."
            )
        return asked


class Unitary(_Orthonormal):
    """Square matrices whose inverse is their adjoint; real ones are orthogonal.

    Preferred, it may be asked of any matrix: orthonormal columns, or orthonormal rows where
    it is wider than tall. The residual is the Gram matrix of the shorter side minus the identity.
    """

    def imposed_on(self, shape: tuple[int, ...]) -> Self:
        asked = super().imposed_on(shape)
        if shape[-2] != shape[-1]:
            try:
                check_square(self, shape)
            except ShapeError as exc:
                raise ShapeError(f"{exc} Columns of a tall one can be Orthonormal.") from None
        return asked

    def residual(self, x: Array, ab: Backend) -> Array:
        rows, columns = x.shape[-2:]
        gram = ab.matmul(adjoint(x, ab), x) if rows >= columns else ab.matmul(x, adjoint(x, ab))
        return gram - ab.eye(min(rows, columns), dtype=x.dtype)
