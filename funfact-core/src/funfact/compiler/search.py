"""An order with few operations: of few operands by branch and bound, else opt_einsum's.

opt_einsum searches likewise among few. Here an operand's axes are the bits of an integer, not a set
of letters, which is quicker, and nothing is left behind: there a search is a function that refers
to itself, and so keeps all that it met until the garbage collector runs, some hundred KiB a fit.
"""

from collections.abc import Sequence
from itertools import combinations
from math import inf
from typing import TypeAlias

from funfact.compiler.tree import Known, Letters, Order

__all__ = ["searched"]

_ALL = 4
"""Operands up to which no order is left out; of the best it is the first as they are written."""

_WIDE, _FEW, _BRANCHES = 6, 8, 2
"""Operands up to which all pairs are followed, and those up to which so many are at each step."""

_WORSE = 4
"""What takes so many times the operations of the best with as many operands left is not followed,
unless none is to be left out."""

Found: TypeAlias = tuple[int, int, int, int, int]
"""How many elements more a pair makes than it takes, its operations, the places of the two, and the
axes of what they make: the least is the most promising."""


def searched(operands: Sequence[Letters], output: Letters, sizes: Sequence[int]) -> Order:
    """An order with few operations; of those with as many one whose largest result is smallest.

    Of up to four operands no order has fewer; of more not all are followed.

    Examples
    --------
    >>> searched([(0, 1), (1, 2), (2, 3), (3,)], (0,), (9, 9, 9, 9))
    [(2, 3), (1, 2), (0, 1)]
    """
    if len(operands) > _FEW:
        return _of_many(operands, output, sizes)
    return _Search(Known(operands, output, sizes)).order


def _of_many(operands: Sequence[Letters], output: Letters, sizes: Sequence[int]) -> Order:
    from opt_einsum import get_symbol  # which a model of few operands does without
    from opt_einsum.paths import auto

    symbols = [get_symbol(axis) for axis in range(len(sizes))]
    inputs = [frozenset([symbols[axis] for axis in axes]) for axes in operands]
    wanted = frozenset([symbols[axis] for axis in output])
    return list(auto(inputs, wanted, dict(zip(symbols, sizes, strict=True))))


class _Search:
    """Depth first; pairs that make little of much come before others."""

    def __init__(self, known: Known) -> None:
        count = len(known.operands)
        self.order: Order = []
        self._known, self._all = known, count <= _ALL
        self._branches = None if count <= _WIDE else _BRANCHES
        self._best = inf, inf
        self._fewest: dict[int, float] = {}
        self._follow(tuple(known.operands), 0, 0, ())

    def _follow(
        self, left: tuple[int, ...], flops: int, largest: int, order: tuple[tuple[int, int], ...]
    ) -> None:
        """From these operands on, by their axes, which so many operations have made."""
        if len(left) == 1:
            self.order, self._best = list(order), (flops, largest)
            return
        found = self._pairs(left, flops, largest, self._all)
        if not self._all:
            found = sorted(found or self._pairs(left, flops, largest, True))
        for _, work, a, b, axes in found[: self._branches]:
            rest = (*left[:a], *left[a + 1 : b], *left[b + 1 :], axes)
            most = max(largest, self._known.volume(axes))
            self._follow(rest, flops + work, most, (*order, (a, b)))

    def _pairs(self, left: tuple[int, ...], flops: int, largest: int, apart: bool) -> list[Found]:
        """Those that a better order may go on with; if `apart`, also such as share no axis."""
        volume, fewest = self._known.volume, self._fewest.get(len(left), inf)
        once = twice = thrice = 0  # the axes that so many have, the result among them
        for axes in (*left, self._known.output):
            thrice, twice, once = thrice | twice & axes, twice | once & axes, once | axes
        found = []
        for a, b in combinations(range(len(left)), 2):
            both, either = left[a] & left[b], left[a] | left[b]
            if not both and not apart:
                continue
            axes = both & thrice | (either ^ both) & twice  # those that another one has
            size = volume(axes)
            work = volume(either) * (2 if both & ~axes else 1)
            total = flops + work
            worth = self._all or total <= _WORSE * fewest
            if worth and (total, max(largest, size)) < self._best:
                fewest = min(fewest, total)
                found.append((size - volume(left[a]) - volume(left[b]), work, a, b, axes))
        self._fewest[len(left)] = fewest
        return found
