"""A sum over ``x ± y`` times other things, as a sum over x and one over y."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from funfact.compiler.ir import PRODUCT, Axis, Const, Contract, Ir, Map, Term
from funfact.compiler.plan import cost

__all__ = ["distributed"]

_MOST = 8
"""Addends that are each multiplied by other things, at most."""


@dataclass(frozen=True, eq=False, slots=True)
class _Addend:
    """An operand of a sum, and whether it is taken away."""

    negative: bool
    term: Term


def distributed(node: Contract, uses: Counter[Ir]) -> Ir | None:
    """The contraction as a sum of contractions, None where that is not cheaper.

    Each addend is multiplied by what else stands in the contraction, and by the sizes of
    the summed axes that it lacks: a pairing with `+` never builds the pair. A sum that is
    used elsewhere too stays whole.

    Examples
    --------
    >>> from funfact.compiler.ir import Load
    >>> i, j, k = Axis(30), Axis(40), Axis(50)
    >>> x, y = Term(Load("x", (30, 50)), (i, k)), Term(Load("y", (40, 50)), (j, k))
    >>> pairs = Term(Map("add", (x, y), (i, j, k)), (i, j, k))
    >>> node = Contract(PRODUCT, (pairs, Term(Load("a", (50,)), (k,))), ((i,), (j,)))
    >>> [side.shape for side in distributed(node, Counter()).below]
    [(30,), (40,)]
    """
    for place, term in enumerate(node.terms):
        if not _is_sum(term.value) or uses[term.value] > 1:
            continue
        found, sums = _addends(term, uses)
        if len(found) > _MOST and len(node.terms) > 1:
            continue
        sides = [_side(node, place, addend) for addend in found]
        new = _added([addend.negative for addend in found], sides, node)
        if sum(map(cost, new)) < cost(node) + sum(map(cost, sums)):
            uses.update(t.value for t in node.terms if t is not term for _ in found[1:])
            return new[-1]
    return None


def _is_sum(value: Ir) -> bool:
    return isinstance(value, Map) and value.fn in ("add", "subtract")


def _addends(term: Term, uses: Counter[Ir]) -> tuple[list[_Addend], list[Map]]:
    """What ``x ± y ± …`` adds up, and its nodes. The first addend is never negative."""
    found: list[_Addend] = []
    nodes: list[Map] = []
    todo = [_Addend(False, term)]
    while todo:  # not recursive: a sum may be longer than Python's stack
        addend = todo.pop()
        value = addend.term.value
        if not isinstance(value, Map) or not _is_sum(value) or uses[value] > 1:
            found.append(addend)
            continue
        nodes.append(value)
        outside = dict(zip(value.axes, addend.term.axes, strict=True))
        left, right = (
            Term(t.value, tuple([outside[axis] if axis else None for axis in t.axes]))
            for t in value.terms
        )
        todo.append(_Addend(addend.negative != (value.fn == "subtract"), right))
        todo.append(_Addend(addend.negative, left))
    return found, nodes


def _side(node: Contract, place: int, addend: _Addend) -> tuple[complex, Term]:
    """`node` with `addend` as its operand at `place`: a number times a term.

    The value of the term is a contraction with axes of its own, or the number 1 if nothing
    is left to multiply.
    """
    number: complex = 1
    terms = [*node.terms[:place], addend.term, *node.terms[place + 1 :]]
    if isinstance(addend.term.value, Const) and addend.term.value.shape == ():
        number = addend.term.value.value
        del terms[place]
    carried = {axis for term in terms for axis in term.axes}
    output = [axis for group in node.output for axis in group]
    summed = {axis for term in node.terms for axis in term.axes if axis} - {*output}
    number *= prod(axis.size for axis in summed - carried)
    kept = tuple([axis for axis in output if axis in carried])
    return number, Term(_renamed(terms, kept) if terms else Const(1), kept)


def _renamed(terms: Sequence[Term], kept: Sequence[Axis]) -> Contract:
    own: dict[Axis, Axis] = {}

    def name(axis: Axis) -> Axis:
        return own.setdefault(axis, Axis(axis.size))

    renamed = tuple([Term(t.value, tuple([name(a) if a else None for a in t.axes])) for t in terms])
    return Contract(PRODUCT, renamed, tuple([(name(axis),) for axis in kept]))


def _added(
    negative: Sequence[bool], sides: Sequence[tuple[complex, Term]], node: Contract
) -> list[Ir]:
    """The nodes that add the sides up; the last is the sum, with the dimensions of `node`."""
    new: list[Ir] = [side.value for _, side in sides]
    terms = []
    for number, side in sides:
        terms.append(_times(number, side))
        new.append(terms[-1].value)
    found = terms[0]
    for minus, right in zip(negative[1:], terms[1:], strict=True):
        known = {*found.axes, *right.axes}
        axes = tuple([axis for group in node.output for axis in group if axis in known])
        found = Term(Map("subtract" if minus else "add", (found, right), axes), axes)
        new.append(found.value)
    if any(len(group) != 1 for group in node.output):
        new.append(Contract(PRODUCT, (found,), node.output))
    return list(dict.fromkeys(new))


def _times(number: complex, side: Term) -> Term:
    if number == 1:
        return side
    if isinstance(side.value, Const):
        return Term(Const(number * side.value.value), ())
    axes = tuple([Axis(size) for size in side.value.shape])
    operands = (Term(Const(number), ()), Term(side.value, axes))
    return Term(Map("multiply", operands, axes), side.axes)
