"""What stands in no arithmetic, gates and circuits, and what is written in its place."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import update_wrapper
from inspect import signature
from typing import Any, Generic, ParamSpec, TypeVar

from funfact.errors import NotationError

__all__ = ["GateFunction", "NoOperand"]

P = ParamSpec("P")
Made = TypeVar("Made")


class NoOperand(ABC):
    """Base of what Python's operators do not take, but for those that it defines itself."""

    # NumPy then leaves `array * gate` to the gate, which can explain itself.
    __array_ufunc__ = None

    @abstractmethod
    def instead(self) -> str:
        """What to write, as a sentence."""

    def _refused(self, _: Any, /) -> Any:
        raise NotationError(
            f"a {type(self).__name__} is no operand of Python's arithmetic. {self.instead()}"
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _refused
    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __and__ = __rand__ = _refused
    __matmul__ = __rmatmul__ = _refused

    def __neg__(self) -> Any:
        return self._refused(None)


class GateFunction(NoOperand, Generic[P, Made]):
    """A function that makes gates, and says so where one of them belongs: ``RX @ 0``."""

    __name__: str
    __wrapped__: Callable[P, Made]

    def __init__(self, make: Callable[P, Made]) -> None:
        update_wrapper(self, make)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Made:
        return self.__wrapped__(*args, **kwargs)

    def instead(self) -> str:
        name = self.__name__
        return (
            f"{name} makes gates, and is none: call it, {name}() or {name}('name'), and place that."
        )

    def __repr__(self) -> str:
        return f"{self.__name__}{signature(self)}"

    def __reduce__(self) -> str:
        return self.__name__
