"""What a condition is, and the penalty that it makes."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, Self

from funfact.arguments import finite, named
from funfact.backends import current
from funfact.backends.contract import Array, Backend
from funfact.backends.mapped import explained
from funfact.errors import DtypeError, OptionError, ShapeError

__all__ = ["Condition", "NoCondition", "check_residual", "violation", "weighted_residual"]


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
        weight = finite(self.weight)
        if weight is None or weight < 0:
            raise OptionError(
                f"{type(self).__name__}(weight={self.weight!r}): expected a finite number of at "
                "least 0."
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

    def on(self, shape: tuple[int, ...]) -> Self:
        """The condition as it is of a tensor of this shape, which it is to make sense for.

        Raises
        ------
        ShapeError
            If it makes none.
        """
        if len(shape) < self.needs_ndim:
            raise ShapeError(
                f"{type(self).__name__} asks something of matrices, and the tensor has shape "
                f"{shape}. Ask it of a tensor with at least two axes."
            )
        return self

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


def violation(
    condition: Condition, x: Array, ab: Backend, lead: int, kept: int | None = None
) -> Array:
    """The weighted penalty of each replica.

    Parameters
    ----------
    condition : Condition
    x : array, shape (*replicas, *shape of the factor)
    ab : Backend
    lead : int
        How many axes of `x` are replicas.
    kept : int, optional
        How many of these axes the result has, the first ones, all unless given: the penalties
        along the others are added up.

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
    kept = lead if kept is None else kept
    if condition.elementwise == "mse":
        return ab.squared_norm(residual, kept) * share
    axes = tuple(range(kept, residual.ndim))
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
    condition = condition.on(tuple(x.shape[lead:]))
    with explained(f"the condition {named(condition)}", ab):
        residual = condition.residual(x, ab)
    check_residual(f"{named(condition)}.residual", residual, x, ab, lead)
    return residual


def check_residual(who: str, residual: Any, x: Array, ab: Backend, lead: int) -> None:
    """Raise unless `who` made a residual of `x`, whose first `lead` axes are replicas."""
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


class NoCondition(Condition):
    """Nothing is asked, the penalty is zero."""

    scale_free = True

    def residual(self, x: Array, ab: Backend) -> Array:
        return ab.zeros_like(x)


def _check_choice(condition: Condition, name: str, choices: tuple[str, ...]) -> None:
    value = getattr(condition, name)
    if value not in choices:
        raise OptionError(
            f"{type(condition).__name__}({name}={value!r}): expected {' or '.join(choices)}."
        )
