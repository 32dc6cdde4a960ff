"""Which solver a fit takes, and why."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from funfact.arguments import named
from funfact.backends.capabilities import Autodiff, Capability, Linalg
from funfact.errors import OptionError
from funfact.fit.imposed import constrained
from funfact.fit.options import Options
from funfact.fit.problem import Problem
from funfact.fit.solvers.base import Derived, Solver
from funfact.fit.solvers.gradient import GradientDescent
from funfact.fit.solvers.inplace import InPlace, is_in_place
from funfact.fit.solvers.stateful import Stateful
from funfact.fit.solvers.table import AUTO, DERIVED, derived_of, name_of
from funfact.fit.solvers.transformation import Transformation, is_transformation
from funfact.model.memory import bytes_each
from funfact.optim import RULES, rule_of

__all__ = ["Choice", "choose", "needed"]

_log = logging.getLogger("funfact")

_FALLBACK = "Adam"
"""The method for any model that has a gradient."""


@dataclass(frozen=True, eq=False)
class Choice:
    """What makes a solver, and what is told of it.

    Attributes
    ----------
    make : callable
    method : str
        What it is called.
    reason : str
        Why it was taken; empty if it was asked for.
    lr : float or None
        The learning rate; None if it has none, or one of its own.
    """

    make: Callable[[Problem], Solver]
    method: str
    reason: str = ""
    lr: float | None = None


def needed(options: Options) -> tuple[type[Capability], ...]:
    """What the backend must declare for the method that was asked for."""
    method = options.optimizer
    derived = derived_of(method)
    return derived.needs if derived else () if method == AUTO else (Autodiff,)


def choose(problem: Problem, options: Options) -> Choice | str:
    """The solver for `problem` by the method that was asked for, or the best one that applies.

    Returns
    -------
    Choice or str
        Or why no solver applies but those that need a gradient, which the backend lacks.

    Raises
    ------
    OptionError
        If the method that was asked for does not apply to the problem.
    """
    method = options.optimizer
    if method != AUTO:
        return Choice(_asked_for(problem, options), name_of(method), lr=_rate(options))
    if options.rate_given:
        return _descent(problem, options, "a learning rate was given (lr=)")
    said: list[tuple[int, str]] = []  # by how much it says: what applies but for a limit of memory,
    # what is for this loss, what is for another
    also = ""
    for name, derived in DERIVED.items():
        if not all(isinstance(problem.backend, capability) for capability in derived.needs):
            continue
        refusal = _unfit(derived, problem)
        reason = None if refusal else derived.recommended(problem)
        no_room = derived.no_room(problem) if reason else None
        if reason and not no_room:
            return Choice(derived.of, name, reason)
        if no_room and not isinstance(problem.backend, Autodiff):
            raise OptionError(f"{name} would be taken, and {no_room}")
        if no_room:
            _log.info("%s would be taken, and %s.", name, no_room.partition(". ")[0])
        if not refusal and not reason and derived.dear and not derived.no_room(problem):
            also = f"; {name} applies, and its steps would take long at this size"
        if refusal or no_room:
            rank = 0 if no_room else 1 if derived.loss is type(problem.loss) else 2
            said.append((rank, f"{name} does not apply: {refusal or no_room}"))
    _, reason = min(said, key=lambda one: one[0], default=(0, "it takes any model"))
    return _descent(problem, options, reason, also)


def _descent(problem: Problem, options: Options, reason: str, also: str = "") -> Choice | str:
    if not isinstance(problem.backend, Autodiff):
        return reason
    reason = reason.partition(". ")[0] + also  # what to do instead is done
    rule = rule_of(RULES[_FALLBACK], options.lr)
    assert rule is not None, "it is one of those with a rule"
    return Choice(partial(GradientDescent.of, rule=rule), _FALLBACK, reason, options.lr)


def _asked_for(problem: Problem, options: Options) -> Callable[[Problem], Solver]:
    method = options.optimizer
    derived = derived_of(method)
    if derived is not None:
        refusal = _refusal(derived, problem)
        if refusal is not None:
            raise OptionError(f"optimizer={name_of(method)!r} does not apply here: {refusal}")
        return partial(derived.of, **(method.keywords if isinstance(method, partial) else {}))
    if is_transformation(method):
        return partial(Transformation.of, method=method)
    _check_constraints(problem, options)
    if is_in_place(method):
        return partial(InPlace.of, make=method, lr=options.lr if options.rate_given else None)
    rule = rule_of(method, options.lr)
    if rule is None:
        return partial(Stateful.of, make=method, lr=options.lr)
    return partial(GradientDescent.of, rule=rule)


def _rate(options: Options) -> float | None:
    """The learning rate of the method that was asked for."""
    method = options.optimizer
    own = is_in_place(method) and not options.rate_given
    return None if derived_of(method) or is_transformation(method) or own else options.lr


def _refusal(derived: type[Derived], problem: Problem) -> str | None:
    return _unfit(derived, problem) or derived.no_room(problem)


def _unfit(derived: type[Derived], problem: Problem) -> str | None:
    """Why a method does not apply, whatever room there is."""
    if not derived.constrained:
        for tensor, condition in constrained(problem):
            return (
                f"{named(condition)} is imposed on {tensor.symbol or 'a tensor'} "
                "(constrain=), which it does not keep. Give a method that does, optimizer='Adam'."
            )
    name = problem.backend.dtype_name(problem.dtype)
    if Linalg in derived.needs and bytes_each(name) < bytes_each("float32"):
        return (
            f"it solves linear systems, which libraries do not in {name}. Give dtype='float32', or "
            "a method that solves none, optimizer='Adam'."
        )
    return derived.refusal(problem)


def _check_constraints(problem: Problem, options: Options) -> None:
    """Raise if something is imposed, and a user's or another library's method steps."""
    method = options.optimizer
    if is_in_place(method) or rule_of(method, options.lr) is None:
        for tensor, condition in constrained(problem):
            raise OptionError(
                f"optimizer={name_of(method)!r} changes factors in its own way, and "
                f"{named(condition)} is imposed on {tensor.symbol or 'a tensor'} "
                "(constrain=). Give a method that keeps it, optimizer='Adam', or prefer= it."
            )
