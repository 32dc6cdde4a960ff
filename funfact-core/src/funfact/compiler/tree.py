"""An order of contraction as a tree of pairs, and what it costs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

__all__ = [
    "TRAFFIC",
    "Known",
    "Leaf",
    "Letters",
    "Order",
    "Pair",
    "Tree",
    "leaves",
    "order_of",
    "pair",
    "volume",
]

Letters: TypeAlias = tuple[int, ...]
"""The axes of an operand, numbered as they first appear in the contraction."""

Order: TypeAlias = list[tuple[int, ...]]

TRAFFIC = 16
"""Flops of a large matrix product in the time in which one number is read or written:
measured at 10 to 20 on processors, and more on accelerators."""


class Known:
    """What all trees of a contraction look up; operands and axes are bits of integers.

    Parameters
    ----------
    operands, output : axes
        Of each operand, and of the result.
    sizes : sequence of int
        Of each axis.
    """

    def __init__(self, operands: Sequence[Letters], output: Letters, sizes: Sequence[int]) -> None:
        self.operands, self.output = [_bits(axes) for axes in operands], _bits(output)
        self._sizes = sizes
        self._outside: dict[int, int] = {}
        self._volumes: dict[int, int] = {}

    def outside(self, inside: int) -> int:
        """The axes of the result and of all operands but those inside."""
        if inside not in self._outside:
            found = self.output
            for place, axes in enumerate(self.operands):
                if not inside >> place & 1:
                    found |= axes
            self._outside[inside] = found
        return self._outside[inside]

    def volume(self, axes: int) -> int:
        """How many elements an array along these axes has."""
        if axes not in self._volumes:
            sizes = [size for axis, size in enumerate(self._sizes) if axes >> axis & 1]
            self._volumes[axes] = prod(sizes)
        return self._volumes[axes]


def _bits(axes: Iterable[int]) -> int:
    return sum([1 << axis for axis in {*axes}])


@dataclass(frozen=True, eq=False, slots=True)
class Leaf:
    """An operand, at its place among them."""

    place: int
    inside: int
    axes: int
    size: int
    cost: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """What two trees make.

    Attributes
    ----------
    left, right : Tree
    inside : int
        The operands of both.
    axes : int
        Those that somebody outside has.
    size : int
        Elements of what is made.
    cost : int
        Of all steps, in the unit of `Plan.cost`.
    """

    left: "Tree"
    right: "Tree"
    inside: int
    axes: int
    size: int
    cost: int


Tree: TypeAlias = Leaf | Pair


def leaves(known: Known) -> list[Tree]:
    """The operands."""
    return [
        Leaf(place, 1 << place, axes, known.volume(axes))
        for place, axes in enumerate(known.operands)
    ]


def pair(left: Tree, right: Tree, known: Known) -> Pair:
    """Two trees made one."""
    inside, every = left.inside | right.inside, left.axes | right.axes
    axes = every & known.outside(inside)
    size = known.volume(axes)
    flops = known.volume(every) * (1 if axes == every else 2)
    traffic = left.size + right.size + size
    cost = left.cost + right.cost + flops + TRAFFIC * traffic
    return Pair(left, right, inside, axes, size, cost)


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
