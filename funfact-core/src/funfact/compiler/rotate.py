"""An order of contraction, mended step by step.

An order is a tree of pairs. A pair of a pair, ``(x · a) · b``, can as well be
``x · (a · b)``: where x is large and a and b are small, it is then read once, not twice.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import TypeAlias

from funfact.compiler.order import TRAFFIC, Letters, Order, volume

__all__ = ["rotated"]


@dataclass(frozen=True, eq=False)
class _Sizes:
    """What is known of all operands: how often each axis stands, in the result too."""

    sizes: Sequence[int]
    standing: Counter[int]


@dataclass(frozen=True, eq=False)
class _Leaf:
    place: int
    axes: frozenset[int]
    inside: Counter[int]

    @property
    def cost(self) -> int:
        return 0


@dataclass(frozen=True, eq=False)
class _Pair:
    left: "_Tree"
    right: "_Tree"
    known: _Sizes

    @cached_property
    def inside(self) -> Counter[int]:
        return self.left.inside + self.right.inside

    @cached_property
    def axes(self) -> frozenset[int]:
        standing, inside = self.known.standing, self.inside
        return frozenset(a for a in self.left.axes | self.right.axes if standing[a] > inside[a])

    @cached_property
    def cost(self) -> int:
        """Of all steps below and this one, in the unit of `Plan.cost`."""
        every, sizes = self.left.axes | self.right.axes, self.known.sizes
        flops = volume(every, sizes) * (2 if len(self.axes) < len(every) else 1)
        traffic = sum(volume(x.axes, sizes) for x in (self.left, self.right, self))
        return self.left.cost + self.right.cost + flops + TRAFFIC * traffic


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
    known = _Sizes(sizes, Counter(axis for axes in (*operands, output) for axis in {*axes}))
    before, tree = inf, _mended_along(order, operands, known)
    while tree.cost < before:
        before, order = tree.cost, _order(tree, len(operands))
        tree = _mended_along(order, operands, known)
    return order


def _mended_along(order: Order, operands: Sequence[Letters], known: _Sizes) -> _Tree:
    """The tree of an order, each pair mended as it is made."""
    todo: list[_Tree] = [
        _Leaf(place, frozenset(axes), Counter({*axes})) for place, axes in enumerate(operands)
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
