"""An expression as one readable line, and the same line with carets below an index."""

import cmath
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import assert_never

from funfact.graph import fold
from funfact.language.nodes import (
    Apply,
    Generate,
    Hole,
    Index,
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
from funfact.language.render.names import WORDS, Names, fresh, names
from funfact.language.render.text import LONG, Shared, Text, flat, text

__all__ = ["line", "pointed"]

# Binding strength of Python's operators, weakest first.
_KRON, _TO, _ADD, _MULTIPLY, _NEGATIVE, _POWER, _ATOM = range(7)

_SIGNS = {
    "add": (" + ", _ADD),
    "subtract": (" - ", _ADD),
    "multiply": (" * ", _MULTIPLY),
    "divide": (" / ", _MULTIPLY),
    "pow": ("**", _POWER),
}
_WIDTH = 88
_OPEN, _CLOSE = "\x01", "\x02"


def line(root: Node) -> str:
    """One line that Python reads back, once its names are bound.

    A long part that stands several times is named where it stands first.

    Examples
    --------
    >>> from funfact.language.nodes import Matmul, Tensor
    >>> line(Matmul(Tensor("A", (2, 3)), Tensor("B", (3, 4))))
    'A @ B'
    """
    return _render(root, ())


def pointed(root: Node, indices: Collection[Index] = ()) -> str:
    """The line, indented, with carets below every occurrence of `indices`."""
    marked = _render(root, indices)
    line = marked.replace(_OPEN, "").replace(_CLOSE, "")
    carets, depth = "", 0
    for character in marked:
        if character in (_OPEN, _CLOSE):
            depth += 1 if character == _OPEN else -1
        else:
            carets += "^" if depth else " "
    if len(line) > _WIDTH:
        # The end is what was just written; go back only to show an earlier index.
        first = carets.find("^")
        start = min(max(first - 8, 0), len(line) - _WIDTH) if first >= 0 else len(line) - _WIDTH
        line, carets = line[start : start + _WIDTH], carets[start : start + _WIDTH]
        if start:
            line = "…" + line[1:]
    return f"    {line}\n    {carets}".rstrip()


def _render(root: Node, highlight: Collection[Index]) -> str:
    named = names(root)
    parts = fresh("part", {*named.values(), *WORDS})
    shared: Shared[None] = Shared(root, lambda: next(parts))
    write = _writer(named, frozenset(highlight))

    def visit(node: Node, below: list[Text]) -> Text:
        return write(node, [read(node, place, child) for place, child in enumerate(below)])

    def read(node: Node, place: int, child: Text) -> Text:
        name, first = shared(node, place, child.length, None)
        if not name:
            return child
        return text(_ATOM, "(", name, " := ", child, ")") if first else text(_ATOM, name)

    return flat(fold(root, visit))


def _writer(named: Names, highlight: frozenset[Index]) -> Callable[[Node, list[Text]], Text]:
    def write(node: Node, below: list[Text]) -> Text:
        match node:
            case Tensor():
                return text(_ATOM, named[node])
            case Number(value, symbol):
                number = symbol or _number(value)
                return text(_NEGATIVE if number.startswith("-") else _ATOM, number)
            case Special(name, shape):
                return text(_ATOM, f"{name}({', '.join(map(str, shape))})")
            case Hole():
                return text(_ATOM, "hole")
            case Indexed() | Rename():
                written = shown(node, named)
                return text(_ATOM, _wrap(below[0], _ATOM), f"[{_brackets(written) or '()'}]")
            case To(_, written):
                return text(_TO, _wrap(below[0], _TO), f" >> [{_brackets(written)}]")
            case Apply(_, "negative"):
                return text(_NEGATIVE, "-", _wrap(below[0], _NEGATIVE))
            case Apply(_, fn):
                return _call(fn, below)
            case Generate(_, name):
                return _call(name, below)
            case Merge(_, groups):
                lists = (f", [{', '.join(named[index] for index in group)}]" for group in groups)
                return _call("merge", below, "".join(lists))
            case Pair(_, _, op) if op in _SIGNS:
                return _binary(*_SIGNS[op], below)
            case Pair(_, _, op, semiring):
                return _call(named.get(semiring, op), below)
            case Matmul():
                return _binary(" @ ", _MULTIPLY, below)
            case Kron():
                return _binary(" & ", _KRON, below)
            case Replicate(_, _, replica):
                last = ", append=True" if replica.append else ""
                # Each call makes new tensors: however short, it must not be written twice.
                return _long(_call("vectorize", below, f", {replica.size}{last}"))
            case _:
                assert_never(node)

    def _brackets(written: Written) -> str:
        return ", ".join(_entry(entry) for entry in written)

    def _entry(entry: object) -> str:
        if not isinstance(entry, Label):
            return "..."
        name = f"{entry.mark.value}{named[entry.index]}"
        return f"{_OPEN}{name}{_CLOSE}" if entry.index in highlight else name

    return write


def shown(node: Indexed | Rename, named: Names) -> Written:
    """The list, with what ``...`` stands for where that has names."""
    if isinstance(node, Indexed) and any(index in named for index in node.skipped):
        return node.spelled
    return node.written


def _number(value: complex) -> str:
    if isinstance(value, complex) and not cmath.isfinite(value):
        return f"complex({value.real!r}, {value.imag!r})"
    return repr(value)


def _call(name: str, below: list[Text], more: str = "") -> Text:
    arguments = [piece for operand in below for piece in (", ", operand)][1:]
    return text(_ATOM, f"{name}(", *arguments, f"{more})")


def _long(part: Text) -> Text:
    return replace(part, length=max(part.length, LONG + 1))


def _binary(sign: str, strength: int, below: list[Text]) -> Text:
    # Python groups from the left, powers from the right.
    left, right = (strength + 1, strength) if strength == _POWER else (strength, strength + 1)
    return text(strength, _wrap(below[0], left), sign, _wrap(below[1], right))


def _wrap(part: Text, at_least: int) -> Text:
    return part if part.strength >= at_least else text(_ATOM, "(", part, ")")
