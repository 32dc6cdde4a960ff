"""Sets that a positive factor leaves alone, of numbers, vectors and matrices."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from funfact.backends.capabilities import Linalg
from funfact.backends.contract import Array, Backend
from funfact.conditions.constraint import AlongAxis, Constraint, check_square
from funfact.conditions.matrices import adjoint, eigh, swapped

__all__ = ["Monotone", "NonNegative", "PositiveDefinite"]


class NonNegative(Constraint):
    """No element below zero; of a complex one, no imaginary part either."""

    scale_free = True

    def residual(self, x: Array, ab: Backend) -> Array:
        if ab.is_complex(x):
            return -ab.relu(-ab.real(x)) + 1j * ab.imag(x)
        return ab.relu(-x)

    def project(self, x: Array, ab: Backend) -> Array:
        """`x` with zeros for what is negative, and without imaginary parts."""
        return ab.astype(ab.relu(ab.real(x)), x.dtype)

    def tangent(self, x: Array, gradient: Array, ab: Backend) -> Callable[[Array], Array]:
        free = (ab.real(x) > 0) | (ab.real(gradient) < 0)

        def along(v: Array) -> Array:
            part = ab.real(v)
            return ab.astype(ab.where(free, part, ab.zeros_like(part)), v.dtype)

        return along

    def start(self, x: Array, ab: Backend) -> Array:
        """The moduli of `x`."""
        return ab.astype(ab.abs(x), x.dtype)


@dataclass(frozen=True)
class Monotone(AlongAxis):
    """The numbers along an axis never fall, or never rise; complex ones are real.

    Parameters
    ----------
    axis : int
    decreasing : bool
        Whether they never rise.

    Notes
    -----
    The nearest such numbers are the isotonic regression. It is computed for all vectors at once,
    from the means of all their runs: memory of n² numbers for each vector of length n.

    References
    ----------
    Robertson, Wright & Dykstra, Order Restricted Statistical Inference, 1988, theorem 1.4.4:
    the largest, over where a run begins, of the least means, over where it ends.
    """

    scale_free = True

    decreasing: bool = False

    def project(self, x: Array, ab: Backend) -> Array:
        """The isotonic regression of `x`."""
        return self._back(_isotonic(self._rising(x, ab), ab), x, ab)

    def tangent(self, x: Array, gradient: Array, ab: Backend) -> Callable[[Array], Array]:
        y, descent = self._rising(x, ab), -self._rising(gradient, ab)
        tied = y[..., 1:] == y[..., :-1]
        # Of the numbers that are equal, those stay so that the descent would bring out of order:
        # its isotonic regression within each run of equals, which a rising step keeps apart.
        step = 2 * ab.max(ab.abs(descent), axis=-1, keepdims=True) + 1
        steps = step * _runs(tied, y, ab)
        pooled = _isotonic(descent + steps, ab)
        runs = _runs(tied & (pooled[..., 1:] == pooled[..., :-1]), y, ab)
        same = ab.astype(runs[..., :, None] == runs[..., None, :], y.dtype)
        mean = same / ab.sum(same, axis=-1, keepdims=True)

        def along(v: Array) -> Array:
            w = self._rising(v, ab)
            return self._back(ab.matmul(mean, w[..., None])[..., 0], v, ab)

        return along

    def start(self, x: Array, ab: Backend) -> Array:
        """`x` in order."""
        return self._back(ab.xp.sort(self._rising(x, ab), axis=-1), x, ab)

    def _rising(self, x: Array, ab: Backend) -> Array:
        """Real vectors along the last axis, which are to rise."""
        y = swapped(ab.real(x), self.axis, ab)
        return -y if self.decreasing else y

    def _back(self, y: Array, x: Array, ab: Backend) -> Array:
        y = swapped(-y if self.decreasing else y, self.axis, ab)
        return ab.astype(y, x.dtype)


def _isotonic(y: Array, ab: Backend) -> Array:
    """The nearest rising vectors along the last axis; they rise exactly.

    With m[a, b] the mean of elements a to b, element i is the largest m over a ≤ i of the least
    over b ≥ i. Means are taken of differences to element a, so that equal numbers stay equal.
    """
    place = ab.arange(y.shape[-1])
    distance = place[None, :] - place[:, None]
    inside = distance >= 0
    apart = y[..., None, :] - y[..., :, None]
    sums = ab.xp.cumulative_sum(ab.where(inside, apart, ab.zeros_like(apart)), axis=-1)
    count = ab.astype(ab.where(inside, distance, ab.zeros_like(distance)) + 1, y.dtype)
    least = _least_from(y[..., :, None] + sums / count, ab)
    return ab.max(ab.where(inside, least, ab.full_like(least, -float("inf"))), axis=-2)


def _least_from(x: Array, ab: Backend) -> Array:
    """The least element from each place on, along the last axis, in rounds that double."""
    width = 1
    while width < x.shape[-1]:
        ahead = ab.minimum(x[..., :-width], x[..., width:])
        x = ab.concatenate([ahead, x[..., -width:]], axis=-1)
        width *= 2
    return x


def _runs(tied: Array, like: Array, ab: Backend) -> Array:
    """The number of the run of equals in which each element is, of the dtype of `like`."""
    breaks = ab.astype(~tied, like.dtype)
    first = ab.zeros_like(like[..., :1])
    return ab.xp.cumulative_sum(ab.concatenate([first, breaks], axis=-1), axis=-1)


class PositiveDefinite(Constraint):
    """Symmetric, or Hermitian, matrices without negative eigenvalues: positive semidefinite."""

    needs = (Linalg,)
    needs_ndim = 2
    scale_free = True

    def on(self, shape: tuple[int, ...]) -> Self:
        asked = super().on(shape)
        check_square(self, shape)
        return asked

    def project(self, x: Array, ab: Backend) -> Array:
        """The symmetric part of `x` with zeros for its negative eigenvalues."""
        values, vectors = eigh((x + adjoint(x, ab)) / 2, ab)
        root = vectors * ab.astype(ab.sqrt(ab.relu(values)), x.dtype)[..., None, :]
        return ab.matmul(root, adjoint(root, ab))

    def tangent(self, x: Array, gradient: Array, ab: Backend) -> Callable[[Array], Array]:
        held = self._held(x, gradient, ab)

        def along(v: Array) -> Array:
            v = (v + adjoint(v, ab)) / 2
            return v - ab.matmul(ab.matmul(held, v), held)

        return along

    def start(self, x: Array, ab: Backend) -> Array:
        """Of rank and trace as they come: `x` times its adjoint, over the root of its size."""
        return ab.matmul(x, adjoint(x, ab)) / x.shape[-1] ** 0.5

    def _held(self, x: Array, gradient: Array, ab: Backend) -> Array:
        """The projector onto the vectors of eigenvalue zero along which the descent is negative."""
        values, vectors = eigh(x, ab)
        rounding = 10 * x.shape[-1] * float(ab.xp.finfo(x.dtype).eps)
        null = values <= rounding * ab.max(values, axis=-1, keepdims=True)
        kernel = _projector(vectors, null, ab)
        descent = ab.matmul(ab.matmul(kernel, -(gradient + adjoint(gradient, ab)) / 2), kernel)
        values, vectors = eigh(descent, ab)
        least = rounding * ab.max(ab.abs(values), axis=-1, keepdims=True)
        return _projector(vectors, values < -least, ab)


def _projector(vectors: Array, chosen: Array, ab: Backend) -> Array:
    """Onto the span of the chosen ones of orthonormal columns."""
    kept = vectors * ab.astype(chosen, vectors.dtype)[..., None, :]
    return ab.matmul(kept, adjoint(kept, ab))
