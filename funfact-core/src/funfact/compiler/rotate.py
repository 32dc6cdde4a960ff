"""An order of contraction, mended step by step.

An order is a tree of pairs. A pair of a pair, ``(x · a) · b``, can as well be
``x · (a · b)``: where x is large and a and b are small, it is then read once, not twice.
"""

from collections.abc import Sequence
from math import inf

from funfact.compiler.tree import Known, Letters, Order, Pair, Tree, leaves, order_of, pair

__all__ = ["rotated"]


def rotated(
    order: Order, operands: Sequence[Letters], output: Letters, sizes: Sequence[int]
) -> Order:
    """The order with pairs regrouped wherever that is cheaper, from the first steps on, and again
    as long as that helps: what the last steps became may leave the first ones something.

    Examples
    --------
    A large array and a small matrix for each of two of its axes:

    >>> sizes = [2] * 4 + [1000]
    >>> rotated([(0, 1), (0, 1)], [(0, 1, 4), (0, 2), (1, 3)], (2, 3, 4), sizes)
    [(1, 2), (0, 1)]
    """
    known = Known(operands, output, sizes)
    start = leaves(known)
    before, tree = inf, _mended_along(order, start, known)
    while tree.cost < before:
        before, order = tree.cost, order_of(tree, len(operands))
        tree = _mended_along(order, start, known)
    return order


def _mended_along(order: Order, start: Sequence[Tree], known: Known) -> Tree:
    """The tree of an order, each pair mended as it is made."""
    todo = list(start)
    for step in order:
        left, right = (todo[place] for place in sorted(step))
        todo = [x for x in todo if x is not left and x is not right]
        todo.append(_mended(pair(left, right, known), known))
    (tree,) = todo
    return tree


def _mended(tree: Pair, known: Known) -> Pair:
    """The pair regrouped as long as that is cheaper."""
    while True:
        best = min(_regrouped(tree, known), key=lambda other: other.cost, default=tree)
        if best.cost >= tree.cost:
            return tree
        tree = best


def _regrouped(tree: Pair, known: Known) -> list[Pair]:
    found = []
    for inner, other in ((tree.left, tree.right), (tree.right, tree.left)):
        if isinstance(inner, Pair):
            for x, a in ((inner.left, inner.right), (inner.right, inner.left)):
                found.append(pair(x, pair(a, other, known), known))
    return found
