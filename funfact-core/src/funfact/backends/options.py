"""Typed options of a backend: what ``ff.use(name, **options)`` takes.

Examples
--------
>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class Options:
...     device: str | None = None
>>> parse(Options, 'echo', {'device': 'cpu'})
Options(device='cpu')
>>> parse(Options, 'echo', {'devise': 'cpu'})
Traceback (most recent call last):
    ...
funfact.errors.OptionError: backend 'echo' has no option 'devise'. Did you mean 'device'? It takes \
device: str | None = None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, replace
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from ..errors import OptionError
from .notice import notice

__all__ = ["nearest", "parse", "settle"]


def parse(kind: type[Any], backend: str, given: Mapping[str, Any]) -> Any:
    """An instance of the options class `kind`, each value of the declared type.

    Raises
    ------
    OptionError
        For an option that does not exist, a wrong type, or a missing value.
    """
    known = {field.name: field for field in fields(kind)}
    for name in given:
        if name not in known:
            raise OptionError(
                f"backend {backend!r} has no option {name!r}.{nearest(name, known)} " + _takes(kind)
            )
    hints = get_type_hints(kind)
    # what is frozen and compared holds no lists
    given = {name: tuple(x) if isinstance(x, list) else x for name, x in given.items()}
    for name, value in given.items():
        if not _fits(value, hints[name]):
            raise OptionError(
                f"option {name!r} of backend {backend!r} cannot be {value!r}. " + _takes(kind)
            )
    missing = [name for name, field in known.items() if name not in given and _required(field)]
    if missing:
        raise OptionError(f"backend {backend!r} needs {', '.join(missing)}. " + _takes(kind))
    return kind(**given)


def settle(options: Any, backend: str, given: Mapping[str, Any], settled: Mapping[str, Any]) -> Any:
    """`options` with the values that hold for the process; a warning for each other one asked."""
    for name, value in settled.items():
        if given.get(name) not in (None, value):
            notice(
                f"option {name!r} of backend {backend!r} stays {value!r}: it holds for the whole "
                f"process since the backend was first loaded. For {given[name]!r}, start a new "
                f"process whose first use of the backend is "
                f"ff.use({backend!r}, {name}={given[name]!r})."
            )
    return replace(options, **settled) if settled else options


def nearest(name: str, known: Any) -> str:
    """`` Did you mean ...?`` with the closest known name, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _takes(kind: type[Any]) -> str:
    if not fields(kind):
        return "It takes no options."
    hints = get_type_hints(kind)
    return (
        "It takes "
        + ", ".join(_described(field, hints[field.name]) for field in fields(kind))
        + "."
    )


def _described(field: Field[Any], hint: Any) -> str:
    kind = hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)
    default = "" if field.default is MISSING else f" = {field.default!r}"
    return f"{field.name}: {kind}{default}"


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a plain type, or one of a union's; other hints are not checked."""
    if get_origin(hint) in (Union, UnionType):
        return any(_fits(value, member) for member in get_args(hint))
    if hint is None or hint is NoneType:
        return value is None
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(_fits(x, get_args(hint)[0]) for x in value)
    if not isinstance(hint, type) or get_origin(hint) is not None:
        return True
    if isinstance(value, bool):  # True is an int to Python, and not to people
        return hint in (bool, object)
    return isinstance(value, (int, float) if hint is float else hint)
