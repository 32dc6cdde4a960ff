"""L-BFGS: the curvature of the last few steps, for any loss that has a gradient."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from funfact.backends.capabilities import Autodiff
from funfact.backends.contract import Array, Backend
from funfact.backends.dtypes import at_least_single
from funfact.fit.form import gradient_with_losses
from funfact.fit.imposed import Imposed
from funfact.fit.problem import Problem
from funfact.fit.solvers.base import Carry, Derived
from funfact.fit.solvers.residuals import Layout, imposed_rows

__all__ = ["LBFGS"]

_PAIRS = 10
"""Steps that are remembered, with what they changed in the gradient."""

_FIRST = 0.1
"""Length of the first step, as a share of that of the factors."""

_ENOUGH = 1e-4
"""Share of the decrease that the slope promises, which a step must bring (Armijo)."""


@dataclass(frozen=True, eq=False)
class LBFGS(Derived):
    """Limited-memory BFGS, each replica on its own.

    A step is one gradient. Where it does not lower the objective enough it is not made, and
    the next tries half the length: all replicas go on together, whereas a search for a strong
    Wolfe point would keep all waiting for one, and for as many gradients SciPy's L-BFGS-B, which
    has it, comes no further. The carry is (x, gradient, objective, length, steps, changes);
    the last two have shape ``(pairs, replicas, size)``, the newest last, zero where there is none.
    Where something is imposed on factors, directions and changes are those along the tangent of
    the set, and a step ends at the nearest point of it.

    References
    ----------
    Nocedal & Wright, Numerical Optimization, 2nd edition, 2006, algorithms 3.1, 7.4 and 7.5.
    """

    needs = (Autodiff,)
    constrained = True
    whole = False

    backend: Backend
    layout: Layout
    imposed: Imposed
    gradient: Callable[..., tuple[Array, Array]]
    """``gradient(x, target, data)``: the objective of each replica, and its gradient."""

    @classmethod
    def refusal(cls, problem: Problem) -> str | None:
        return None

    @classmethod
    def of(cls, problem: Problem) -> Self:
        backend, layout = problem.backend, Layout.of(problem)
        of_factors = gradient_with_losses(problem)

        def gradient(x: Array, target: Array, data: list[Array]) -> tuple[Array, Array]:
            factors = layout.unpack(x)
            (_, each), found = of_factors(factors, target, data)
            return sum(problem.weighed(factors), start=each), layout.pack(found)

        return cls(backend, layout, imposed_rows(problem, layout), gradient)

    def init(self, factors: list[Array]) -> Carry:
        ab, x = self.backend, self.layout.pack(factors)
        # made of x, they lie where its replicas do
        none, length = ab.stack([ab.zeros_like(x)] * _PAIRS), ab.ones_like(x[:, 0])
        # of the objective nothing is known before the first step, which then accepts what it finds
        value = float("inf") * at_least_single(length, ab)
        return x, ab.zeros_like(x), value, length, none, ab.zeros_like(none)

    def factors(self, carry: Carry) -> list[Array]:
        return self.layout.unpack(carry[0])

    def step(self, carry: Carry, target: Array, data: list[Array]) -> Carry:
        ab = self.backend
        x, gradient, value, length, steps, changes = carry
        scale = _scale(gradient, x, steps, changes, ab)
        along, base = self.imposed.face(x, gradient, length * scale)
        slope = along(gradient)
        direction = -along(_times_inverse(slope, scale, steps, changes, ab))
        trial = self.imposed.project(base + length[:, None] * direction)
        found, new = self.gradient(trial, target, data)
        after, _ = self.imposed.face(trial, new, None)
        step, change = trial - x, along(after(new)) - slope
        good = found <= value + _ENOUGH * _dot(gradient, step, ab)  # not so if it is NaN
        # a step against which the gradient does not grow says nothing of a convex model
        convex = _dot(step, change, ab) > 1e-10 * _dot(change, change, ab)
        known = good & convex & ab.isfinite(value)
        return (
            _rows(good, trial, x, ab),
            _rows(good, new, gradient, ab),
            ab.where(good, found, value),
            ab.where(good, ab.ones_like(length), length / 2),
            _pushed(known, step, steps, ab),
            _pushed(known, change, changes, ab),
        )


def _scale(gradient: Array, x: Array, steps: Array, changes: Array, ab: Backend) -> Array:
    """The size of the inverse of the Hessian, as the last step tells it."""
    step, change = steps[-1, ...], changes[-1, ...]
    size = _dot(change, change, ab)
    first = _FIRST * (_dot(x, x, ab) * _inverse(_dot(gradient, gradient, ab), ab)) ** 0.5
    return ab.where(size > 0, _dot(step, change, ab) * _inverse(size, ab), first)


def _times_inverse(
    gradient: Array, scale: Array, steps: Array, changes: Array, ab: Backend
) -> Array:
    """The inverse of the Hessian, as the steps and changes tell it, times the gradient."""
    rest, shares = gradient, []
    for n in reversed(range(_PAIRS)):
        step, change = steps[n, ...], changes[n, ...]
        weight = _inverse(_dot(step, change, ab), ab)
        share = weight * _dot(step, rest, ab)
        rest = rest - share[:, None] * change
        shares.append((weight, share))
    rest = scale[:, None] * rest
    for n, (weight, share) in zip(range(_PAIRS), reversed(shares), strict=True):
        again = weight * _dot(changes[n, ...], rest, ab)
        rest = rest + (share - again)[:, None] * steps[n, ...]
    return rest


def _dot(x: Array, y: Array, ab: Backend) -> Array:
    return ab.sum(x * y, axis=1)


def _inverse(x: Array, ab: Backend) -> Array:
    """``1 / x``, and 0 where x is."""
    some = x != 0
    return ab.where(some, 1 / ab.where(some, x, ab.ones_like(x)), ab.zeros_like(x))


def _rows(condition: Array, new: Array, old: Array, ab: Backend) -> Array:
    return ab.where(condition[:, None], new, old)


def _pushed(condition: Array, new: Array, old: Array, ab: Backend) -> Array:
    """`new` behind `old`, whose first goes, where the condition of the replica holds."""
    moved = ab.concatenate([old[1:, ...], new[None, ...]], axis=0)
    return ab.where(condition[None, :, None], moved, old)
