"""Axes taken apart into finer ones, and tied to one another.

A dimension is a sequence of axes in row-major order. Two dimensions of one size agree
on finer axes where their strides, taken together, form a chain of divisors: 2·2·2 with
4·2, and 4·6 with 2·12, but not 2·3 with 3·2.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from operator import mul
from typing import TypeAlias

from funfact.compiler.ir import Axis

__all__ = ["Dim", "Refinement", "common_sizes"]

Dim: TypeAlias = tuple[Axis, ...]
"""The axes of a dimension, outermost first; those of size 1 count for nothing."""


def common_sizes(left: Sequence[int], right: Sequence[int]) -> tuple[int, ...] | None:
    """The coarsest sizes of which both sequences are products of neighbours; None without any.

    Examples
    --------
    >>> common_sizes([4, 6], [2, 12])
    (2, 2, 6)
    >>> common_sizes([2, 3], [3, 2]) is None
    True
    """
    strides = sorted({1, *accumulate(left[::-1], mul), *accumulate(right[::-1], mul)})
    if any(large % small for small, large in pairwise(strides)):
        return None
    return tuple(large // small for small, large in pairwise(strides))[::-1]


class Refinement:
    """What axes consist of, and which of them have become one; it grows as they are tied."""

    def __init__(self) -> None:
        self._parts: dict[Axis, Dim] = {}

    def atoms(self, dim: Dim) -> Dim:
        """The axes that `dim` consists of by now, without those of size 1."""
        found: list[Axis] = []
        todo = list(reversed(dim))
        while todo:
            axis = todo.pop()
            if axis in self._parts:
                todo.extend(reversed(self._parts[axis]))
            elif axis.size != 1:
                found.append(axis)
        return tuple(found)

    def align(self, left: Dim, right: Dim) -> bool:
        """Split the axes of both until they have the same sizes; False where none are common."""
        while True:
            a, b = self.atoms(left), self.atoms(right)
            sizes = common_sizes([axis.size for axis in a], [axis.size for axis in b])
            if sizes is None:
                return False
            if len(a) == len(b) == len(sizes):
                return True
            for dim in (a, b):  # an axis may stand in both, so another round may be due
                self._split(dim, sizes)

    def _split(self, dim: Dim, sizes: Sequence[int]) -> None:
        rest = iter(sizes)
        for axis in dim:
            parts = [next(rest)]
            size = parts[0]
            while size < axis.size:
                parts.append(next(rest))
                size *= parts[-1]
            if len(parts) > 1 and axis not in self._parts:
                self._parts[axis] = tuple(map(Axis, parts))

    def join(self, keep: Axis, drop: Axis) -> None:
        """Make two axes of one size the same axis."""
        (one,), (other,) = self.atoms((keep,)), self.atoms((drop,))
        if one is not other:
            self._parts[other] = (one,)

    def tie(self, left: Dim, right: Dim) -> bool:
        """Make two dimensions the same one; False, and nothing to go on with, where none can be.

        Examples
        --------
        >>> axes = Refinement()
        >>> eight, four, two = Axis(8), Axis(4), Axis(2)
        >>> axes.tie((eight,), (four, two))
        True
        >>> [axis.size for axis in axes.atoms((eight,))]
        [4, 2]
        """
        if not self.align(left, right):
            return False
        for keep, drop in zip(self.atoms(left), self.atoms(right), strict=True):
            self.join(keep, drop)
        return True
