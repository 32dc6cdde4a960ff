"""The programs of a fit: those of each part, and of all parts as if they were one."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from funfact.backends.active import activated
from funfact.backends.capabilities import Compile, Repeat
from funfact.backends.contract import Array, Backend
from funfact.fit.form import gradient_with_losses, look, losses_of, near, rounding
from funfact.fit.hooks import Fit
from funfact.fit.parts import Part, join, split
from funfact.fit.problem import Problem
from funfact.fit.programs import programs_of
from funfact.fit.repeat import looped, repeated
from funfact.fit.solvers.base import Carry, Solver, leaves, mapped
from funfact.fit.survivors import survivors

__all__ = ["Fewer", "Team", "Vector"]

Vector: TypeAlias = np.ndarray[Any, Any]
"""One number a replica."""

Fewer: TypeAlias = Callable[[int], Sequence[Part]]
"""The parts of a fit with so many replicas."""

_LOOK = 100
"""Steps between two looks at the losses, at most, as long as another solver may take over;
a quarter of those that were made, if that is more, since a look takes as long as some steps."""


class Team:
    """All parts of a fit. A carry of theirs is the list of their carries."""

    def __init__(self, parts: Sequence[Part], fit: Fit, fewer: Fewer | None = None) -> None:
        self._fit, self._ab, self._fewer = fit, fit.backend, fewer
        self._present = np.arange(fit.replicas)
        self._all: list[Array] = []
        self._take(parts)

    def _take(self, parts: Sequence[Part]) -> None:
        fit, self._parts = self._fit, parts
        self._runners = [Runner(part.problem, part.solver, fit) for part in parts]
        # The steps of several parts alternate: what one device does goes on while another is told.
        self._stride = 1 if len(parts) > 1 and not isinstance(fit.backend, Repeat) else None

    def init(self, factors: Sequence[Array]) -> list[Carry]:
        """The carries before the first step; the factors are copied."""
        return self._each(Runner.init, split(self._parts, factors, self._ab))

    def advance(self, carries: list[Carry], n: int) -> list[Carry]:
        """The carries after n more steps."""
        stride = self._stride or n
        for _ in range(0, n, stride):
            carries = self._each(Runner.advance, carries, stride)
        return carries

    def keep(self, carries: list[Carry], running: Vector) -> list[Carry]:
        """The carries of those that run, as soon as they are half of those that are stepped."""
        staying = np.flatnonzero(running)
        if self._fewer is None or not 0 < 2 * len(staying) <= len(self._present):
            return carries
        parts = self._fewer(len(staying))
        if parts[0].problem.replicas == self._parts[0].problem.replicas:
            return carries
        ab, axis = self._ab, self._axis
        self._all = self.factors(carries)
        kept = [ab.take(x, ab.tensor(staying), axis=axis(x)) for x in self._all]
        old, runners = self._parts, self._runners
        places = np.searchsorted(self._present, staying)
        self._present = staying
        self._take(parts)
        fresh = self._each(Runner.init, split(parts, kept, ab))
        for runner, before in zip(self._runners, runners, strict=False):
            runner.follow(before)
        return survivors(carries, old, fresh, parts, places, ab)

    def factors(self, carries: list[Carry]) -> list[Array]:
        """The factors of all replicas, on the backend of the fit; of those given up, the last."""
        return self._spread(self._joined(self._each(Runner.factors, carries)), self._all)

    def losses(self, carries: list[Carry]) -> Vector:
        """The loss of each replica without penalties."""
        return self._vector(self._each(Runner.losses, carries))

    def look(self, carries: list[Carry]) -> tuple[Vector, Vector | None]:
        """The loss of each replica without penalties, and the norm of its gradient, where taken."""
        found = self._each(Runner.look, carries)
        norms = [norm for _, norm in found]
        known = None if norms[0] is None else self._vector(norms)
        return self._vector([each for each, _ in found]), known

    def gradient(self, carries: list[Carry]) -> tuple[Vector, list[Array]]:
        """The losses, and the gradient for the factors of all replicas."""
        found = self._each(Runner.gradient, carries)
        unknown = [self._ab.full_like(x, np.nan) for x in self._all]
        gradient = self._joined([g for _, g in found])
        return self._vector([each for each, _ in found]), self._spread(gradient, unknown)

    def _each(self, method: Callable[..., Any], of_parts: Sequence[Any], *args: Any) -> list[Any]:
        results = []
        for runner, given in zip(self._runners, of_parts, strict=True):
            # a user's own loss or optimiser asks for the active backend: that of its part
            with activated(runner.backend):
                results.append(method(runner, given, *args))
        return results

    def _joined(self, of_parts: Sequence[Sequence[Array]]) -> list[Array]:
        return [join(self._parts, arrays, self._ab) for arrays in zip(*of_parts, strict=True)]

    def _vector(self, of_parts: Sequence[Array | Vector]) -> Vector:
        pairs = zip(self._parts, of_parts, strict=True)
        cut = [part.problem.backend.plain(x)[: part.count] for part, x in pairs]
        # copied: NumPy may share memory with the backend, which goes on using it
        found = np.full(self._fit.replicas, np.nan)
        found[self._present] = np.concatenate(cut)
        return found

    def _spread(self, some: list[Array], others: Sequence[Array]) -> list[Array]:
        """Arrays of all replicas: of those that are stepped, and of `others` the rest."""
        if not others:
            return some
        ab, count = self._ab, len(self._present)
        order = count + np.arange(self._fit.replicas)
        order[self._present] = np.arange(count)
        where = ab.tensor(order)
        return [
            ab.take(ab.concatenate([x, y], axis=self._axis(x)), where, axis=self._axis(x))
            for x, y in zip(some, others, strict=True)
        ]

    def _axis(self, x: Array) -> int:
        return x.ndim - 1 if self._fit.append else 0


class Runner:
    """What a part does, compiled where that is worth while."""

    def __init__(self, problem: Problem, solver: Solver, fit: Fit) -> None:
        self.backend = problem.backend
        self._problem, self._steps, self._programs = problem, fit.max_steps, programs_of(problem)
        self._worth_compiling = self._programs.worth_compiling(self._steps)
        self._take(solver)
        self._norms = fit.gradient_norms
        self._seen: Array | None = None
        self._count, self._until_look = 0, _LOOK
        self._start: Carry = None

    def _take(self, solver: Solver) -> None:
        self._solver = solver
        made, worth = solver.compiled, solver.loops or self._worth_compiling
        if worth not in made:
            made[worth] = _advancer(solver, self.backend, worth)
        self._advance: Callable[..., Carry] = made[worth]
        self._made_inputs: tuple[Array, list[Array]] | None = None

    @property
    def _inputs(self) -> tuple[Array, list[Array]]:
        """What steps take after the carry; a fit that starts where it ends makes none."""
        if self._made_inputs is None:
            self._made_inputs = self._solver.inputs(*self._problem.args)
        return self._made_inputs

    def init(self, factors: list[Array]) -> Carry:
        return self._solver.init(factors)

    def advance(self, carry: Carry, n: int) -> Carry:
        while n:
            self._hand_over(carry)
            some = n if self._solver.then is None else min(n, self._until_look)
            carry = self._advance(carry, some, *self._inputs)
            self._seen = None
            self._count += some
            self._until_look -= some
            n -= some
        return carry

    def follow(self, other: "Runner") -> None:
        """Take the solver that is to follow, if the other, of more replicas, has."""
        if self._solver.then is not None and other._solver.then is None:
            self._take(self._solver.then)

    def _hand_over(self, carry: Carry) -> None:
        """Take the solver that is to follow, if the losses have become small."""
        then = self._solver.then
        if then is None:
            return
        if not self._until_look:
            self.losses(carry)
        if self._seen is not None and near(self._problem, self.backend.to_numpy(self._seen)):
            self._take(then)

    def factors(self, carry: Carry) -> list[Array]:
        return self._solver.factors(carry)

    def losses(self, carry: Carry) -> Array:
        return self._note(self._losses(self.factors(carry), *self._problem.args))

    def look(self, carry: Carry) -> tuple[Array, Array | Vector | None]:
        if not self._norms:
            return self.losses(carry), None
        norms = self._norms_of_a_step(carry)
        if norms is not None:
            return self.losses(carry), norms
        each, norms = self._look(self.factors(carry), *self._problem.args)
        return self._note(each), norms

    def _norms_of_a_step(self, carry: Carry) -> Vector | None:
        """The norm of each replica's gradient, by a first step from here that goes nowhere.

        The steps are compiled anyway, and a gradient of its own would take as long again.
        """
        ab, problem = self.backend, self._problem
        compiled = isinstance(ab, Repeat) and self._worth_compiling
        if not compiled or self._solver.squares(carry) is None or not rounding(problem):
            return None
        told = self._solver.squares(self._advance(self._fresh(carry), 1, *self._inputs))
        assert told is not None, "whether a state tells does not depend on the step"
        squares, scale = told
        values = [np.moveaxis(ab.to_numpy(x), -1 if problem.append else 0, 0) for x in squares]
        sums = [x.reshape(problem.replicas, -1).sum(1, np.float64) for x in values]
        norms: Vector = np.sqrt(sum(sums) / scale)
        return norms

    def _fresh(self, carry: Carry) -> Carry:
        """The carry before the first step, with copies of the factors of this one.

        One program copies all of it: one operation after another took longer than many small steps.
        """
        ab, solver, made = self.backend, self._solver, self._solver.compiled
        if self._start is None:
            self._start = solver.init(self.factors(carry))
        if "copied" not in made:

            def copied(nest: Carry) -> Carry:
                return mapped(nest, map(ab.copy, leaves(nest)).__next__)

            made["copied"] = ab.compile(copied) if isinstance(ab, Compile) else copied
        fresh: Carry = made["copied"](solver.restarted(self._start, self.factors(carry)))
        return fresh

    def _note(self, each: Array) -> Array:
        self._seen, self._until_look = each, max(_LOOK, self._count // 4)
        return each

    def gradient(self, carry: Carry) -> tuple[Array, list[Array]]:
        (_, each), gradient = self._gradient(self.factors(carry), *self._problem.args)
        return each, gradient

    @cached_property
    def _losses(self) -> Any:
        return self._programs.compiled("losses", losses_of, self._steps)

    @property
    def _look(self) -> Any:
        cheap = self._solver.without_model
        name = "look" if cheap is None else "look without the model"
        return self._programs.compiled(name, lambda bare: look(bare, cheap), self._steps)

    @cached_property
    def _gradient(self) -> Any:
        return self._programs.compiled("gradient", gradient_with_losses, self._steps)


def _advancer(solver: Solver, backend: Backend, worth: bool) -> Callable[..., Carry]:
    """``advance(carry, n, *args)``: n steps, on the device where the backend can."""
    if not (solver.pure and worth):
        return looped(solver.step)
    if isinstance(backend, Compile) and not isinstance(backend, Repeat):
        return looped(backend.compile(solver.step))
    return repeated(solver.step, backend)
