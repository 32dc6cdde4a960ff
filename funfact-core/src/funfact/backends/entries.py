"""Which backends are installed: what the metadata of distributions says.

Nothing is imported to find out. Each distribution is read on its own, so that
one with malformed metadata hides no other.

Examples
--------
>>> normalise('Funfact_Backend.NumPy')
'funfact-backend-numpy'
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = [
    "DISABLE",
    "FIRST_PARTY",
    "GROUP",
    "Entry",
    "FirstParty",
    "disabled",
    "installation",
    "normalise",
    "scan",
]

GROUP = "funfact.backends"
DISABLE = "FUNFACT_DISABLE_BACKENDS"


@dataclass(frozen=True)
class FirstParty:
    """The distribution to install for a name, and whether it declares every capability."""

    distribution: str
    complete: bool


FIRST_PARTY = {
    "jax": FirstParty("funfact-backend-jax", complete=True),
    "torch": FirstParty("funfact-backend-torch", complete=True),
    "numpy": FirstParty("funfact-backend-numpy", complete=False),
}
"""The names in order of preference, and installation hints; no branch depends on a name."""
_log = logging.getLogger("funfact")


@dataclass(frozen=True)
class Entry:
    """One claim to one name.

    `target` is where the class is, ``'module:Class'``, or the class itself;
    `distribution` is empty for what was registered at run time.
    """

    name: str
    target: str | type
    distribution: str = ""
    version: str = ""
    editable: bool = False

    @property
    def source(self) -> str:
        """Where the claim comes from, for people."""
        if not self.distribution:
            return "register_backend"
        return f"{self.distribution} {self.version}"

    @property
    def qualified(self) -> str:
        """The name that means this claim and no other."""
        return f"{self.name}@{self.distribution}" if self.distribution else self.name

    @property
    def first_party(self) -> bool:
        """Whether the name belongs to this distribution."""
        known = FIRST_PARTY.get(self.name)
        return known is not None and known.distribution == normalise(self.distribution)


def normalise(distribution: str) -> str:
    """The spelling under which distribution names are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def installation(names: Iterable[str]) -> str:
    """The commands that install first-party backends: ``pip install A or pip install B``."""
    return " or ".join(f"pip install {FIRST_PARTY[name].distribution}" for name in names)


def disabled(entry: Entry) -> bool:
    """Whether ``FUNFACT_DISABLE_BACKENDS`` switches it off, by name or qualified name."""
    names = {name.strip() for name in os.environ.get(DISABLE, "").split(",")}
    return entry.name in names or entry.qualified in names


def scan() -> list[Entry]:
    """All installed claims, by name and distribution; one for each such pair.

    An editable install beside a stale ``dist-info`` makes two of the same. The
    one in the first folder of ``sys.path`` counts, as it does for imports; in
    one folder the higher version.
    """
    from importlib_metadata import distributions  # costs a fifth of importing NumPy

    best: dict[tuple[str, str], tuple[tuple[int, ...], Entry]] = {}
    folders: dict[str, int] = {}
    for distribution in distributions():
        for entry in _guarded(distribution):
            folder = str(distribution.locate_file(""))
            rank = (-folders.setdefault(folder, len(folders)), *_numbers(entry.version))
            key = entry.name, normalise(entry.distribution)
            if key not in best or best[key][0] < rank:
                best[key] = rank, entry
    return [best[key][1] for key in sorted(best)]


def _guarded(distribution: Any) -> list[Entry]:
    try:
        # Parsing all entry points of all distributions would be slow, and raise for any malformed.
        if GROUP not in (distribution.read_text("entry_points.txt") or ""):
            return []
        return list(_claims(distribution))
    except Exception as exc:  # whatever is wrong with one distribution stays with it
        _complain(str(distribution.locate_file("")), f"{type(exc).__name__}: {exc}")
        return []


def _claims(distribution: Any) -> Iterator[Entry]:
    name, version = distribution.metadata["Name"], distribution.version
    if not name:
        raise ValueError("its METADATA has no Name")
    editable = '"editable": true' in (distribution.read_text("direct_url.json") or "")
    for point in distribution.entry_points:
        if point.group == GROUP:
            yield Entry(point.name, point.value, name, version, editable)


@cache
def _complain(folder: str, cause: str) -> None:
    """Once for each, since every listing scans again."""
    _log.warning(
        "A distribution in %s offers a FunFact backend and its metadata cannot be read (%s). "
        "It is left out. Reinstall it, or remove its dist-info folder.",
        folder,
        cause,
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", version))
