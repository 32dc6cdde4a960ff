"""Rewrites that make fewer, larger contractions of the same meaning.

Each rule is a function of one (+, ×) contraction whose operands are rewritten already,
and gives None where it does not apply. What is used more than once is computed once,
unless repeating it lowers the planned cost.
"""

from collections import Counter

from funfact.compiler.delta import unified
from funfact.compiler.distribute import distributed
from funfact.compiler.ir import PRODUCT, Const, Contract, Ir, Map, Split, with_operands
from funfact.compiler.network import absorbed, closed, grafted, opened, whole
from funfact.compiler.plan import plan
from funfact.compiler.share import share
from funfact.graph import fold, postorder

__all__ = ["fuse"]

_LARGEST = 48
"""Operands of one contraction, at most: ordering more costs more than it saves."""

_PASSES = 16
"""How often sums within sums are taken apart; what is then left stays as it is."""


def fuse(root: Ir) -> Ir:
    """The same array, in fewer and larger contractions, equal parts of it computed once.

    Examples
    --------
    >>> from funfact.compiler.ir import Axis, Load, Term
    >>> i, j, k, l = Axis(2), Axis(3), Axis(4), Axis(5)
    >>> a, b, c = Load("a", (2, 3)), Load("b", (3, 4)), Load("c", (4, 5))
    >>> ab = Contract(PRODUCT, (Term(a, (i, j)), Term(b, (j, k))), ((i,), (k,)))
    >>> m, n = Axis(2), Axis(4)
    >>> abc = Contract(PRODUCT, (Term(ab, (m, n)), Term(c, (n, l))), ((m,), (l,)))
    >>> len(fuse(abc).terms)
    3
    """
    again, passes = True, 0
    while again and passes < _PASSES:
        root, again = _pass(share(root))
        passes += 1
    return share(root)


def _pass(root: Ir) -> tuple[Ir, bool]:
    """Every node rewritten, operands first; and whether a sum came apart, to be gone over again."""
    uses = Counter(child for node in postorder(root) for child in node.below)
    apart = False

    def visit(node: Ir, below: list[Ir]) -> Ir:
        nonlocal apart
        new = _rewrite(with_operands(node, below), uses)
        if isinstance(new, Contract) and (sums := _distribute(new, uses)) is not None:
            new, apart = sums, True
        if new is not node:
            uses[new] += uses[node]
        return new

    return fold(root, visit), apart


def _rewrite(node: Ir, uses: Counter[Ir]) -> Ir:
    """Let the contraction grow until no rule applies."""
    while isinstance(node, Contract) and node.semiring == PRODUCT:
        new = _unify(node) or _inline(node, uses)
        if new is None:
            break
        node = new
    return node


def _unify(node: Contract) -> Contract | None:
    """A square identity makes its two axes one, and is gone."""
    return unified(node)


def _inline(node: Contract, uses: Counter[Ir]) -> Contract | None:
    """A product of sums of products is one sum of products, where that is no dearer.

    Kronecker products among them vanish: their axes are split until they fit. Of several
    that could be inlined the one that saves most comes first, since there is room for only
    so many operands. What is used elsewhere too is inlined where that is cheaper even so.
    """
    before = plan(node, quick=True).cost
    best: tuple[Contract, Contract | None] | None = None
    most = -1
    values = [whole(term.value) for term in node.terms]
    for value in dict.fromkeys(values):
        inner = _product(value)
        if inner is None:
            continue
        places = [place for place, other in enumerate(values) if other is value]
        if len(values) + len(places) * (len(inner.terms) - 1) > _LARGEST:
            continue
        alone = len(places) == uses[value]
        new = _inlined(node, inner, places, alone)
        if new is None:
            continue
        saved = before - plan(new, quick=True).cost
        saved += plan(inner, quick=True).cost if alone else 0
        if saved > most and (saved > 0 or len(places) == uses[value] == 1):
            best, most = (new, None if alone else inner), saved
    if best is None:
        return None
    new, repeated = best
    if repeated is not None:
        uses.update(value for t in new.terms if (value := whole(t.value)) in repeated.below)
    return new


def _inlined(node: Contract, inner: Contract, places: list[int], alone: bool) -> Contract | None:
    """`node` with `inner` at some places, without identities; None where axes do not fit."""
    single = len(places) == 1 and all(len(group) == 1 for group in inner.output)
    if alone and single and not isinstance(node.terms[places[0]].value, Split):
        new = grafted(node, inner, places[0])
    else:
        network = absorbed(opened(node), inner, places)
        if network is None:
            return None
        new = closed(network)
    return unified(new) or new


def _product(value: Ir) -> Contract | None:
    """`value` as a sum of products."""
    match value:
        case Map("multiply", terms, axes) if not any(_is_number(t.value) for t in terms):
            return Contract(PRODUCT, terms, tuple((axis,) for axis in axes))
        case Contract(semiring) if semiring == PRODUCT:
            return value
        case _:
            return None


def _is_number(value: Ir) -> bool:
    return isinstance(value, Const) and value.shape == ()


def _distribute(node: Contract, uses: Counter[Ir]) -> Ir | None:
    """A sum over ``x ± y`` is the sum of each, times what each lacks, where that is cheaper."""
    return distributed(node, uses) if node.semiring == PRODUCT else None
