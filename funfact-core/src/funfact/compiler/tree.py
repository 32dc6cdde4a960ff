"""An order of contraction as a tree of pairs, and what it costs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TypeAlias

__all__ = [
    "TRAFFIC",
    "Known",
    "Letters",
    "Order",
    "Pair",
    "Tree",
    "leaves",
    "order_of",
    "volume",
]

Letters: TypeAlias = tuple[int, ...]
"""The axes of an operand, numbered as they first appear in the contraction."""

Order: TypeAlias = list[tuple[int, ...]]

TRAFFIC = 16
"""Flops of a large matrix product in the time in which one number is read or written:
measured at 10 to 20 on processors, and more on accelerators."""


@dataclass(frozen=True, eq=False)
class Known:
    """The size of each axis, and who has it: a bit for each operand, one more for the result."""

    sizes: Sequence[int]
    holders: Mapping[int, int]


@dataclass(frozen=True, eq=False)
class Leaf:
    """An operand, at its place among them."""

    place: int
    axes: frozenset[int]
    size: int
    cost: int = 0

    @property
    def inside(self) -> int:
        return 1 << self.place


@dataclass(frozen=True, eq=False)
class Pair:
    """What two of them make."""

    left: "Tree"
    right: "Tree"
    known: Known

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


Tree: TypeAlias = Leaf | Pair


def leaves(
    operands: Sequence[Letters], output: Letters, sizes: Sequence[int]
) -> tuple[list[Tree], Known]:
    """The operands, and what is known of their axes."""
    holders: dict[int, int] = {}
    for place, axes in enumerate((*operands, output)):
        for axis in axes:
            holders[axis] = holders.get(axis, 0) | 1 << place
    found: list[Tree] = [
        Leaf(place, frozenset(axes), volume(axes, sizes)) for place, axes in enumerate(operands)
    ]
    return found, Known(sizes, holders)


def order_of(tree: Tree, count: int) -> Order:
    """The steps of a tree, operands first."""
    names: list[int] = list(range(count))
    order: Order = []
    made: dict[int, int] = {}
    todo: list[tuple[Tree, bool]] = [(tree, False)]
    while todo:
        node, ready = todo.pop()
        if isinstance(node, Leaf):
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


def volume(axes: Iterable[int], sizes: Sequence[int]) -> int:
    """How many elements an array along these axes has."""
    return prod([sizes[axis] for axis in {*axes}])  # a list is quicker than a generator
