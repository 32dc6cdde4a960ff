"""Rewrites that make fewer, larger contractions of the same meaning.

Each rule is a function of one contraction whose operands are rewritten already,
and gives None where it does not apply. They leave alone what is used more than
once: repeating it could double the work at every level.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from math import prod

from funfact.compiler.ir import PRODUCT, Axis, Const, Contract, Ir, Map, Term, with_operands
from funfact.compiler.plan import plan
from funfact.graph import fold, postorder

__all__ = ["fuse"]

_LARGEST = 24
"""Operands of one contraction, at most: ordering more costs more than it saves."""


def fuse(root: Ir) -> Ir:
    """The same array, in fewer and larger contractions.

    Examples
    --------
    >>> from funfact.compiler.ir import Load
    >>> i, j, k, l = Axis(2), Axis(3), Axis(4), Axis(5)
    >>> a, b, c = Load("a", (2, 3)), Load("b", (3, 4)), Load("c", (4, 5))
    >>> ab = Contract(PRODUCT, (Term(a, (i, j)), Term(b, (j, k))), ((i,), (k,)))
    >>> m, n = Axis(2), Axis(4)
    >>> abc = Contract(PRODUCT, (Term(ab, (m, n)), Term(c, (n, l))), ((m,), (l,)))
    >>> len(fuse(abc).terms)
    3
    """
    uses = Counter(id(child) for node in postorder(root) for child in node.below)
    shared: set[int] = set()

    def visit(node: Ir, below: list[Ir]) -> Ir:
        new = _rewrite(with_operands(node, below), shared)
        if uses[id(node)] > 1:
            shared.add(id(new))
        return new

    return fold(root, visit)


def _rewrite(node: Ir, shared: set[int]) -> Ir:
    """Apply the rules until none applies."""
    while isinstance(node, Contract) and node.semiring == PRODUCT:
        new = next((new for rule in _RULES if (new := rule(node, shared)) is not None), None)
        if new is None:
            return node
        node = new
    return node


def _inline(node: Contract, shared: set[int]) -> Ir | None:
    """A product of sums of products is one sum of products, where that is no dearer."""
    for position, term in enumerate(node.terms):
        inner = _product(term.value)
        if inner is None or id(term.value) in shared:
            continue
        if len(node.terms) + len(inner.terms) - 1 > _LARGEST:
            continue
        outside = {
            group[0]: axis
            for group, axis in zip(inner.output, term.axes, strict=True)
            if axis is not None
        }
        terms = tuple(
            Term(t.value, tuple(outside.get(a, a) if a else None for a in t.axes))
            for t in inner.terms
        )
        new = replace(node, terms=node.terms[:position] + terms + node.terms[position + 1 :])
        if plan(new).flops <= plan(node).flops + plan(inner).flops:
            return new
    return None


def _product(value: Ir) -> Contract | None:
    """`value` as a sum of products whose dimensions are single axes."""
    match value:
        case Map("multiply", terms, axes) if not any(_is_number(t.value) for t in terms):
            return Contract(PRODUCT, terms, tuple((axis,) for axis in axes))
        case Contract(semiring, _, output) if semiring == PRODUCT:
            return value if all(len(group) == 1 for group in output) else None
        case _:
            return None


def _unify(node: Contract, shared: set[int]) -> Ir | None:
    """A square identity makes its two axes one, and is gone."""
    output = {axis for group in node.output for axis in group}
    for position, term in enumerate(node.terms):
        if not (isinstance(term.value, Const) and term.value.value == "eye"):
            continue
        a, b = term.axes
        if a is None or b is None or a is b or a.size != b.size or {a, b} <= output:
            continue
        keep, drop = (b, a) if b in output else (a, b)
        rest = node.terms[:position] + node.terms[position + 1 :]
        terms = tuple(Term(t.value, tuple(keep if x is drop else x for x in t.axes)) for t in rest)
        if any(keep in t.axes for t in terms):
            return replace(node, terms=terms)
    return None


def _distribute(node: Contract, shared: set[int]) -> Ir | None:
    """A sum over ``x ± y`` is the sum of each, times the sizes of the axes that it lacks."""
    (term, *others) = node.terms
    single = all(len(group) == 1 for group in node.output)
    if others or not single or not isinstance(term.value, Map) or id(term.value) in shared:
        return None
    inner, axes = term.value, tuple(group[0] for group in node.output)
    if inner.fn not in ("add", "subtract") or None in term.axes or len(axes) == len(inner.axes):
        return None
    outside = dict(zip(inner.axes, term.axes, strict=True))
    if len(set(outside.values())) < len(outside):
        return None
    sides = [
        _summed(Term(t.value, tuple(outside[a] if a else None for a in t.axes)), term.axes, axes)
        for t in inner.terms
    ]
    sides = [Term(_rewrite(side.value, shared), side.axes) for side in sides]
    return Map(inner.fn, tuple(sides), axes)


def _summed(term: Term, every: tuple[Axis | None, ...], output: tuple[Axis, ...]) -> Term:
    """One side of ``x ± y``, summed over the axes of `every` that `output` lacks."""
    lacking = prod(axis.size for axis in every if axis and axis not in {*term.axes, *output})
    kept = tuple(axis for axis in output if axis in term.axes)
    if isinstance(term.value, Const) and not term.axes:
        return Term(Const(term.value.value * lacking), ())
    value: Ir = Contract(PRODUCT, (term,), tuple((axis,) for axis in kept))
    if lacking != 1:
        fresh = tuple(Axis(axis.size) for axis in kept)
        value = Map("multiply", (Term(Const(lacking), ()), Term(value, fresh)), fresh)
    return Term(value, kept)


def _is_number(value: Ir) -> bool:
    return isinstance(value, Const) and value.shape == ()


_RULES: tuple[Callable[[Contract, set[int]], Ir | None], ...] = (_unify, _inline, _distribute)
