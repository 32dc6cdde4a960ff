"""The gradient of a model that is linear in each factor, derived from the expression.

On a backend without automatic differentiation, where such models alone are fitted. With the model
``m = A f + rest``, the gradient by f is ``Aᴴ s``, s the slope of the loss at each element of m. For
squares that is ``2 (G f - R)`` of the normal equations, in which no m - t is formed.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeAlias

from funfact.backends.contract import Array, Backend
from funfact.compiler.lower import lower
from funfact.conditions import Condition, Constraint
from funfact.fit.problem import Problem, values
from funfact.fit.solvers.halves import grouped
from funfact.fit.solvers.linear import System, residual, system
from funfact.fit.solvers.model import Multilinear, linear_part, preferred
from funfact.fit.solvers.normal import Normal, beside, derive, pulled_back
from funfact.language.nodes import Tensor
from funfact.loss import MSE, KLDivergence, per_replica

__all__ = ["gradient_by_products"]

Pull: TypeAlias = Callable[[Sequence[Array], Sequence[Array]], list[Array]]
"""``pull(factors, arrays)``: something by each factor, from all arrays."""

Derivative: TypeAlias = Callable[[Sequence[Array], Array, Array, Sequence[Array]], list[Array]]
"""``f(factors, value, target, data)``: that of the sum of the losses by each factor."""


def gradient_by_products(
    problem: Problem,
) -> Callable[..., tuple[tuple[Any, Array], list[Array]]]:
    """``g(factors, target, data) -> ((nothing of use, losses), gradients)``.

    For the squared error or the Kullback-Leibler divergence of a model that is linear in each
    factor, of which nothing is preferred but sets of single elements (`NonNegative`).
    """
    ab, loss, model = problem.backend, problem.loss, linear_part(problem)
    derivative = (_of_squares if type(loss) is MSE else _of_divergence)(model, problem)
    asked = list(zip(problem.optimised, preferred(problem), strict=True))

    def gradient(
        factors: list[Array], target: Array, data: list[Array]
    ) -> tuple[tuple[Any, Array], list[Array]]:
        value = values(problem, factors, data)
        scale = 1 / prod(target.shape) if loss.reduction == "mean" else 1.0
        gradients = [scale * x for x in derivative(factors, value, target, data)]
        for n, (tensor, condition) in enumerate(asked):
            if condition is not None:
                outside = _of_penalty(condition, tensor, factors[n], ab)
                gradients[n] = gradients[n] + problem.penalty_weight * outside
        return ((), per_replica(loss, value, target, ab)), gradients

    return gradient


def _of_squares(model: Multilinear, problem: Problem) -> Derivative:
    equations = [
        derive(model.whole, load, model.target, model.is_complex, joint=load.real)
        for load in model.loads
    ]

    def by_factor(own: System, arrays: Sequence[Array], x: Array) -> Array:
        grams = [gram(arrays) for gram in own.blocks]
        return -2 * residual(own, grams, own.right(arrays), own.sorted(x))

    pull = _pull(equations, model.keys, model, problem, by_factor)
    return lambda factors, value, *args: pull(factors, model.arrays(factors, *args))


def _of_divergence(model: Multilinear, problem: Problem) -> Derivative:
    ab, loss = problem.backend, problem.loss
    assert type(loss) is KLDivergence, "methods for other losses need derivatives"
    slope, operand = beside(model.whole, problem.append)
    products = [pulled_back(model.whole, load, (operand,)) for load in model.loads]
    keys = (*model.keys, slope.key)
    pull = _pull(products, keys, model, problem, lambda own, arrays, x: own.right(arrays))

    def function(
        factors: Sequence[Array], value: Array, target: Array, data: Sequence[Array]
    ) -> list[Array]:
        steep = ab.reshape(loss.slope(value, target, ab), slope.shape)
        return pull(factors, [*model.arrays(factors, target, data), steep])

    return function


def _pull(
    normals: Sequence[Normal],
    keys: Sequence[object],
    model: Multilinear,
    problem: Problem,
    by_factor: Callable[[System, Sequence[Array], Array], Array],
) -> Pull:
    """``by_factor(system, arrays, x)`` of each factor x; products in common are made once."""
    ab, dtype = problem.backend, problem.dtype
    stages = []
    for group in grouped(normals):
        halves = [lower(made, keys, ab, dtype) for _, made in group.halves]
        seen = (*keys, *(load.key for load, _ in group.halves))
        systems = [system(own, seen, ab, dtype, own.load.real) for own in group.members]
        numbers = [model.loads.index(own.load) for own in group.members]
        stages.append((halves, list(zip(numbers, systems, strict=True))))

    def pull(factors: Sequence[Array], arrays: Sequence[Array]) -> list[Array]:
        found: dict[int, Array] = {}
        for halves, systems in stages:
            seen = [*arrays, *(half(arrays) for half in halves)]
            for n, own in systems:
                found[n] = own.stored(by_factor(own, seen, factors[n]))
        return [found[n] for n in range(len(factors))]

    return pull


def _of_penalty(condition: Condition, tensor: Tensor, x: Array, ab: Backend) -> Array:
    """The gradient of the penalty of what is outside of a set of single elements."""
    assert isinstance(condition, Constraint), "what is preferred besides has no part in this"
    outside = x - condition.project(x, ab)
    share = condition.weight / (prod(tensor.shape) if condition.reduction == "mean" else 1)
    if condition.elementwise == "mse":
        return (2 * share) * outside
    size = ab.abs(outside)
    return share * outside / ab.where(size > 0, size, ab.ones_like(size))
