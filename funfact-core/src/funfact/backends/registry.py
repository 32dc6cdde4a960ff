"""Backends that no distribution offers: of tests and of frozen applications."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import BackendError
from .contract import Backend

__all__ = ["register_backend", "registered"]

registered: dict[str, type[Backend] | str] = {}
"""What was registered, by name."""


def register_backend(name: str, target: type[Backend] | str) -> Callable[[], None]:
    """Offer a backend that no distribution offers: for tests and frozen applications.

    Parameters
    ----------
    name : str
        What to call it; it goes before installed ones of that name.
    target : Backend subclass, or str
        The class, or where it is, ``'module:Class'``, imported when it is used.

    Returns
    -------
    callable
        Takes it out again.

    Raises
    ------
    BackendError
        If `target` is neither, or `name` is no name.

    Examples
    --------
    >>> from funfact.backends import Backend, available, load
    >>> class Nothing(Backend):
    ...     protocol = 1
    >>> remove = register_backend('nothing', Nothing)
    >>> 'nothing' in available()
    True
    >>> load('nothing')
    Traceback (most recent call last):
        ...
    funfact.errors.BrokenBackendError: backend 'nothing' from register_backend is broken: \
Nothing lacks is_native, tensor, to_numpy. Give register_backend a complete backend class.
    >>> remove()
    """
    if not isinstance(name, str) or not name.strip() or set(name) & set("@,"):
        raise BackendError(
            f"register_backend({name!r}, ...) takes the name that ff.use will get, as text "
            "without '@' and ','."
        )
    if not _leads_to_a_class(target):
        raise BackendError(
            f"register_backend({name!r}, ...) takes a class derived from funfact's Backend, "
            f"or 'module:Class' as text, not {target!r}."
        )

    def remove() -> None:
        if registered.get(name) is target:
            del registered[name]

    registered[name] = target
    return remove


def _leads_to_a_class(target: object) -> bool:
    if isinstance(target, str):
        module, _, attribute = target.partition(":")
        return bool(module.strip() and attribute.strip())
    return isinstance(target, type) and issubclass(target, Backend)
