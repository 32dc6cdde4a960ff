"""Where a fit starts: standard starts, brought to the size of the target."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from funfact.backends.contract import Array, Backend
from funfact.fit.form import losses_of
from funfact.fit.parts import Part, split
from funfact.fit.problem import Problem, squares_of
from funfact.fit.programs import programs_of
from funfact.fit.spectral import spectral
from funfact.loss import MSE
from funfact.model import conditions_of, constraints_of

__all__ = ["starts"]

Vector: TypeAlias = np.ndarray[Any, Any]
"""One number a replica."""


def starts(
    problem: Problem, parts: Sequence[Part], factors: Sequence[Array], *, steps: int = 1
) -> list[Array]:
    """Where the fit starts, given the factors of a new model.

    The first replica starts from the target's singular vectors, if the solver asks for it, the
    model has such a start (`funfact.fit.spectral`) and no other was asked for; the others from
    standard starts, scaled to the target.

    Parameters
    ----------
    problem : Problem
    parts : sequence of Part
        Where the model of each replica is computed.
    factors : sequence of arrays
        Those that are optimised, with replicas.
    steps : int
        Of the fit, at most; before long ones, the model is compiled.
    """
    asked = any(t.data is not None or t.initializer is not None for t in problem.optimised)
    first = spectral(problem) if parts[0].solver.spectral_starts and not asked else None
    if first is None or problem.replicas > 1:
        factors = _scaled_to_target(problem, parts, factors, steps)
    return list(factors) if first is None else _with_first(problem, factors, first)


def _with_first(problem: Problem, factors: Sequence[Array], first: Sequence[Array]) -> list[Array]:
    """The factors, with those of the first replica in place of theirs."""
    ab, axis = problem.backend, -1 if problem.append else 0

    def placed(x: Array, own: Array) -> Array:
        shape = list(x.shape)
        shape[axis] = 1
        own = ab.reshape(own, tuple(shape))
        if problem.replicas == 1:
            return own
        return ab.concatenate([own, x[..., 1:] if problem.append else x[1:, ...]], axis=axis)

    return [placed(x, own) for x, own in zip(factors, first, strict=True)]


def _scaled_to_target(
    problem: Problem, parts: Sequence[Part], factors: Sequence[Array], steps: int
) -> list[Array]:
    """The factors, those with a standard start multiplied by what the target's norm asks for.

    A tensor given by a shape alone, without an initialiser, starts from the standard
    normal distribution. Where the model is homogeneous in these factors, so that
    multiplying them by s multiplies the model by s**d (any product of factors,
    whatever their number), each replica's are multiplied by one number, so that the norm of
    its model is that of the target.

    Starts that were asked for, and factors of which a condition or a constraint asks for a
    certain size (`Unitary`), are left as they are, and so is everything where the model is not
    homogeneous, such as ``exp(a[i] + b[j])``.
    """
    ab, optimised = problem.backend, problem.optimised
    free = [
        tensor.data is None
        and tensor.initializer is None
        and all(condition is None or condition.scale_free for condition in asked)
        for tensor, *asked in zip(
            optimised, conditions_of(optimised), constraints_of(optimised), strict=True
        )
    ]
    target = problem.norm
    if not any(free) or target == 0:
        return list(factors)

    def times(scale: Vector) -> list[Array]:
        return [
            _scaled(problem, x, scale) if chosen else x
            for x, chosen in zip(factors, free, strict=True)
        ]

    ones = np.ones(problem.replicas)
    once, twice = (_norms(parts, times(scale), ab, steps) for scale in (ones, 2 * ones))
    with np.errstate(all="ignore"):
        degrees = np.log2(twice / once)
        degree = np.round(degrees[0])
        homogeneous = degree >= 1 and bool(np.all(np.abs(degrees - degree) < 1e-3))
        if not homogeneous:
            return list(factors)
        return times((target / once) ** (1 / degree))


def _norms(parts: Sequence[Part], factors: Sequence[Array], ab: Backend, steps: int) -> Vector:
    """The norm of each replica's model; the factors are on `ab`."""
    found = []
    for part, own in zip(parts, split(parts, factors, ab), strict=True):
        of_all = _squares_of(part.problem, own, steps)
        found.append(np.sqrt(np.asarray(of_all[: part.count], dtype=np.float64)))
    return np.concatenate(found)


def _squares_of(problem: Problem, factors: list[Array], steps: int) -> Vector:
    """The squared norm of each replica's model, by the program of the losses where it can be."""
    ab, programs, times = problem.backend, programs_of(problem), squares_of(problem)
    if times is None:
        times, against = 1.0, programs.compiled("squares", _squared_distance, steps)
    else:
        against = programs.compiled("losses", losses_of, steps)
    zeros = np.broadcast_to(np.float32(0), problem.target.shape)  # in NumPy: nothing to compile
    return times * ab.to_numpy(
        against(factors, ab.tensor(zeros, problem.target.dtype), problem.data)
    )


def _squared_distance(problem: Problem) -> Callable[..., Array]:
    """The losses, as if they were the sum of squares."""
    return losses_of(replace(problem, loss=MSE(reduction="sum")))


def _scaled(problem: Problem, x: Array, scale: Vector) -> Array:
    # In NumPy: a library that compiles would do so for each shape of a factor.
    ab, values = problem.backend, problem.backend.to_numpy(x)
    shape = (1,) * (values.ndim - 1)
    factor = scale.reshape((*shape, -1) if problem.append else (-1, *shape))
    return ab.tensor(values * factor.astype(values.real.dtype), x.dtype)
