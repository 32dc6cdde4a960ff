"""Products that the equations of several factors have in common, made once.

While the factors of a group are solved for, one after the other, all others stand still: what
contracts these with the target (and with themselves) is a half product. In two groups, the
factors of a CP model of order four need the target twice instead of four times.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TypeAlias

from funfact.compiler.expand import loads
from funfact.compiler.ir import PRODUCT, Axis, Contract, Ir, Load, Map, Term
from funfact.compiler.plan import plan
from funfact.fit.solvers.normal import Block, Normal

__all__ = ["Group", "grouped"]

_WORTH = 0.9
"""Of the operations without groups: what groups must save to be made."""

Halves: TypeAlias = dict[object, tuple[Load, Contract]]
"""By what they are made of: the leaf that stands for a half product, and how it is made."""


@dataclass(frozen=True, eq=False)
class Group:
    """Factors that are solved for in turn, and what of their equations is made before.

    Attributes
    ----------
    halves : tuple of pairs
        The leaf that stands for a half product in the equations, and how it is made.
    members : tuple of Normal
    """

    halves: tuple[tuple[Load, Contract], ...]
    members: tuple[Normal, ...]

    @property
    def flops(self) -> int:
        made = sum(plan(node).flops for _, node in self.halves)
        return made + sum(normal.flops for normal in self.members)


def grouped(normals: Sequence[Normal]) -> tuple[Group, ...]:
    """The factors in one group without half products, or two with them, whichever is cheaper."""
    whole = (Group((), tuple(normals)),)
    splits = [
        (_group(normals[:n], normals[n:]), _group(normals[n:], normals[:n]))
        for n in range(1, len(normals))
    ]
    best = min(splits, key=_flops, default=whole)
    return best if _flops(best) < _WORTH * _flops(whole) else whole


def _flops(groups: Sequence[Group]) -> int:
    return sum(group.flops for group in groups)


def _group(members: Sequence[Normal], others: Sequence[Normal]) -> Group:
    """A group whose half products hold none of its members."""
    moving = {id(normal.load.key) for normal in members}
    halves: Halves = {}
    found = [
        replace(
            normal,
            right=_halved(normal.right, moving, halves),
            blocks=tuple(
                Block(block.batch, block.summed, _halved(block.gram, moving, halves))
                for block in normal.blocks
            ),
        )
        for normal in members
    ]
    return Group(tuple(halves.values()), tuple(found))


def _halved(node: Ir, moving: set[int], halves: Halves) -> Ir:
    """A contraction over the half product of what stands still; itself if there is little."""
    if not isinstance(node, Contract):
        return node
    still = [t for t in node.terms if not any(id(key) in moving for key in loads(t.value))]
    rest = [t for t in node.terms if t not in still]
    if len(still) < 2 or not rest:
        return node
    needed = {axis for group in node.output for axis in group}
    needed |= {axis for term in rest for axis in term.axes if axis is not None}
    largest = max(still, key=lambda term: prod(term.value.shape))
    order = dict.fromkeys(axis for term in (largest, *still) for axis in term.axes)
    axes = tuple(axis for axis in order if axis is not None and axis in needed)
    size = prod(axis.size for axis in axes)
    if size > 2 * max(plan(node).largest, prod(largest.value.shape)):
        return node
    made = Contract(PRODUCT, tuple(still), tuple((axis,) for axis in axes))
    load, _ = halves.setdefault(_content(made), (Load(object(), made.shape), made))
    return Contract(PRODUCT, (Term(load, axes), *rest), node.output)


def _content(node: Contract) -> object:
    """Equal for contractions of the same leaves in the same way."""
    number: dict[Axis | None, int] = {}
    terms = tuple(
        (_leaf(term.value), tuple(number.setdefault(axis, len(number)) for axis in term.axes))
        for term in node.terms
    )
    return terms, tuple(number[group[0]] for group in node.output)


def _leaf(value: Ir) -> object:
    match value:
        case Load(key):
            return id(key)
        case Map(fn, (term,)):
            return fn, _leaf(term.value)
        case _:
            return id(value)
