"""Gradient descent by a rule: Adam, RMSprop, and whatever else `funfact.optim` has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod

from funfact.backends.capabilities import Autodiff, Compile
from funfact.backends.contract import Array, Backend
from funfact.fit.form import Gradient, gradient_of, gradient_without_model
from funfact.fit.imposed import FREE, Imposed, imposed
from funfact.fit.problem import Problem
from funfact.fit.solvers.base import Carry, Solver, leaves, mapped
from funfact.optim import Rule

__all__ = ["GradientDescent"]


@dataclass(frozen=True, eq=False)
class GradientDescent(Solver):
    """A pure rule, applied to the gradient of a problem; the carry is (arrays, state).

    Where something is imposed, the gradient is that along the set, and each step ends at the
    nearest factors in it.

    The gradient is taken without the model where that is much cheaper, and the residual's
    is `then`. With `shapes`, the rule, which is elementwise, is applied to all factors at once, as
    one vector: where nothing is compiled, a call costs more than a small array does.
    """

    needs = (Autodiff,)
    constrained = True

    backend: Backend
    rule: Rule
    gradient: Gradient
    imposed: Imposed
    shapes: tuple[tuple[int, ...], ...] = ()
    then: "GradientDescent | None" = None

    @classmethod
    def of(cls, problem: Problem, rule: Rule) -> "GradientDescent":
        """The solver of `problem` by `rule`."""
        exact = cls(problem.backend, rule, gradient_of(problem), imposed(problem), _shapes(problem))
        cheap = gradient_without_model(problem)
        return exact if cheap is None else replace(exact, gradient=cheap, then=exact)

    @property
    def without_model(self) -> Gradient | None:
        return None if self.then is None else self.gradient

    def squares(self, carry: Carry) -> tuple[Sequence[Array], float] | None:
        return self.rule.squares(carry[1])

    def init(self, factors: list[Array]) -> Carry:
        arrays = self._packed(factors)
        return arrays, self.rule.init(arrays, self.backend)

    def step(self, carry: Carry, target: Array, data: list[Array]) -> Carry:
        arrays, state = carry
        factors = self.factors(carry)
        _, grads = self.gradient(factors, target, data)
        if self.imposed is FREE:
            return self.rule.update(arrays, self._packed(grads), state, self.backend)
        # a rule that scales each element would leave where the rest of the gradient is normal
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
        if not self.shapes:
            return list(arrays)
        (packed,), found, start = arrays, [], 0
        for shape in self.shapes:
            stop = start + prod(shape)
            found.append(self.backend.reshape(packed[start:stop], shape))
            start = stop
        return found

    def _packed(self, arrays: Sequence[Array]) -> list[Array]:
        if not self.shapes:
            return list(arrays)
        return [self.backend.concatenate([self.backend.reshape(x, (-1,)) for x in arrays])]


def _shapes(problem: Problem) -> tuple[tuple[int, ...], ...]:
    """Those of the factors, if they are to be packed into one vector."""
    optimised = problem.optimised
    one_type = len({tensor.real for tensor in optimised}) == 1
    if isinstance(problem.backend, Compile) or len(optimised) == 1 or not one_type:
        return ()
    return tuple(tensor.full_shape for tensor in optimised)
