"""An expression as one readable line, and the same line with carets below an index."""

from collections.abc import Callable, Collection
from typing import assert_never

from funfact.graph import fold
from funfact.language.nodes import (
    Apply,
    Generate,
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
from funfact.language.render.names import Names, names

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

Text = tuple[str, int]
"""A rendered node and how tightly its outermost operator binds."""


def line(root: Node) -> str:
    """One line that Python reads back, once its names are bound.

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
    text = marked.replace(_OPEN, "").replace(_CLOSE, "")
    carets, depth = "", 0
    for character in marked:
        if character in (_OPEN, _CLOSE):
            depth += 1 if character == _OPEN else -1
        else:
            carets += "^" if depth else " "
    if len(text) > _WIDTH:
        # The end is what was just written; go back only to show an earlier index.
        first = carets.find("^")
        start = min(max(first - 8, 0), len(text) - _WIDTH) if first >= 0 else len(text) - _WIDTH
        text, carets = text[start : start + _WIDTH], carets[start : start + _WIDTH]
        if start:
            text = "…" + text[1:]
    return f"    {text}\n    {carets}".rstrip()


def _render(root: Node, highlight: Collection[Index]) -> str:
    named = names(root)
    shown = frozenset(highlight)
    return fold(root, _writer(named, shown))[0]


def _writer(named: Names, highlight: frozenset[Index]) -> Callable[[Node, list[Text]], Text]:
    def write(node: Node, below: list[Text]) -> Text:
        match node:
            case Tensor():
                return named[node], _ATOM
            case Number(value, symbol):
                text = symbol or repr(value)
                return text, _NEGATIVE if text.startswith("-") else _ATOM
            case Special(name, shape):
                return f"{name}({', '.join(map(str, shape))})", _ATOM
            case Indexed(_, written) | Rename(_, written):
                return f"{_wrap(below[0], _ATOM)}[{_brackets(written) or '()'}]", _ATOM
            case To(_, written):
                return f"{_wrap(below[0], _TO)} >> [{_brackets(written)}]", _TO
            case Apply(_, "negative"):
                return f"-{_wrap(below[0], _NEGATIVE)}", _NEGATIVE
            case Apply(_, fn):
                return f"{fn}({below[0][0]})", _ATOM
            case Generate(_, name):
                return f"{name}({below[0][0]})", _ATOM
            case Merge(_, groups):
                lists = (f"[{', '.join(named[index] for index in group)}]" for group in groups)
                return f"merge({', '.join((below[0][0], *lists))})", _ATOM
            case Pair(_, _, op) if op in _SIGNS:
                return _binary(*_SIGNS[op], below)
            case Pair(_, _, op):
                return f"{op}({below[0][0]}, {below[1][0]})", _ATOM
            case Matmul():
                return _binary(" @ ", _MULTIPLY, below)
            case Kron():
                return _binary(" & ", _KRON, below)
            case Replicate(_, _, replica):
                last = ", append=True" if replica.append else ""
                return f"vectorize({below[0][0]}, {replica.size}{last})", _ATOM
            case _:
                assert_never(node)

    def _brackets(written: Written) -> str:
        return ", ".join(_entry(entry) for entry in written)

    def _entry(entry: object) -> str:
        if not isinstance(entry, Label):
            return "..."
        text = f"{entry.mark.value}{named[entry.index]}"
        return f"{_OPEN}{text}{_CLOSE}" if entry.index in highlight else text

    return write


def _binary(sign: str, strength: int, below: list[Text]) -> Text:
    # Python groups from the left, powers from the right.
    left, right = (strength + 1, strength) if strength == _POWER else (strength, strength + 1)
    return f"{_wrap(below[0], left)}{sign}{_wrap(below[1], right)}", strength


def _wrap(text: Text, at_least: int) -> str:
    return text[0] if text[1] >= at_least else f"({text[0]})"
