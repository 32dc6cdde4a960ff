"""From a name to a backend: who claims it, the class, the instance.

A backend that is installed and broken stays one broken backend. Its problem is
found, with cause and remedy, when it is asked for.

Examples
--------
>>> find('nunpy')
Traceback (most recent call last):
    ...
funfact.errors.UnknownNameError: No backend is called 'nunpy'. Did you mean 'numpy'?...
"""

from __future__ import annotations

import logging
import os
from functools import cache
from importlib import invalidate_caches
from threading import RLock
from typing import Any

from ..errors import BackendError, FunFactError, UnknownNameError
from .contract import Backend
from .entries import DISABLE, FIRST_PARTY, Entry, disabled, installation, normalise, scan
from .notice import notice
from .options import nearest, parse, settle
from .problems import Problem, authors, examine, load_problem
from .registry import registered

__all__ = [
    "available",
    "claimants",
    "entries",
    "failure",
    "find",
    "load",
    "preferred",
    "restore",
    "switched_off",
]

_log = logging.getLogger("funfact")
_lock = RLock()
_classes: dict[object, tuple[Entry, type[Backend]]] = {}  # what is imported stays
_instances: dict[tuple[type[Backend], Any], Backend] = {}
_settled: dict[type[Backend], dict[str, Any]] = {}
_failures: dict[Entry, Problem] = {}


# --- names -------------------------------------------------------------------


def entries() -> list[Entry]:
    """All claims, registered ones first, in the order of names that people see."""
    rank = {name: position for position, name in enumerate(FIRST_PARTY)}
    claims = [*(Entry(name, target) for name, target in registered.items()), *scan()]
    _complain(os.environ.get(DISABLE, ""), frozenset(entry.name for entry in claims))
    return sorted(claims, key=lambda entry: (rank.get(entry.name, len(rank)), entry.name))


def available() -> list[str]:
    """Names of the backends that are installed and not switched off; none is imported."""
    return list(dict.fromkeys(entry.name for entry in entries() if not disabled(entry)))


def switched_off() -> list[str]:
    """Names of the backends that are installed, each claim of which is switched off."""
    enabled = available()
    return list(dict.fromkeys(entry.name for entry in entries() if entry.name not in enabled))


@cache
def _complain(switches: str, known: frozenset[str]) -> None:
    """Log, once, the names that are switched off and are nobody's."""
    for name in filter(None, map(str.strip, switches.split(","))):
        base = name.partition("@")[0]
        if base not in known and base not in FIRST_PARTY:
            _log.warning(
                "%s switches off %r, and no installed backend is called so.%s",
                DISABLE,
                name,
                nearest(base, {*known, *FIRST_PARTY}),
            )


def find(name: str) -> Entry:
    """The claim that a name, or ``'name@distribution'``, stands for.

    Raises
    ------
    UnknownNameError
        If nobody claims it.
    BackendError
        If it is switched off, or several third parties claim it.

    Warns
    -----
    UserWarning
        If a first-party backend wins over others of its name.
    """
    claims = claimants(name, entries())
    if not claims:
        raise _unknown(name)
    enabled = [entry for entry in claims if not disabled(entry)]
    if not enabled:
        raise BackendError(
            f"backend {name!r} is switched off by {DISABLE}={os.environ[DISABLE]!r}. "
            "Take its name out of that environment variable to use it."
        )
    winner = preferred(enabled)
    if winner is None:
        raise BackendError(
            f"backend {name!r} is claimed by {_listed(enabled)}. "
            f"Say which: {' or '.join(repr(entry.qualified) for entry in enabled)}."
        )
    others = [entry for entry in enabled if entry is not winner]
    if others and winner.distribution:
        notice(
            f"backend {name!r} is claimed by {_listed(enabled)}; {winner.source} is used, which "
            f"the name belongs to. The other is {' or '.join(repr(e.qualified) for e in others)}."
        )
    return winner


def failure(entry: Entry) -> Problem | None:
    """What went wrong when the backend was last loaded, if anything did."""
    return _failures.get(entry)


def claimants(name: str, claims: list[Entry]) -> list[Entry]:
    """Those of the claims that a name, or ``'name@distribution'``, may mean."""
    base, _, distribution = name.partition("@")
    wanted = normalise(distribution)
    return [
        entry
        for entry in claims
        if entry.name == base and (not wanted or normalise(entry.distribution) == wanted)
    ]


def preferred(claims: list[Entry]) -> Entry | None:
    """The one that is meant: registered here, first-party, or alone."""
    registered = [entry for entry in claims if not entry.distribution]
    first = [entry for entry in claims if entry.first_party]
    return next(iter(registered or first or (claims if len(claims) == 1 else [])), None)


def _listed(claims: list[Entry]) -> str:
    return " and ".join(entry.source for entry in claims)


def _unknown(name: str) -> UnknownNameError:
    installed = available()
    base = name.partition("@")[0]
    known = list(dict.fromkeys([*installed, *FIRST_PARTY]))
    text = (
        f"No backend is called {name!r}."
        if base not in installed
        else (
            f"No distribution {name.partition('@')[2]!r} offers a backend {base!r}: "
            f"{_listed(claimants(base, entries()))} does."
        )
    )
    if base not in known:
        text += nearest(base, known)
    text += f" Installed: {', '.join(installed) or 'none'}."
    meant = base if base in FIRST_PARTY else _close(base)
    if meant and meant not in installed:
        text += f" To get {meant!r}: {installation([meant])}"
    elif base not in installed and not nearest(base, known):
        text += " Install the package that brings it, by its name or folder: pip install -e FOLDER"
    return UnknownNameError(text)


def _close(name: str) -> str:
    hint = nearest(name, FIRST_PARTY)
    return hint.partition("'")[2].partition("'")[0]


# --- instances ---------------------------------------------------------------


def load(name: str, /, **options: Any) -> Backend:
    """The backend of that name with those options, without making it active.

    The same name and options give the same object.

    Raises
    ------
    UnknownNameError, BackendError
        As `find`.
    BrokenBackendError
        If it is installed and does not load.
    OptionError, DeviceError
        For options that it does not have, or a device that is not there.
    """
    if not isinstance(name, str):
        raise UnknownNameError(
            f"a backend is chosen by its name, a string, not by {name!r}. "
            f"Installed: {', '.join(available())}."
        )
    entry, kind = _class_of(name)
    parsed = settle(parse(kind.Options, name, options), name, options, _settled.get(kind, {}))
    known = _instances.get((kind, parsed))
    return known if known is not None else _construct(name, entry, kind, parsed)


def _class_of(name: str) -> tuple[Entry, type[Backend]]:
    key = name, registered.get(name)  # another registration is another class
    known = _classes.get(key)
    if known is not None and not disabled(known[0]):
        return known
    with _lock:
        invalidate_caches()  # it may have been installed since the folders were last read
        entry = find(name)
        found = examine(entry)
        if isinstance(found, Problem):
            raise found.error(entry) from found.exception
        return _classes.setdefault(key, (entry, found))


def _construct(name: str, entry: Entry, kind: type[Backend], parsed: Any) -> Backend:
    with _lock:
        try:
            backend = kind(parsed)
        except FunFactError:
            raise
        except (Exception, SystemExit) as exc:
            _failures[entry] = problem = load_problem(entry, exc)
            raise problem.error(entry) from exc
        if not hasattr(backend, "xp"):
            raise Problem("broken", f"{kind.__name__}() sets no xp", authors(entry)).error(entry)
        _failures.pop(entry, None)  # it may have been mended since
        backend.name = name
        _settled.setdefault(
            kind, {option: getattr(backend.options, option) for option in kind.process_options}
        )
        # The instance may have put actual values for defaults: those are what tells it apart.
        known = _instances.setdefault((kind, backend.options), backend)
        return _instances.setdefault((kind, parsed), known)


def restore(name: str, options: dict[str, Any]) -> Backend:
    """What a pickled backend becomes."""
    return load(name, **options)
