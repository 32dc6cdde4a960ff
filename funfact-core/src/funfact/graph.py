"""Walking a tree whose nodes may be shared: iterative, each node once.

Both trees of FunFact, the one a person writes and the intermediate
representation, are frozen nodes with a property `below`, their children from
left to right. A chain of thousands of factors neither recurses nor repeats.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

__all__ = ["fold", "postorder"]


class HasBelow(Protocol):
    @property
    def below(self) -> Sequence[Any]: ...


N = TypeVar("N", bound=HasBelow)
R = TypeVar("R")


def postorder(root: N) -> list[N]:
    """Every node reachable from `root` once, children before parents, left before right.

    Examples
    --------
    >>> from types import SimpleNamespace as Node
    >>> leaf = Node(name="x", below=())
    >>> square = Node(name="x * x", below=(leaf, leaf))
    >>> [node.name for node in postorder(square)]
    ['x', 'x * x']
    """
    done: set[int] = set()
    order: list[N] = []
    stack: list[tuple[N, bool]] = [(root, False)]
    while stack:
        node, children_done = stack.pop()
        if id(node) in done:
            continue
        if children_done:
            done.add(id(node))
            order.append(node)
        else:
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node.below))
    return order


def fold(root: N, visit: Callable[[N, list[R]], R]) -> R:
    """Combine a tree from its leaves up: ``visit(node, results of its children)``.

    A shared node is visited once and its result handed to every parent.

    Examples
    --------
    >>> from types import SimpleNamespace as Node
    >>> leaf = Node(below=())
    >>> fold(Node(below=(leaf, leaf)), lambda node, below: 1 + sum(below))
    3
    """
    results: dict[int, R] = {}
    for node in postorder(root):
        results[id(node)] = visit(node, [results[id(child)] for child in node.below])
    return results[id(root)]
