"""Random expressions. The oracle evaluates what is drawn and says whether it is allowed.

An expression is drawn as text, so that a failure is reported as the line that anybody can
write, together with its value. Every step proposes something a person might write: where the
oracle refuses it the step is left out, so what comes out is valid by the rulings.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import reject
from hypothesis import strategies as st

from . import oracle

LABELS = "ijkl"
LIMIT = 4000  # elements in an intermediate result: pairings multiply
FUNCTIONS = ("exp", "log", "sqrt", "sin", "cos", "tanh", "atan", "sigmoid", "erf", "abs")
SEMIRINGS = ("minplus", "viterbi", "logsumexp")


@dataclass(frozen=True)
class Drawn:
    """A text, what it is worth, and whether it stands for itself without parentheses."""

    text: str
    value: oracle.Value

    @property
    def sizes(self) -> dict[str, int]:
        # what is drawn has letters for labels
        labels: tuple[Any, ...] = self.value.labels
        return dict(zip(labels, self.value.shape, strict=False))


@dataclass
class Drawing:
    """One expression in the making: its tensors' data and the choices still to come."""

    draw: Any
    rng: np.random.Generator
    products: bool = False  # nothing but products, lists and new names
    data: dict[str, Any] = field(default_factory=dict)

    def choice(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def chance(self, one_in: int) -> bool:
        return bool(self.draw(st.integers(0, one_in - 1)) == one_in - 1)


@st.composite
def expressions(draw: Any, products: bool = False) -> tuple[str, dict[str, Any], oracle.Value]:
    """A valid expression of two to five operands: its text, its data, its value."""
    drawing = Drawing(draw, np.random.default_rng(draw(st.integers(0, 2**32 - 1))), products)
    sizes = {label: draw(st.integers(1, 4)) for label in LABELS}
    result = _operand(drawing, sizes)
    operands = draw(st.integers(2, 5))
    while len(drawing.data) < operands:
        result = _step(drawing, result, sizes, operands)
    result = _change(drawing, result) if products else _finish(drawing, result)
    words = re.findall(r"\w+", result.text)  # an operand that was left out leaves its data out
    return result.text, {k: v for k, v in drawing.data.items() if k in words}, result.value


def names(data: dict[str, Any]) -> dict[str, Any]:
    """The oracle's words for a text over `data`."""
    words: dict[str, Any] = {label: oracle.index(label) for label in LABELS + "mnpq"}
    return words | {n: oracle.tensor(n, x) for n, x in data.items()} | {"ff": oracle}


def attempt(drawing: Drawing, text: str, otherwise: Drawn) -> Drawn:
    """What the text stands for, or the other one where the rulings refuse it or it explodes."""
    try:
        with np.errstate(all="ignore"):
            value = eval(text, names(drawing.data))  # the notation is Python's
    except (oracle.Invalid, oracle.Unruled):
        return otherwise
    return Drawn(text, value) if is_tame(value) else otherwise


def is_tame(value: oracle.Value) -> bool:
    """Whether single precision can hold it, and the memory of a test."""
    finite = np.all(np.isfinite(value.x)) and np.all(np.isfinite(value.mag))
    moderate = np.all(value.mag < 1e6) and np.all(value.mag > 1e-6)
    return bool(finite and moderate and value.x.size <= LIMIT)


def _operand(drawing: Drawing, sizes: dict[str, int]) -> Drawn:
    """A tensor with indices: sizes of 1, diagonals and marks included."""
    labels = [drawing.choice(*LABELS) for _ in range(drawing.draw(st.integers(1, 3)))]
    marks = {label: drawing.choice("", "", "", "~", "*") for label in labels}
    ones = {label: drawing.chance(6) for label in labels}
    name = "abcdefgh"[len(drawing.data)]
    shape = [1 if ones[label] else sizes[label] for label in labels]
    drawing.data[name] = drawing.rng.uniform(0.5, 1.5, shape).astype(np.float32)
    text = f"{name}[{', '.join(marks[label] + label for label in labels)}]"
    return Drawn(text, eval(text, names(drawing.data)))


def _step(drawing: Drawing, left: Drawn, sizes: dict[str, int], operands: int) -> Drawn:
    """One more operand, and perhaps something done to one side or to the result."""
    live = {**sizes, **{label: min(n, 6) for label, n in left.sizes.items() if label in LABELS}}
    right = _change(drawing, _operand(drawing, live))
    if len(drawing.data) < operands and drawing.chance(3):
        right = _step(drawing, right, live, operands)
    left = _change(drawing, left)
    if drawing.chance(6):
        left, right = right, left
    op = "*" if drawing.products else drawing.choice("*", "*", "*", "+", "-", "/", "**")
    text = f"({left.text} {op} {right.text})"
    if not drawing.products and drawing.chance(6):
        text = f"ff.{drawing.choice(*SEMIRINGS)}({left.text}, {right.text})"
    result = attempt(drawing, text, left)
    if drawing.chance(3) and result is not left:
        labels = list(dict.fromkeys((*left.value.labels, *right.value.labels)))
        return _listed(drawing, result, labels)
    return result


def _change(drawing: Drawing, operand: Drawn) -> Drawn:
    """A function, a minus, a number, a new name, a permutation; most often nothing."""
    kind = drawing.draw(st.integers(4 if drawing.products else 0, 11))
    text = operand.text
    if kind == 1:
        text = f"ff.{drawing.choice(*FUNCTIONS)}({text})"
    elif kind == 2:
        text = f"(-{text})"
    elif kind == 3:
        number = drawing.choice("2", "0.5", "-3", "ff.pi")
        text = drawing.choice(f"({number} {{}} {text})", f"({text} {{}} {number})")
        text = text.format(drawing.choice("*", "+", "-", "/", "**"))
    elif kind == 4:
        fresh = drawing.draw(st.permutations(LABELS + "mn"))[: len(operand.value.labels)]
        marks = [drawing.choice("", "", "~", "*") for _ in fresh]
        listed = [mark + label for mark, label in zip(marks, fresh, strict=True)]
        text = f"{_closed(text)}[{', '.join(listed) or '()'}]"
    elif kind == 5:
        return _listed(drawing, operand, list(operand.value.labels))
    return attempt(drawing, text, operand)


def _listed(drawing: Drawing, operand: Drawn, labels: list[Any]) -> Drawn:
    """`>>` with some of the labels, in some order, with new marks."""
    order = drawing.draw(st.permutations(labels))
    kept = [label for label in order if not drawing.chance(4)]
    marks = [drawing.choice("", "", "", "~", "*") for _ in kept]
    listed = [mark + str(label) for mark, label in zip(marks, kept, strict=True)]
    return attempt(drawing, f"({_open(operand.text)} >> [{', '.join(listed)}])", operand)


def _finish(drawing: Drawing, result: Drawn) -> Drawn:
    """At the end perhaps a tensor without indices, which ends the indexed part."""
    if not drawing.chance(5):
        return _change(drawing, result)
    name = "abcdefgh"[len(drawing.data)]
    shape = result.value.shape[drawing.draw(st.integers(0, result.value.x.ndim)) :]
    drawing.data[name] = drawing.rng.uniform(0.5, 1.5, shape).astype(np.float32)
    op = drawing.choice("*", "+", "-", "/")
    return attempt(drawing, f"({result.text} {op} {name})", result)


def _closed(text: str) -> str:
    return text if text.startswith("(") or text.endswith("]") else f"({text})"


def _open(text: str) -> str:
    """Without the outer parentheses of a pairing, so that `>>` stands directly on it."""
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text


@st.composite
def wild(draw: Any) -> tuple[str, dict[str, Any], bool]:
    """Something written without a thought: its text, its data, and whether it is allowed."""
    drawing = Drawing(draw, np.random.default_rng(draw(st.integers(0, 2**32 - 1))))
    text = _wild_operand(drawing)
    for _ in range(draw(st.integers(1, 2))):
        text = _wild_step(drawing, text)
    try:
        with np.errstate(all="ignore"):
            eval(text, names(drawing.data) | {"np": np})  # the notation is Python's
    except oracle.Unruled:
        reject()
    except oracle.Invalid:
        return text, drawing.data, False
    return text, drawing.data, True


def _wild_operand(drawing: Drawing) -> str:
    name = "abcdefgh"[len(drawing.data)]
    shape = [drawing.choice(1, 2, 3) for _ in range(drawing.draw(st.integers(0, 3)))]
    drawing.data[name] = drawing.rng.uniform(0.5, 1.5, shape).astype(np.float32)
    if drawing.chance(4):
        return name
    count = len(shape) if not drawing.chance(6) else drawing.draw(st.integers(0, 4))
    return f"{name}{_wild_list(drawing, LABELS, count).replace('[]', '[()]')}"


def _wild_list(drawing: Drawing, labels: str, count: int) -> str:
    named = [drawing.choice(*labels) for _ in range(count)]
    marks = {label: drawing.choice("", "", "", "~", "*") for label in named}
    return f"[{', '.join(marks[label] + label for label in named)}]"


def _wild_step(drawing: Drawing, text: str) -> str:
    kind = drawing.draw(st.integers(0, 9))
    if kind <= 3:
        op = drawing.choice("*", "+", "-", "/", "**", "@", "&")
        return f"({text} {op} {_wild_operand(drawing)})"
    if kind == 4:
        return f"ff.{drawing.choice(*SEMIRINGS)}({text}, {_wild_operand(drawing)})"
    if kind == 5:
        on = text if " & " in text else _open(text)  # `>>` binds tighter than `&`
        return f"({on} >> {_wild_list(drawing, LABELS, drawing.draw(st.integers(0, 3)))})"
    if kind == 6:
        listed = _wild_list(drawing, LABELS + "mn", drawing.draw(st.integers(0, 3)))
        return f"{_closed(text)}{listed.replace('[]', '[()]')}"
    if kind == 7:
        return f"ff.exp({text})"
    if kind == 8:
        return f"(2 {drawing.choice('*', '+', '@', '&')} {text})"
    raw = drawing.choice("np.ones(2)", "np.ones((1, 1))", "[1, 2]", "'a'", "None", "i", "...")
    op = drawing.choice("*", "+", "-", "/", "**", "@", "&")
    return f"({text} {op} {raw})" if drawing.chance(2) else f"({raw} {op} {text})"
