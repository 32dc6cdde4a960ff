"""A loss and its gradient piece by piece, so that a step stays within a limit of memory.

A piece is a part of the model along one of its axes, restricted to the parts of the factors that it
needs (`compiler.restrict`). What is kept for the gradient of one is gone before the next is
made: where a backend compiles, pieces are the steps of a loop on the device, since a compiler that
saw them side by side would make them at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from funfact.backends.capabilities import Autodiff
from funfact.backends.contract import Array
from funfact.backends.dtypes import at_least_single
from funfact.compiler.blocks import Blocks, block
from funfact.compiler.ir import Load
from funfact.compiler.lower import lower
from funfact.fit.problem import FactorsOf, Problem, objective
from funfact.fit.repeat import repeated
from funfact.model import conditions_of

__all__ = ["gradient_in_pieces", "losses_in_pieces"]

Objective = Callable[..., tuple[Array, Array]]
"""``f(factors, target, data, positions)``: that of a piece, and the losses of all replicas."""


def losses_in_pieces(problem: Problem) -> Callable[..., Array]:
    """``f(factors, target, data)``: the loss of each replica without penalties."""

    def add(piece: Objective, each: Array, *args: Any) -> Array:
        return each + piece(*args)[1]

    run = _over_pieces(problem, add)
    return lambda factors, *args: run(_zeros(problem, factors), factors, *args)


def gradient_in_pieces(
    problem: Problem, factors_of: FactorsOf = list
) -> Callable[..., tuple[tuple[Array, Array], list[Array]]]:
    """``g(arrays, target, data) -> ((objective, losses), gradients)``, as `form.gradient_of`."""
    ab = problem.backend
    assert isinstance(ab, Autodiff), "what a solver needs is asked for before it is made"
    differentiated = ab.value_and_grad

    def add(piece: Objective, carry: Any, *args: Any) -> Any:
        each, total = carry
        gradient = differentiated(lambda arrays, *rest: piece(factors_of(arrays), *rest))
        (_, found), gradients = gradient(*args)
        return each + found, _added(total, gradients)

    def penalties(arrays: list[Array]) -> tuple[Any, tuple[()]]:
        return sum(problem.weighed_in_all(factors_of(arrays))), ()

    run = _over_pieces(problem, add)
    preferred = problem.penalty_weight and any(conditions_of(problem.optimised))

    def function(arrays: list[Array], *args: Any) -> tuple[tuple[Array, Array], list[Array]]:
        begin = _zeros(problem, arrays), [ab.zeros_like(x) for x in arrays]
        each, gradients = run(begin, arrays, *args)
        total = ab.sum(each)
        if preferred:
            (more, _), extra = differentiated(penalties)(arrays)
            total, gradients = total + more, _added(gradients, extra)
        return (total, each), gradients

    return function


def _added(xs: Sequence[Array], ys: Sequence[Array]) -> list[Array]:
    return [x + y for x, y in zip(xs, ys, strict=True)]


def _zeros(problem: Problem, arrays: Sequence[Array]) -> Array:
    """A loss for each replica."""
    ab = problem.backend
    zeros = ab.zeros((problem.replicas,), dtype=ab.real(arrays[0]).dtype)
    return at_least_single(zeros, ab)


def _over_pieces(problem: Problem, add: Callable[..., Any]) -> Callable[..., Any]:
    """``run(carry, *args)``: ``carry = add(piece, carry, *args, positions)``, piece by piece."""
    ab, pieces = problem.backend, problem.pieces
    assert pieces is not None, "it does not fit at once"
    count, rest = divmod(problem.ir.shape[pieces.axis or 0], pieces.size)

    def step_of(width: int) -> Callable[..., Any]:
        piece = _objective(problem, replace(pieces, size=width))

        def step(state: tuple[Array, Any], *args: Any) -> tuple[Array, Any]:
            start, carry = state
            return start + width, add(piece, carry, *args, start + ab.arange(width))

        return step

    most, last = repeated(step_of(pieces.size), ab), step_of(rest) if rest else None

    def run(carry: Any, *args: Any) -> Any:
        state = most((ab.zeros((), dtype="int32"), carry), count, *args)
        return (last(state, *args) if last else state)[1]

    return run


def _objective(problem: Problem, piece: Blocks) -> Objective:
    """The loss of a piece, as its share of that of the whole, without penalties."""
    ab, axis = problem.backend, piece.axis
    assert axis is not None, "a piece is a part"
    positions = Load(object(), (piece.size,))
    keys = (*problem.tensors, positions.key)
    part = lower(block(problem.ir, axis, positions), keys, ab, problem.dtype)
    replica = len(problem.ir.shape) - 1 if problem.append else 0
    of_target = None if axis == replica else axis if problem.append else axis - 1
    share = 1.0
    if of_target is not None and problem.loss.reduction == "mean":
        share = piece.size / problem.ir.shape[axis]

    def function(
        factors: list[Array], target: Array, data: list[Array], where: Array
    ) -> tuple[Array, Array]:
        if of_target is not None:
            target = ab.take(target, where, axis=of_target)
        own = replace(
            problem, model=lambda arrays: part([*arrays, where]), penalty_weight=0.0, limit=None
        )
        _, each = objective(own, tell=True)(factors, target, data)
        if of_target is None:  # the losses of some replicas
            replicas = ab.arange(problem.replicas)[:, None]
            each = ab.sum(ab.where(replicas == where, each, ab.zeros_like(each)), axis=1)
        each = each * share
        return ab.sum(each), each

    return function
