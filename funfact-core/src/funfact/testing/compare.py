"""What an author reads when a test fails: the member, what it was given, expected and got.

Examples
--------
>>> same_value('ab.sum(x)', 3.0, 4.0, 1e-5)
Traceback (most recent call last):
    ...
AssertionError: ab.sum(x) is not what it should be
  expected: 4, to 1e-05
  got:      3
  contract: a function of the array API standard, with NumPy's meaning and conventions
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..backends import Backend
from ..backends import capabilities as known

__all__ = ["contract", "fault", "given", "same_value", "told"]

STANDARD = "a function of the array API standard, with NumPy's meaning and conventions"
SHOWN = 12  # elements of an array that are printed whole


def fault(what: str, *, expected: Any, got: Any, given: str = "") -> AssertionError:
    """The failure of a test, as it is printed.

    Parameters
    ----------
    what : str
        The call that went wrong, ``'ab.sum(x, axis=0)'``: the first word after ``ab.`` is the
        member whose contract is quoted.
    expected, got
        An array, or a text that says it.
    given : str
        The arguments.
    """
    lines = [f"{what} is not what it should be"]
    parts = (("given", given), ("expected", expected), ("got", got), ("contract", contract(what)))
    for word, part in parts:
        text = part if isinstance(part, str) else shown(part)
        if text:
            lines.append(f"  {word + ':':9} " + text.replace("\n", "\n            "))
    return AssertionError("\n".join(lines))


def contract(what: str) -> str:
    """What the contract says of the member that is called: its docstring without sections."""
    found = re.search(r"\bab\.(\w+)", what)
    if found is None:
        return ""
    for home in (Backend, *(getattr(known, name) for name in known.__all__)):
        documented = inspect.getdoc(vars(home).get(found[1])) if isinstance(home, type) else None
        if documented:
            return " ".join(re.split(r"\n\n\w+\n---", documented)[0].split())
    return STANDARD


def given(data: Mapping[str, Any]) -> str:
    """Arguments by name: ``x = float32 (2, 3)``."""
    return ", ".join(f"{name} = {shown(x)}" for name, x in data.items())


def shown(x: Any) -> str:
    """An array in a line: its values if they are few, else dtype and shape."""
    array = np.asarray(x)
    if array.ndim == 0:
        return f"{x:.7g}" if isinstance(x, (float, np.floating)) else str(x)
    kind = f"{array.dtype} {array.shape}"
    if array.size > SHOWN:
        return kind
    values = np.array2string(array, precision=6, separator=", ", max_line_width=10**6)
    return f"{kind} {re.sub(chr(92) + 's+', ' ', values)}"


@contextmanager
def told(what: str, given: str = "") -> Iterator[None]:
    """An exception that leaves the block says in which call it was raised."""
    try:
        yield
    except Exception as exc:
        says = contract(what)
        exc.add_note(f"in {what}" + (f", given {given}" if given else ""))
        if says:
            exc.add_note(f"contract: {says}")
        raise


def same_value(what: str, found: Any, expected: Any, bound: Any, given: str = "") -> None:
    """Equal in shape, and to `bound` in each element; NaN and infinity stand where expected.

    Raises
    ------
    AssertionError
        As `fault` words it, with the place of the largest difference.
    """
    __tracebackhide__ = True
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape:
        raise fault(
            what, given=given, expected=f"shape {expected.shape}", got=f"shape {found.shape}"
        )
    if found.size == 0:
        return
    with np.errstate(all="ignore"):
        wide = np.result_type(found, expected, np.int64)  # no difference of booleans is defined
        x, y = found.astype(wide), expected.astype(wide)
        error = np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0.0, np.abs(x - y))
    wrong = ~(error <= bound)
    if wrong.any():
        place = np.unravel_index(np.argmax(np.where(wrong, np.nan_to_num(error), -1)), error.shape)
        where = f" at {tuple(map(int, place))}" if place else ""
        much = (
            f"{shown(expected[place])}{where}, to {np.broadcast_to(bound, error.shape)[place]:.2g}"
        )
        small = expected.size <= SHOWN and expected.ndim
        raise fault(
            what,
            given=given,
            expected=f"{shown(expected)}: {much}" if small else much,
            got=f"{shown(found)}: {shown(found[place])}{where}"
            if small
            else f"{shown(found[place])}{where}",
        )
