"""The methods that have names, and what an `optimizer=` stands for."""

from functools import partial
from typing import Any

from funfact.errors import UnknownNameError
from funfact.fit.solvers.als import ALS
from funfact.fit.solvers.base import Derived
from funfact.fit.solvers.lbfgs import LBFGS
from funfact.fit.solvers.levenberg_marquardt import LM
from funfact.fit.solvers.multiplicative import MU
from funfact.fit.solvers.transformation import is_transformation, transformation_name
from funfact.optim import RULES, check_optimizer

__all__ = ["AUTO", "DERIVED", "as_method", "derived_of", "name_of"]

AUTO = "auto"
"""Stands for the best method that applies."""

DERIVED: dict[str, type[Derived]] = {cls.__name__: cls for cls in (ALS, MU, LM, LBFGS)}
"""The solvers that are derived from the expression; those of `RULES` need its gradient alone."""


def as_method(spec: Any) -> Any:
    """The class, or function of the factors, that a name or a class stands for; `AUTO` as it is.

    Raises
    ------
    UnknownNameError
        If there is no method of that name.
    OptionError
        If it cannot make an optimiser.
    """
    known: dict[str, Any] = {**RULES, **DERIVED, AUTO: AUTO}
    if isinstance(spec, str):
        folded = {name.lower(): method for name, method in known.items()}
        if spec.lower() not in folded:
            raise UnknownNameError.among("optimizer", spec, known)
        return folded[spec.lower()]
    if derived_of(spec) is None and not is_transformation(spec):
        check_optimizer(spec, known)
    return spec


def derived_of(method: Any) -> type[Derived] | None:
    """The solver behind a class or a `partial` of one; None for methods of another kind."""
    cls = method.func if isinstance(method, partial) else method
    return cls if isinstance(cls, type) and issubclass(cls, Derived) else None


def name_of(method: Any) -> str:
    """What a method is called in messages."""
    if is_transformation(method):
        return transformation_name(method)
    method = getattr(method, "func", method)
    return str(getattr(method, "__name__", method if method == AUTO else type(method).__name__))
