"""The linear system of a Gauss-Newton step, formed and solved, or met by its products alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from funfact.backends.contract import Array, Backend
from funfact.backends.mapped import mapped
from funfact.fit.solvers.conjugate import Operator, conjugate_gradients, dot
from funfact.model.memory import bytes_each

__all__ = ["Local", "Preconditioner", "System", "formed", "has_room", "products"]

_ROOM = 2**28
"""Bytes of the Jacobian of all replicas, up to which it is formed."""

_WORK = 2**34
"""Operations of a formed system of all replicas, up to which it is formed."""

_ITERATIONS = 100
"""Of conjugate gradients in a step, at most."""

_FORCING = 0.1
"""What conjugate gradients may leave of a system's residual (inexact Newton): less takes more
products in all, also where the fit ends exactly."""

Preconditioner = Callable[[Array], Operator]
"""From the diagonal that damping adds to JᵀJ, one number a replica, to an approximate inverse."""


@dataclass(frozen=True, eq=False)
class Local:
    """A residual near a point: its value there, and products with its Jacobian.

    ``push`` maps (replicas, n) to (replicas, m), ``pull`` back; `x` is the point, along the
    tangent of what is imposed, `r` the residual.
    """

    backend: Backend
    push: Callable[[Array], Array]
    pull: Callable[[Array], Array]
    x: Array
    r: Array

    @property
    def wide(self) -> bool:
        """Whether the Jacobian has more columns than rows."""
        return bool(self.x.shape[1] > self.r.shape[1])

    @property
    def has_room(self) -> bool:
        """Whether it is formed."""
        (replicas, n), m = self.x.shape, self.r.shape[1]
        return has_room(replicas, m, n, bytes_each(self.backend.dtype_name(self.x)))

    def jacobian(self) -> Array:
        """Of each replica, shape ``(replicas, m, n)``, from the fewer of products."""
        ab = self.backend
        like, product = (self.r, self.pull) if self.wide else (self.x, self.push)
        size = like.shape[1]
        rows = each(product, ab.eye(size, dtype=like.dtype), like.shape[0], ab)
        return ab.transpose(rows, (1, 0, 2) if self.wide else (1, 2, 0))


def has_room(replicas: int, m: int, n: int, itemsize: int) -> bool:
    """Whether Jacobians of m rows and n columns are formed.

    They are if they have room, and their systems take no longer than conjugate gradients.
    """
    small = replicas * n * m * itemsize <= _ROOM
    return small and 2 * replicas * n * m * min(n, m) <= _WORK


def each(product: Callable[[Array], Array], rows: Array, replicas: int, ab: Backend) -> Array:
    """A product with each of some rows, the same for all replicas, shape (rows, replicas, any)."""
    size = rows.shape[0]
    spread = ab.broadcast_to(rows[:, None, :], (size, replicas, rows.shape[1]))
    return mapped(product, ab)(spread)


@dataclass(frozen=True, eq=False)
class System:
    """The normal equations of a step: ``solve(μ, ρ)`` gives it.

    `scale` is the mean diagonal of JᵀJ, one where that is zero.
    """

    scale: Array
    solve: Callable[[Array, Array], Array]


def formed(local: Local) -> System:
    """From the Jacobian, by the smaller of two systems.

    With K = JJᵀ + μ the step is -JᵀK⁻¹(r - (ρ/μ) Jx) - (ρ/μ) x, since (JᵀJ + μ)⁻¹Jᵀ = JᵀK⁻¹.
    """
    ab, x, r, wide = local.backend, local.x, local.r, local.wide
    jacobian = local.jacobian()
    normal = ab.einsum("zij,zkj->zik" if wide else "zji,zjk->zik", jacobian, jacobian)
    unit = ab.eye(normal.shape[-1], dtype=x.dtype)
    linalg = ab.xp.linalg

    def solve(mu: Array, rho: Array) -> Array:
        damped = normal + mu[:, None, None] * unit
        if not wide:
            gradient = local.pull(r) + rho[:, None] * x
            return -linalg.solve(damped, gradient[:, :, None])[:, :, 0]
        share = (rho / mu)[:, None]
        side = r - share * local.push(x)
        return -local.pull(linalg.solve(damped, side[:, :, None])[:, :, 0]) - share * x

    return System(_or_one(ab.sum(normal * unit, axis=(1, 2)) / x.shape[1], ab), solve)


def products(local: Local, normal: Operator, preconditioner: Preconditioner) -> System:
    """From products with JᵀJ alone (`normal`), by conjugate gradients."""
    ab, x = local.backend, local.x
    signs = ab.tensor(random_signs(x.shape[1]), x.dtype)
    scale = _or_one(mean_diagonal(local, signs), ab)

    def solve(mu: Array, rho: Array) -> Array:
        def damped(v: Array) -> Array:
            return normal(v) + mu[:, None] * v

        gradient = local.pull(local.r) + rho[:, None] * x
        inverse = preconditioner(mu)
        return conjugate_gradients(damped, inverse, -gradient, _FORCING, _ITERATIONS, ab)

    return System(scale, solve)


def random_signs(size: int) -> "np.ndarray[Any, Any]":
    """As many, the same each time."""
    return np.random.default_rng(0).integers(0, 2, size) * 2.0 - 1


def mean_diagonal(
    local: Local, signs: Array, seen: Callable[[Array], Array] = lambda image: image
) -> Array:
    """The mean diagonal of JᵀJ over the elements with a sign, as Hutchinson estimates it.

    Parameters
    ----------
    local : Local
    signs : array
        Random signs, and zeros elsewhere.
    seen : callable
        Takes the rows of the Jacobian that count from a product with it.

    Returns
    -------
    array, shape (replicas,)
    """
    ab = local.backend
    image = seen(local.push(ab.broadcast_to(signs, local.x.shape)))
    return dot(image, image, ab) / ab.sum(signs * signs)


def _or_one(x: Array, ab: Backend) -> Array:
    return ab.where(x > 0, x, ab.ones_like(x))
