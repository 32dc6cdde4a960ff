"""What a method of optimisation is.

A solver is pure: `init` makes a carry from the factors, `step` a new carry from an
old one. A carry is nested lists and tuples of arrays, whose shapes and dtypes
never change, so that the loop may run many steps on the device.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self, TypeAlias

from funfact.backends.capabilities import Autodiff, Capability
from funfact.backends.contract import Array, Backend
from funfact.fit.form import Gradient
from funfact.fit.problem import Problem, bytes_held
from funfact.loss import Loss

__all__ = ["Carry", "Derived", "Solver", "leaves", "mapped", "spread"]

Carry: TypeAlias = Any


def leaves(carry: Carry) -> Iterator[Any]:
    """What stands in nested lists, tuples and dictionaries, in order.

    Examples
    --------
    >>> list(leaves(([1, 2], {"a": 3}, ())))
    [1, 2, 3]
    """
    if isinstance(carry, list | tuple | dict):
        for entry in carry.values() if isinstance(carry, dict) else carry:
            yield from leaves(entry)
    elif carry is not None:
        yield carry


def mapped(carry: Carry, new: Callable[[], Any]) -> Carry:
    """The same nest, with what ``new()`` gives for one leaf after the other.

    Examples
    --------
    >>> mapped(([1, 2], {"a": 3}, ()), iter("xyz").__next__)
    (['x', 'y'], {'a': 'z'}, ())
    """
    if isinstance(carry, dict):
        return type(carry)((name, mapped(entry, new)) for name, entry in carry.items())
    if isinstance(carry, list | tuple):
        entries = [mapped(entry, new) for entry in carry]
        named = hasattr(carry, "_fields")
        return type(carry)(*entries) if named else type(carry)(entries)
    return None if carry is None else new()


def spread(each: Array, x: Array, append: bool, ab: Backend) -> Array:
    """One number a replica along the dimensions of a factor, whose replicas come first or last."""
    ones = (1,) * (x.ndim - 1)
    return ab.reshape(each, (*ones, -1) if append else (-1, *ones))


class Solver(ABC):
    """A method of optimisation, made for one problem.

    Attributes
    ----------
    needs : tuple of capabilities
        What the backend must declare.
    pure : bool
        Whether `step` may be traced, compiled and repeated on the device. A solver
        that is not pure is stepped from Python.
    spectral_starts : bool
        Whether the first replica starts from the target's singular vectors, where it can.
    settles : bool
        Whether a loss that stays the same over a stretch of steps stays so for good.
    then : Solver or None
        What takes over, with the same carry, once the residual of a replica is so small
        against the target (`fit.form.near`) that this solver's steps would be rounding.
    without_model : Gradient or None
        The gradient of its steps, where that is cheaper than the residual's.
    linear : bool
        Whether models are linear in each factor, so that their gradient follows from the expression
        (`fit.slope`) where the backend has no derivatives.
    loops : bool
        Whether a step has a loop of its own on the device, so that it is compiled however
        few steps there are.
    constrained : bool
        Whether what is imposed on factors (``constrain=``) holds after every step.
    """

    constrained: ClassVar[bool] = False
    linear: ClassVar[bool] = False
    loops: ClassVar[bool] = False
    needs: ClassVar[tuple[type[Capability], ...]] = ()
    pure: ClassVar[bool] = True
    spectral_starts: ClassVar[bool] = False
    settles: ClassVar[bool] = False
    then: "Solver | None" = None

    @property
    def without_model(self) -> Gradient | None:
        return None

    def squares(self, carry: Carry) -> tuple[Sequence[Array], float] | None:
        """What a carry tells of the gradient after a first step, as `Rule.squares` does."""
        return None

    def restarted(self, start: Carry, factors: list[Array]) -> Carry:
        """What `init` makes of these factors, given what it made of others."""
        return self.init(factors)

    @cached_property
    def compiled(self) -> dict[Hashable, Any]:
        """What the loop made of its steps, compiled or not, for as long as the solver lives."""
        return {}

    @abstractmethod
    def init(self, factors: list[Array]) -> Carry:
        """The carry before the first step; `factors` are its to keep."""

    def inputs(self, target: Array, data: list[Array]) -> tuple[Array, list[Array]]:
        """What steps take after the carry, of the target and the data: made once for all steps."""
        return target, data

    @abstractmethod
    def step(self, carry: Carry, target: Array, data: list[Array]) -> Carry:
        """The carry after one more step, for all replicas at once, from it and `inputs`."""

    @abstractmethod
    def factors(self, carry: Carry) -> list[Array]:
        """The factors in a carry."""

    def contents(self, carry: Carry) -> list[Array]:
        """All arrays of a carry; replicas, where one has them, are an axis of its own."""
        return list(leaves(carry))

    def refilled(self, carry: Carry, arrays: Iterable[Array]) -> Carry:
        """The carry with others in the place of its `contents`."""
        return mapped(carry, iter(arrays).__next__)


class Derived(Solver):
    """A solver that derives its steps from the expression, and applies to some problems only.

    It is asked for by its name (`funfact.fit.solvers.table`), its class, or a
    ``functools.partial`` of its class with the options of `of`.

    Attributes
    ----------
    loss : class of a loss, optional
        The one that it is for; without it, any.
    dear : bool
        Whether it is passed over, where it applies, because a step would take long.
    whole : bool
        Whether a step needs the model as a whole, so that it cannot be made in pieces.
    """

    settles = True
    loss: ClassVar[type[Loss] | None] = None
    dear: ClassVar[bool] = False
    whole: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def refusal(cls, problem: Problem) -> str | None:
        """Why the solver does not apply, and what to use instead; None if it does.

        Text for the middle of a sentence, which ends where what to use begins: "the factor u stands
        twice, .... Give ....".
        """

    @classmethod
    @abstractmethod
    def of(cls, problem: Problem) -> Self:
        """The solver of `problem`, to which it applies; a method may have options besides."""

    @classmethod
    def room(cls, problem: Problem) -> int:
        """Elements that a step holds at once, beside those of a gradient."""
        return 0

    @classmethod
    def no_room(cls, problem: Problem) -> str | None:
        """Why its steps do not stay within the limit of memory; None if they do."""
        if problem.limit is None:
            return None
        need = cls.room(problem) + (problem.at_once if cls.whole else 0)
        if need <= problem.limit:
            return None
        each = bytes_held(problem.backend.dtype_name(problem.dtype))
        instead = (
            ", leave the limit out, or give a method that works in pieces, optimizer='Adam'."
            if isinstance(problem.backend, Autodiff)
            else f" or leave the limit out: {problem.backend!r} has no method that works in pieces."
        )
        return (
            f"its steps hold {need * each:,} bytes at once, and memory_limit= leaves room for "
            f"{problem.limit * each:,}. Allow as much{instead}"
        )

    @classmethod
    def recommended(cls, problem: Problem) -> str | None:
        """Why ``optimizer='auto'`` takes it, if it applies; None if another is better."""
        return None
