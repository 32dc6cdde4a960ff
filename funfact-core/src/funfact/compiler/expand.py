"""An expression as a sum of products, where it is one in some of its leaves.

What is linear in factors can be solved for them. Sums, differences, products and
contractions are multiplied out; all else (a function, a semiring, data) stays whole, as
one operand.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TypeAlias

from funfact.compiler.ir import PRODUCT, Axis, Const, Contract, Ir, Load, Map, Term
from funfact.graph import fold, postorder

__all__ = ["Product", "SumOfProducts", "expand", "loads", "renamed"]

_LARGEST = 16
"""Products of one sum, at most; a node that would have more stays whole."""


@dataclass(frozen=True, eq=False, slots=True)
class Product:
    """A number times operands, summed over the axes that the result does not have.

    Axes of the result that no operand carries are broadcast. No axis of an operand is None.
    """

    number: complex
    operands: tuple[Term, ...]


@dataclass(frozen=True, eq=False, slots=True)
class SumOfProducts:
    """Products over common axes.

    Each dimension of the result is a group of axes, in row-major order, as in a `Contract`.
    """

    products: tuple[Product, ...]
    output: tuple[tuple[Axis, ...], ...]

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes of the result."""
        return tuple(axis for group in self.output for axis in group)


Group: TypeAlias = tuple[Axis, ...]

Part: TypeAlias = tuple[Product, ...]
"""The products of an operand, over the axes that its consumer gave it."""


def loads(node: Ir) -> list[object]:
    """The keys of all leaves below a node, in the order in which they stand."""
    return [leaf.key for leaf in postorder(node) if isinstance(leaf, Load)]


def expand(root: Ir, free: Sequence[object], is_complex: bool) -> SumOfProducts:
    """`root`, multiplied out as far as the leaves in `free` are concerned.

    Parameters
    ----------
    root : Ir
    free : sequence of objects
        The keys of the leaves that matter. What holds none of them stays whole.
    is_complex : bool
        Whether numbers are complex; a conjugate of real ones is no operation.

    Returns
    -------
    SumOfProducts
        Equal to `root`. Operands that are not themselves a `Load` of `free` may still have
        one below, inside a function: the expression is then not linear in it.

    Examples
    --------
    >>> i, j, r = Axis(4), Axis(5), Axis(2)
    >>> u, v, w = Load("u", (4, 2)), Load("v", (5, 2)), Load("w", (4, 5))
    >>> uv = Contract(PRODUCT, (Term(u, (i, r)), Term(v, (j, r))), ((i,), (j,)))
    >>> k, l = Axis(4), Axis(5)
    >>> both = Map("subtract", (Term(uv, (k, l)), Term(w, (k, l))), (k, l))
    >>> found = expand(both, ["u", "v", "w"], is_complex=False)
    >>> [(p.number, [t.value.key for t in p.operands]) for p in found.products]
    [(1.0, ['u', 'v']), (-1.0, ['w'])]
    """
    keys = set(map(id, free))
    uses = Counter(id(child) for node in postorder(root) for child in node.below)

    def visit(node: Ir, below: list[SumOfProducts | None]) -> SumOfProducts | None:
        # None stands for "whole, and nothing free below"
        if isinstance(node, Load):
            return _whole(node) if id(node.key) in keys else None
        if all(part is None for part in below):
            return None
        found = _written_out(node, below, uses, is_complex)
        return _whole(node) if found is None or len(found.products) > _LARGEST else found

    return fold(root, visit) or _whole(root)


def _whole(node: Ir) -> SumOfProducts:
    axes = tuple(Axis(size) for size in node.shape)
    return SumOfProducts((Product(1.0, (Term(node, axes),)),), tuple((axis,) for axis in axes))


def _written_out(
    node: Ir, below: "list[SumOfProducts | None]", uses: "Counter[int]", is_complex: bool
) -> SumOfProducts | None:
    """The node over operands that are sums of products; None if it is none itself."""
    if not isinstance(node, Map | Contract):
        return None
    found = [part or _whole(t.value) for part, t in zip(below, node.terms, strict=True)]
    split = _split(node, found)
    if split is None:
        return None
    parts = [
        _seen_from(term, part, split, shared=uses[id(term.value)] > 1)
        for term, part in zip(node.terms, found, strict=True)
    ]
    if prod(map(len, parts)) > _LARGEST:
        return None
    given = node.output if isinstance(node, Contract) else tuple((a,) for a in node.axes)
    output = tuple(tuple(new for axis in group for new in split[axis]) for group in given)
    match node:
        case Contract(semiring) if semiring == PRODUCT:
            every = {axis for axes in split.values() for axis in axes}
            kept = {axis for group in output for axis in group}
            return SumOfProducts(_multiplied(parts, every - kept), output)
        case Map("multiply"):
            return SumOfProducts(_multiplied(parts, set()), output)
        case Map("add"):
            return SumOfProducts((*_but_zero(parts[0]), *_but_zero(parts[1])), output)
        case Map("subtract"):
            return SumOfProducts((*_but_zero(parts[0]), *_times(-1.0, _but_zero(parts[1]))), output)
        case Map("negative"):
            return SumOfProducts(_times(-1.0, parts[0]), output)
        case Map("conj" | "real") if not is_complex:
            return SumOfProducts(parts[0], output)
        case Map("divide") if below[1] is None:
            inverse = _inverse(node.terms[1], split)
            return SumOfProducts(_multiplied([parts[0], inverse], set()), output)
    return None


def _split(node: Map | Contract, found: Sequence[SumOfProducts]) -> dict[Axis, Group] | None:
    """The axes that an axis of a node is made of: itself, or those of a Kronecker product.

    None where two operands are made up in different ways.
    """
    split: dict[Axis, Group] = {}
    for term, part in zip(node.terms, found, strict=True):
        for axis, group in zip(term.axes, part.output, strict=True):
            if axis is None:
                continue
            sizes = tuple(inner.size for inner in group)
            if axis not in split:
                split[axis] = (axis,) if len(group) == 1 else tuple(map(Axis, sizes))
            elif sizes != tuple(inner.size for inner in split[axis]):
                return None
    return split


def _seen_from(term: Term, part: SumOfProducts, split: dict[Axis, Group], shared: bool) -> Part:
    """The products of an operand, over the axes of the node that takes it."""
    value = term.value
    if isinstance(value, Const) and not isinstance(value.value, str):
        # the same everywhere; what it is summed over is counted where it is summed
        return (Product(value.value, ()),)
    outside: dict[Axis, Axis] = {}
    for axis, group in zip(term.axes, part.output, strict=True):
        given = tuple(map(Axis, (1,) * len(group))) if axis is None else split[axis]
        outside.update(zip(group, given, strict=True))
    return tuple(renamed(product, outside, shared) for product in part.products)


def renamed(product: Product, outside: dict[Axis, Axis], shared: bool) -> Product:
    """A product over other axes; with `shared`, its summed ones are made new."""
    inner: dict[Axis, Axis] = {}

    def name(axis: Axis) -> Axis:
        if axis in outside:
            return outside[axis]
        return inner.setdefault(axis, Axis(axis.size)) if shared else axis

    terms = (Term(t.value, tuple(name(a) for a in t.axes if a)) for t in product.operands)
    return replace(product, operands=tuple(terms))


def _multiplied(parts: Sequence[Part], summed: set[Axis]) -> Part:
    """The product of sums, each of whose products is summed over `summed`."""
    products: list[Product] = [Product(1.0, ())]
    for part in parts:
        products = [
            Product(p.number * q.number, p.operands + q.operands) for p in products for q in part
        ]
    return tuple(_counted(product, summed) for product in products)


def _counted(product: Product, summed: set[Axis]) -> Product:
    """A sum over an axis that no operand carries multiplies by its size."""
    carried = {axis for term in product.operands for axis in term.axes}
    number = product.number
    for axis in summed - carried:
        number *= axis.size
    return replace(product, number=number)


def _times(number: complex, part: Part) -> Part:
    return tuple(replace(product, number=number * product.number) for product in part)


def _but_zero(part: Part) -> Part:
    """A sum without the number zero, with which Python's `sum` begins."""
    return tuple(product for product in part if product.number or product.operands)


def _inverse(term: Term, split: dict[Axis, Group]) -> Part:
    """One over an operand without free leaves."""
    number = term.value.value if isinstance(term.value, Const) else 0
    if number and not isinstance(number, str):
        return (Product(1.0 / number, ()),)
    axes = tuple(Axis(size) for size in term.value.shape)
    one = Map("divide", (Term(Const(1.0), ()), Term(term.value, axes)), axes)
    return _seen_from(Term(one, term.axes), _whole(one), split, shared=False)
