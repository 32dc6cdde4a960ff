"""The active backend: one for the process, which ``using`` overrides for a while.

The process has a choice (`use`), and each thread and asyncio task a tuple of
overrides (`using`) in a context variable. An override is taken out by identity,
so that closing two of them out of order leaves neither behind.

Examples
--------
>>> with using('numpy'):
...     active_backend
<backend 'NumpyBackend'>
"""

from __future__ import annotations

import os
from _thread import allocate_lock  # what threading.Lock is; that module is not cheap
from collections.abc import Callable
from contextlib import AbstractContextManager, ContextDecorator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..errors import BackendError, FunFactError
from .capabilities import Devices

if TYPE_CHECKING:
    from .contract import Backend

__all__ = [
    "CHOICE",
    "ActiveBackend",
    "activated",
    "active_backend",
    "current",
    "devices",
    "use",
    "using",
]

CHOICE = "FUNFACT_BACKEND"

_lock = allocate_lock()
_process: Backend | None = None


class _Frame:
    """A backend that ``owner`` put on top."""

    __slots__ = ("backend", "owner")

    def __init__(self, backend: Backend, owner: object) -> None:
        self.backend = backend
        self.owner = owner


_frames: ContextVar[tuple[_Frame, ...]] = ContextVar("funfact_backend", default=())


def use(name: str, /, **options: Any) -> None:
    """Make a backend active for the whole process, loading it on demand.

    Parameters
    ----------
    name : str
        One of `available_backends`, or ``'name@distribution'``.
    **options
        The options of that backend, such as ``device='cpu'``.

    Raises
    ------
    BackendError
        Inside a ``using``, whose end would undo it; and as `funfact.backends.load`.

    Examples
    --------
    >>> use('numpy')
    >>> active_backend
    <backend 'NumpyBackend'>
    """
    global _process
    if _frames.get():
        written = ", ".join([repr(name), *(f"{k}={v!r}" for k, v in options.items())])
        raise BackendError(
            f"use({written}) inside `with using({_frames.get()[-1].backend.name!r})` would have "
            "no effect here and outlast the block for everybody else. "
            f"Write `with ff.using({written}):` inside it instead."
        )
    _process = _load(name, **options)


def using(name: str, /, **options: Any) -> AbstractContextManager[Backend]:
    """Make a backend active for this thread or asyncio task, inside a ``with``.

    What was active before is active again after the block, also if it raised.
    Tasks and ``asyncio.to_thread`` inherit it; plain threads and pools do not.
    It decorates functions too, and can be kept and entered again.

    Examples
    --------
    >>> with using('numpy') as backend:
    ...     backend.zeros(2)
    array([0., 0.])
    """
    return _Using(lambda: _load(name, **options))


def activated(backend: Backend) -> AbstractContextManager[Backend]:
    """As `using`, with a backend that is loaded already.

    Examples
    --------
    >>> from funfact.backends import load
    >>> with activated(load('numpy')):
    ...     active_backend
    <backend 'NumpyBackend'>
    """
    return _Using(lambda: backend)


class _Using(ContextDecorator, AbstractContextManager["Backend"]):
    """Puts a backend on top, and takes out its own newest one: it may be entered many times."""

    def __init__(self, find: Callable[[], Backend]) -> None:
        self._find = find

    def __enter__(self) -> Backend:
        backend = self._find()
        _frames.set((*_frames.get(), _Frame(backend, self)))
        return backend

    def __exit__(self, *exception: object) -> None:
        frames = _frames.get()
        mine = [frame for frame in frames if frame.owner is self][-1:]
        _frames.set(tuple(frame for frame in frames if frame not in mine))


def _load(name: str, /, **options: Any) -> Backend:
    from .discovery import load  # not needed to import funfact, and not cheap

    return load(name, **options)


def current() -> Backend:
    """The active backend itself; the default one is loaded if none was chosen."""
    frames = _frames.get()
    if frames:
        return frames[-1].backend
    return _process if _process is not None else _default()


def _default() -> Backend:
    """The backend of those who chose none, settled and logged once."""
    import logging

    global _process
    with _lock:
        if _process is None:
            backend, reason = _chosen_by_environment() or _first_usable()
            logging.getLogger("funfact").info("using the backend %r, %s", backend.name, reason)
            _process = backend
        return _process


def _chosen_by_environment() -> tuple[Backend, str] | None:
    name = os.environ.get(CHOICE, "").strip()
    if not name:
        return None
    try:
        return _load(name), f"named by {CHOICE}"
    except FunFactError as exc:
        raise type(exc)(f"{CHOICE}={name} names a backend that cannot be used. {exc}") from exc


def _first_usable() -> tuple[Backend, str]:
    from .discovery import available, switched_off
    from .entries import DISABLE, FIRST_PARTY, installation

    installed = available()
    passed_over = []
    for name in FIRST_PARTY:
        if name in installed:
            try:
                backend = _load(name)
            except BackendError as exc:
                passed_over.append(str(exc))
            else:
                return backend, " ".join(["the first that can be used.", *passed_over])
    others = [name for name in installed if name not in FIRST_PARTY]
    choices = [f"Choose one: ff.use({others[0]!r})."] if others else []
    if off := switched_off():
        choices.append(
            f"Switched off by {DISABLE}={os.environ[DISABLE]!r}: {', '.join(off)}. "
            "Take one out of that environment variable."
        )
    absent = [name for name in FIRST_PARTY if name not in (*installed, *off)]
    if absent:
        choices.append(f"{'Or install' if choices else 'Install'} one: {installation(absent)}")
    raise BackendError(
        " ".join(["No backend can be used without being chosen.", *passed_over, *choices])
    )


def devices(name: str | None = None) -> tuple[str, ...]:
    """Names of the devices that a backend, by default the active one, can be put on.

    Examples
    --------
    >>> devices('numpy')
    ('cpu',)
    """
    backend = current() if name is None else _load(name)
    return backend.devices() if isinstance(backend, Devices) else ("cpu",)


class ActiveBackend:
    """Stands for whatever backend is active when an attribute is asked for."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        # Tools look every object over for such names; that must not load a backend.
        if name.startswith("_"):
            raise AttributeError(f"active_backend has no attribute {name!r}")
        return getattr(current(), name)

    def __dir__(self) -> list[str]:
        return dir(current())

    def __repr__(self) -> str:
        return repr(current())

    def __reduce__(self) -> str:
        return "active_backend"


active_backend = ActiveBackend()
"""The active backend, now and after any later `use`."""
