"""Levenberg-Marquardt: Gauss-Newton steps, damped by what they achieve.

A step solves (JᵀJ + μ) δ = -(Jᵀr + ρx) for each replica, where r is the residual, J its
Jacobian, and μ the sum of a damping of the replica's own and of ρ. ρ pulls the factors
towards zero at first and fades with the steps: without it replicas end in
optima at infinity, where factors cancel one another. It fades slowly, so that factors stay
near the minimum that they are pulled to, until the residual has become small beside the pull:
an exact fit is then in reach, and ρ is let go of. In a valley towards infinity both remain of
one order.

Where something is imposed on factors, J and ρx are those along the tangent of the set at x, so
that a step is one of Gauss and Newton on the set; it ends at the nearest point of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

from funfact.arguments import named
from funfact.backends.capabilities import Linalg, Linearize, Repeat
from funfact.backends.contract import Array, Backend
from funfact.compiler.report import report
from funfact.conditions import (
    Diagonal,
    LowerTriangular,
    NonNegative,
    Orthonormal,
    Toeplitz,
    Unitary,
    UnitNorm,
    UpperTriangular,
)
from funfact.fit.imposed import FREE, Imposed, constrained
from funfact.fit.network import crowded
from funfact.fit.problem import Problem
from funfact.fit.solvers.base import Carry, Derived
from funfact.fit.solvers.blocks import Block
from funfact.fit.solvers.gauss_newton import Local, System, formed, has_room, products
from funfact.fit.solvers.preconditioner import preconditioner_of
from funfact.fit.solvers.residuals import Layout, imposed_rows, residual_of, why_not_squares
from funfact.loss import MSE
from funfact.model.memory import bytes_each

__all__ = ["LM", "is_small", "overtakes"]

_PULL, _VANISHED = 0.03, 1e-9
"""ρ at the start, in units of the mean diagonal of JᵀJ there; below what it is taken for zero."""

_FADING, _NEAR, _FADING_NEAR = 0.9, 0.1, 0.3
"""Its share from step to step; the share of |r|² in ρ|x|² below which the fit is near enough to
let go of it sooner, and its share then. Letting go as soon as |r|² is a hundredth of the target's
left a quarter of the starts of a 2x2x4 matrix product, of rank 14, in valleys towards infinity."""

_DAMPING, _LOWER, _RAISE = 1e-3, 1 / 3, 5.0
"""The damping at the start, in units of the mean diagonal of JᵀJ; what a step multiplies it
with that lowers the objective about as much as the linear model says, and one that does not."""

_JUDGED = 16
"""Roundings of |r|² that a step is to promise: whether one that promises less was good is chance.
It makes the damping smaller; else one replica after the other would stop, short of the optimum."""

_LEAST, _MOST = 1e-11, 1e11
"""Damping."""

_ACROSS = 16
"""Roundings of a number, which damping is at least where something is imposed: across the tangent
there is nothing else in JᵀJ, and torch refuses to solve a system that is singular."""

_CHEAP = 2**30
"""Operations of a step, of all replicas together, up to which ``optimizer='auto'`` takes it."""

_MIDDLE = 2**24
"""Those of one value of the model, up to which it is taken where products with the Jacobian are
looped on the device, and there is no other method but a gradient's: a step takes a hundred times
as long as one of Adam, and goes further."""

_DEAR, _DEAREST = 2**27, 2**34
"""The same in place of alternating least squares that get stuck: of one replica, and of all."""

_LONG = 2**36
"""Of all, in place of those that get stuck in what is imposed: a second or two a step if formed, of
which some tens are enough. Of CP models four times as large, by conjugate gradients, one with a
factor in the simplex ended at zeros."""

_KEPT = (
    NonNegative,
    Orthonormal,
    Unitary,
    UnitNorm,
    Diagonal,
    UpperTriangular,
    LowerTriangular,
    Toeplitz,
)
"""Sets in which alternating steps get about as far, measured on CP models 20x20x20 of rank 4 and
some larger ones, with noise and without. In a box, or among matrices that are positive
definite or symmetric and columns that are monotone or in the simplex, a thousand sweeps
left up to half of a target that LM made exactly."""


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
    loss = MSE
    loops = True
    constrained = True
    dear = True

    backend: Backend
    layout: Layout
    residual: Callable[[Array, Array, list[Array]], Array]
    preconditioner: Block
    imposed: Imposed

    @classmethod
    def refusal(cls, problem: Problem) -> str | None:
        return why_not_squares(problem)

    @classmethod
    def room(cls, problem: Problem) -> int:
        ab, layout = problem.backend, Layout.of(problem)
        parts = 2 if ab.is_complex(problem.dtype) else 1
        rows, columns = parts * prod(problem.target.shape), layout.size
        size = bytes_each(ab.dtype_name(problem.dtype)) // parts
        matrix = rows * columns + 2 * min(rows, columns) ** 2
        formed = has_room(problem.replicas, rows, columns, size)
        return problem.replicas * matrix if formed else 0

    @classmethod
    def recommended(cls, problem: Problem) -> str | None:
        square = "the loss is the squared error, and the problem small enough to"
        stuck = overtakes(problem)
        if stuck or is_small(problem):
            return f"{square} solve each step" + (f"; {stuck}" if stuck else "")
        loops = isinstance(problem.backend, Repeat)
        if loops and report(problem.ir).flops <= _MIDDLE:
            return f"{square} meet each step by products with the Jacobian"
        return None

    @classmethod
    def of(cls, problem: Problem) -> "LM":
        """The solver of `problem`."""
        layout = Layout.of(problem)
        return cls(
            backend=problem.backend,
            layout=layout,
            residual=residual_of(problem, layout),
            preconditioner=preconditioner_of(problem, layout),
            imposed=imposed_rows(problem, layout),
        )

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
        gradient = pull(r)[0]
        bound = self.imposed is not FREE
        reach = _reach(gradient, push([gradient]), damping, ab) if bound else None
        along, base = self.imposed.face(x, gradient, reach)
        local = Local(ab, lambda t: push([along(t)]), lambda y: along(pull(y)[0]), along(x), r)
        system = self._system(local, target, data)
        # the unit of ρ is that of the first step; before it, it is negative
        unit = ab.where(unit < 0, system.scale, unit)
        rho = unit * ab.where(share > _VANISHED, share, ab.zeros_like(share))
        delta = system.solve(damping * system.scale + rho, rho)
        gradient = along(gradient) + rho[:, None] * local.x
        trial = self.imposed.project(base + delta)
        new = residual([trial])
        fall = ab.sum((r - new) * (r + new), axis=1)
        fall = fall + rho * (_squares(x, ab) - _squares(trial, ab))
        # of the linear model, for which (JᵀJ + ρ + λ) δ = -gradient
        promised = damping * system.scale * _squares(delta, ab) - ab.sum(gradient * delta, axis=1)
        better = fall > 0.01 * promised  # not so if it is NaN
        ones = ab.ones_like(damping)
        factor = ab.where(fall > 0.7 * promised, _LOWER * ones, ones)
        factor = ab.where(fall > 0.2 * promised, factor, _RAISE * ones)
        # a step too small to be judged says nothing against a longer one
        eps = float(ab.xp.finfo(r.dtype).eps)
        seen = promised > _JUDGED * eps * _squares(r, ab)
        factor = ab.where(seen, factor, _LOWER * ones)
        least = max(_LEAST, _ACROSS * eps) if bound else _LEAST
        damping = ab.clip(damping * factor, least, _MOST)
        near = _squares(r, ab) < _NEAR * rho * _squares(x, ab)
        share = share * ab.where(near, _FADING_NEAR * ab.ones_like(share), _FADING)
        return ab.where(better[:, None], trial, x), damping, unit, share

    def _system(self, local: Local, target: Array, data: list[Array]) -> System:
        if local.has_room:
            return formed(local)
        inverse = self.preconditioner(local, target, data)
        return products(local, lambda v: local.pull(local.push(v)), inverse)


def is_small(problem: Problem) -> bool:
    """Whether a step takes next to no time."""
    return problem.replicas * _work(problem) <= _CHEAP


def overtakes(problem: Problem) -> str | None:
    """Why it is taken in place of alternating least squares; None if it is not."""
    work = _work(problem)
    cheap = work <= _DEAR and problem.replicas * work <= _DEAREST
    found = crowded(problem) if cheap else None
    return found or (_caught(problem) if problem.replicas * work <= _LONG else None)


def _caught(problem: Problem) -> str | None:
    """The factor that must be in a set in which alternating steps get stuck."""
    for tensor, constraint in constrained(problem):
        if type(constraint) not in _KEPT:
            return (
                f"alternating steps get stuck where {named(constraint)} is imposed on "
                f"{tensor.symbol or 'a tensor'}"
            )
    return None


def _work(problem: Problem) -> int:
    """Operations of a step of one replica."""
    rows: int = 2 * prod(problem.target.shape)
    columns = Layout.of(problem).size
    return 2 * rows * columns * min(rows, columns)


def _reach(gradient: Array, image: Array, damping: Array, ab: Backend) -> Array:
    """The step along the gradient that is best for the linear model, or shorter if damped.

    `image` is the product of the Jacobian with the gradient.
    """
    square = _squares(image, ab)
    some = square > 0
    length = _squares(gradient, ab) / ab.where(some, square, ab.ones_like(square))
    return ab.where(some, length, ab.zeros_like(length)) / (1 + damping)


def _squares(x: Array, ab: Backend) -> Any:
    return ab.sum(x * x, axis=1)
