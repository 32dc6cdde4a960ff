"""A name for every tensor, index and semiring of an expression, no two of them alike."""

import keyword
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import count
from typing import Protocol

from funfact.compiler.ir import LOGSUMEXP, MINPLUS, VITERBI
from funfact.graph import postorder
from funfact.language.nodes import (
    Generate,
    Index,
    Indexed,
    Label,
    Merge,
    Node,
    Pair,
    Rename,
    Tensor,
    To,
)

__all__ = ["WORDS", "Names", "allot", "fresh", "named", "names"]

_WORDS = (
    "abs conj real imag exp log sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh "
    "atanh erf erfc relu celu sigmoid minplus logsumexp viterbi zeros ones eye pi vectorize "
    "merge hole template complex inf nan"
)
WORDS = frozenset(_WORDS.split())
"""What a line says besides names: a tensor called `exp` must not be taken for the function."""

_BUILT_IN = (MINPLUS, LOGSUMEXP, VITERBI)


class Thing(Protocol):
    """What has a symbol for people, or None."""

    @property
    def symbol(self) -> str | None: ...


Names = dict[object, str]


def names(root: Node) -> Names:
    """A Python name for each tensor and index below `root`.

    It is the symbol, unless that is a word of Python or of the language, or another
    thing has it: then a number is added. Without a symbol: ``T_1``, ``i_1``, …

    Examples
    --------
    >>> from funfact.language.nodes import Matmul, Tensor
    >>> a, b, c = Tensor("A", (2, 3)), Tensor("A", (3, 4)), Tensor(None, (4, 5))
    >>> list(names(Matmul(Matmul(a, b), c)).values())
    ['A', 'A_2', 'T_1']
    """
    generators = {node.name for node in postorder(root) if isinstance(node, Generate)}
    return allot(named(root), {*WORDS, *keyword.kwlist, *generators})


def allot(things: Iterable[Thing], reserved: Collection[str] = ()) -> Names:
    """A name for each of `things`, in their order; who comes first keeps the symbol."""
    symbols = {thing: _identifier(thing.symbol) for thing in things}
    owner: dict[str, Thing] = {}
    for thing, symbol in symbols.items():
        if symbol and symbol not in reserved:
            owner.setdefault(symbol, thing)
    taken = {*owner, *reserved}
    more: dict[tuple[type, str], Iterator[str]] = {}
    found: Names = {}
    for thing, symbol in symbols.items():
        if owner.get(symbol) is thing:
            found[thing] = symbol
            continue
        kind = (type(thing), symbol)
        if kind not in more:
            stem = symbol or ("i" if isinstance(thing, Index) else "T")
            more[kind] = fresh(stem, taken, 2 if symbol in owner else 1)
        found[thing] = next(more[kind])
        taken.add(found[thing])
    return found


def fresh(stem: str, taken: Collection[str], start: int = 1) -> Iterator[str]:
    """``stem_1``, ``stem_2``, … without what is taken."""
    return (name for n in count(start) if (name := f"{stem}_{n}") not in taken)


def named(root: Node) -> list[Thing]:
    """The tensors and indices that stand below `root`, each once, in the order of the tree."""
    return list(dict.fromkeys(_named(root)))


def _named(root: Node) -> Iterator[Thing]:
    nodes = postorder(root)
    several = _several(nodes)
    for node in nodes:
        if isinstance(node, Tensor):
            yield node
        elif isinstance(node, Pair) and node.semiring and node.semiring not in _BUILT_IN:
            yield node.semiring
        elif isinstance(node, Indexed) and several.intersection(node.skipped):
            yield from node.skipped
        yield from _written(node)


def _several(nodes: list[Node]) -> set[Index]:
    """What `...` stands for and is met again elsewhere; only then it needs a name."""
    times = dict.fromkeys(map(id, nodes), 0) | {id(nodes[-1]): 1}
    for node in reversed(nodes):
        for child in node.below:
            times[id(child)] = min(2, times[id(child)] + times[id(node)])
    found = Counter(index for node in nodes for index in {*_written(node)})
    for node in nodes:
        if isinstance(node, Indexed):
            found.update(dict.fromkeys(node.skipped, times[id(node)]))
    return {index for index, number in found.items() if number > 1}


def _written(node: Node) -> Iterator[Index]:
    match node:
        case Indexed() | Rename() | To():
            yield from (entry.index for entry in node.written if isinstance(entry, Label))
        case Merge(_, groups):
            yield from (index for group in groups for index in group)
        case _:
            pass


def _identifier(symbol: str | None) -> str:
    """The symbol as Python reads a name, which is in Unicode's compatibility form; '' if none."""
    name = unicodedata.normalize("NFKC", symbol or "")
    return name if name.isidentifier() else ""
