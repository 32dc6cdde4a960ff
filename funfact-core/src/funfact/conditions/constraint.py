"""What a condition is that can be imposed: a set of tensors, as a method of optimisation sees it.

Two functions of a tensor say all that a method needs: where the nearest point of the set is, and
in which directions a point of it can move. A method steps along the latter, then goes to the
nearest point; so every tensor that it makes is in the set, to rounding. Neither is differentiated.

Other ways were weighed. A generator of free parameters (the exponential of an antisymmetric matrix,
squares that add up to one) would leave the methods as they are; but it never arrives on the
boundary of a set, where zeros, ties and ranks are, and its Jacobian vanishes there. The derivative
of the projection is the tangent where it exists, and infinite or ambiguous just where it matters:
at equal singular values, at zeros. So a tangent is not derived from a user's projection either.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from funfact.arguments import integer
from funfact.backends.capabilities import Capability
from funfact.backends.contract import Array, Backend
from funfact.conditions.condition import Condition
from funfact.errors import OptionError, ShapeError

__all__ = ["AlongAxis", "Constraint", "check_square"]


@dataclass(frozen=True)
class Constraint(Condition):
    """Base of the conditions that can be imposed, ``constrain=``; two methods to write.

    Parameters
    ----------
    weight, elementwise, reduction
        Of the penalty, where it is preferred instead.
    """

    needs: ClassVar[tuple[type[Capability], ...]] = ()
    """What the backend must declare."""

    convex: ClassVar[bool] = True
    """Whether the set is."""

    @abstractmethod
    def project(self, x: Array, ab: Backend) -> Array:
        """The nearest array that meets the condition, for each replica.

        Parameters
        ----------
        x : array, shape (*replicas, *shape of the factor)
        ab : Backend
            The backend of `x`; functions of arrays are its attributes.

        Returns
        -------
        array, shape and dtype of `x`
            What meets the condition already stays as it is, to rounding.
        """

    @abstractmethod
    def tangent(self, x: Array, gradient: Array, ab: Backend) -> Callable[[Array], Array]:
        """The orthogonal projection onto the directions in which `x` is to move.

        Parameters
        ----------
        x : array, shape (*replicas, *shape of the factor)
            It meets the condition.
        gradient : array, shape of `x`
            Of what is minimised. On the boundary of a set it tells which way is held: where
            the descent would leave the set.
        ab : Backend

        Returns
        -------
        callable
            From an array of the shape of `x` to another: linear over the real numbers,
            its own adjoint, and the same if it is applied twice.
        """

    def imposed_on(self, shape: tuple[int, ...]) -> Self:
        """The constraint as it is of a tensor of this shape.

        Raises
        ------
        ShapeError
            If no tensor of this shape can meet it.
        """
        return self.on(shape)

    def residual(self, x: Array, ab: Backend) -> Array:
        return x - self.project(x, ab)


@dataclass(frozen=True)
class AlongAxis(Constraint):
    """A constraint on the vectors along one axis, each on its own.

    Parameters
    ----------
    axis : int
        Of the tensor, without replicas. By default the first: the columns of a matrix.
    """

    axis: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if integer(self.axis) is None:
            raise OptionError(
                f"{type(self).__name__}(axis={self.axis!r:.60}): expected an axis, an integer."
            )

    def on(self, shape: tuple[int, ...]) -> Self:
        """The same, its axis counted from the last, since replicas come in front."""
        if not -len(shape) <= self.axis < len(shape):
            there = f"from {-len(shape)} to {len(shape) - 1}" if shape else "of a tensor with axes"
            raise ShapeError(
                f"{type(self).__name__}(axis={self.axis}) asks something of the vectors along an "
                f"axis, and the tensor has shape {shape}. Give an axis {there}."
            )
        return replace(self, axis=self.axis % len(shape) - len(shape))


def check_square(condition: Condition, shape: tuple[int, ...]) -> None:
    """Raise unless the matrices of a tensor are square."""
    rows, columns = shape[-2:]
    if rows != columns:
        raise ShapeError(
            f"{type(condition).__name__} is asked of a tensor of shape {shape}, whose matrices, "
            f"{rows}x{columns}, are not square. Its last two sizes are to be equal."
        )
