"""What is said of a fit that is over: an error without an answer, warnings about a poor one."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod

import numpy as np

from funfact.arguments import named
from funfact.backends.contract import Array, Backend
from funfact.compiler.expand import expand, loads
from funfact.errors import FitError
from funfact.fit.form import gradient_of, losses_of
from funfact.fit.history import FitWarning, History, Outcome
from funfact.fit.imposed import imposed
from funfact.fit.options import Options
from funfact.fit.problem import Problem, values
from funfact.fit.solvers.model import called
from funfact.fit.solvers.table import DERIVED
from funfact.loss import L1, MSE, VANISHED, KLDivergence, per_replica

__all__ = ["check_result"]

_SMALL = 1e-3
"""Of the loss of zeros: what a fit may leave that stopped because its loss was small."""

_MANY = 1000
"""Steps after which a fit should be better than zeros."""


def _loss_of_zeros(problem: Problem) -> float:
    """The loss of a model that is zero everywhere; for MSE, the mean square of the target."""
    ab, target = problem.backend, problem.target
    if type(problem.loss) is MSE:
        return problem.norm**2 / (prod(target.shape) if problem.loss.reduction == "mean" else 1)
    zeros: Array = ab.zeros((1, *target.shape), dtype=target.dtype)
    with np.errstate(all="ignore"):
        value = ab.to_numpy(per_replica(problem.loss, zeros, target, ab))
    return float(value[0])


def check_result(
    history: History,
    factors: Sequence[Array],
    options: Options,
    problem: Problem,
    stacklevel: int,
) -> None:
    """Raise if there is no answer, warn if it is not what was asked for.

    Parameters
    ----------
    history : History
    factors : sequence of arrays
        The best of all replicas.
    options : Options
    problem : Problem
    stacklevel : int
        As for `warnings.warn`, seen from the caller.
    """
    if len(history.lost) == options.vec_size and not np.any(history.best < history.losses[0]):
        raise FitError(_lost(history, factors, problem) + _infinite(problem, history))
    for text in _shortcomings(history, factors, options, problem):
        warnings.warn(text, FitWarning, stacklevel=stacklevel + 1)


def _lost(history: History, factors: Sequence[Array], problem: Problem) -> str:
    count, step = len(history.lost), history.steps[-1]
    if step == 0:
        at_start = (
            f"the loss of every replica ({count}) is NaN or infinite at the start, before any step."
        )
        if _is_finite(factors, problem):
            return (
                f"{at_start} The model is finite there, and the loss {named(problem.loss)} is not: "
                "keep its logarithms, roots and quotients to numbers that have them, start where "
                "the model has such, or scale the data to order one."
            )
        return (
            f"{at_start} The expression is not finite there: start where it is, for instance above "
            "zero (prefer=ff.conditions.NonNegative, initializer=ff.initializers.Ones) if it has "
            "logarithms, roots or quotients, or scale the data to order one."
        )
    return _without_gradient(history) or (
        f"the loss of every replica ({count}) is NaN or infinite at step {step}, "
        f"and none got better than at its start. Try {_slower(history)}, starts closer to "
        "zero (initializer=ff.initializers.Normal(0.01)), or dtype='float64'."
    )


def _without_gradient(history: History) -> str:
    """What is said of replicas that stay where they start, as the loss has no gradient there."""
    if history.gradient_norms is None:
        return ""
    start = history.losses[0]
    stay = np.isfinite(start) & ~(history.best < start)
    without = stay & ~np.isfinite(history.gradient_norms[0])
    if not without.any():
        return ""
    return (
        f"the gradient of the loss is NaN or infinite where {without.sum()} of {without.size} "
        "replicas start, and the loss is finite there, so that no step leads from there. Roots, "
        "powers below one and norms have no slope at zero: start elsewhere "
        "(initializer=ff.initializers.Normal), or add a small number under the root. That of a "
        "large target overflows: scale the data to order one."
    )


def _is_finite(factors: Sequence[Array], problem: Problem) -> bool:
    """Whether the model is: then the sum of its moduli is, which is made in pieces if need be."""
    of_moduli = losses_of(replace(problem, loss=L1(reduction="sum")))
    with np.errstate(all="ignore"):
        each = problem.backend.to_numpy(of_moduli(list(factors), *problem.args))
    return bool(np.all(np.isfinite(each)))


def _slower(history: History) -> str:
    """What makes the steps of the method smaller."""
    if history.method in DERIVED:
        return "a gradient method with a learning rate (lr=0.01)"
    at = f" (lr={history.lr / 10:g})" if history.lr is not None else " of the optimizer"
    return f"a smaller learning rate{at}"


def _infinite(problem: Problem, history: History) -> str:
    """The tensors whose data are infinite, if that is why the start is; else ''."""
    given = [tensor for tensor in problem.tensors if not tensor.optimizable]
    found = [
        called(tensor)
        for tensor, value in zip(given, problem.data, strict=True)
        if np.any(np.isinf(problem.backend.to_numpy(value)))
    ]
    if history.steps[-1] > 0 or not found:
        return ""
    return f" Infinite are data of {', '.join(found)}."


def _shortcomings(
    history: History, factors: Sequence[Array], options: Options, problem: Problem
) -> Iterator[str]:
    step = history.steps[-1]
    without_gradient = _without_gradient(history)
    if without_gradient:
        yield without_gradient
        return
    if history.lost:
        yield (
            f"the loss of {len(history.lost)} of {options.vec_size} replicas became NaN or "
            f"infinite (replicas {', '.join(map(str, history.lost))}); what they found before that "
            f"is kept. To keep them, try {_slower(history)}."
        )
    if history.outcome is Outcome.INTERRUPTED:
        yield f"interrupted after {step} steps; the best factors until then are returned."
    zero = _zero(problem, factors) if step and _stayed(history) else []
    if zero:
        yield (
            f"{', '.join(zero)} are zero in every element and have stayed so: in a product none of "
            "them changes the model while the others are zero. Start them elsewhere, for instance "
            "at random (initializer=ff.initializers.Normal)."
        )
        return
    if step and _idle(history, factors, problem):
        yield (
            f"none of {step} steps changed the loss in any digit, and its gradient is not zero: "
            f"{history.method} leaves the factors as they are. Is its learning rate zero or tiny, "
            f"or the target, of norm {problem.norm:.2g}, far from order one? Does it store what it "
            "computes, self.factors[n] = ..., or return it?"
        )
        return
    met = history.outcome is Outcome.CONVERGED
    if met and np.min(history.best) < 0:
        yield (
            f"the loss is below zero, {np.min(history.best):.3g}, and so below tol={options.tol:g} "
            "however good the model is. Is its sign right? If it is, give tol=0 and max_steps=."
        )
        return
    over = met or history.outcome is Outcome.SETTLED or step >= _MANY
    if over and type(problem.loss) is KLDivergence and problem.pieces is None:
        count, of_all = _cut_off(problem, factors, history.replica)
        if count:
            yield (
                f"the model is zero, negative or tiny at {count} of the {of_all} elements at which "
                f"the target is positive, and was counted there as {VANISHED:g} of the target. "
                "Start from factors above zero (initializer=ff.initializers.Uniform), as "
                "multiplicative updates leave zeros as they are, and write a model that can be "
                "positive there."
            )
            return
    if not met and (history.outcome is not Outcome.MAX_STEPS or step < _MANY):
        return
    zeros, best = _loss_of_zeros(problem), float(np.min(history.best))
    if not 0 < zeros < np.inf:
        return
    if met and best > _SMALL * zeros:
        yield (
            f"the fit stopped after {step} steps because its loss, {best:.3g}, is below "
            f"tol={options.tol:g}, which is not small for this target: a model of zeros has the "
            f"loss {zeros:.3g}. Give tol=0 or a smaller one (tol={1e-6 * zeros:.0e}), or scale the "
            "data to order one."
        )
    if not met and best >= zeros:
        yield (
            f"after {step} steps the loss, {best:.3g}, is no better than that of a model of zeros, "
            f"{zeros:.3g}. " + _stuck(history)
        )


def _stayed(history: History) -> bool:
    """Whether no loss has ever changed, but for rounding, and none is zero."""
    start = history.losses[0]
    return bool(np.all(start > 0) and np.allclose(history.losses, start, rtol=1e-6, atol=0))


def _idle(history: History, factors: Sequence[Array], problem: Problem) -> bool:
    """Whether a method that follows the gradient went nowhere, though there is one.

    One as small as the rounding of model and target leaves, as at an optimum, is none.
    """
    if history.method in DERIVED or np.any(history.losses != history.losses[0]):
        return False
    ab = problem.backend
    _, gradients = gradient_of(problem)(list(factors), *problem.args)
    along, _ = imposed(problem).face(factors, gradients, None)
    slope = _norm(along(gradients), ab) * _norm(factors, ab)  # of the loss, by the factors' size
    zeros, highest = _loss_of_zeros(problem), float(np.max(history.losses))
    size = problem.replicas * max(highest, zeros if np.isfinite(zeros) else 0.0)
    return bool(slope > np.sqrt(float(ab.xp.finfo(problem.dtype).eps)) * size)


def _norm(arrays: Sequence[Array], ab: Backend) -> float:
    sizes = [np.abs(ab.to_numpy(x)).astype(float) for x in arrays]
    return float(np.sqrt(sum(np.sum(size * size) for size in sizes)))


def _zero(problem: Problem, factors: Sequence[Array]) -> list[str]:
    """The factors without an element other than zero that stand in a product with another."""
    ab = problem.backend
    pairs = zip(problem.optimised, factors, strict=True)
    zero = [tensor for tensor, x in pairs if not np.any(ab.to_numpy(x))]
    whole = expand(problem.ir, zero, ab.is_complex(problem.dtype))
    found: dict[object, None] = {}
    for product in whole.products:
        standing = [key for term in product.operands for key in loads(term.value) if key in zero]
        found.update(dict.fromkeys(standing if len(standing) > 1 else []))
    return list(map(called, found))


def _cut_off(problem: Problem, factors: Sequence[Array], replica: int) -> tuple[int, int]:
    """At how many elements of a replica's model the divergence is cut off, of how many."""
    ab = problem.backend
    value = ab.to_numpy(values(problem, factors, problem.data))[replica]
    target = ab.to_numpy(problem.target)
    positive = target > 0
    return int(np.sum(positive & (value <= VANISHED * target))), int(np.sum(positive))


def _stuck(history: History) -> str:
    if history.lr is None:
        return "Try more replicas (vec_size=), or other starts (initializer=)."
    return (
        f"A step moves an element by about lr={history.lr:g} whatever the size of the data: scale "
        "the data to order one, or raise lr."
    )
