"""An expression as a tree, with what is asked about each node."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, assert_never

from funfact.errors import UnknownNameError
from funfact.graph import postorder
from funfact.language.meaning import Meaning, einspec
from funfact.language.nodes import (
    Apply,
    Generate,
    Hole,
    Indexed,
    Kron,
    Label,
    Matmul,
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
from funfact.language.render.names import Names, names
from funfact.language.resolve import Outline, outline

__all__ = ["Tree"]

_SMALL = 4
"""Lines: a larger part that stands several times is drawn where it stands first."""

_DEEP = 32
"""Levels: what lies below them is drawn below, from the margin on."""


@dataclass(frozen=True, eq=False)
class Tree:
    """The tree of an expression; called with names of fields, the tree with these fields.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j, k = ff.indices("i, j, k")
    >>> expr = ff.exp(ff.tensor("a", 2, 3)[i, j]) * ff.tensor("b", 3, 4)[j, k]
    >>> expr.asciitree
    multiply
    ├── exp
    │   ╰── index: i, j
    │       ╰── tensor: a
    ╰── index: j, k
        ╰── tensor: b
    >>> expr.asciitree("shape", "einspec")
    multiply (shape: (2, 4), einspec: ab,bc->ac|)
    ├── exp (shape: (2, 3))
    │   ╰── index: i, j (shape: (2, 3))
    │       ╰── tensor: a (shape: (2, 3))
    ╰── index: j, k (shape: (3, 4))
        ╰── tensor: b (shape: (3, 4))
    """

    root: Node
    fields: tuple[str, ...] = ()

    def __call__(self, *fields: str) -> "Tree":
        for field in fields:
            if not isinstance(field, str):
                raise UnknownNameError(
                    f"{field!r:.60} is no field of a tree. Name them one by one: "
                    f"expr.asciitree('shape', 'ndim'). Known are {', '.join(_FIELDS)}."
                )
            if field not in _FIELDS:
                raise UnknownNameError.among("field of a tree", field, _FIELDS)
        return Tree(self.root, fields)

    def __str__(self) -> str:
        return _drawn(self.root, self.fields)

    def __repr__(self) -> str:
        return str(self)


Field = Callable[[Node, Meaning, Names], Any]


def _live_indices(node: Node, meaning: Meaning, named: Names) -> str | None:
    if meaning.labels is None:
        return None
    # What `...` stands for has no name.
    return ", ".join(named.get(label.index, "...") for label in meaning.labels)


_FIELDS: dict[str, Field] = {
    "shape": lambda node, meaning, named: meaning.shape,
    "ndim": lambda node, meaning, named: len(meaning.shape),
    "einspec": lambda node, meaning, named: einspec(meaning),
    "live_indices": _live_indices,
    "dtype": lambda node, meaning, named: (
        getattr(node.data, "dtype", None) if isinstance(node, Tensor) else None
    ),
    "optimizable": lambda node, meaning, named: (
        node.optimizable if isinstance(node, Tensor) else None
    ),
}
"""What can be asked; None is not shown."""


def _drawn(root: Node, fields: tuple[str, ...]) -> str:
    named = names(root)
    notes = _notes(root, fields, named)
    large = _large_and_shared(root)
    numbers: dict[int, int] = {}
    todo, lines = [root], []
    for top in todo:  # which grows where a tree is too deep
        for node, lead, deep in _walk(top, numbers):
            if deep:
                todo.append(node)
            first = id(node) not in numbers
            if first and (deep or id(node) in large):
                numbers[id(node)] = len(numbers) + 1
            number = f"#{numbers[id(node)]}" if id(node) in numbers else ""
            if deep or not (first or node is top):
                lines.append(f"{lead}see {number}")
            else:
                title = f"{_title(node, named)}{notes.get(id(node), '')}"
                lines.append(f"{lead}{number} {title}" if number else f"{lead}{title}")
    return "\n".join(lines)


def _walk(top: Node, seen: Collection[int]) -> Iterator[tuple[Node, str, bool]]:
    """The nodes from the top down, what is drawn in front, and whether to go on at the margin.

    Nothing is looked for below what is `seen` already.
    """
    stack = [(top, "", "", 0)]
    while stack:
        node, lead, rest, depth = stack.pop()
        known = id(node) in seen and node is not top
        deep = depth == _DEEP and bool(node.below) and not known
        yield node, lead, deep
        children = [] if known or deep else list(node.below)
        for place in range(len(children) - 1, -1, -1):
            last = place == len(children) - 1
            branch, more = ("╰── ", "    ") if last else ("├── ", "│   ")
            stack.append((children[place], rest + branch, rest + more, depth + 1))


def _notes(root: Node, fields: tuple[str, ...], named: Names) -> dict[int, str]:
    """The fields of each node, in parentheses."""
    notes: dict[int, str] = {}
    outlines: dict[int, Outline] = {}
    for node in postorder(root) if fields else ():
        known = outline(node, [outlines[id(child)] for child in node.below])
        outlines[id(node)] = known
        if known.open or known.meaning is None:
            continue
        meaning = known.meaning
        shown = {field: _FIELDS[field](node, meaning, named) for field in fields}
        text = ", ".join(f"{field}: {value}" for field, value in shown.items() if value is not None)
        notes[id(node)] = f" ({text})" if text else ""
    return notes


def _large_and_shared(root: Node) -> set[int]:
    """The nodes that several parents share and that take more lines than a reference saves."""
    lines: dict[int, int] = {}
    parents: dict[int, int] = {}
    for node in postorder(root):
        lines[id(node)] = min(_SMALL, 1 + sum(lines[id(child)] for child in node.below))
        for child in node.below:
            parents[id(child)] = parents.get(id(child), 0) + 1
    return {node for node, number in parents.items() if number > 1 and lines[node] >= _SMALL}


def _title(node: Node, named: Names) -> str:
    match node:
        case Tensor():
            return f"tensor: {named[node]}"
        case Number(value, symbol):
            return f"number: {symbol or value}"
        case Special(name, shape):
            return f"{name}: {', '.join(map(str, shape))}"
        case Hole():
            return "hole"
        case Indexed(_, written):
            return f"index: {_listed(written, named)}"
        case Rename(_, written):
            return f"rename: {_listed(written, named)}"
        case To(_, written):
            return f"to: {_listed(written, named)}"
        case Apply(_, fn):
            return fn
        case Generate(_, name):
            return f"generate: {name}"
        case Merge(_, groups):
            lists = (f"[{', '.join(named[index] for index in group)}]" for group in groups)
            return f"merge: {', '.join(lists)}"
        case Pair(_, _, op, semiring):
            return named.get(semiring, op)
        case Matmul():
            return "matmul"
        case Kron():
            return "kron"
        case Replicate(_, _, replica):
            return f"vectorize: {replica.size}{', append' if replica.append else ''}"
        case _:
            assert_never(node)


def _listed(written: Written, named: Names) -> str:
    entries = (
        f"{e.mark.value}{named[e.index]}" if isinstance(e, Label) else "..." for e in written
    )
    return ", ".join(entries)
