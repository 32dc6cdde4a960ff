"""What stands in no arithmetic, gates and circuits, and what is written in its place."""

from abc import ABC, abstractmethod
from typing import Any

from funfact.errors import NotationError

__all__ = ["NoOperand"]


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
