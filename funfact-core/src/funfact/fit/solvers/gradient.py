"""Gradient descent by a rule: Adam, RMSprop, and whatever else `funfact.optim` has."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from funfact.backends.capabilities import Autodiff
from funfact.backends.contract import Array, Backend
from funfact.fit.problem import Problem, objective
from funfact.fit.solvers.base import Carry, Solver
from funfact.optim import Rule

__all__ = ["GradientDescent", "gradient_of"]


@dataclass(frozen=True, eq=False)
class GradientDescent(Solver):
    """A pure rule, applied to the gradient of a problem; the carry is (factors, state)."""

    needs = (Autodiff,)

    backend: Backend
    rule: Rule
    gradient: Callable[..., tuple[Any, list[Array]]]

    @classmethod
    def of(cls, problem: Problem, rule: Rule) -> "GradientDescent":
        """The solver of `problem` by `rule`."""
        return cls(problem.backend, rule, gradient_of(problem))

    def init(self, factors: list[Array]) -> Carry:
        return factors, self.rule.init(factors, self.backend)

    def step(self, carry: Carry, target: Array, data: list[Array]) -> Carry:
        factors, state = carry
        _, grads = self.gradient(factors, target, data)
        return self.rule.update(factors, grads, state, self.backend)

    def factors(self, carry: Carry) -> list[Array]:
        return list(carry[0])


def gradient_of(problem: Problem) -> Callable[..., tuple[Any, list[Array]]]:
    """``g(factors, target, data) -> ((objective, losses), gradients)``."""
    backend = problem.backend
    assert isinstance(backend, Autodiff), "what a solver needs is asked for before it is made"
    return backend.value_and_grad(objective(problem))
