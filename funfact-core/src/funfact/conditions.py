"""What a factor should be like: penalties, given to a tensor as ``prefer=``.

A condition measures how far a factor is from what is asked: its `residual` is zero
where it holds. The penalty is the squared (or absolute) residual, averaged (or
summed) over the elements, times a weight. The last axes of the array are those
of the factor, any axes before them are replicas, as with NumPy's generalised
ufuncs; matrix conditions look at the last two.

Examples
--------
A condition of one's own is one method:

>>> class SumsToOne(Condition):
...     def residual(self, x, ab):
...         return ab.sum(x, axis=-1, keepdims=True) - 1
>>> import funfact as ff
>>> with ff.using("numpy"):
...     float(SumsToOne()(ff.active_backend.ones((3, 2))))
1.0
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from funfact.arguments import called, check_call, instance
from funfact.backends import current
from funfact.backends.active import activated
from funfact.backends.capabilities import Vmap
from funfact.backends.contract import Array, Backend
from funfact.errors import DtypeError, OptionError, ShapeError, UnknownNameError

__all__ = [
    "Condition",
    "Diagonal",
    "NoCondition",
    "NonNegative",
    "Projects",
    "Unitary",
    "UpperTriangular",
    "as_condition",
    "as_constraint",
    "violation",
    "weighted_residual",
]


@dataclass(frozen=True)
class Condition(ABC):
    """Base of the conditions; one method to write, `residual`.

    Parameters
    ----------
    weight : float
        What the penalty is multiplied with.
    elementwise : {'mse', 'l1'}
        Whether the residual is squared, ``abs(r)**2``, or taken by modulus.
    reduction : {'mean', 'sum'}
        Over the elements of the residual of one replica.
    """

    needs_ndim: ClassVar[int] = 0
    """How many axes a factor must have for the condition to mean something."""

    scale_free: ClassVar[bool] = False
    """Whether a factor that meets the condition still does when multiplied by a positive number."""

    weight: float = 1.0
    elementwise: str = "mse"
    reduction: str = "mean"

    def __post_init__(self) -> None:
        weight: Any = self.weight
        if not isinstance(weight, int | float | np.number) or not 0 <= weight < float("inf"):
            raise OptionError(
                f"{type(self).__name__}(weight={weight!r}): expected a finite number of at least 0."
            )
        _check_choice(self, "elementwise", ("mse", "l1"))
        _check_choice(self, "reduction", ("mean", "sum"))

    @abstractmethod
    def residual(self, x: Array, ab: Backend) -> Array:
        """What is left where the condition does not hold.

        Parameters
        ----------
        x : array, shape (..., *shape of the factor)
        ab : Backend
            The backend of `x`; functions of arrays are its attributes.

        Returns
        -------
        array, shape (..., any)
            As many leading axes as there are replicas.
        """

    def start(self, x: Array, ab: Backend) -> Array:
        """What a standard random start becomes for a factor of which this is asked.

        `x` by default. A condition that can be met by a small change of `x` may make it,
        so that a fit does not begin by repairing its start; starts that were asked
        for are never changed.
        """
        return x

    def __call__(self, data: Any) -> Array:
        """The penalty of one factor, on the active backend."""
        ab = current()
        x = data if ab.is_native(data) else ab.tensor(data)
        return violation(self, x, ab, 0)


def violation(condition: Condition, x: Array, ab: Backend, lead: int) -> Array:
    """The weighted penalty of each replica.

    Parameters
    ----------
    condition : Condition
    x : array, shape (*replicas, *shape of the factor)
    ab : Backend
    lead : int
        How many axes of `x` are replicas.

    Returns
    -------
    real array, shape (*replicas,)

    Raises
    ------
    ShapeError
        If the factor has too few axes for the condition, or the residual lacks the replicas.
    OptionError
        If the residual is no array.
    DtypeError
        If it is one of integers or truth values, which have no gradient.
    """
    residual = _checked_residual(condition, x, ab, lead)
    share = _share(condition, residual, lead)
    if condition.elementwise == "mse":
        return ab.squared_norm(residual, lead) * share
    axes = tuple(range(lead, residual.ndim))
    # an empty tuple of axes means all of them to some libraries
    return (ab.sum(ab.abs(residual), axis=axes) if axes else ab.abs(residual)) * share


def weighted_residual(condition: Condition, x: Array, ab: Backend, lead: int) -> Array:
    """The residual, whose squared moduli add up to the penalty where that is of squares.

    Parameters, shapes and errors are those of `violation`.
    """
    residual = _checked_residual(condition, x, ab, lead)
    return residual * _share(condition, residual, lead) ** 0.5


def _share(condition: Condition, residual: Array, lead: int) -> float:
    """What an element of the residual counts in the penalty."""
    count = prod(residual.shape[lead:]) if condition.reduction == "mean" else 1
    return condition.weight / count


def _checked_residual(condition: Condition, x: Array, ab: Backend, lead: int) -> Array:
    if x.ndim - lead < condition.needs_ndim:
        raise ShapeError(
            f"{type(condition).__name__} asks something of matrices, and the tensor has shape "
            f"{tuple(x.shape[lead:])}. Prefer it of a tensor with at least two axes."
        )
    residual = _residual(condition, x, ab, lead)
    _check_residual(_called(condition), residual, x, ab, lead)
    return residual


def _check_residual(who: str, residual: Any, x: Array, ab: Backend, lead: int) -> None:
    if not ab.is_tensor(residual):
        raise OptionError(
            f"{who} returned a {type(residual).__name__}. It is to return an array that "
            "is zero where the condition holds: does it end with `return`?"
        )
    if ab.is_floating(x) and not ab.is_floating(residual):
        raise DtypeError(
            f"{who} returned {ab.dtype_name(residual)}, which has no gradient. It is to return "
            "how far the factor is from the condition, such as ab.relu(-x); a comparison like "
            "`x < 0` is none."
        )
    if tuple(residual.shape[:lead]) != tuple(x.shape[:lead]):
        raise ShapeError(
            f"{who} returned shape {tuple(residual.shape)} for an array of shape "
            f"{tuple(x.shape)}, of which the first {lead} axes are replicas, each with a penalty "
            "of its own. Keep them: sum over the last axes, as in ab.sum(x, axis=-1)."
        )


@runtime_checkable
class Projects(Protocol):
    """A condition that can be imposed: ``constrain=`` takes those."""

    def project(self, x: Array, ab: Backend) -> Array:
        """The nearest array that meets the condition exactly."""


def as_constraint(spec: Any) -> Any:
    """The condition that ``constrain=`` stands for, a name, a class or an instance.

    Raises
    ------
    UnknownNameError
        If there is no condition of that name.
    OptionError
        If it is none that can be imposed.
    """
    condition = as_condition(spec)
    if not isinstance(condition, Projects):
        known = ", ".join(cls.__name__ for cls in _KNOWN if hasattr(cls, "project"))
        raise OptionError(
            f"constrain={type(condition).__name__} is not a condition that can be imposed: it has "
            f"no method `project`. Known are {known}; prefer= takes any condition, as a penalty."
        )
    return condition


class NoCondition(Condition):
    """Nothing is asked, the penalty is zero."""

    scale_free = True

    def residual(self, x: Array, ab: Backend) -> Array:
        return ab.zeros_like(x)


class NonNegative(Condition):
    """No element below zero; of a complex one, no imaginary part either."""

    scale_free = True

    def residual(self, x: Array, ab: Backend) -> Array:
        if ab.is_complex(x):
            return -ab.relu(-ab.real(x)) + 1j * ab.imag(x)
        return ab.relu(-x)

    def project(self, x: Array, ab: Backend) -> Array:
        """`x` with zeros for what is negative, and without imaginary parts."""
        return ab.astype(ab.relu(ab.real(x)), x.dtype)

    def start(self, x: Array, ab: Backend) -> Array:
        """The moduli of `x`."""
        return ab.astype(ab.abs(x), x.dtype)


class UpperTriangular(Condition):
    """Nothing below the diagonal of each matrix."""

    needs_ndim = 2
    scale_free = True

    def residual(self, x: Array, ab: Backend) -> Array:
        return ab.tril(x, k=-1)


class Diagonal(Condition):
    """Nothing off the diagonal of each matrix, square or not."""

    needs_ndim = 2
    scale_free = True

    def residual(self, x: Array, ab: Backend) -> Array:
        return ab.tril(x, k=-1) + ab.triu(x, k=1)


class Unitary(Condition):
    """Orthonormal columns, or orthonormal rows where a matrix is wider than tall.

    The residual is the Gram matrix of the shorter side minus the identity:
    for a square matrix, ``X.H @ X - 1``.
    """

    needs_ndim = 2

    def residual(self, x: Array, ab: Backend) -> Array:
        swapped = (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)
        adjoint = ab.conj(ab.transpose(x, swapped))
        rows, columns = x.shape[-2:]
        gram = ab.matmul(adjoint, x) if rows >= columns else ab.matmul(x, adjoint)
        return gram - ab.eye(min(rows, columns), dtype=x.dtype)


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
        known = {cls.__name__: cls for cls in _KNOWN}
        if spec not in known:
            raise UnknownNameError.among("condition", spec, known)
        return known[spec]()
    if isinstance(spec, list | tuple):
        raise OptionError(
            f"prefer= was given {len(spec)} conditions, and takes one. Write one Condition whose "
            "residual holds both, for two of one shape ab.stack([a, b], axis=-1)."
        )
    if isinstance(spec, type) and issubclass(spec, Condition):
        spec = instance(spec, "prefer=")
    if callable(spec) and not isinstance(spec, Condition | type):
        check_call(spec, f"the condition {called(spec)}", "x")
        return _OfFunction(function=spec)
    if not isinstance(spec, Condition):
        names = ", ".join(sorted(cls.__name__ for cls in _KNOWN))
        raise OptionError(
            f"prefer={spec!r} is not a condition. Give one of funfact.conditions ({names}), as "
            "name, class or instance, a subclass of funfact.conditions.Condition, or a function of "
            "the factor."
        )
    check_call(spec.residual, f"{type(spec).__name__}.residual", "x", "ab")
    return spec


@dataclass(frozen=True)
class _OfFunction(Condition):
    """A user's function of one factor; of each replica on its own."""

    function: Any = None

    def residual(self, x: Array, ab: Backend) -> Array:
        with activated(ab):
            made = self.function(x)
        _check_residual(_called(self), made, x, ab, 0)
        return made


def _called(condition: Condition) -> str:
    """What gave a residual, in a message."""
    if isinstance(condition, _OfFunction):
        return f"the condition {called(condition.function)}"
    return f"{type(condition).__name__}.residual"


def _residual(condition: Condition, x: Array, ab: Backend, lead: int) -> Array:
    if not lead or not isinstance(condition, _OfFunction):
        return condition.residual(x, ab)
    if isinstance(ab, Vmap):
        return ab.vmap(lambda one: condition.residual(one, ab))(x)
    return ab.stack([condition.residual(x[n, ...], ab) for n in range(x.shape[0])])


_KNOWN = (Diagonal, NoCondition, NonNegative, Unitary, UpperTriangular)


def _check_choice(condition: Condition, name: str, choices: tuple[str, ...]) -> None:
    value = getattr(condition, name)
    if value not in choices:
        raise OptionError(
            f"{type(condition).__name__}({name}={value!r}): expected {' or '.join(choices)}."
        )
