"""The class behind a claim, or what is wrong with it.

Nothing here imports an array library: whether one is there is asked of the
import system, and the class is read as a description.

Examples
--------
>>> examine(Entry('echo', 'no_such_module:EchoBackend', 'echo-arrays', '1.0')).cause
"loading no_such_module:EchoBackend raised ModuleNotFoundError: No module named 'no_such_module'"
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, is_dataclass
from functools import reduce
from importlib import import_module
from importlib.util import find_spec
from inspect import isabstract
from typing import Any

from ..errors import BrokenBackendError
from .contract import PROTOCOL, Backend
from .entries import Entry

__all__ = ["Problem", "authors", "examine", "load_problem"]


@dataclass(frozen=True)
class Problem:
    """Why a backend cannot be used: its state, the cause, and what to do."""

    state: str
    cause: str
    remedy: str
    exception: BaseException | None = None

    def error(self, entry: Entry) -> BrokenBackendError:
        """As an exception, which names the distribution, the cause and the remedy."""
        return BrokenBackendError(
            f"backend {entry.name!r} from {entry.source} is {self.state}: "
            f"{self.cause}. {self.remedy}"
        )


def examine(entry: Entry) -> type[Backend] | Problem:
    """The class behind a claim, without importing its array library, or what is wrong."""
    try:
        found = _resolve(entry.target)
    except (Exception, SystemExit) as exc:  # whatever a stranger's module does
        return load_problem(entry, exc)
    return _class_problem(entry, found) or found


def _resolve(target: str | type) -> Any:
    if isinstance(target, type):
        return target
    module, _, attribute = target.partition("[")[0].strip().partition(":")
    return reduce(getattr, attribute.split("."), import_module(module.strip()))


def load_problem(entry: Entry, exc: BaseException) -> Problem:
    """What an exception says that its module or its constructor raised."""
    target = entry.target if isinstance(entry.target, str) else entry.target.__name__
    cause = f"loading {target} raised {type(exc).__name__}: {exc}"
    top = target.partition(":")[0].partition(".")[0].strip()
    if isinstance(exc, ModuleNotFoundError) and exc.name == top and entry.editable:
        remedy = (
            "It is an editable install; one that is added while Python runs "
            "can be imported after a restart."
        )
    elif isinstance(exc, ModuleNotFoundError) and exc.name and exc.name != top:
        remedy = _installing(entry, [exc.name])
    elif entry.distribution:
        remedy = f"To install it anew: pip install --force-reinstall {entry.distribution}"
    else:
        remedy = "Mend that, or what register_backend was given."
    return Problem("broken", cause, remedy, exc)


def _class_problem(entry: Entry, found: Any) -> Problem | None:
    """What is wrong with what the entry names, or None."""
    if not (isinstance(found, type) and issubclass(found, Backend)):
        cause = f"{entry.target} is {found!r}, not a class derived from funfact's Backend"
        return Problem("broken", cause, authors(entry))
    protocol = getattr(found, "protocol", None)
    if protocol != PROTOCOL:
        older = not isinstance(protocol, int) or protocol < PROTOCOL
        behind = entry.distribution if older else "funfact-core"
        remedy = f"To update it: pip install --upgrade {behind}" if behind else authors(entry)
        stated = (
            "states no protocol" if protocol is None else f"is written for protocol {protocol!r}"
        )
        return Problem(
            "incompatible",
            f"{found.__name__} {stated}, and this funfact-core speaks protocol {PROTOCOL}",
            remedy,
        )
    if isabstract(found):
        lacks = ", ".join(sorted(found.__abstractmethods__))
        return Problem("broken", f"{found.__name__} lacks {lacks}", authors(entry))
    if not is_dataclass(found.Options):
        return Problem("broken", f"{found.__name__}.Options is not a dataclass", authors(entry))
    if isinstance(found.requires, str):
        cause = f"{found.__name__}.requires is {found.requires!r}, and a tuple of names is expected"
        return Problem("broken", cause, authors(entry))
    absent = [module for module in found.requires if not _importable(module)]
    if absent:
        cause = f"it needs {', '.join(absent)}, which is not installed"
        return Problem("broken", cause, _installing(entry, absent))
    return None


def _importable(module: str) -> bool:
    """Whether a top-level module is there, without importing it."""
    top = module.partition(".")[0]
    if top in sys.modules:
        return sys.modules[top] is not None
    return find_spec(top) is not None


def _installing(entry: Entry, modules: list[str]) -> str:
    """How to get modules: pip installs what a distribution requires and lacks."""
    if entry.distribution:
        return f"To install what it needs: pip install {entry.distribution}"
    tops = " ".join(dict.fromkeys(module.partition(".")[0] for module in modules))
    return f"To install it, if it is called there as its module is: pip install {tops}"


def authors(entry: Entry) -> str:
    """What to do about a class that is wrong."""
    if not entry.distribution:
        return "Give register_backend a complete backend class."
    return f"Tell its authors; to be rid of it: pip uninstall {entry.distribution}"
