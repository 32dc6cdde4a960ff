"""Gradient descent by a rule: Adam, RMSprop, and whatever else `funfact.rules` has."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import Any

from funfact.backends.capabilities import Autodiff, Compile
from funfact.backends.contract import Array, Backend
from funfact.fit.form import Gradient, gradient_of, gradient_without_model
from funfact.fit.imposed import FREE, Imposed, imposed
from funfact.fit.problem import Problem
from funfact.fit.solvers.base import Carry, Solver, leaves, mapped
from funfact.rules import Rule

__all__ = ["GradientDescent"]


@dataclass(frozen=True, eq=False)
class GradientDescent(Solver):
    """A pure rule, applied to the gradient of a problem; the carry is (arrays, state).

    Where something is imposed, the gradient is that along the set, and each step ends at the
    nearest factors in it.

    The gradient is taken without the model where that is much cheaper, and the residual's
    is `then`; the former reads the target as `arrange` has it. With `shapes`, all factors are one
    vector, by which is differentiated and to which the rule, which is elementwise, is applied:
    where nothing is compiled, a call costs more than a small array does.
    """

    needs = (Autodiff,)
    constrained = True

    backend: Backend
    rule: Rule
    gradient: Gradient
    imposed: Imposed
    shapes: tuple[tuple[int, ...], ...] = ()
    arrange: Callable[[Array], Array] | None = None
    then: "GradientDescent | None" = None

    @classmethod
    def of(cls, problem: Problem, rule: Rule) -> "GradientDescent":
        """The solver of `problem` by `rule`."""
        ab, shapes = problem.backend, _shapes(problem)
        factors_of = partial(_unpacked, shapes=shapes, ab=ab)
        gradient = gradient_of(problem, factors_of)
        exact = cls(ab, rule, gradient, imposed(problem), shapes)
        cheap = gradient_without_model(problem, factors_of)
        if cheap is None:
            return exact
        return replace(exact, gradient=cheap.gradient, arrange=cheap.arrange, then=exact)

    @property
    def without_model(self) -> Gradient | None:
        return None if self.arrange is None else self._gradient_of_factors

    def _gradient_of_factors(
        self, factors: Sequence[Array], target: Array, data: list[Array]
    ) -> tuple[Any, list[Array]]:
        value, grads = self.gradient(self._packed(factors), *self.inputs(target, data))
        return value, self._unpacked(grads)

    def inputs(self, target: Array, data: list[Array]) -> tuple[Array, list[Array]]:
        return (target if self.arrange is None else self.arrange(target)), data

    def squares(self, carry: Carry) -> tuple[Sequence[Array], float] | None:
        return self.rule.squares(carry[1])

    def init(self, factors: list[Array]) -> Carry:
        arrays = self._packed(factors)
        return arrays, self.rule.init(arrays, self.backend)

    def restarted(self, start: Carry, factors: list[Array]) -> Carry:
        return self._packed(factors), start[1]

    def step(self, carry: Carry, target: Array, data: list[Array]) -> Carry:
        arrays, state = carry
        _, grads = self.gradient(arrays, target, data)
        if self.imposed is FREE:
            return self.rule.update(arrays, grads, state, self.backend)
        # a rule that scales each element would leave where the rest of the gradient is normal
        factors, grads = self._unpacked(arrays), self._unpacked(grads)
        along, _ = self.imposed.face(factors, grads, None)
        grads = along(grads)
        arrays, state = self.rule.update(arrays, self._packed(grads), state, self.backend)
        return self._packed(self.imposed.project(self._unpacked(arrays))), state

    def factors(self, carry: Carry) -> list[Array]:
        return self._unpacked(carry[0])

    def contents(self, carry: Carry) -> list[Array]:
        found: list[Array] = []
        for x in leaves(carry):
            found += self._unpacked([x]) if self._is_packed(x) else [x]
        return found

    def refilled(self, carry: Carry, arrays: Iterable[Array]) -> Carry:
        old, new = leaves(carry), iter(arrays)

        def next_leaf() -> Array:
            if not self._is_packed(next(old)):
                return next(new)
            (packed,) = self._packed([next(new) for _ in self.shapes])
            return packed

        return mapped(carry, next_leaf)

    def _is_packed(self, x: Array) -> bool:
        size = sum(map(prod, self.shapes))
        return bool(self.shapes) and tuple(getattr(x, "shape", ())) == (size,)

    def _unpacked(self, arrays: Sequence[Array]) -> list[Array]:
        return _unpacked(arrays, self.shapes, self.backend)

    def _packed(self, arrays: Sequence[Array]) -> list[Array]:
        if not self.shapes:
            return list(arrays)
        return [self.backend.concatenate([self.backend.reshape(x, (-1,)) for x in arrays])]


def _unpacked(
    arrays: Sequence[Array], shapes: tuple[tuple[int, ...], ...], ab: Backend
) -> list[Array]:
    if not shapes:
        return list(arrays)
    (packed,) = arrays
    return ab.unpack(packed, shapes)


def _shapes(problem: Problem) -> tuple[tuple[int, ...], ...]:
    """Those of the factors, if they are to be packed into one vector."""
    optimised = problem.optimised
    one_type = len({tensor.real for tensor in optimised}) == 1
    if isinstance(problem.backend, Compile) or len(optimised) == 1 or not one_type:
        return ()
    return tuple(tensor.full_shape for tensor in optimised)
