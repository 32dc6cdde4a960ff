"""What is installed and in which state, and what to do about it.

Examples
--------
>>> status()['numpy'].state
'ready'
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import CapabilityError
from . import discovery
from .capabilities import Capability, declared
from .contract import Backend
from .entries import DISABLE, FIRST_PARTY, Entry, disabled, installation
from .problems import Problem, examine

__all__ = ["Status", "require", "status", "table"]


@dataclass(frozen=True)
class Status:
    """What is known of one name without loading its array library.

    `state` is ``'ready'`` (found, not imported), ``'broken'``,
    ``'incompatible'`` (with this version of the protocol), ``'ambiguous'`` (two
    claim the name) or ``'disabled'``.
    """

    name: str
    state: str
    distribution: str
    version: str
    capabilities: tuple[str, ...] = ()
    cause: str = ""
    remedy: str = ""


def status() -> dict[str, Status]:
    """The status of each name that an installed or registered backend claims."""
    claims: dict[str, list[Entry]] = {}
    for entry in discovery.entries():
        claims.setdefault(entry.name, []).append(entry)
    return {name: _status(name, entries) for name, entries in claims.items()}


def _status(name: str, claims: list[Entry]) -> Status:
    enabled = [entry for entry in claims if not disabled(entry)]
    if not enabled:
        remedy = f"Take {name} out of the environment variable {DISABLE}."
        return _of(claims, "disabled", cause=f"switched off by {DISABLE}", remedy=remedy)
    winner = discovery.preferred(enabled)
    ways = " or ".join(f"use({entry.qualified!r})" for entry in enabled if entry is not winner)
    if winner is None:
        return _of(enabled, "ambiguous", cause="two distributions claim it", remedy=f"Say {ways}.")
    found = discovery.failure(winner) or examine(winner)
    if isinstance(found, Problem):
        return _of([winner], found.state, cause=found.cause, remedy=found.remedy)
    remedy = f"Another claims the name too: {ways}." if ways else ""
    return _of([winner], "ready", capabilities=declared(found), remedy=remedy)


def _of(
    claims: list[Entry],
    state: str,
    *,
    capabilities: tuple[str, ...] = (),
    cause: str = "",
    remedy: str = "",
) -> Status:
    return Status(
        name=claims[0].name,
        state=state,
        distribution=", ".join(entry.distribution or "register_backend" for entry in claims),
        version=", ".join(entry.version or "-" for entry in claims),
        capabilities=capabilities,
        cause=cause,
        remedy=remedy,
    )


def table(statuses: Sequence[Status]) -> str:
    """The statuses as lines of text, one for each, with causes and remedies below."""
    head = ("backend", "state", "distribution", "version", "capabilities")
    rows = [head] + [
        (s.name, s.state, s.distribution, s.version, " ".join(s.capabilities) or "-")
        for s in statuses
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    for s in statuses:
        text = ". ".join(part.rstrip(".") for part in (s.cause, s.remedy) if part)
        if text:
            lines.append(f"{s.name}: {text}")
    if not statuses:
        lines.append(f"No backend is installed. To install one: {installation(FIRST_PARTY)}")
    return "\n".join(lines)


def require(backend: Backend, capability: type[Capability], purpose: str) -> None:
    """Raise `CapabilityError` unless a backend declares a capability.

    Parameters
    ----------
    backend : Backend
    capability : type
        Such as `Autodiff`.
    purpose : str
        What needs it, as the subject of a sentence: ``'fitting with Adam'``.

    Examples
    --------
    >>> from funfact.backends import Autodiff, load
    >>> require(load('numpy'), Autodiff, 'fitting with Adam')
    Traceback (most recent call last):
        ...
    funfact.errors.CapabilityError: fitting with Adam needs automatic differentiation, ...
    """
    if isinstance(backend, capability):
        return
    installed = status()
    able = [s.name for s in installed.values() if capability.__name__ in s.capabilities]
    if able:
        remedy = "Choose another: " + " or ".join(f"ff.use({name!r})" for name in able)
    else:
        complete = [name for name, known in FIRST_PARTY.items() if known.complete]
        absent = [name for name in complete if name not in installed]
        remedy = (
            f"Install one that has, then choose it with ff.use: {installation(absent)}"
            if absent
            else f"{' and '.join(complete)} have, and cannot be used here: "
            "python -m funfact.backends says why."
        )
    raise CapabilityError(
        f"{purpose} needs {capability.ability}, which {backend!r} does not have. {remedy}"
    )
