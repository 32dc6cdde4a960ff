"""Steps after steps."""

from collections.abc import Callable
from typing import Any

from funfact.backends.capabilities import Repeat
from funfact.backends.contract import Backend

__all__ = ["looped", "repeated"]


def repeated(step: Callable[..., Any], backend: Backend) -> Callable[..., Any]:
    """As `looped`, on the device where the backend can."""
    return backend.repeated(step) if isinstance(backend, Repeat) else looped(step)


def looped(step: Callable[..., Any]) -> Callable[..., Any]:
    """``run(carry, n, *args)``: ``carry = step(carry, *args)``, n times.

    Examples
    --------
    >>> looped(lambda x, y: x + y)(1, 5, 2)
    11
    """

    def run(carry: Any, n: int, *args: Any) -> Any:
        for _ in range(n):
            carry = step(carry, *args)
        return carry

    return run
