"""Pairings: one binary operation of an indexed operand with an indexed one or a number.

Every element of one side is paired with every element of the other; what both
sides share is then reduced, unless it is marked or the list after ``>>`` says
otherwise.
"""

from collections.abc import Sequence

from funfact.compiler.ir import (
    PRODUCT,
    Axis,
    Const,
    Contract,
    Ir,
    Map,
    Term,
)
from funfact.errors import IndexingError, NotationError, ShapeError
from funfact.language.indexing import complete, refuse_repeats, show
from funfact.language.meaning import Meaning, Pairing, replica_axes, term
from funfact.language.nodes import Index, Label, Mark, Node, Pair, Replica, To
from funfact.language.render.line import pointed

__all__ = ["pair", "pair_to", "pairing_of"]


def pair(node: Pair, pairing: Pairing) -> Meaning:
    """The pairing with the result indices it has by itself."""
    labels = _default(pairing)
    return Meaning(_build(node, pairing, labels), labels, _replicas(pairing), pairing)


def pair_to(node: To, pairing: Pairing) -> Meaning:
    """The pairing with the result indices that the list after ``>>`` names."""
    labels = complete(node.written, _default(pairing))
    refuse_repeats(node, labels)
    _refuse_marked_left_out(node, pairing, labels)
    return Meaning(_build(node, pairing, labels), labels, _replicas(pairing), pairing)


def _default(pairing: Pairing) -> tuple[Label, ...]:
    """Those only on the left, the shared ones that are marked, those only on the right."""
    left, right = pairing.left.labels or (), pairing.right.labels or ()
    on_left, on_right = ({label.index for label in side} for side in (left, right))
    shared = on_left & on_right
    marked = dict.fromkeys(
        label.index
        for label in (*left, *right)
        if label.index in shared and label.mark is not Mark.NONE
    )
    return (
        *(label for label in left if label.index not in shared),
        *(Label(index) for index in marked),
        *(label for label in right if label.index not in shared),
    )


def _refuse_marked_left_out(node: To, pairing: Pairing, labels: Sequence[Label]) -> None:
    listed = {label.index for label in labels}
    both = (*(pairing.left.labels or ()), *(pairing.right.labels or ()))
    for label in both:
        if label.mark is not Mark.NONE and label.index not in listed:
            raise IndexingError(
                f"index {show(node, label.index)} is marked {label.mark.value!r}, to stay, and the "
                f"list after `>>` leaves it out, to be reduced:\n{pointed(node, [label.index])}\n"
                "Take the mark away, or name the index in the list."
            )


def _replicas(pairing: Pairing) -> tuple[Replica, ...]:
    return tuple(replica_axes(pairing.left, pairing.right))


def _build(node: Node, pairing: Pairing, labels: Sequence[Label]) -> Ir:
    """The array of a pairing whose result has these indices."""
    left, right = _axes(node, pairing, labels)
    replicas = replica_axes(pairing.left, pairing.right)
    groups: list[tuple[Axis, ...]] = [(axis,) for axis in replicas.values()]
    for label in labels:
        sides = [side[label.index] for side in (left, right) if label.index in side]
        groups.append(tuple(dict.fromkeys(sides)))
    terms = (
        term(pairing.left, replicas, list(left.values())),
        term(pairing.right, replicas, list(right.values())),
    )
    every = dict.fromkeys((*replicas.values(), *left.values(), *right.values()))
    return _combine(pairing, terms, tuple(groups), tuple(every))


def _axes(
    node: Node, pairing: Pairing, labels: Sequence[Label]
) -> tuple[dict[Index, Axis], dict[Index, Axis]]:
    """An axis for each index of either side; a shared one is one object, a Kronecker one two."""
    listed = {label.index for label in labels}
    left, right = (
        {label.index: Axis(n) for label, n in zip(side.labels or (), side.shape, strict=True)}
        for side in (pairing.left, pairing.right)
    )
    for index in left.keys() & right.keys():
        if index in listed and pairing.kronecker(index):
            continue
        sizes = left[index].size, right[index].size
        if sizes[0] != sizes[1] and 1 not in sizes:
            raise ShapeError(
                f"index {show(node, index)} has size {sizes[0]} on the left and {sizes[1]} on the "
                f"right:\n{pointed(node, [index])}\n"
                "One index stands for one size, or 1. Rename one of the two indices, or change "
                "the shape of a tensor."
            )
        left[index] = right[index] = left[index] if sizes[1] == 1 else right[index]
    return left, right


def _combine(
    pairing: Pairing,
    terms: tuple[Term, Term],
    groups: tuple[tuple[Axis, ...], ...],
    every: tuple[Axis, ...],
) -> Ir:
    if pairing.semiring is not None:
        return Contract(pairing.semiring, terms, groups)
    op = pairing.op
    elementwise = len(groups) == len(every) and all(len(group) == 1 for group in groups)
    numbers = any(isinstance(t.value, Const) and not t.axes for t in terms)
    if op == "multiply" and not numbers:
        return Contract(PRODUCT, terms, groups)
    if op == "divide" and not numbers and not elementwise:
        # A sum of quotients is a sum of products with the reciprocal: a contraction.
        return Contract(PRODUCT, (terms[0], _reciprocal(terms[1])), groups)
    flat = [axis for group in groups for axis in group]
    axes = tuple(dict.fromkeys((*flat, *every)))
    paired = Map(op, terms, axes)
    return paired if elementwise else Contract(PRODUCT, (Term(paired, axes),), groups)


def _reciprocal(operand: Term) -> Term:
    axes = tuple(Axis(size) for size in operand.value.shape)
    one = Term(Const(1), ())
    return Term(Map("divide", (one, Term(operand.value, axes)), axes), operand.axes)


def pairing_of(node: Pair, left: Meaning, right: Meaning) -> Pairing | None:
    """What `node` pairs; None where it is elementwise, because no indices take part."""
    sides = (left, right)
    if node.semiring is not None:
        _refuse_unindexed(node, sides)
        return Pairing(node.op, left, right, node.semiring)
    if (left.indexed or right.indexed) and all(s.indexed or s.is_number for s in sides):
        return Pairing(node.op, left, right)
    return None


def _refuse_unindexed(node: Pair, sides: tuple[Meaning, Meaning]) -> None:
    for name, side in zip(("first", "second"), sides, strict=True):
        if not side.indexed:
            what = "a number" if side.is_number else f"a tensor of shape {side.shape}"
            raise NotationError(
                f"the {name} operand of {node.op} is {what} without indices:\n{pointed(node)}\n"
                f"A semiring pairs over shared indices. Index both operands: "
                f"{node.op}(x[i, j], y[j, k])."
            )
