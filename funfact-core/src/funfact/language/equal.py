"""Whether two expressions are written alike."""

from typing import Any

from funfact.language.nodes import (
    Apply,
    Generate,
    Index,
    Indexed,
    Label,
    Merge,
    Node,
    Number,
    Pair,
    Rename,
    Replicate,
    Special,
    Tensor,
    To,
    Written,
)
from funfact.language.notation import TsrEx

__all__ = ["same"]


def same(a: TsrEx, b: TsrEx) -> bool:
    """Whether the trees are equal, up to which tensors and indices stand in them.

    To each tensor and index of one corresponds one of the other, in all the places
    where it stands. Tensors agree in shape, in whether a fit may change them and in
    whether they hold data; symbols and the data itself may differ.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j = ff.indices("i, j")
    >>> u, v = ff.tensor("u", 3), ff.tensor("v", 3)
    >>> same(u[i] * v[i], v[j] * u[j]), same(u[i] * v[i], u[i] * u[i])
    (True, False)
    """
    there: dict[object, object] = {}
    back: dict[object, object] = {}

    def correspond(x: object, y: object) -> bool:
        return there.setdefault(x, y) is y and back.setdefault(y, x) is x

    stack: list[tuple[Node, Node]] = [(a.node, b.node)]
    done: set[tuple[int, int]] = set()
    while stack:
        x, y = stack.pop()
        if (id(x), id(y)) in done:
            continue
        done.add((id(x), id(y)))
        if type(x) is not type(y) or _content(x) != _content(y):
            return False
        mine, other = _things(x), _things(y)
        if len(mine) != len(other) or not all(map(correspond, mine, other)):
            return False
        stack.extend(zip(x.below, y.below, strict=True))
    return True


def _content(node: Node) -> Any:
    """What stands in a node besides tensors, indices and children."""
    match node:
        case Tensor(_, shape):
            replicas = [(replica.size, replica.append) for replica in node.replicas]
            return shape, replicas, node.optimizable, node.real, node.data is None
        case Number(value, symbol):
            return symbol, value if value == value else repr(value)
        case Special(name, shape):
            return name, shape
        case Indexed() | Rename() | To():
            return [e.mark if isinstance(e, Label) else ... for e in _list(node)]
        case Apply(_, fn):
            return fn
        case Generate(_, name, generator, shape):
            return name, generator, shape, node.real, node.complex, node.batched
        case Merge(_, groups):
            return list(map(len, groups))
        case Pair(_, _, op, semiring):
            return op, semiring
        case Replicate(_, _, replica):
            return replica.size, replica.append
        case _:
            return None


def _things(node: Node) -> list[Tensor | Index]:
    """The tensors and indices that stand in a node. Replica axes follow from the tree."""
    match node:
        case Tensor():
            return [node]
        case Indexed() | Rename() | To():
            return [entry.index for entry in _list(node) if isinstance(entry, Label)]
        case Merge(_, groups):
            return [index for group in groups for index in group]
        case _:
            return []


def _list(node: Indexed | Rename | To) -> Written:
    return node.spelled if isinstance(node, Indexed) else node.written
