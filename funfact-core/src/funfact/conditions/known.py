"""What ``prefer=`` and ``constrain=`` stand for: the conditions by name, and all else they take."""

from dataclasses import fields
from typing import Any

from funfact.arguments import called, check_call, instance, named
from funfact.conditions.condition import Condition, NoCondition
from funfact.conditions.cones import Monotone, NonNegative, PositiveDefinite
from funfact.conditions.constraint import Constraint
from funfact.conditions.linear import (
    Diagonal,
    LowerTriangular,
    Symmetric,
    Toeplitz,
    UpperTriangular,
)
from funfact.conditions.own import OfFunction, pair
from funfact.conditions.unit import Orthonormal, Simplex, Unitary, UnitNorm
from funfact.errors import OptionError, UnknownNameError

__all__ = ["CONSTRAINTS", "as_condition", "as_constraint", "shown"]

CONSTRAINTS: dict[str, type[Constraint]] = {
    cls.__name__: cls
    for cls in (
        *(Diagonal, LowerTriangular, UpperTriangular, Symmetric, Toeplitz),
        *(Monotone, NonNegative, PositiveDefinite),
        *(Orthonormal, Simplex, UnitNorm, Unitary),
    )
}
"""Those that can be imposed."""

_CONDITIONS: dict[str, type[Condition]] = {"NoCondition": NoCondition, **CONSTRAINTS}


def as_condition(spec: Any) -> Condition:
    """The condition that a name, a class, an instance or a function stands for.

    A function of the factor, of one replica, gives the residual, which is then squared or
    taken by modulus; `funfact.active_backend` is that of the model.

    Raises
    ------
    UnknownNameError
        If there is no condition of that name.
    OptionError
        If it is none of these, or takes other arguments.
    """
    if isinstance(spec, str):
        if spec not in _CONDITIONS:
            raise UnknownNameError.among("condition", spec, _CONDITIONS)
        return _CONDITIONS[spec]()
    if isinstance(spec, list | tuple):
        raise OptionError(
            f"prefer= was given {len(spec)} conditions, and takes one. Write one Condition whose "
            "residual holds both, for two of one shape ab.stack([a, b], axis=-1)."
        )
    if isinstance(spec, type) and issubclass(spec, Condition):
        spec = instance(spec, "prefer=")
    if callable(spec) and not isinstance(spec, Condition | type):
        check_call(spec, f"the condition {called(spec)}", "x")
        return OfFunction(function=spec)
    if not isinstance(spec, Condition):
        names = ", ".join(sorted(_CONDITIONS))
        raise OptionError(
            f"prefer={spec!r} is not a condition. Give one of funfact.conditions ({names}), as "
            "name, class or instance, a subclass of funfact.conditions.Condition, or a function of "
            "the factor."
        )
    check_call(spec.residual, f"{type(spec).__name__}.residual", "x", "ab")
    return spec


def as_constraint(spec: Any, shape: tuple[int, ...]) -> Constraint:
    """What a name, a class, an instance or a pair of functions imposes on a tensor of this shape.

    A pair ``(project, tangent)`` is for a set of one's own: of one replica, `project(x)` is the
    nearest point, and ``tangent(x, gradient, v)`` the part of `v` along which `x` is to move
    (`Constraint.tangent`); `funfact.active_backend` is that of the model.

    Raises
    ------
    UnknownNameError
        If there is no constraint of that name.
    OptionError
        If it is none, or takes other arguments.
    ShapeError
        If no tensor of this shape can meet it.
    """
    if isinstance(spec, str):
        if spec not in CONSTRAINTS:
            raise UnknownNameError.among("constraint", spec, CONSTRAINTS)
        spec = CONSTRAINTS[spec]
    if isinstance(spec, type) and issubclass(spec, Constraint):
        spec = instance(spec, "constrain=")
    if isinstance(spec, list):
        raise OptionError(
            f"constrain={called(spec)} is a list. A set of your own is a tuple of two functions, "
            "constrain=(project, tangent); of several sets at once, write one such pair."
        )
    if isinstance(spec, tuple):
        spec = pair(spec)
    if not isinstance(spec, Constraint):
        raise OptionError(
            f"constrain={called(spec)} is nothing that can be imposed. Known are "
            f"{', '.join(sorted(CONSTRAINTS))}, as name, class or instance; one of your own is a "
            "pair of functions, (project, tangent), or a subclass of funfact.conditions.Constraint."
            " prefer= takes any condition, as a penalty."
        )
    name = type(spec).__name__
    check_call(spec.project, f"{name}.project", "x", "ab")
    check_call(spec.tangent, f"{name}.tangent", "x", "gradient", "ab")
    return spec.imposed_on(shape)


def shown(spec: Any) -> str:
    """What was given to ``prefer=`` or ``constrain=``, as people read it.

    Examples
    --------
    >>> shown("Unitary"), shown(NonNegative(weight=2.0)), shown(Monotone(axis=1)), shown(abs)
    ('Unitary', 'NonNegative(weight=2.0)', 'Monotone(axis=1)', 'abs')
    """
    if not isinstance(spec, Condition):
        return spec if isinstance(spec, str) else called(spec)
    set_ones = [
        f"{field.name}={getattr(spec, field.name)!r:.40}"
        for field in fields(spec)
        if repr(getattr(spec, field.name)) != repr(field.default)
    ]
    return named(spec) + (f"({', '.join(set_ones)})" if set_ones else "")
