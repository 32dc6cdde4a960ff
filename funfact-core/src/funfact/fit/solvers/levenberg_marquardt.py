"""Levenberg-Marquardt: Gauss-Newton steps, damped by what they achieve.

A step solves (JᵀJ + μ) δ = -(Jᵀr + ρx) for each replica, where r is the residual, J its
Jacobian, and μ the sum of a damping of the replica's own and of ρ. ρ pulls the factors
towards zero at first and fades with the steps: without it replicas end in
optima at infinity, where factors cancel one another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from funfact.backends.capabilities import Linalg, Linearize, Vmap
from funfact.backends.contract import Array, Backend
from funfact.fit.problem import Problem
from funfact.fit.solvers.base import Carry, Derived
from funfact.fit.solvers.residuals import Layout, residual_of, why_not_squares

__all__ = ["LM"]

_PULL, _VANISHED = 0.01, 1e-9
"""ρ at the start, in units of the mean diagonal of JᵀJ there; below what it is taken for zero."""

_FADING, _NEAR, _FADING_NEAR = 0.9, 1e-2, 0.3
"""Its share from step to step; the squared residual below which the fit is near enough to let go
of it sooner, and its share then."""

_DAMPING, _LOWER, _RAISE = 1e-3, 1 / 3, 5.0
"""The damping at the start, in units of the mean diagonal of JᵀJ; what a step multiplies it
with that lowers the objective about as much as the linear model says, and one that does not."""

_LEAST, _MOST = 1e-11, 1e11
"""Damping."""

_ROOM = 2**28
"""Bytes of the Jacobian of all replicas, up to which it is formed."""

_CHEAP = 2**30
"""Operations of a step, of all replicas together, up to which ``optimizer='auto'`` takes it."""

_ITERATIONS = 40
"""Of conjugate gradients in a step, where it is not."""


@dataclass(frozen=True, eq=False)
class LM(Derived):
    """Levenberg-Marquardt for squared error; the carry is (x, damping, unit of ρ, ρ).

    The Jacobian is formed where it has room, and the smaller of JᵀJ and JJᵀ solved
    exactly; elsewhere conjugate gradients need but its products.

    References
    ----------
    Nocedal & Wright, Numerical Optimization, 2nd edition, 2006, section 10.3.
    """

    needs = (Linearize, Linalg)

    backend: Backend
    layout: Layout
    residual: Callable[[Array, Array, list[Array]], Array]

    @classmethod
    def refusal(cls, problem: Problem) -> str | None:
        return why_not_squares(problem)

    @classmethod
    def recommended(cls, problem: Problem) -> str | None:
        rows = 2 * prod(problem.target.shape)
        columns = Layout.of(problem).size
        work = 2 * problem.replicas * rows * columns * min(rows, columns)
        if work > _CHEAP:
            return None
        return "the loss is the squared error, and the problem small enough to solve each step"

    @classmethod
    def of(cls, problem: Problem) -> "LM":
        """The solver of `problem`."""
        layout = Layout.of(problem)
        return cls(problem.backend, layout, residual_of(problem, layout))

    def init(self, factors: list[Array]) -> Carry:
        ab, x = self.backend, self.layout.pack(factors)
        damping = ab.full_like(x[:, 0], _DAMPING)  # where the replicas of x are
        return x, damping, -ab.ones_like(damping), _PULL * ab.ones_like(damping)

    def factors(self, carry: Carry) -> list[Array]:
        return self.layout.unpack(carry[0])

    def step(self, carry: Carry, target: Array, data: list[Array]) -> Carry:
        ab = self.backend
        x, damping, unit, share = carry

        def residual(params: list[Array]) -> Array:
            return self.residual(params[0], target, data)

        assert isinstance(ab, Linearize)
        r, push, pull = ab.linearize(residual, [x])
        linear = _Linear(ab, lambda t: push([t]), lambda y: pull(y)[0], x, r)
        system = _formed(linear) if linear.has_room else _products(linear)
        # the unit of ρ is that of the first step; before it, it is negative
        unit = ab.where(unit < 0, system.scale, unit)
        rho = unit * ab.where(share > _VANISHED, share, ab.zeros_like(share))
        delta = system.solve(damping * system.scale + rho, rho)
        gradient = linear.pull(r) + rho[:, None] * x
        trial = x + delta
        fall = _squares(r, ab) - _squares(residual([trial]), ab)
        fall = fall + rho * (_squares(x, ab) - _squares(trial, ab))
        # of the linear model, for which (JᵀJ + ρ + λ) δ = -gradient
        promised = damping * system.scale * _squares(delta, ab) - ab.sum(gradient * delta, axis=1)
        better = fall > 0.01 * promised  # not so if it is NaN
        ones = ab.ones_like(damping)
        factor = ab.where(fall > 0.7 * promised, _LOWER * ones, ones)
        factor = ab.where(fall > 0.2 * promised, factor, _RAISE * ones)
        damping = ab.clip(damping * factor, _LEAST, _MOST)
        near = _squares(r, ab) < _NEAR
        share = share * ab.where(near, _FADING_NEAR * ab.ones_like(share), _FADING)
        return ab.where(better[:, None], trial, x), damping, unit, share


@dataclass(frozen=True, eq=False)
class _Linear:
    """A residual near a point: its value there, and products with its Jacobian.

    ``push`` maps (replicas, n) to (replicas, m), ``pull`` back; `x` is the point, `r` the residual.
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
        itemsize = 8 if self.backend.dtype_name(self.x).endswith("64") else 4
        return bool(prod(self.x.shape) * self.r.shape[1] * itemsize <= _ROOM)

    def jacobian(self) -> Array:
        """Of each replica, shape ``(replicas, m, n)``, from the fewer of products."""
        ab = self.backend
        like, product = (self.r, self.pull) if self.wide else (self.x, self.push)
        size = like.shape[1]
        unit = ab.eye(size, dtype=like.dtype)
        units = ab.broadcast_to(unit[:, None, :], (size, like.shape[0], size))
        if isinstance(ab, Vmap):
            rows = ab.vmap(product)(units)
        else:
            rows = ab.stack([product(units[n, ...]) for n in range(size)])
        return ab.transpose(rows, (1, 0, 2) if self.wide else (1, 2, 0))


@dataclass(frozen=True, eq=False)
class _System:
    """The normal equations of a step: ``solve(μ, ρ)`` gives it.

    `scale` is the mean diagonal of JᵀJ, one where that is zero.
    """

    scale: Array
    solve: Callable[[Array, Array], Array]


def _formed(linear: _Linear) -> _System:
    """From the Jacobian, by the smaller of two systems.

    With K = JJᵀ + μ the step is -JᵀK⁻¹(r - (ρ/μ) Jx) - (ρ/μ) x, since (JᵀJ + μ)⁻¹Jᵀ = JᵀK⁻¹.
    """
    ab, x, r, wide = linear.backend, linear.x, linear.r, linear.wide
    jacobian = linear.jacobian()
    normal = ab.einsum("zij,zkj->zik" if wide else "zji,zjk->zik", jacobian, jacobian)
    unit = ab.eye(normal.shape[-1], dtype=x.dtype)
    linalg = ab.xp.linalg

    def solve(mu: Array, rho: Array) -> Array:
        damped = normal + mu[:, None, None] * unit
        if not wide:
            gradient = linear.pull(r) + rho[:, None] * x
            return -linalg.solve(damped, gradient[:, :, None])[:, :, 0]
        share = (rho / mu)[:, None]
        side = r - share * linear.push(x)
        return -linear.pull(linalg.solve(damped, side[:, :, None])[:, :, 0]) - share * x

    return _System(_or_one(ab.sum(normal * unit, axis=(1, 2)) / x.shape[1], ab), solve)


def _products(linear: _Linear) -> _System:
    """From products with the Jacobian alone, by conjugate gradients."""
    ab, x = linear.backend, linear.x
    # the mean diagonal as Hutchinson estimates it, from a vector of random signs
    signs = np.random.default_rng(0).integers(0, 2, x.shape[1]) * 2.0 - 1
    probe = ab.broadcast_to(ab.tensor(signs, x.dtype), x.shape)
    scale = _or_one(_squares(linear.push(probe), ab) / x.shape[1], ab)

    def solve(mu: Array, rho: Array) -> Array:
        def normal(v: Array) -> Array:
            return linear.pull(linear.push(v)) + mu[:, None] * v

        gradient = linear.pull(linear.r) + rho[:, None] * x
        return conjugate_gradients(normal, -gradient, _ITERATIONS, ab)

    return _System(scale, solve)


def _or_one(x: Array, ab: Backend) -> Array:
    return ab.where(x > 0, x, ab.ones_like(x))


def conjugate_gradients(
    normal: Callable[[Array], Array], right: Array, iterations: int, ab: Backend
) -> Array:
    """Solve ``normal(v) = right`` for each row, from zero; rows that are done stay.

    References
    ----------
    Nocedal & Wright, Numerical Optimization, 2nd edition, 2006, algorithm 5.2.
    """
    found, rest, direction = ab.zeros_like(right), right, right
    square = _squares(rest, ab)
    enough = square * 1e-20
    for _ in range(iterations):
        image = normal(direction)
        bend = ab.sum(direction * image, axis=1)
        going = (square > enough) & (bend > 0)
        length = ab.where(going, square, ab.zeros_like(square)) / ab.where(
            going, bend, ab.ones_like(bend)
        )
        found = found + length[:, None] * direction
        rest = rest - length[:, None] * image
        new = _squares(rest, ab)
        ratio = ab.where(going, new, ab.zeros_like(new)) / ab.where(
            going, square, ab.ones_like(square)
        )
        direction = rest + ratio[:, None] * direction
        square = new
    return found


def _squares(x: Array, ab: Backend) -> Any:
    return ab.sum(x * x, axis=1)
