r"""An expression as a mathematician writes it: sums are explicit.

Whatever a pairing reduces stands below its sign, ``\sum_{j} (a_{ij} + b_{jk})``, so that an
index that is written twice and not below a sign is not summed. The axes of the result are
the free indices in the order in which they are first read; where they are not, brackets say
so: ``[a_{ri} b_{rj}]_{irj}``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from funfact.compiler.ir import Semiring
from funfact.graph import fold, postorder
from funfact.language.meaning import Meaning
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
)
from funfact.language.render import symbols
from funfact.language.render.formula import (
    ADD,
    ATOM,
    FACTOR,
    MINUS,
    TIMES,
    Formula,
    atom,
    base,
    closed,
    fraction,
    infix,
    minus,
    plus,
    power,
    prefixed,
    reduced,
    times,
)
from funfact.language.render.names import Names, allot, fresh, named
from funfact.language.render.symbols import operator_name, subscript, typeset
from funfact.language.render.text import Shared, Text, flat, text
from funfact.language.resolve import Outline, outline

__all__ = ["latex"]

_LIMITS = {
    "sum": r"\sum",
    "prod": r"\prod",
    "max": r"\max",
    "min": r"\min",
    "log_sum_exp": operator_name("logsumexp", limits=True),
}
_FRAMES = {
    "sqrt": (r"\sqrt{", "}"),
    "conj": (r"\overline{", "}"),
    "abs": (r"\left|", r"\right|"),
}
_STRENGTH = {"atom": ATOM, "minus": MINUS, "product": TIMES, "sum": ADD}


@dataclass(frozen=True, eq=False)
class Part:
    """What is known of a node, its formula, and that of a pairing before anything is reduced."""

    known: Outline
    formula: Formula
    paired: Formula | None = None

    @property
    def indices(self) -> tuple[Index, ...]:
        return _indices(self.known.meaning)

    @property
    def ndim(self) -> int | None:
        return None if self.known.meaning is None else len(self.known.meaning.shape)


def latex(root: Node) -> str:
    r"""The LaTeX of an expression, for a formula of its own.

    A long part that stands several times is named, and given after the formula.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j, r = ff.indices("i, j, r")
    >>> u, v = ff.tensor("u_1", 3, 2), ff.tensor("alpha", 2, 4)
    >>> print(latex((ff.exp(u[i, r]) * v[r, j]).node))
    \sum_{r} \exp\left({u_{1}}_{ir}\right) \alpha_{rj}
    """
    names = _typeset_names(root)
    fresh_names = fresh("X", {thing.symbol or "" for thing in named(root)})
    shared: Shared[Part] = Shared(root, lambda: next(fresh_names))

    def visit(node: Node, below: list[Part]) -> Part:
        parts = [read(node, place, part) for place, part in enumerate(below)]
        known = outline(node, [part.known for part in below])
        return _write(node, known, parts, names)

    def read(node: Node, place: int, part: Part) -> Part:
        name, _ = shared(node, place, part.formula.body.length, part)
        return Part(part.known, _defined(name, part, names), part.paired) if name else part

    whole = _in_order(fold(root, visit), names)
    pieces: list[str | Text] = [whole.body]
    for name, part in shared.named.values():
        pieces.append(r" \quad \text{where} \quad " if len(pieces) == 1 else r",\quad ")
        pieces += [_defined(name, part, names).body, " = ", closed(part.formula).body]
    return flat(text(ADD, *pieces))


def _typeset_names(root: Node) -> Names:
    """Tensors and indices are told apart among themselves; what ``...`` stands for has names."""
    things = named(root)
    tensors = [thing for thing in things if not isinstance(thing, Index)]
    indices = [thing for thing in things if isinstance(thing, Index)]
    for node in postorder(root):
        indices += node.skipped if isinstance(node, Indexed) else ()
    names = allot(tensors) | allot(dict.fromkeys(indices))
    return {thing: typeset(name) for thing, name in names.items()}


def _defined(name: str, part: Part, names: Names) -> Formula:
    """The name of a part that is given elsewhere, with its indices."""
    return _subscripted(atom(typeset(name), op="_"), part.indices, names)


def _subscripted(stem: Formula, indices: Sequence[Index], names: Names) -> Formula:
    if not indices:
        return stem
    below = subscript(names[index] for index in indices)
    return atom(base(stem).body, f"_{{{below}}}", order=tuple(dict.fromkeys(indices)))


def _in_order(part: Part, names: Names) -> Formula:
    """As an array: in brackets where its axes are not the free indices as they are read."""
    formula = closed(part.formula)
    if part.indices == formula.order:
        return formula
    return _array(part, names)


def _array(part: Part, names: Names) -> Formula:
    """As an array, which has no indices any more: in brackets, its axes below."""
    if not part.indices:
        return Formula(closed(part.formula).body, op=part.formula.op)
    below = subscript(names[index] for index in part.indices)
    return atom(r"\left[", closed(part.formula).body, rf"\right]_{{{below}}}", op="_")


def _write(node: Node, known: Outline, below: list[Part], names: Names) -> Part:
    meaning = known.meaning
    if not isinstance(node, Pair) or (meaning and meaning.pairing is None):
        return Part(known, _formula(node, meaning, below, names))
    pairing = meaning.pairing if meaning else None
    starred = [i for i in _indices(meaning) if pairing and pairing.kronecker(i)]
    paired = _paired(node, starred, [part.formula for part in below], names)
    return Part(known, _reduced(node.semiring, paired, meaning, names), paired)


def _formula(node: Node, meaning: Meaning | None, below: list[Part], names: Names) -> Formula:
    parts = [part.formula for part in below]
    match node:
        case Tensor():
            return atom(names[node], op="_" if "_" in names[node] else "")
        case Number(value, symbol):
            digits, kind = symbols.typeset_number(value)
            return atom(typeset(symbol)) if symbol else Formula(text(_STRENGTH[kind], digits))
        case Special(name, shape):
            return _special(name, shape)
        case Hole():
            return atom(r"\square")
        case Indexed():
            return _indexed(node, parts[0], names)
        case Rename():
            return _renamed(node, below[0], names)
        case To() if meaning is None:
            return _bracketed(node, parts[0], names)
        case To(child):
            semiring = child.semiring if isinstance(child, Pair) else None
            return _reduced(semiring, below[0].paired or parts[0], meaning, names)
        case Apply(_, fn):
            return _applied(fn, parts[0])
        case Generate(_, name):
            return _called(operator_name(name), parts)
        case Merge(_, groups):
            return _merged(groups, parts[0], names)
        case Pair(_, _, op):
            return _elementwise(op, below, names)
        case Matmul():
            transposed = power(parts[0], atom(r"\top")) if below[0].ndim == 1 else parts[0]
            return times(transposed, parts[1])
        case Kron():
            return infix(r"\otimes", *parts)
        case Replicate(_, _, replica):
            body = _array(below[0], names).body
            return atom(r"\left[", body, rf"\right]_{{\rho=1}}^{{{replica.size}}}", op="_^")
        case _:
            assert_never(node)


def _special(name: str, shape: tuple[int, ...]) -> Formula:
    letter = {"zeros": "0", "ones": r"\mathbf{1}", "eye": "I"}[name]
    square = name == "eye" and shape[0] == shape[1]
    sizes = str(shape[0]) if square else r" \times ".join(map(str, shape))
    return atom(f"{letter}_{{{sizes}}}", op="_") if shape else atom(letter)


def _indexed(node: Indexed, child: Formula, names: Names) -> Formula:
    indices = [entry.index for entry in node.spelled if isinstance(entry, Label)]
    match node.child:
        case Special("eye", (n, m)) if n == m:
            child = atom(r"\delta")
        case _:
            pass
    return _subscripted(child, indices, names)


def _renamed(node: Rename, child: Part, names: Names) -> Formula:
    """With a bar, and what is put for what: no index is caught by a sum."""
    old = child.indices
    written = [entry.index if isinstance(entry, Label) else ... for entry in node.written]
    if ... in written:
        where = written.index(...)
        written[where : where + 1] = old[where : where + len(old) - len(written) + 1]
    new = {a: b for a, b in zip(old, written, strict=True) if isinstance(b, Index) and a is not b}
    if not new:
        return child.formula
    arrows = ", ".join(rf"{names[a]} \to {names[b]}" for a, b in new.items())
    body = text(FACTOR, r"\left.", base(child.formula).body, rf"\right|_{{{arrows}}}")
    order = dict.fromkeys(new.get(index, index) for index in child.formula.order)
    return Formula(body, tuple(order))


def _bracketed(node: To, child: Formula, names: Names) -> Formula:
    """A list on what has a hole: what is summed is known when it is filled."""
    listed = (names[e.index] if isinstance(e, Label) else r"\cdots" for e in node.written)
    body = closed(child).body
    return atom(r"\left[", body, rf"\right]_{{{subscript(listed)}}}", op="_")


def _reduced(
    semiring: Semiring | None, paired: Formula, meaning: Meaning | None, names: Names
) -> Formula:
    """`paired`, reduced over what `meaning` has no more."""
    kept = paired.order if meaning is None else _indices(meaning)
    over = {index: names[index] for index in paired.order if index not in kept}
    if semiring is None or not over:
        return reduced(paired, over)
    given = semiring.reduce
    name = given if isinstance(given, str) else _word(given, "reduce")
    return prefixed(_LIMITS.get(name) or operator_name(name, limits=True), over, closed(paired))


def _paired(node: Pair, starred: list[Index], parts: list[Formula], names: Names) -> Formula:
    """A pairing before anything is reduced; Kronecker indices stand below the sign."""
    left, right = parts
    below = f"_{{{subscript(names[index] for index in starred)}}}" if starred else ""
    combine = node.semiring.combine if node.semiring else node.op
    match combine:
        case "add":
            return infix(r"\oplus" + below, left, right) if below else plus("+", left, right)
        case "subtract":
            return infix(r"\ominus" + below, left, right) if below else plus("-", left, right)
        case "multiply":
            return infix(r"\otimes" + below, left, right) if below else times(left, right)
        case "divide":
            return infix(r"\oslash" + below, left, right) if below else fraction(left, right)
        case "pow":
            return power(left, right, how=rf"\otimes{below} " if below else "")
        case "maximum" | "minimum":
            return _called(f"\\{combine[:3]}{below}", [left, right])
        case _:
            name = combine if isinstance(combine, str) else _word(combine, "pair")
            return _called(operator_name(name) + below, [left, right])


def _elementwise(op: str, below: list[Part], names: Names) -> Formula:
    """Of arrays; what has indices becomes one."""
    left, right = (_array(part, names) for part in below)
    scalars = [part.ndim == 0 for part in below]
    match op:
        case "add" | "subtract":
            return plus("+" if op == "add" else "-", left, right)
        case "multiply":
            return times(left, right) if any(scalars) else infix(r"\odot", left, right)
        case "divide":
            return fraction(left, right) if scalars[1] else infix(r"\oslash", left, right)
        case _:
            return power(left, right, how="" if all(scalars) else r"\circ ")


def _applied(fn: str, argument: Formula) -> Formula:
    if fn == "negative":
        return minus(argument)
    if fn in _FRAMES:
        before, after = _FRAMES[fn]
        return atom(before, closed(argument).body, after, order=argument.order)
    return _called(symbols.FUNCTIONS.get(fn) or operator_name(fn), [argument])


def _called(name: str, arguments: list[Formula]) -> Formula:
    inner = [piece for part in arguments for piece in (", ", closed(part).body)][1:]
    order = dict.fromkeys(index for part in arguments for index in part.order)
    return atom(name, r"\left(", *inner, r"\right)", order=tuple(order))


def _word(function: object, otherwise: str) -> str:
    name = str(getattr(function, "__name__", ""))
    return name if name.isidentifier() else otherwise


def _merged(groups: Sequence[Sequence[Index]], child: Formula, names: Names) -> Formula:
    """As an array, indices that run along one axis below a line."""
    axes = [subscript(names[index] for index in group) for group in groups]
    lines = [
        rf"\overline{{{axis}}}" if len(group) > 1 else axis or "1"
        for axis, group in zip(axes, groups, strict=True)
    ]
    return atom(r"\left[", closed(child).body, rf"\right]_{{{subscript(lines)}}}", op="_")


def _indices(meaning: Meaning | None) -> tuple[Index, ...]:
    return tuple(label.index for label in (meaning.labels if meaning else None) or ())
