"""Which devices ``devices=`` asks for, checked: for backends that declare `Spread`.

Examples
--------
>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class Options:
...     device: str | None = None
...     devices: str | tuple[str, ...] | None = None
>>> there = {'gpu:0': 0, 'gpu:1': 1}
>>> chosen(Options(devices='all'), tuple(there), there.__getitem__)
[0, 1]
>>> chosen(Options(devices=('gpu:1',)), tuple(there), there.__getitem__)
[1]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ..errors import OptionError

__all__ = ["chosen"]

Device = TypeVar("Device")


def chosen(options: Any, every: Sequence[str], find: Callable[[str], Device]) -> list[Device]:
    """The library's devices that ``options.devices`` names, in that order.

    Parameters
    ----------
    options : an instance of the backend's options, whose `devices` is not None
    every : sequence of str
        What ``'all'`` stands for.
    find : callable
        From a name to a device; it raises `DeviceError` for one that is not there.

    Raises
    ------
    OptionError
        If there is a `device` besides, no name, another word than ``'all'``, or a device twice.
    """
    asked = options.devices
    if options.device is not None:
        raise OptionError(
            f"device={options.device!r} and devices={asked!r} are both given. One puts all on a "
            "device, the other spreads the replicas of a fit over several. Give one of them."
        )
    if isinstance(asked, str) and asked != "all":
        raise OptionError(
            f"devices={asked!r}: expected 'all' or a list of names. For one of them alone say "
            f"device={asked!r}."
        )
    names = list(every) if asked == "all" else list(asked)
    if not names:
        raise OptionError(
            f"devices={asked!r} names no device. Give at least one of {', '.join(every)}, or 'all'."
        )
    found: dict[Device, str] = {}
    for name in names:
        device = find(name)
        if device in found:
            raise OptionError(
                f"devices={list(names)!r} names one device twice: {found[device]!r} and {name!r}. "
                "Give each once."
            )
        found[device] = name
    return list(found)
