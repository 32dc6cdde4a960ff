"""What is tried before the first step: numbers, and what a user wrote, the loss and sets."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np

from funfact.arguments import named
from funfact.backends.active import activated
from funfact.backends.capabilities import Autodiff
from funfact.backends.contract import Array
from funfact.conditions.known import CONSTRAINTS
from funfact.conditions.trial import flaw
from funfact.errors import OptionError, TargetError
from funfact.fit.form import gradient_of
from funfact.fit.history import FitWarning
from funfact.fit.parts import Part, split
from funfact.fit.problem import Problem
from funfact.language.render.names import names
from funfact.loss import KNOWN, MSE, PhaseInvariantMSE
from funfact.model import Factorization, constraints_of
from funfact.model.values import replicas_first

__all__ = ["check_loss", "check_numbers", "check_scale", "check_sets"]


def check_numbers(model: Factorization) -> None:
    """Refuse data and starts that are not a number.

    Infinity is let through: it is no edge of a graph to `minplus`, and no chance to `logsumexp`.

    Raises
    ------
    TargetError
        If the data of a tensor hold NaN.
    OptionError
        If an initializer gave NaN.
    """
    ab = model.backend
    for tensor, value in zip(model.tsrex.tensors, model.all_factors, strict=True):
        given = tensor.data is not None
        if not given and tensor.initializer is None:
            continue
        bad = int(ab.sum(ab.astype(ab.isnan(value), "int32")))
        if not bad:
            continue
        name, count = names(model.tsrex.node)[tensor], prod(tensor.full_shape)
        if given:
            raise TargetError(
                f"the data of {name} hold NaN, {bad} of {count} elements, and so would the "
                "model. Replace them, or cut them off; to leave elements out of the loss, multiply "
                "model and target by a mask."
            )
        raise OptionError(
            f"the initializer of {name} gave NaN, for {bad} of {count} elements. A fit starts "
            "from numbers: correct the array or the function."
        )


def check_scale(problem: Problem) -> None:
    """Refuse a target so small, or so large, that to a loss of squares all models are alike.

    Raises
    ------
    TargetError
        If it is not zero, and its dtype does not hold the sum of its squares.
    """
    if type(problem.loss) not in (MSE, PhaseInvariantMSE):
        return
    target = problem.backend.to_numpy(problem.target)
    info = np.finfo(np.result_type(target.dtype, np.float32))
    # a start may be off by twice the norm of the target
    if info.tiny**0.5 <= problem.norm < info.max**0.5 / 4 or not np.any(target):
        return
    largest = np.max(np.abs(target))
    wider = (
        ", or use wider numbers: dtype='float64', under JAX with ff.use('jax', enable_x64=True)"
        if info.bits < 64
        else ""
    )
    raise TargetError(
        f"the largest element of the target is {largest:.2g}, and the loss {named(problem.loss)} "
        f"adds up squares, which {info.dtype} holds from {info.tiny:.0e} to {info.max:.0e}. Scale "
        f"the data to order one, target / {largest:.0e}{wider}."
    )


def check_sets(model: Factorization) -> None:
    """Try the sets of a user's own (``constrain=``) once, on the factors of a new model.

    Raises
    ------
    OptionError
        If one gives no nearest points, or no tangents.
    """
    ab, tensors = model.backend, model.tsrex.tensors
    asked = zip(tensors, constraints_of(tensors), model.all_factors, strict=True)
    for tensor, constraint, value in asked:
        if constraint is None or type(constraint) in CONSTRAINTS.values():
            continue
        found = flaw(constraint, replicas_first(tensor, ab)(value), ab)
        if found is not None:
            name = names(model.tsrex.node)[tensor]
            raise OptionError(f"constrain={named(constraint)} of {name}: {found}")


def check_loss(
    problem: Problem, parts: Sequence[Part], factors: Sequence[Array], stacklevel: int
) -> None:
    """Try a user's loss once.

    Parameters
    ----------
    problem : Problem
    parts : sequence of Part
        Where the losses of the replicas are computed.
    factors : sequence of arrays
        Those that are optimised, with all replicas.
    stacklevel : int
        As for `warnings.warn`, seen from the caller.

    Raises
    ------
    OptionError
        If it writes into the target.

    Warns
    -----
    FitWarning
        If its gradient is zero for all factors and replicas.
    """
    ab = problem.backend
    if type(problem.loss) in KNOWN.values() or not isinstance(ab, Autodiff):
        return
    name = named(problem.loss)
    given = split(parts, factors, ab)
    moving = [_moves(part.problem, x, name) for part, x in zip(parts, given, strict=True)]
    if not any(moving):
        warnings.warn(
            f"the gradient of the loss {name} is zero for every factor of every replica at the "
            "start, so no step lowers it. Is it made of functions that have a gradient (no "
            "comparison, rounding or detach), and does it depend on the model there?",
            FitWarning,
            stacklevel=stacklevel + 1,
        )


def _moves(problem: Problem, factors: list[Array], name: str) -> bool:
    """Whether the loss of some replica has a gradient; an error if it writes into the target."""
    ab = problem.backend
    gradient = gradient_of(replace(problem, penalty_weight=0.0))
    before = ab.tensor(problem.target)
    with activated(ab):
        _, gradients = gradient(factors, *problem.args)
    if bool(ab.any(before != problem.target)):
        raise OptionError(
            f"the loss {name} writes into the target that it is handed, which all steps share. "
            "Make a new array: target = target - model, not target -= model."
        )
    return any(bool(ab.any(gradient != 0)) for gradient in gradients)
