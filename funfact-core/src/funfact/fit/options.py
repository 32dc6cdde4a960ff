"""The options of a fit, checked before anything is computed."""

from dataclasses import dataclass
from typing import Any, Literal

from funfact.arguments import finite, integer
from funfact.errors import OptionError
from funfact.fit.solvers.table import as_method, derived_of, name_of
from funfact.fit.solvers.transformation import is_transformation
from funfact.loss import Loss, as_loss
from funfact.model.memory import bytes_of
from funfact.model.values import appended
from funfact.optim import rate_of

__all__ = ["Options", "checked"]


@dataclass(frozen=True)
class Options:
    """What `funfact.factorize` was asked for, in a form that needs no more questions.

    Attributes
    ----------
    optimizer : 'auto', class of a solver or of an optimiser, a partial of one, function of the
        factors, or transformation of gradients
    loss : Loss
    lr : float
    rate_given : bool
        Whether the learning rate was asked for.
    tol : float
    max_steps, vec_size, checkpoint_freq : int
    append : bool
        Whether the replica axis is the last.
    stop_after : int
        How many replicas are to converge.
    returns : int or None
        How many models to return; None for the best one, on its own.
    penalty_weight : float
    halving : int or None
        How many replicas are left in the end, where the worse are given up.
    memory_limit : int or None
        Bytes that a step may hold beside factors, target and data.
    """

    optimizer: Any
    loss: Loss
    lr: float
    rate_given: bool
    tol: float
    max_steps: int
    vec_size: int
    append: bool
    stop_after: int
    returns: int | None
    checkpoint_freq: int
    penalty_weight: float
    halving: int | None
    memory_limit: int | None


def checked(
    *,
    optimizer: Any,
    loss: Any,
    lr: float | None,
    tol: float,
    max_steps: int,
    vec_size: int,
    vec_axis: int,
    stop_by: Literal["first"] | int | None,
    returns: Literal["best", "all"] | int,
    checkpoint_freq: int,
    penalty_weight: float,
    halving: int | None,
    memory_limit: int | str | None,
) -> Options:
    """The options, or an error about the first one that makes no sense.

    Raises
    ------
    OptionError, UnknownNameError
    """
    replicas = _count("vec_size", vec_size)
    method = as_method(optimizer)
    if lr is not None and (derived_of(method) or is_transformation(method)):
        raise OptionError(
            f"lr={lr!r}, and optimizer={name_of(method)!r} takes no learning rate. Leave lr out, "
            "or give a gradient method, optimizer='Adam'."
        )
    return Options(
        optimizer=method,
        loss=as_loss(loss),
        lr=_number("lr", rate_of(method) if lr is None else lr, positive=True),
        rate_given=lr is not None,
        tol=_number("tol", tol, hint=" tol=0 never stops."),
        max_steps=_count("max_steps", max_steps),
        vec_size=replicas,
        append=appended(vec_axis),
        stop_after=_stop_after(stop_by, replicas),
        returns=_returns(returns, replicas),
        checkpoint_freq=_count("checkpoint_freq", checkpoint_freq),
        penalty_weight=_number("penalty_weight", penalty_weight),
        halving=None if halving is None else _share("halving", halving, replicas),
        memory_limit=None if memory_limit is None else bytes_of(memory_limit),
    )


def _stop_after(stop_by: Any, replicas: int) -> int:
    if stop_by is None:
        return replicas
    if isinstance(stop_by, str):
        if stop_by == "first":
            return 1
        raise OptionError(
            f"stop_by={stop_by!r}: expected 'first' (one replica reached the tolerance), a number "
            "of replicas, or None (all of them)."
        )
    return _share("stop_by", stop_by, replicas)


def _returns(returns: Any, replicas: int) -> int | None:
    if isinstance(returns, str) or returns is None:
        if returns in ("best", "all"):
            return None if returns == "best" else replicas
        raise OptionError(
            f"returns={returns!r}: expected 'best', 'all', or how many models to return."
        )
    return _share("returns", returns, replicas)


def _share(name: str, value: Any, replicas: int) -> int:
    count = _count(name, value)
    if count > replicas:
        raise OptionError(
            f"{name}={count}, and there are {replicas} replicas. Ask for at most as many, or fit "
            f"more at once: vec_size={count}."
        )
    return count


def _count(name: str, value: Any) -> int:
    count = integer(value)
    if count is None or count < 1:
        raise OptionError(f"{name}={value!r}: expected a whole number of at least 1.")
    return count


def _number(name: str, value: Any, *, positive: bool = False, hint: str = "") -> float:
    number = finite(value)
    if number is None or number < 0 or (positive and number == 0):
        least = "above 0" if positive else "of at least 0"
        raise OptionError(f"{name}={value!r}: expected a number {least}.{hint}")
    return number
