"""Which solver a fit takes."""

from functools import partial

from funfact.backends.capabilities import Capability
from funfact.errors import OptionError
from funfact.fit.options import Options
from funfact.fit.problem import Problem
from funfact.fit.solvers.base import Derived, Solver
from funfact.fit.solvers.gradient import GradientDescent
from funfact.fit.solvers.stateful import Stateful
from funfact.fit.solvers.table import derived_of, name_of
from funfact.optim import rule_of

__all__ = ["needed", "solver_of"]


def needed(options: Options) -> tuple[type[Capability], ...]:
    """What the backend must declare for the method that was asked for."""
    method = options.optimizer
    rule = None if derived_of(method) else rule_of(method, options.lr)
    kind = derived_of(method) or (GradientDescent if rule else Stateful)
    return kind.needs


def solver_of(problem: Problem, options: Options) -> Solver:
    """The solver of `problem` by the method that was asked for.

    Raises
    ------
    OptionError
        If the method does not apply to the problem.
    """
    method = options.optimizer
    derived = derived_of(method)
    if derived is not None:
        return _derived(derived, problem, options)
    rule = rule_of(method, options.lr)
    if rule is None:
        return Stateful.of(problem, method, options.lr)
    return GradientDescent.of(problem, rule)


def _derived(derived: type[Derived], problem: Problem, options: Options) -> Solver:
    method = options.optimizer
    refusal = derived.refusal(problem)
    if refusal is not None:
        raise OptionError(f"optimizer={name_of(method)!r} does not apply here: {refusal}")
    return derived.of(problem, **(method.keywords if isinstance(method, partial) else {}))
