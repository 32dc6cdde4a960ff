"""Whether gradients are followed: two names of FunFact 1.0.

Gradients follow what `Autodiff.value_and_grad` calls, and nothing else; so there is nothing to
switch on. What can be switched off is what the library follows by itself, as PyTorch does.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar

from .active import current
from .capabilities import Autodiff

__all__ = ["enable_grad", "is_grad_on"]

_on: ContextVar[bool] = ContextVar("funfact_grad", default=True)


@contextmanager
def enable_grad(mode: bool) -> Iterator[None]:
    """Inside ``with ff.enable_grad(False):`` no gradient follows what is computed.

    Only PyTorch follows computations by itself; `active_backend.no_grad` does the same.
    Fits need no such thing.

    Examples
    --------
    >>> import funfact as ff
    >>> with ff.using("numpy"), ff.enable_grad(False):
    ...     ff.is_grad_on()
    False
    """
    before = _on.get()
    _on.set(bool(mode))
    try:
        with nullcontext() if mode else current().no_grad():
            yield
    finally:
        _on.set(before)


def is_grad_on() -> bool:
    """Whether the active backend has gradients, and `enable_grad` has not switched them off."""
    return _on.get() and isinstance(current(), Autodiff)
