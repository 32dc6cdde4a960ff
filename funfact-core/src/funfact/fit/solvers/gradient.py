"""Gradient descent by a rule: Adam, RMSprop, and whatever else `funfact.optim` has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from funfact.backends.capabilities import Autodiff
from funfact.backends.contract import Array, Backend
from funfact.fit.form import Gradient, gradient_of, gradient_without_model
from funfact.fit.problem import Problem, projection
from funfact.fit.solvers.base import Carry, Solver
from funfact.optim import Rule

__all__ = ["GradientDescent"]


@dataclass(frozen=True, eq=False)
class GradientDescent(Solver):
    """A pure rule, applied to the gradient of a problem; the carry is (factors, state).

    After each step the factors are brought to the nearest ones that meet what is imposed.
    The gradient is taken without the model where that is much cheaper, and the residual's
    is `then`.
    """

    needs = (Autodiff,)
    constrained = True

    backend: Backend
    rule: Rule
    gradient: Gradient
    project: Callable[[Sequence[Array]], list[Array]]
    then: "GradientDescent | None" = None

    @classmethod
    def of(cls, problem: Problem, rule: Rule) -> "GradientDescent":
        """The solver of `problem` by `rule`."""
        project = projection(problem)
        exact = cls(problem.backend, rule, gradient_of(problem), project)
        cheap = gradient_without_model(problem)
        return exact if cheap is None else cls(problem.backend, rule, cheap, project, then=exact)

    def init(self, factors: list[Array]) -> Carry:
        return factors, self.rule.init(factors, self.backend)

    def step(self, carry: Carry, target: Array, data: list[Array]) -> Carry:
        factors, state = carry
        _, grads = self.gradient(factors, target, data)
        factors, state = self.rule.update(factors, grads, state, self.backend)
        return self.project(factors), state

    def factors(self, carry: Carry) -> list[Array]:
        return list(carry[0])
