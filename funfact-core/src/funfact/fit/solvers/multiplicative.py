"""Multiplicative updates for the Kullback-Leibler divergence, derived from the expression.

With the model linear in a factor, ``m = A f + rest``, all nonnegative, the update

    f <- f * (Aᵀ (t / m)) / (Aᵀ 1)

minimises a bound of the divergence from above, so that it never grows, and keeps f nonnegative
(Lee & Seung; for CP, Chi & Kolda). Before a round of updates, the factors go on the way they came,
``f * (f / previous) ** w``, if that lowers the divergence: then w grows, else it is halved (after
Ang & Gillis, who do so with differences).

An element that has come close to zero grows by products only slowly, if it is to grow again, and
not at all once it has vanished (the inadmissible zeros of Chi & Kolda). So no element falls
below a share of the mean of its factor; the share fades with the steps. That is the minimum of the
same bound among the numbers from there on, so that the divergence does not grow either. An
element that is smaller at the start, or zero, may stay as it is.

References
----------
Lee & Seung, Algorithms for Non-negative Matrix Factorization, NIPS 13, 2001; Chi & Kolda, On
tensors, sparsity, and nonnegative factorizations, SIAM J. Matrix Anal. Appl. 33(4), 2012;
Ang & Gillis, Accelerating nonnegative matrix factorization algorithms using extrapolation, Neural
Computation 31(2), 2019.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Self

from funfact.arguments import named
from funfact.backends.contract import Array, Backend
from funfact.backends.dtypes import vanishing
from funfact.compiler.ir import Load
from funfact.conditions import NonNegative
from funfact.fit.problem import Problem, losses, values
from funfact.fit.solvers.base import Carry, Derived, spread
from funfact.fit.solvers.linear import System, system
from funfact.fit.solvers.model import Multilinear, called, linear_in_each
from funfact.fit.solvers.normal import beside, pulled_back
from funfact.loss import KLDivergence

__all__ = ["MU"]

_FIRST, _LONGER = 0.5, 1.1
"""How far factors go on the way they came at first, and how much further when that was good."""

_SHARE, _FADING = 1e-4, 0.99
"""Of the mean of a factor, below which no element falls at first; what is left of it each step."""


@dataclass(frozen=True, eq=False)
class Update:
    """The new value of one factor: its place among them, and Aᵀ of the quotients and of ones.

    The quotients have a dimension for each axis of the expanded model, `shape`, replicas first.
    """

    place: int
    shape: tuple[int, ...]
    of_quotients: System
    of_ones: System

    def __call__(self, arrays: Sequence[Array], quotients: Array, x: Array) -> Array:
        ab = self.of_ones.backend
        seen = [*arrays, ab.reshape(quotients, self.shape)]
        above = self.of_quotients.stored(self.of_quotients.right(seen))
        below = self.of_ones.stored(self.of_ones.right(seen))
        return x * _quotient(above, below, ab)


@dataclass(frozen=True, eq=False)
class MU(Derived):
    """Multiplicative updates, for nonnegative factors and the Kullback-Leibler divergence.

    The carry is the factors, those before, how far each replica goes on the way it came, and the
    share of the mean below which no element falls.
    """

    loss = KLDivergence
    constrained = True
    linear = True

    problem: Problem
    updates: tuple[Update, ...]
    arrays: Callable[[Sequence[Array], Array, Sequence[Array]], list[Array]]

    @classmethod
    def refusal(cls, problem: Problem) -> str | None:
        found = _model(problem)
        return found if isinstance(found, str) else None

    @classmethod
    def recommended(cls, problem: Problem) -> str | None:
        return (
            "the model is linear in each factor, all are nonnegative, and so is the loss's target"
        )

    @classmethod
    def of(cls, problem: Problem) -> Self:
        found = _model(problem)
        assert not isinstance(found, str), "refused"
        updates = tuple(_update(found, load, n, problem) for n, load in enumerate(found.loads))
        return cls(problem, updates, found.arrays)

    def init(self, factors: list[Array]) -> Carry:
        none = 0 * self._sum(factors[0])
        return factors, [x + 0 for x in factors], none + _FIRST, none + _SHARE

    @property
    def backend(self) -> Backend:
        return self.problem.backend

    def step(self, carry: Carry, target: Array, data: list[Array]) -> Carry:
        ab, append = self.backend, self.problem.append
        factors, before, power, share = carry
        ahead = [
            self._held(x * _quotient(x, y, ab) ** spread(power, x, append, ab), x, share)
            for x, y in zip(factors, before, strict=True)
        ]
        now, then = (losses(self.problem, each, target, data) for each in (factors, ahead))
        good = then <= now
        # where nothing moves, losses are equal: going further there would never end
        power = ab.where(then < now, _LONGER * power, ab.where(good, power, power / 2))
        pairs = zip(ahead, factors, strict=True)
        new = [ab.where(spread(good, x, append, ab), x, y) for x, y in pairs]
        for update in self.updates:
            quotients = self._quotients(new, target, data)
            arrays, x = self.arrays(new, target, data), new[update.place]
            new[update.place] = self._held(update(arrays, quotients, x), x, share)
        return new, factors, power, _FADING * share

    def factors(self, carry: Carry) -> list[Array]:
        return list(carry[0])

    def _held(self, new: Array, old: Array, share: Array) -> Array:
        """Elements that fell below a share of the mean, as large as that, or as they were."""
        ab, append = self.backend, self.problem.append
        size = prod(old.shape) // self.problem.replicas
        least = spread(share * self._sum(old) / size, old, append, ab)
        least = ab.where(old < least, old, least)
        return ab.where(new < least, least, new)

    def _sum(self, x: Array) -> Array:
        """Of the elements of each replica."""
        axes = tuple(range(x.ndim - 1)) if self.problem.append else tuple(range(1, x.ndim))
        return self.backend.sum(x, axis=axes) if axes else x

    def _quotients(self, factors: Sequence[Array], target: Array, data: Sequence[Array]) -> Array:
        """Target over model, with the replicas first, as the model has them; 0/0 is 0."""
        ab = self.backend
        model = values(self.problem, factors, data)
        least = vanishing(model, ab)
        return target / ab.where(model > least, model, least * ab.ones((), dtype=model.dtype))


def _quotient(above: Array, below: Array, ab: Backend) -> Array:
    """Element by element; 1 where that has no meaning."""
    known = below > vanishing(below, ab)
    ones = ab.ones_like(below)
    return ab.where(known, above, ones) / ab.where(known, below, ones)


def _model(problem: Problem) -> Multilinear | str:
    if type(problem.loss) is not KLDivergence:
        return (
            f"the loss is {named(problem.loss)}, and the updates are those of the "
            "Kullback-Leibler divergence. Give loss='KLDivergence', or optimizer='Adam'."
        )
    found = linear_in_each(problem, "multiplicative updates")
    if isinstance(found, str):
        return found
    for load, constraint in zip(found.loads, found.constraints, strict=True):
        if constraint is None:
            return (
                f"{called(load.key)} may be negative, as nothing is imposed on it, and the "
                "updates only change the size of elements. Give constrain='NonNegative' for each "
                "factor, or optimizer='Adam'."
            )
        if type(constraint) is not NonNegative:
            return (
                f"{named(constraint)} is imposed on {called(load.key)}, which the updates "
                "do not keep. Give a gradient method, optimizer='Adam'."
            )
    ab = problem.backend
    negative = any(bool(ab.any(x < 0)) for x in problem.data)
    if negative or any(product.number.real < 0 for product in found.whole.products):
        return (
            "negative numbers stand in the model, and the updates are for a sum of nonnegative "
            "products. Give a gradient method, optimizer='Adam'."
        )
    return found


def _update(model: Multilinear, load: Load, n: int, problem: Problem) -> Update:
    ab, dtype = problem.backend, problem.dtype
    quotients, operand = beside(model.whole, problem.append)
    made = pulled_back(model.whole, load, (operand,))
    ones = pulled_back(model.whole, load, ())
    keys = (*model.keys, quotients.key)
    of_quotients, of_ones = (system(normal, keys, ab, dtype) for normal in (made, ones))
    return Update(n, quotients.shape, of_quotients, of_ones)
