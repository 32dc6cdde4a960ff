"""A part of a table of cases, in which each value of each parameter still has its turn.

Marked ``@pytest.mark.thinned``, a test has all of its cases where they cost little, and this part
of them where each is programs of its own that take seconds to compile, unless ``--all-cases`` is
given; see tests/conftest.py.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import pytest

__all__ = ["kept", "thinned"]


def kept(items: Iterable[pytest.Item]) -> set[pytest.Item]:
    """Of tests that are marked, those that stay."""
    tables: dict[str, list[pytest.Item]] = {}
    for item in items:
        tables.setdefault(item.nodeid.partition("[")[0], []).append(item)
    found: set[pytest.Item] = set()
    for table in tables.values():
        (times,) = table[0].get_closest_marker("thinned").args or (1,)
        found |= {table[n] for n in thinned([*map(_row, table)], times)}
    return found


def _row(item: pytest.Item) -> tuple[tuple[int, ...], ...]:
    """What it has of each table of parameters, told by the objects themselves."""
    columns = [mark.args[0] for mark in item.iter_markers("parametrize")]
    names = [x.split(",") if isinstance(x, str) else x for x in columns]
    return tuple(tuple(id(item.callspec.params[n.strip()]) for n in x) for x in names)


def thinned(rows: Sequence[tuple[Any, ...]], times: int = 1) -> list[int]:
    """Which rows to keep, so that each value in each column is there so many times, or always.

    Values are there about as often as one another, and as many pairs of them as may be; which
    rows that are depends on the order of the rows alone.

    Examples
    --------
    >>> thinned([(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)])
    [0, 3, 4]
    """
    values = [{*enumerate(row)} for row in rows]
    pairs = [{*combinations(sorted(row), 2)} for row in values]
    there: Counter[tuple[int, Any]] = Counter()
    asked = {v: min(times, n) for v, n in Counter(v for row in values for v in row).items()}
    seen: set[Any] = set()
    found: list[int] = []

    def worth(n: int) -> tuple[int, int, int]:
        missing = sum(there[v] < asked[v] for v in values[n])
        return missing, -sum(there[v] for v in values[n]), len(pairs[n] - seen)

    while any(there[v] < asked[v] for v in asked):
        best = max((n for n in range(len(rows)) if n not in found), key=worth)
        found.append(best)
        there.update(values[best])
        seen |= pairs[best]
    return sorted(found)
