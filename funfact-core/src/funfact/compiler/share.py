"""Equal subtrees become one, so that they are computed once."""

from collections.abc import Hashable, Iterable
from typing import assert_never

from funfact.compiler.ir import (
    Apply,
    Axis,
    Const,
    Contract,
    Gather,
    Ir,
    Load,
    Map,
    Split,
    with_operands,
)
from funfact.graph import fold

__all__ = ["share"]


def share(root: Ir) -> Ir:
    """The same array, with one node in place of all that are equal.

    Leaves are equal if they load the same key, functions of a user if they are the same
    object. Axes have no names, so `x @ y` is equal to `x @ y` written again.

    Examples
    --------
    >>> from funfact.compiler.ir import Term
    >>> i, j = Axis(2), Axis(2)
    >>> x = Load("x", (2,))
    >>> first, again = (Map("exp", (Term(x, (a,)),), (a,)) for a in (i, j))
    >>> both = share(Map("add", (Term(first, (i,)), Term(again, (i,))), (i,)))
    >>> both.below[0] is both.below[1]
    True
    """
    known: dict[Hashable, Ir] = {}

    def visit(node: Ir, below: list[Ir]) -> Ir:
        new = with_operands(node, below)
        return known.setdefault(_key(new), new)

    return fold(root, visit)


def _key(node: Ir) -> Hashable:
    """What two nodes over the same operands have in common if they are equal."""
    below = tuple(map(id, node.below))  # `known` keeps them alive
    match node:
        case Load(key, shape, real):
            return "load", id(key), shape, real
        case Const(value, shape):
            return "const", type(value), repr(value), shape  # 0.0 is not -0.0, nan is nan
        case Map(fn, terms, axes):
            return fn, below, _pattern([*(t.axes for t in terms), axes])
        case Contract(semiring, terms, output):
            return semiring, below, _pattern([*(t.axes for t in terms), *output]), len(output)
        case Gather(_, positions, axes):
            given = tuple([where is not None for where in positions])
            return "gather", below, given, _pattern([axes])
        case Apply():
            rest = (node.item, node.lead, node.real, node.complex, node.batched)
            return "apply", id(node.generator), below, rest
        case Split(_, parts):
            return "split", below, parts
        case _:
            assert_never(node)


def _pattern(groups: Iterable[Iterable[Axis | None]]) -> Hashable:
    """Axes by the order in which they appear."""
    number: dict[Axis, int] = {}
    return tuple(
        tuple([None if axis is None else number.setdefault(axis, len(number)) for axis in group])
        for group in groups
    )
