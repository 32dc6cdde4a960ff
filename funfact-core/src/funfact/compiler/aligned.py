"""Which dimensions of a leaf stay apart in a result."""

from collections.abc import Sequence
from typing import TypeAlias

from funfact.compiler.ir import Apply, Axis, Contract, Ir, Load, Map, Term
from funfact.graph import fold

__all__ = ["aligned"]

Dims: TypeAlias = tuple[frozenset[int], ...]
"""For each dimension of a leaf, dimensions of a node."""


def aligned(root: Ir, key: object) -> Dims:
    """For each dimension of a leaf, the dimensions of the result that go along with it.

    If d goes along with o, then an element of the result at position p of o depends on
    no elements of the leaf but those at position p of d. So the Jacobian has a block for
    each position, and no more.

    Examples
    --------
    >>> from funfact.compiler.ir import PRODUCT
    >>> i, j, r = Axis(4), Axis(5), Axis(2)
    >>> u, v = Load("u", (4, 2)), Load("v", (5, 2))
    >>> uv = Contract(PRODUCT, (Term(u, (i, r)), Term(v, (j, r))), ((i,), (j,)))
    >>> aligned(uv, "v")
    (frozenset({1}), frozenset())
    """

    def visit(node: Ir, below: list[Dims | None]) -> Dims | None:
        # None where the leaf does not stand
        if isinstance(node, Load):
            dims = tuple(frozenset({d}) for d in range(len(node.shape)))
            return dims if node.key is key else None
        parts = [(n, part) for n, part in enumerate(below) if part is not None]
        if not parts:
            return None
        match node:
            case Map(_, terms, axes):
                output = [(axis,) for axis in axes]
            case Contract(_, terms, output):
                pass
            case Apply(lead=lead):
                return tuple(frozenset(o for o in dims if o < lead) for dims in parts[0][1])
            case _:
                return tuple(frozenset() for _ in parts[0][1])
        seen = [_seen(terms[n], part, output) for n, part in parts]
        return tuple(frozenset.intersection(*dims) for dims in zip(*seen, strict=True))

    return fold(root, visit) or ()


def _seen(term: Term, part: Dims, output: Sequence[tuple[Axis, ...]]) -> Dims:
    """The dimensions of an operand as those of the node that takes it."""

    def along(dim: int) -> set[int]:
        axis = term.axes[dim]
        if axis is None or axis.size == 1:
            return set()
        return {o for o, group in enumerate(output) if group == (axis,)}

    return tuple(frozenset(o for dim in dims for o in along(dim)) for dims in part)
