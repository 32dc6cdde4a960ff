"""Parts of a formula, put together with parentheses only where they are needed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from funfact.language.nodes import Index
from funfact.language.render.text import Text, text

__all__ = [
    "ADD",
    "ATOM",
    "BIG",
    "FACTOR",
    "KRON",
    "MINUS",
    "TIMES",
    "Formula",
    "atom",
    "base",
    "closed",
    "fraction",
    "infix",
    "minus",
    "plus",
    "power",
    "prefixed",
    "reduced",
    "times",
]

# How tightly the parts of a formula hold together, weakest first: sums, a minus in
# front, big operators, products with a sign, products without, factors that are no
# base of a power (a fraction, a power), and the rest.
ADD, MINUS, BIG, KRON, TIMES, FACTOR, ATOM = range(7)


@dataclass(frozen=True, eq=False)
class Formula:
    """A part of a formula.

    Attributes
    ----------
    body : Text
    order : tuple of Index
        The free indices, in the order in which they are first read.
    sums : mapping of Index to str
        Over what `body`, a product, is summed. The sign is not yet in front, so that
        a product of sums can be one sum of products.
    op : str
        What stands at the top, where parentheses depend on it: a sign, ``'_'`` for a
        subscript, ``'_^'`` for both, ``'sum'`` for minus a sum.
    """

    body: Text
    order: tuple[Index, ...] = ()
    sums: Mapping[Index, str] = field(default_factory=dict)
    op: str = ""


def atom(*parts: str | Text, order: tuple[Index, ...] = (), op: str = "") -> Formula:
    return Formula(text(ATOM, *parts), order, op=op)


def closed(part: Formula) -> Formula:
    """With its sum in front."""
    return prefixed(r"\sum", part.sums, part) if part.sums else part


def prefixed(sign: str, below: Mapping[Index, str], part: Formula) -> Formula:
    """A big operator in front of a product."""
    body = text(BIG, f"{sign}_{{{','.join(below.values())}}} ", _within(part.body, TIMES))
    return Formula(body, _free(part, below))


def reduced(part: Formula, over: Mapping[Index, str]) -> Formula:
    """Summed over some of its free indices, the sign to come."""
    if not over:
        return part
    body = _within(part.body, TIMES)
    return Formula(body, _free(part, over), {**part.sums, **over}, part.op)


def times(left: Formula, right: Formula) -> Formula:
    """Side by side; sums go in front of the product where no index would be caught by one."""
    if any(index in left.sums for index in right.order):
        left = closed(left)
    if any(index in left.sums or index in left.order for index in right.sums):
        right = closed(right)
    sums = {**left.sums, **right.sums} if right.sums else left.sums
    negative = left.body.strength == MINUS and left.op != "sum"
    first = left.body if negative else _within(left.body, TIMES)
    second = _within(right.body, TIMES)
    sign = r" \cdot " if _first(second).isdigit() else " "
    strength = min(TIMES, first.strength)
    return Formula(text(strength, first, sign, second), _union(left, right), sums)


def plus(sign: str, left: Formula, right: Formula) -> Formula:
    left, right = closed(left), closed(right)
    second = right.body
    if sign != "+" or _first(second) == "-":
        second = _within(second, BIG)
    return Formula(text(ADD, left.body, f" {sign} ", second), _union(left, right))


def infix(sign: str, left: Formula, right: Formula) -> Formula:
    """A product with a sign; only chains of the same sign do without parentheses."""
    left, right = closed(left), closed(right)
    first = left.body if left.op == sign else _within(left.body, TIMES)
    body = text(KRON, first, f" {sign} ", _within(right.body, TIMES))
    return Formula(body, _union(left, right), op=sign)


def fraction(left: Formula, right: Formula) -> Formula:
    left, right = closed(left), closed(right)
    body = text(FACTOR, r"\frac{", left.body, "}{", right.body, "}")
    return Formula(body, _union(left, right))


def power(left: Formula, right: Formula, how: str = "") -> Formula:
    left, right = closed(left), closed(right)
    lower = base(left, "^").body
    body = text(FACTOR, lower, f"^{{{how}", right.body, "}")
    return Formula(body, _union(left, right))


def minus(part: Formula) -> Formula:
    # A sum at the end of it would reach over what follows.
    part = closed(part)
    op = "sum" if part.body.strength == BIG else ""
    return Formula(text(MINUS, "-", _within(part.body, BIG)), part.order, op=op)


def base(part: Formula, script: str = "_") -> Formula:
    """As what a subscript, or a superscript, is set on: TeX takes one of each."""
    part = closed(part)
    if script in part.op:
        return replace(part, body=text(ATOM, "{", part.body, "}"), op="")
    return replace(part, body=_within(part.body, ATOM), op="")


def _within(part: Text, at_least: int) -> Text:
    """In parentheses if it holds together less tightly than that."""
    if part.strength >= at_least:
        return part
    return text(ATOM, r"\left(", part, r"\right)")


def _first(part: Text) -> str:
    """The first character."""
    piece: str | Text = part
    while isinstance(piece, Text):
        piece = next(p for p in piece.parts if isinstance(p, Text) or p)
    return piece[0]


def _free(part: Formula, bound: Mapping[Index, str]) -> tuple[Index, ...]:
    return tuple(index for index in part.order if index not in bound)


def _union(left: Formula, right: Formula) -> tuple[Index, ...]:
    return tuple(dict.fromkeys((*left.order, *right.order)))
