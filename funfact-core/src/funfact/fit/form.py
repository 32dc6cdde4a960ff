"""In which form the loss is differentiated: by the residual, or without the model.

A squared error of a sum of products has a gradient that never forms the model
(`compiler.gram`). It costs a fraction, and is as exact as the numbers it is computed with
are, relative to the target; so it serves until the residual is small against the target.
Losses are always those of the residual.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np

from funfact.backends.capabilities import Autodiff, Compile, Devices
from funfact.backends.contract import Array, Backend
from funfact.compiler.gram import Gram, gram
from funfact.compiler.lower import lower
from funfact.compiler.report import report
from funfact.fit.pieces import gradient_in_pieces, losses_in_pieces
from funfact.fit.problem import FactorsOf, Problem, losses, objective
from funfact.fit.slope import gradient_by_products
from funfact.loss import MSE

__all__ = [
    "Gradient",
    "WithoutModel",
    "gradient_of",
    "gradient_with_losses",
    "gradient_without_model",
    "look",
    "losses_of",
    "near",
    "rounding",
]

Gradient = Callable[..., tuple[Any, list[Array]]]

_WORTH = 0.7
"""Of the residual's predicted time, at most, before the other form is taken."""

_CALL = 2e6
"""Operations in the time that a library takes to be called; a compiled program says how many."""

_LAUNCH = 5e7
"""The same where each step is started on an accelerator, compiled or not. On an H100 JAX's fits
without the model took 1.04 (matrix 512x512) to 1.38 times as long (tensor train 16^4), and 0.83
for CP 128^3 of rank 32."""

_DIGITS = 1e5
"""How many units of rounding of the target the residual is to have, for its gradient to be
good to three digits or so without it."""


def losses_of(problem: Problem) -> Callable[..., Array]:
    """``f(factors, target, data)``: the loss of each replica, without penalties."""
    return partial(losses, problem) if problem.pieces is None else losses_in_pieces(problem)


def gradient_of(problem: Problem, factors_of: FactorsOf = list) -> Gradient:
    """``g(arrays, target, data) -> ((objective, ()), gradients)``, by the residual.

    The arrays are the factors, or what ``factors_of(arrays)`` makes them of.
    """
    if problem.pieces is not None:
        return gradient_in_pieces(problem, factors_of)
    return _differentiated(problem, objective(problem), factors_of)


def gradient_with_losses(problem: Problem) -> Gradient:
    """``g(factors, target, data) -> ((nothing of use, losses), gradients)``, by the residual.

    On a backend without derivatives, for problems that `gradient_by_products` knows.
    """
    if not isinstance(problem.backend, Autodiff):
        return gradient_by_products(problem)
    if problem.pieces is not None:
        return gradient_in_pieces(problem)
    return _differentiated(problem, objective(problem, tell=True))


def _differentiated(
    problem: Problem, f: Callable[..., tuple[Array, Any]], factors_of: FactorsOf = list
) -> Gradient:
    backend = problem.backend
    assert isinstance(backend, Autodiff), "what a solver needs is asked for before it is made"
    return backend.value_and_grad(lambda arrays, *args: f(factors_of(arrays), *args))


@dataclass(frozen=True, eq=False)
class WithoutModel:
    """The gradient without the model.

    Attributes
    ----------
    gradient : callable
        ``g(arrays, arranged, data) -> (nothing of use, gradients)``.
    arrange : callable
        The target as the gradient reads it, conjugated: a copy of it, or none where it is real and
        read as it is stored.
    """

    gradient: Gradient
    arrange: Callable[[Array], Array]


def gradient_without_model(problem: Problem, factors_of: FactorsOf = list) -> WithoutModel | None:
    """The gradient without the model, where that is cheaper.

    None where the loss is not the squared error, the model not a sum of few products, or
    the residual not much dearer.
    """
    form = _form(problem)
    backend = problem.backend
    if form is None or not rounding(problem):
        return None
    need = report(form.ir).kept + prod(form.shape)  # the target may be copied
    if problem.limit is not None and need > problem.limit:
        return None
    gradient = _differentiated(problem, _objective(problem, form), factors_of)
    scale = _scale(problem, form)

    def function(arrays: list[Array], target: Array, data: list[Array]) -> tuple[Any, list[Array]]:
        value, found = gradient(arrays, factors_of(arrays), target, data)
        return value, [x * scale for x in found]

    def arrange(target: Array) -> Array:
        if form.order == tuple(range(len(form.order))) and not backend.is_complex(target):
            return backend.reshape(target, form.shape)
        if isinstance(backend, Compile) and backend.at_hand(target):
            values = backend.to_numpy(target).reshape(form.shape)
            return backend.tensor(values.transpose(form.order).conj(), target.dtype)
        target = backend.reshape(target, form.shape)
        return backend.copy(backend.conj(backend.transpose(target, form.order)))

    return WithoutModel(function, arrange)


def _call(backend: Backend) -> float:
    """What a call of the library costs, in operations."""
    if isinstance(backend, Devices) and not backend.device.startswith("cpu"):
        return _LAUNCH
    return backend.started if isinstance(backend, Compile) else _CALL


def look(problem: Problem, cheap: Gradient | None) -> Callable[..., tuple[Array, Array]]:
    """``f(factors, target, data) -> (losses, norms)``, each of shape ``(replicas,)``.

    The norms are those of the gradient of the loss and the weighted penalties by all factors
    of a replica, taken without the model by `cheap`, if that is given.
    """
    gradient, alone = cheap or gradient_with_losses(problem), losses_of(problem)

    def function(factors: list[Array], target: Array, data: list[Array]) -> tuple[Array, Array]:
        (_, each), gradients = gradient(factors, target, data)
        if cheap is not None:
            each = alone(factors, target, data)
        return each, _norms(problem, gradients)

    return function


def _norms(problem: Problem, gradients: Sequence[Array]) -> Array:
    """The norm of all arrays together, for each replica."""
    ab, total = problem.backend, 0.0
    for x in gradients:
        size = ab.abs(x)
        axes = tuple(range(x.ndim - 1) if problem.append else range(1, x.ndim))
        total = total + (ab.sum(size * size, axis=axes) if axes else size * size)
    return ab.sqrt(total)


def near(problem: Problem, each: "np.ndarray[Any, Any]") -> bool:
    """Whether one of these losses is so small that its gradient is to be taken by the residual."""
    count = prod(problem.target.shape) if problem.loss.reduction == "mean" else 1
    known = each[np.isfinite(each)]
    limit = (rounding(problem) * problem.norm) ** 2
    return bool(np.any(known * count < limit))


def rounding(problem: Problem) -> float:
    """The distance from the target below which its gradient is to be taken by the residual.

    A share of the norm of the target; zero where no such distance is known, which is with
    dtypes of less than single precision.
    """
    name = problem.backend.dtype_name(problem.dtype)
    if name not in ("float32", "float64", "complex64", "complex128"):
        return 0.0
    return _DIGITS * float(np.finfo(name).eps)


def _form(problem: Problem) -> Gram | None:
    if type(problem.loss) is not MSE:
        return None
    replica = len(problem.ir.shape) - 1 if problem.append else 0
    conjugate = problem.backend.is_complex(problem.dtype)
    call = _call(problem.backend)
    return gram(problem.ir, replica, problem.optimised, conjugate, call, _WORTH)


def _objective(problem: Problem, form: Gram) -> Callable[..., tuple[Array, Any]]:
    """Something whose gradient, times `_scale`, is that of `problem.objective`.

    Of factors and equal, held ones. What multiplies the whole gradient at the end is in none of the
    products that lead there, which are then alike for compilers.
    """
    ab, weighed = problem.backend, problem.weighed_in_all
    held = [form.held[tensor] for tensor in problem.optimised]
    keys = [*problem.tensors, *held, form.target]
    scalar = lower(form.ir, keys, ab, problem.dtype)
    weight = 1 / _scale(problem, form)

    def function(
        factors: list[Array], fixed: Sequence[Array], target: Array, data: list[Array]
    ) -> tuple[Array, Any]:
        arrays = [*problem.arrays(factors, data), *fixed, target]
        total = scalar(arrays)
        for penalty in weighed(factors):
            total = total + penalty * weight
        return total, ()

    return function


def _scale(problem: Problem, form: Gram) -> float:
    return 2 / (prod(form.shape) if problem.loss.reduction == "mean" else 1)
