"""A name for every tensor and index of an expression, also for those without a symbol."""

from collections.abc import Iterator
from itertools import count

from funfact.graph import postorder
from funfact.language.nodes import Index, Indexed, Label, Merge, Node, Rename, Tensor, To

__all__ = ["Names", "names"]

Names = dict[object, str]


def names(root: Node) -> Names:
    """The symbol of each tensor and index below `root`; ``T_1``, ``i_1``, … for those without.

    Examples
    --------
    >>> from funfact.language.nodes import Tensor
    >>> leaf = Tensor(None, (2, 3))
    >>> names(leaf)[leaf]
    'T_1'
    """
    found = dict.fromkeys(_named(root))
    taken = {thing.symbol for thing in found if thing.symbol}
    fresh = {Tensor: _fresh("T", taken), Index: _fresh("i", taken)}
    return {thing: thing.symbol or next(fresh[type(thing)]) for thing in found}


def _named(root: Node) -> "Iterator[Tensor | Index]":
    for node in postorder(root):
        match node:
            case Tensor():
                yield node
            case Indexed() | Rename() | To():
                yield from (entry.index for entry in node.written if isinstance(entry, Label))
            case Merge(_, groups):
                yield from (index for group in groups for index in group)
            case _:
                pass


def _fresh(letter: str, taken: set[str]) -> "Iterator[str]":
    return (name for n in count(1) if (name := f"{letter}_{n}") not in taken)
