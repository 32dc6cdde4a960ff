"""A node and the meanings of its children give its meaning, or an error.

An operator calls `resolve` as the expression is written, in constant time, so
an error appears on the line that caused it and nothing is analysed again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from funfact.compiler import ir
from funfact.compiler.ir import PRODUCT, Axis, Const, Contract, Ir, Load, Map, Term
from funfact.errors import IndexingError, NotationError
from funfact.graph import fold
from funfact.language.dense import elementwise, kron, matmul
from funfact.language.indexing import attach, merge, rename, show, transpose
from funfact.language.literals import compute
from funfact.language.meaning import Meaning, replica_axes, term
from funfact.language.nodes import (
    Apply,
    Generate,
    Hole,
    Index,
    Indexed,
    Kron,
    Label,
    Matmul,
    Merge,
    Node,
    Number,
    Pair,
    Rename,
    Replicate,
    Special,
    Tensor,
    To,
)
from funfact.language.pairing import pair, pair_to, pairing_of
from funfact.language.render.line import line, pointed

__all__ = ["Outline", "outline", "resolve"]


@dataclass(frozen=True, eq=False, slots=True)
class Outline:
    """What is known of an expression before its holes are filled.

    Attributes
    ----------
    meaning : Meaning, or None
        If `open`, only its labels hold: sizes that are not known stand as 1, which goes
        with any size. None where not even the number of dimensions is known.
    open : bool
        Whether it has a hole.
    loose : bool
        Whether an index that the pairing at the top reduces may yet stay: what fills the
        hole can have it marked. Only a ``>>`` list right after it makes that sure.
    """

    meaning: Meaning | None
    open: bool = False
    loose: bool = False


def outline(node: Node, below: Sequence[Outline]) -> Outline:
    """`resolve`, as far as it is possible where a hole stands below."""
    if isinstance(node, Hole):
        return Outline(None, open=True)
    sure = [part for part in below if isinstance(node, To) or not part.loose]
    known = [part.meaning for part in sure if part.meaning is not None]
    if not any(part.open for part in below):
        return Outline(resolve(node, known))
    if isinstance(node, Replicate):
        raise NotationError(
            f"vectorize of an expression with a hole:\n{pointed(node)}\n"
            "Which tensors are to be independent is known when the hole is filled. "
            "Fill it first: vectorize(template @ expr, n)."
        )
    if isinstance(node, Indexed) and not known and ... not in node.written:
        sizes = (1,) * len(node.written)
        return Outline(attach(node, Meaning(Load(node.child, sizes), None)), open=True)
    if len(known) < len(node.below) or _needs_equal_sizes(node, known):
        return Outline(None, open=True)
    meaning = resolve(node, known)
    return Outline(meaning, open=True, loose=isinstance(node, Pair) and _reduces(meaning))


def _reduces(meaning: Meaning) -> bool:
    """Whether the pairing at the top leaves an index out."""
    pairing, kept = meaning.pairing, {label.index for label in meaning.labels or ()}
    sides = (pairing.left, pairing.right) if pairing else ()
    return any(label.index not in kept for side in sides for label in side.labels or ())


def _needs_equal_sizes(node: Node, below: Sequence[Meaning]) -> bool:
    """Whether sizes that are not known, and stand as 1, could be refused wrongly."""
    if isinstance(node, Indexed | Rename):
        indices = [entry.index for entry in node.written if isinstance(entry, Label)]
        if ... in node.written:
            indices += [label.index for label in below[0].labels or ()]
        return len({*indices}) < len(indices)
    return isinstance(node, Matmul) and not any(meaning.indexed for meaning in below)


def resolve(node: Node, below: Sequence[Meaning]) -> Meaning:
    """The meaning of `node`, whose children have the meanings `below`."""
    match node:
        case Tensor():
            return _tensor(node)
        case Number(value):
            return Meaning(Const(value), None)
        case Special(name, shape):
            fill = {"zeros": 0.0, "ones": 1.0, "eye": "eye"}[name]
            return Meaning(Const(fill, shape), None)
        case Hole():
            raise AssertionError("what has a hole has an outline, and no meaning yet")
        case Indexed():
            return attach(node, below[0])
        case Rename():
            return rename(node, below[0])
        case To():
            return _to(node, below[0])
        case Apply():
            return _apply(node, below[0])
        case Generate():
            return _generate(node, below[0])
        case Merge():
            return merge(node, below[0])
        case Pair():
            return _pair(node, below[0], below[1])
        case Matmul():
            return matmul(node, below[0], below[1])
        case Kron():
            return kron(node, below[0], below[1])
        case Replicate():
            return _replicate(node, below[0])
        case _:
            assert_never(node)


def _tensor(node: Tensor) -> Meaning:
    """Load the stored array and bring its replica axes to the front."""
    load = Load(node, node.full_shape, node.real)
    replicas = {replica: Axis(replica.size) for replica in node.replicas}
    stored = rest = [Axis(size) for size in node.shape]
    for replica in reversed(node.replicas):
        axis = replicas[replica]
        stored = [*stored, axis] if replica.append else [axis, *stored]
    front = [*replicas.values(), *rest]
    if stored == front:
        return Meaning(load, None, node.replicas)
    ir = Contract(PRODUCT, (Term(load, tuple(stored)),), tuple((axis,) for axis in front))
    return Meaning(ir, None, node.replicas)


def _apply(node: Apply, child: Meaning) -> Meaning:
    if child.is_number:
        return _number(node, [child])
    axes = tuple(Axis(size) for size in child.ir.shape)
    return Meaning(Map(node.fn, (Term(child.ir, axes),), axes), child.labels, child.replicas)


def _generate(node: Generate, child: Meaning) -> Meaning:
    if child.indexed:
        raise NotationError(
            f"the parameters of {node.name} have indices:\n{pointed(node)}\n"
            "A generator takes an array, whose dimensions have no names. Leave the indices out, "
            "and index what it makes."
        )
    made = ir.Apply(
        node.generator,
        child.ir,
        item=node.shape,
        lead=len(child.replicas),
        real=node.real,
        complex=node.complex,
        batched=node.batched,
    )
    return Meaning(made, None, child.replicas)


def _pair(node: Pair, left: Meaning, right: Meaning) -> Meaning:
    pairing = pairing_of(node, left, right)
    if pairing is not None:
        return pair(node, pairing)
    if left.is_number and right.is_number:
        return _number(node, [left, right])
    return elementwise(node, left, right)


def _number(node: Apply | Pair, operands: list[Meaning]) -> Meaning:
    """An operation of numbers is a number, computed at once."""
    values = [operand.ir.value for operand in operands if isinstance(operand.ir, Const)]
    name = node.op if isinstance(node, Pair) else node.fn
    return Meaning(Const(compute(name, values, line(node))), None)


def _to(node: To, child: Meaning) -> Meaning:
    if child.labels is None:
        raise IndexingError(
            f"`>>` on an expression without indices, of shape {child.shape}:\n{pointed(node)}\n"
            "Index it first: T[i, j] >> [j, i]. Python binds `*` and `+` tighter than `>>`, and "
            "`>>` tighter than `&`: set parentheses where you meant otherwise."
        )
    pairing = child.pairing if isinstance(node.child, Pair) else None
    sides = (pairing.left, pairing.right) if pairing else (child,)
    live = dict.fromkeys(label.index for side in sides for label in side.labels or ())
    for entry in node.written:
        if isinstance(entry, Label) and entry.index not in live:
            raise _unknown(node, entry.index, list(live))
    return pair_to(node, pairing) if pairing else transpose(node, child)


def _unknown(node: To, index: Index, live: list[Index]) -> IndexingError:
    have = ", ".join(show(node, one) for one in live) or "none"
    lost = _where_lost(node.child, index)
    if lost is not None:
        why = f"It was reduced earlier, by\n{pointed(lost, [index])}\n"
        what = "To keep it, mark it with `~` there, or name it in a `>>` list right after it."
    else:
        why = ""
        what = "An index is the object that ff.index made: two of the same name are two indices."
    return IndexingError(
        f"index {show(node, index)} after `>>` is not an index of the expression before it, "
        f"whose indices are {have}:\n{pointed(node, [index])}\n{why}{what}"
    )


def _where_lost(root: Node, index: Index) -> Node | None:
    """The last node below `root` that had `index` in an operand and not in its result."""
    lost: list[Node] = []

    def visit(node: Node, below: list[Outline]) -> Outline:
        result = outline(node, below)
        known = [part.meaning for part in below if part.meaning is not None]
        if result.meaning and _has(index, *known) and not _has(index, result.meaning):
            lost.append(node)
        return result

    fold(root, visit)
    return lost[-1] if lost else None


def _has(index: Index, *meanings: Meaning) -> bool:
    return any(label.index is index for m in meanings for label in m.labels or ())


def _replicate(node: Replicate, child: Meaning) -> Meaning:
    """The replica axis becomes a dimension like any other, first or last."""
    replica = node.replica
    outer = tuple(r for r in child.replicas if r is not replica)
    replicas = replica_axes(child)
    new = replicas.pop(replica, Axis(replica.size))
    rest = [Axis(size) for size in child.shape]
    order = (*replicas.values(), *([*rest, new] if replica.append else [new, *rest]))
    operand = term(child, {**replicas, replica: new}, rest)
    return Meaning(_spread(operand, new, order), None, outer)


def _spread(operand: Term, new: Axis, order: tuple[Axis, ...]) -> Ir:
    if operand.axes == order:
        return operand.value
    terms: tuple[Term, ...] = (operand,)
    if new not in operand.axes:  # nothing random below: every replica is the same
        terms = (operand, Term(Const(1.0, (new.size,)), (new,)))
    return Contract(PRODUCT, terms, tuple((axis,) for axis in order))
