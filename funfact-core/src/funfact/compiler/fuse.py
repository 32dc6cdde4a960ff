"""Rewrites that make fewer, larger contractions of the same meaning.

Each rule is a function of one (+, ×) contraction whose operands are rewritten already,
and gives None where it does not apply. What is used more than once is computed once,
unless repeating it lowers the planned cost.
"""

from collections import Counter
from collections.abc import Callable
from math import prod

from funfact.compiler.delta import unified
from funfact.compiler.ir import PRODUCT, Axis, Const, Contract, Ir, Map, Term, with_operands
from funfact.compiler.network import absorbed, closed, opened, whole
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
    uses = Counter(child for node in postorder(root) for child in node.below)

    def visit(node: Ir, below: list[Ir]) -> Ir:
        new = _rewrite(with_operands(node, below), uses)
        if new is not node:
            uses[new] += uses[node]
        return new

    return fold(root, visit)


def _rewrite(node: Ir, uses: Counter[Ir]) -> Ir:
    """Apply the rules until none applies."""
    while isinstance(node, Contract) and node.semiring == PRODUCT:
        new = next((new for rule in _RULES if (new := rule(node, uses)) is not None), None)
        if new is None:
            return node
        node = new
    return node


def _unify(node: Contract, uses: Counter[Ir]) -> Ir | None:
    """A square identity makes its two axes one, and is gone."""
    return unified(node)


def _inline(node: Contract, uses: Counter[Ir]) -> Ir | None:
    """A product of sums of products is one sum of products, where that is no dearer.

    Kronecker products among them vanish: their axes are split until they fit. Of several
    that could be inlined the one that saves most comes first, since there is room for only
    so many operands. What is used elsewhere too is inlined where that is cheaper even so.
    """
    before = plan(node).cost
    best: tuple[Contract, Contract | None] | None = None
    most = -1
    for value in dict.fromkeys(whole(term.value) for term in node.terms):
        inner = _product(value)
        places = [place for place, term in enumerate(node.terms) if whole(term.value) is value]
        if inner is None or len(node.terms) + len(places) * (len(inner.terms) - 1) > _LARGEST:
            continue
        network = absorbed(opened(node), inner, places)
        if network is None:
            continue
        new = closed(network)
        new = unified(new) or new
        alone = len(places) == uses[value]
        saved = before - plan(new).cost + (plan(inner).cost if alone else 0)
        if saved > most and (saved > 0 or len(places) == uses[value] == 1):
            best, most = (new, None if alone else inner), saved
    if best is None:
        return None
    new, repeated = best
    if repeated is not None:
        uses.update(term.value for term in new.terms if term.value in repeated.below)
    return new


def _product(value: Ir) -> Contract | None:
    """`value` as a sum of products."""
    match value:
        case Map("multiply", terms, axes) if not any(_is_number(t.value) for t in terms):
            return Contract(PRODUCT, terms, tuple((axis,) for axis in axes))
        case Contract(semiring) if semiring == PRODUCT:
            return value
        case _:
            return None


def _distribute(node: Contract, uses: Counter[Ir]) -> Ir | None:
    """A sum over ``x ± y`` is the sum of each, times the sizes of the axes that it lacks."""
    (term, *others) = node.terms
    single = all(len(group) == 1 for group in node.output)
    if others or not single or not isinstance(term.value, Map) or uses[term.value] > 1:
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
    sides = [Term(_rewrite(side.value, uses), side.axes) for side in sides]
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


_RULES: tuple[Callable[[Contract, Counter[Ir]], Ir | None], ...] = (_unify, _inline, _distribute)
