"""What depends on constants and data alone, apart from what changes at every step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod

from funfact.compiler.ir import PRODUCT, Apply, Axis, Contract, Ir, Load, Term, with_operands
from funfact.compiler.plan import TRAFFIC, cost, plan
from funfact.graph import fold, postorder

__all__ = ["Hoisted", "hoist"]


@dataclass(frozen=True, eq=False, slots=True)
class Hoisted:
    """An expression in two halves.

    Attributes
    ----------
    parts : tuple of Ir
        What can be computed once. None of them holds another.
    loads : tuple of Load
        What stands for each part in `rest`; its key is an object of its own.
    rest : Ir
        The expression, given the values of the parts.
    """

    parts: tuple[Ir, ...]
    loads: tuple[Load, ...]
    rest: Ir


def hoist(root: Ir, keys: Iterable[object] = ()) -> Hoisted:
    """Take out what depends on constants and on the leaves of `keys` alone.

    It is taken out where the array to be kept is no larger than what went in, or where
    computing it takes longer than reading it; else an outer product of two vectors would
    be kept as a matrix. In a contraction, fixed operands that share an axis are multiplied
    beforehand where the planned cost of the rest falls.

    Parameters
    ----------
    root : Ir
        Fused as a rule.
    keys : iterable of objects
        The keys of `Load` nodes whose values stay the same: data.

    Examples
    --------
    >>> i, j, k = Axis(10), Axis(20), Axis(10)
    >>> a, b, x = Load("a", (10, 20)), Load("b", (20, 10)), Load("x", (10,))
    >>> terms = (Term(a, (i, j)), Term(b, (j, k)), Term(x, (k,)))
    >>> found = hoist(Contract(PRODUCT, terms, ((i,),)), ["a", "b"])
    >>> [part.shape for part in found.parts], len(found.rest.terms)
    ([(10, 10)], 2)
    """
    constant = {id(key) for key in keys}
    root = _grouped(root, constant)
    chosen: dict[Ir, Load] = {}
    wanted, kept = {root}, _fixed(root, constant) & _worth(root)
    for node in reversed(postorder(root)):
        if node not in wanted:
            continue
        if node in kept:
            chosen[node] = Load(object(), node.shape)
        else:
            wanted.update(node.below)

    def visit(node: Ir, below: list[Ir]) -> Ir:
        return chosen[node] if node in chosen else with_operands(node, below)

    return Hoisted(tuple(chosen), tuple(chosen.values()), fold(root, visit))


def _fixed(root: Ir, constant: set[int]) -> set[Ir]:
    """The nodes that depend on constants alone; numbers without dimensions are among them."""
    fixed: set[Ir] = set()
    for node in postorder(root):
        known = id(node.key) in constant if isinstance(node, Load) else True
        if known and fixed.issuperset(node.below):
            fixed.add(node)
    return fixed


def _worth(root: Ir) -> set[Ir]:
    """The nodes that are better kept than computed again."""
    worth: set[Ir] = set()

    def visit(node: Ir, below: list[tuple[int, int]]) -> tuple[int, int]:
        size = prod(node.shape)
        if not node.below:
            return size, 0
        given = sum(size for size, _ in below)
        # What a user's function takes is not known: more than reading what it made.
        spent = cost(node) + sum(spent for _, spent in below)
        if isinstance(node, Apply):
            spent += 3 * TRAFFIC * size
        if size <= given or spent > 2 * TRAFFIC * size:
            worth.add(node)
        return given, spent

    fold(root, visit)
    return worth


def _grouped(root: Ir, constant: set[int]) -> Ir:
    """Fixed operands of a contraction that belong together, as one operand."""
    fixed: set[Ir] = set()

    def visit(node: Ir, below: list[Ir]) -> Ir:
        new = with_operands(node, below)
        if isinstance(new, Contract) and new.semiring == PRODUCT:
            for group in _neighbours([t for t in new.terms if t.value in fixed]):
                new = _contracted(new, group)
        known = id(new.key) in constant if isinstance(new, Load) else True
        if known and fixed.issuperset(new.below):
            fixed.add(new)
        return new

    return fold(root, visit)


def _neighbours(terms: Sequence[Term]) -> list[list[Term]]:
    """Terms that hang together by the axes that they share."""
    groups: list[tuple[set[Axis | None], list[Term]]] = []
    for term in terms:
        axes: set[Axis | None] = {*term.axes} - {None}
        joined = [term]
        for group in [g for g in groups if g[0] & axes]:
            groups.remove(group)
            axes |= group[0]
            joined = group[1] + joined
        groups.append((axes, joined))
    return [joined for _, joined in groups]


def _contracted(node: Contract, group: Sequence[Term]) -> Contract:
    """`node` with the terms of a group multiplied first, where that leaves less to do."""
    others = [term for term in node.terms if term not in group]
    if not others:
        return node
    needed = {axis for dim in node.output for axis in dim} | {a for t in others for a in t.axes}
    own = {axis: Axis(axis.size) for term in group for axis in term.axes if axis}
    kept = tuple([axis for axis in own if axis in needed])
    if len(group) == 1 and len(kept) == len(own) == len(group[0].axes):
        return node
    terms = tuple([Term(t.value, tuple([own[a] if a else None for a in t.axes])) for t in group])
    inner = Contract(PRODUCT, terms, tuple([(own[axis],) for axis in kept]))
    new = replace(node, terms=(Term(inner, kept), *others))
    given = sum(prod(term.value.shape) for term in group)
    small = prod(inner.shape) <= max(given, prod(node.shape))
    return new if small and plan(new).cost < plan(node).cost else node
