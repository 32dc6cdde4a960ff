"""Alternating least squares, derived from the expression: one factor after the other, exactly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Self, TypeAlias

from funfact.backends.capabilities import Linalg
from funfact.backends.contract import Array, Backend
from funfact.compiler.lower import lower
from funfact.compiler.report import report
from funfact.conditions import Constraint, NonNegative
from funfact.fit.imposed import constrained, projection_of
from funfact.fit.problem import Problem
from funfact.fit.programs import programs_of
from funfact.fit.solvers.base import Carry, Derived
from funfact.fit.solvers.extrapolation import begun, extrapolated
from funfact.fit.solvers.halves import Group, grouped
from funfact.fit.solvers.levenberg_marquardt import LM, is_small, overtakes
from funfact.fit.solvers.linear import System, corrected, explained, system
from funfact.fit.solvers.model import Multilinear, called, multilinear, preferred
from funfact.fit.solvers.nonnegative import COLUMNS, nonnegative, projected
from funfact.fit.solvers.normal import Normal, derive, is_factor
from funfact.loss import MSE

__all__ = ["ALS", "equations"]

_LARGEST = 2**27
"""Numbers in a block of normal equations: a gibibyte of doubles."""


Solution: TypeAlias = Callable[[System, Sequence[Array], Array, Array], Array]
"""``solve(system, grams, right, x)``: a better value than `x`, along the layout's axes."""

Explained: TypeAlias = Callable[[int], Array]
"""``told(axis)``: `linear.explained`, for replicas along that axis of the factor."""


@dataclass(frozen=True, eq=False)
class Update:
    """The new value of one factor, from all arrays."""

    system: System
    solve: Solution
    place: int

    def __call__(self, arrays: Sequence[Array]) -> tuple[Array, Explained]:
        """The value, and what it explains of the target if the factor stands in all products."""
        system, old = self.system, arrays[self.place]
        grams, right = [gram(arrays) for gram in system.blocks], system.right(arrays)
        x = self.solve(system, grams, right, system.sorted(old))
        told = partial(explained, system, grams, right, x)
        return system.backend.astype(system.stored(x), old.dtype), told


@dataclass(frozen=True, eq=False)
class Stage:
    """Updates that have half products in common, which are made first."""

    halves: tuple[Callable[[Sequence[Array]], Array], ...]
    updates: tuple[Update, ...]


@dataclass(frozen=True, eq=False)
class ALS(Derived):
    """Alternating least squares; the carry is the list of factors, or `extrapolation.begun`'s.

    For the squared error of a model that is linear in each factor: a sum of products in each
    of which a factor stands at most once. A step solves for every factor once, from where the
    last steps lead (`extrapolation`) if what is left of the target follows from its last
    equations. Factors that are to be nonnegative are so exactly, whether preferred or imposed;
    what else is imposed is kept by projected gradients in place of the solution.

    Attributes
    ----------
    nearest : tuple of callables or None
        For each factor, what brings it to the nearest one that is as it is to be; None where
        steps start from where the last one ended.
    """

    needs = (Linalg,)
    loss = MSE
    constrained = True
    linear = True
    spectral_starts = True

    backend: Backend
    stages: tuple[Stage, ...]
    arrays: Callable[[Sequence[Array], Array, Sequence[Array]], list[Array]]
    places: tuple[int, ...]
    append: bool
    nearest: tuple[Callable[[Array], Array], ...] | None

    @classmethod
    def refusal(cls, problem: Problem) -> str | None:
        refused = programs_of(problem).get("refusal of ALS", _refusal)
        return _refusal(problem) if refused else None  # with the names of its tensors

    @classmethod
    def room(cls, problem: Problem) -> int:
        return programs_of(problem).get("room of ALS", _room)

    @classmethod
    def recommended(cls, problem: Problem) -> str | None:
        imposed = [constraint for _, constraint in constrained(problem)]
        solved = all(type(constraint) is NonNegative for constraint in imposed)
        missing = _missing(problem)
        stuck = overtakes(problem)
        if not missing and (stuck or (not solved and is_small(problem))):
            return None  # its steps, of all factors together and along the sets, are longer
        reason = "the model is linear in each factor, and the loss is the squared error"
        if any(preferred(problem)) and not imposed:
            reason += "; what is preferred nonnegative is so exactly"
        return reason + (f"; {stuck}, and LM, which goes on there, {missing}" if stuck else "")

    @classmethod
    def of(cls, problem: Problem) -> Self:
        found = multilinear(problem)
        assert not isinstance(found, str), "refused"
        stages = tuple(_stage(group, found, problem) for group in grouped(equations(found)))
        nearest = _nearest(found, stages[-1].updates[-1].place, problem)
        return cls(problem.backend, stages, found.arrays, found.places, problem.append, nearest)

    def init(self, factors: list[Array]) -> Carry:
        return factors if self.nearest is None else begun(factors, self.append, self.backend)

    def inputs(self, target: Array, data: list[Array]) -> tuple[Array, list[Array]]:
        """The target and the data, after which comes |target|² if steps are led ahead."""
        ab = self.backend
        return target, data if self.nearest is None else [*data, ab.squared_norm(target)]

    def step(self, carry: Carry, target: Array, data: list[Array]) -> Carry:
        def sweep(factors: list[Array]) -> tuple[list[Array], Callable[[], Array]]:
            return self._sweep(factors, target, data)

        if self.nearest is None:
            return sweep(carry)[0]
        return extrapolated(carry, sweep, self._nearest, data[-1], self.append, self.backend)

    def factors(self, carry: Carry) -> list[Array]:
        return list(carry if self.nearest is None else carry[0])

    def _sweep(
        self, factors: list[Array], target: Array, data: list[Array]
    ) -> tuple[list[Array], Callable[[], Array]]:
        arrays = self.arrays(factors, target, data)
        for stage in self.stages:
            seen = [*arrays, *(half(arrays) for half in stage.halves)]
            for update in stage.updates:
                arrays[update.place], told = update(seen)
                seen[update.place] = arrays[update.place]
        return [arrays[place] for place in self.places], partial(told, -1 if self.append else 0)

    def _nearest(self, factors: Sequence[Array]) -> list[Array]:
        assert self.nearest is not None, "steps are led ahead"
        return [near(x) for near, x in zip(self.nearest, factors, strict=True)]


def _missing(problem: Problem) -> str | None:
    """What Levenberg-Marquardt lacks here; None if it can be taken."""
    lacking = [need.ability for need in LM.needs if not isinstance(problem.backend, need)]
    if lacking:
        return f"needs {lacking[0]}, which {problem.backend!r} does not have"
    return "takes more than memory_limit= allows" if LM.no_room(problem) else None


def _refusal(problem: Problem) -> str | None:
    found = multilinear(problem)
    if isinstance(found, str):
        return found
    return next((why for each in equations(found) if (why := _too_large(each))), None)


def _room(problem: Problem) -> int:
    """Of one right side with its way there, and the matrices, of all replicas."""
    found = multilinear(problem)
    if isinstance(found, str):
        return 0
    return max(
        report(each.right).peak + sum(prod(block.gram.shape) for block in each.blocks)
        for each in equations(found)
    )


def _nearest(
    model: Multilinear, last: int, problem: Problem
) -> tuple[Callable[[Array], Array], ...] | None:
    """`ALS.nearest`: steps are led ahead where sets are simple and `last` is in all products."""
    load = model.loads[model.places.index(last)]
    whole = all(any(is_factor(t.value, load) for t in p.operands) for p in model.whole.products)
    if not whole or any(c is not None and type(c) is not NonNegative for c in model.constraints):
        return None
    return tuple(
        (lambda x: x) if c is None else projection_of(problem, problem.tensors[place], c)
        for place, c in zip(model.places, model.constraints, strict=True)
    )


def _stage(group: Group, model: Multilinear, problem: Problem) -> Stage:
    ab, dtype = problem.backend, problem.dtype
    keys = (*model.keys, *(load.key for load, _ in group.halves))
    updates = []
    for normal in group.members:
        n = next(n for n, load in enumerate(model.loads) if load.key is normal.load.key)
        constraint, place = model.constraints[n], model.places[n]
        positive = type(constraint) is NonNegative
        made = system(normal, keys, ab, dtype, normal.load.real or positive)
        updates.append(Update(made, _solution(problem, place, constraint), place))
    halves = tuple(lower(made, model.keys, ab, dtype) for _, made in group.halves)
    return Stage(halves, tuple(updates))


def _solution(problem: Problem, place: int, constraint: Constraint | None) -> Solution:
    """What gives the new value of a factor."""
    if constraint is None:
        return corrected
    if type(constraint) is NonNegative:
        return nonnegative
    project = projection_of(problem, problem.tensors[place], constraint)

    def nearest(system: System, x: Array) -> Array:
        return system.sorted(project(system.backend.astype(system.stored(x), problem.dtype)))

    return partial(projected, nearest=nearest, momentum=constraint.convex)


def equations(model: Multilinear) -> list[Normal]:
    """The normal equations of each factor."""
    found = []
    for load, constraint in zip(model.loads, model.constraints, strict=True):
        positive = type(constraint) is NonNegative
        joint = load.real or (positive and model.is_complex)
        normal = derive(model.whole, load, model.target, model.is_complex, joint=joint)
        columns = prod(axis.size for axis in normal.layout.summed)
        if positive and not joint and columns <= COLUMNS:
            normal = derive(model.whole, load, model.target, model.is_complex, joint=True)
        found.append(normal)
    return found


def _too_large(normal: Normal) -> str | None:
    if normal.elements <= _LARGEST:
        return None
    return (
        f"the normal equations of {called(normal.load.key)} would hold {normal.elements} numbers, "
        f"more than {_LARGEST}. Give a method that forms none, optimizer='Adam'."
    )
