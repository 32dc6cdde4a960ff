"""An order of contraction, mended step by step.

An order is a tree of pairs. A pair of a pair, ``(x · a) · b``, can as well be
``x · (a · b)``: where x is large and a and b are small, it is then read once, not twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, prod
from typing import TypeAlias

from funfact.compiler.order import TRAFFIC, Letters, Order

__all__ = ["rotated"]


@dataclass(frozen=True, eq=False)
class _Known:
    """The size of each axis, and who has it: a bit for each operand, one more for the result."""

    sizes: Sequence[int]
    holders: Mapping[int, int]


@dataclass(frozen=True, eq=False)
class _Leaf:
    place: int
    axes: frozenset[int]
    size: int
    cost: int = 0

    @property
    def inside(self) -> int:
        return 1 << self.place


@dataclass(frozen=True, eq=False)
class _Pair:
    left: "_Tree"
    right: "_Tree"
    known: _Known

    @cached_property
    def inside(self) -> int:
        return self.left.inside | self.right.inside

    @cached_property
    def every(self) -> frozenset[int]:
        return self.left.axes | self.right.axes

    @cached_property
    def axes(self) -> frozenset[int]:
        """Those that somebody outside has."""
        holders, inside = self.known.holders, self.inside
        return frozenset(axis for axis in self.every if holders[axis] & ~inside)

    @cached_property
    def size(self) -> int:
        sizes = self.known.sizes
        return prod([sizes[axis] for axis in self.axes])

    @cached_property
    def cost(self) -> int:
        """Of all steps below and this one, in the unit of `Plan.cost`."""
        left, right, sizes = self.left, self.right, self.known.sizes
        summed = len(self.axes) < len(self.every)
        flops = prod([sizes[axis] for axis in self.every]) * (2 if summed else 1)
        return left.cost + right.cost + flops + TRAFFIC * (left.size + right.size + self.size)


_Tree: TypeAlias = _Leaf | _Pair


def rotated(
    order: Order, operands: Sequence[Letters], output: Letters, sizes: Sequence[int]
) -> Order:
    """The order with pairs regrouped wherever that is cheaper, from the first steps on, and again
    as long as that helps: what the last steps became may leave the first ones something.

    Examples
    --------
    A large array and a small matrix for each of two of its axes:

    >>> sizes = [2] * 4 + [1000]
    >>> rotated([(0, 1), (0, 1)], [(0, 1, 4), (0, 2), (1, 3)], (2, 3, 4), sizes)
    [(1, 2), (0, 1)]
    """
    holders: dict[int, int] = {}
    for place, axes in enumerate((*operands, output)):
        for axis in axes:
            holders[axis] = holders.get(axis, 0) | 1 << place
    known = _Known(sizes, holders)
    before, tree = inf, _mended_along(order, operands, known)
    while tree.cost < before:
        before, order = tree.cost, _order(tree, len(operands))
        tree = _mended_along(order, operands, known)
    return order


def _mended_along(order: Order, operands: Sequence[Letters], known: _Known) -> _Tree:
    """The tree of an order, each pair mended as it is made."""
    todo: list[_Tree] = [
        _Leaf(place, frozenset(axes), prod([known.sizes[axis] for axis in {*axes}]))
        for place, axes in enumerate(operands)
    ]
    for step in order:
        left, right = (todo[place] for place in sorted(step))
        todo = [x for x in todo if x is not left and x is not right]
        todo.append(_mended(_Pair(left, right, known)))
    (tree,) = todo
    return tree


def _mended(pair: _Pair) -> _Pair:
    """The pair regrouped as long as that is cheaper."""
    while True:
        best = min(_regrouped(pair), key=lambda other: other.cost, default=pair)
        if best.cost >= pair.cost:
            return pair
        pair = best


def _regrouped(pair: _Pair) -> list[_Pair]:
    found = []
    for inner, other in ((pair.left, pair.right), (pair.right, pair.left)):
        if isinstance(inner, _Pair):
            for x, a in ((inner.left, inner.right), (inner.right, inner.left)):
                found.append(_Pair(x, _Pair(a, other, pair.known), pair.known))
    return found


def _order(tree: _Tree, count: int) -> Order:
    """The steps of a tree, operands first."""
    names: list[int] = list(range(count))
    order: Order = []
    made: dict[int, int] = {}
    todo: list[tuple[_Tree, bool]] = [(tree, False)]
    while todo:
        node, ready = todo.pop()
        if isinstance(node, _Leaf):
            made[id(node)] = node.place
        elif not ready:
            todo += [(node, True), (node.right, False), (node.left, False)]
        else:
            places = sorted(names.index(made[id(side)]) for side in (node.left, node.right))
            for place in reversed(places):
                del names[place]
            made[id(node)] = count + len(order)
            names.append(made[id(node)])
            order.append((places[0], places[1]))
    return order
