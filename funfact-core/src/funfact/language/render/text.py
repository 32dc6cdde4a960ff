"""Text in pieces, and names for the pieces that stand many times.

A rendering is built from the leaves up. Joining strings at each node would copy
the left part of a chain again and again, and would spell out ``x = x * x``
2^n times: pieces are kept nested and joined once, and a long piece that several
parents share is spelled out where it is read first and named elsewhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from funfact.language.nodes import Node

__all__ = ["LONG", "Shared", "Text", "flat", "text"]

LONG = 88
"""Characters, of a line: what is longer is not spelled out twice."""


@dataclass(frozen=True, eq=False)
class Text:
    """Pieces in order, and how tightly the outermost operator binds them."""

    parts: "tuple[str | Text, ...]" = field(repr=False)
    strength: int
    length: int


def text(strength: int, *parts: str | Text) -> Text:
    """The pieces as one text.

    Examples
    --------
    >>> flat(text(0, "a", " + ", text(1, "b", " * ", "c")))
    'a + b * c'
    """
    return Text(parts, strength, sum(p.length if isinstance(p, Text) else len(p) for p in parts))


def flat(whole: Text) -> str:
    """The pieces joined."""
    pieces: list[str] = []
    stack: list[str | Text] = [whole]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            pieces.append(part)
        else:
            stack.extend(reversed(part.parts))
    return "".join(pieces)


T = TypeVar("T")


class Shared(Generic[T]):
    """Which nodes of a tree several parents share, and the names of those with a long text.

    Parameters
    ----------
    root : Node
    below : callable
        The children that are read, in the order in which they are.
    names : callable
        Gives a fresh name at each call.

    Attributes
    ----------
    named : dict
        From the id of a node to its name and its text, in the order in which they are read.
    """

    def __init__(self, root: Node, names: Callable[[], str]) -> None:
        self._first = _first_reader(root)
        self._names = names
        self.named: dict[int, tuple[str, T]] = {}

    def __call__(self, parent: Node, position: int, length: int, content: T) -> tuple[str, bool]:
        """The name of a child, '' if it has none, and whether `parent` is the first to read it."""
        child = id(parent.below[position])
        if child not in self._first or length <= LONG:
            return "", False
        if child not in self.named:
            self.named[child] = (self._names(), content)
        return self.named[child][0], self._first[child] == (id(parent), position)


def _first_reader(root: Node) -> dict[int, tuple[int, int]]:
    """The nodes that stand more than once, with the parent and the place that are read first."""
    first: dict[int, tuple[int, int]] = {}
    again: set[int] = set()
    stack: list[tuple[Node, tuple[int, int]]] = [(root, (0, 0))]
    while stack:
        node, reader = stack.pop()
        if id(node) in first:
            again.add(id(node))
            continue
        first[id(node)] = reader
        children: Sequence[Node] = node.below
        places = reversed(list(enumerate(children)))
        stack.extend((child, (id(node), place)) for place, child in places)
    return {node: reader for node, reader in first.items() if node in again}
