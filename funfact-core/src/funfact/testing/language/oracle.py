"""What an expression is worth, by the rulings of the language and with NumPy alone.

The oracle speaks the notation of FunFact, so that one text can be evaluated in both worlds,
but it computes as it goes and takes every definition literally: a pairing first pairs every
element with every element, and only then reduces. It is slow and plain on purpose, knows
nothing of FunFact, and works in double precision.

Beside its value an expression carries ``mag``, the same expression on absolute values (`+` for
`-`; a quotient, a power or a function, where absolute values say nothing, carries the error of
first order instead). Rounding in single precision is measured against it.
"""

import itertools
import math
import numbers
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .words import ARITHMETIC, FUNCTIONS, SEMIRINGS, Words

Array = Any
pi = math.pi


class Invalid(ValueError):
    """What the rulings refuse."""


class Unruled(Exception):
    """What the rulings leave open: nothing is tested there."""


@dataclass(frozen=True)
class Index:
    """An index and the mark it is written with: none, ``~`` or ``*``."""

    label: object
    mark: str = ""

    def __invert__(self) -> "Index":
        return Index(self.label, "~")

    def __iter__(self) -> Iterator["Index"]:
        return iter([Index(self.label, "*")])


@dataclass(frozen=True, eq=False)
class Value:
    """An expression's value. `kind` is 'number', 'plain' (unindexed) or 'indexed'."""

    x: Array
    mag: Array
    kind: str
    labels: tuple[object, ...] = ()
    marks: tuple[str, ...] = ()
    pairing: "tuple[Words, Value, Value] | None" = None

    __array_ufunc__ = None

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(np.shape(self.x))

    def __getitem__(self, indices: Any) -> "Value":
        entries = _entries(indices)
        if self.kind == "plain":
            labels = tuple(object() for _ in self.shape)
            marks = ("",) * len(labels)
        else:
            labels, marks = self.labels, self.marks
        return _diagonals(self, _rename(labels, marks, entries, fresh=self.kind == "plain"))

    def __rshift__(self, indices: Any) -> "Value":
        return _to(self, _entries(indices))

    def __neg__(self) -> "Value":
        return replace(self, x=-self.x, pairing=None)

    def __matmul__(self, other: Any) -> "Value":
        left, right = _plain(self), _plain(other)
        try:
            return Value(left.x @ right.x, left.mag @ right.mag, "plain")
        except ValueError as exc:
            raise Invalid(f"{left.shape} @ {right.shape}") from exc

    def __and__(self, other: Any) -> "Value":
        left, right = _plain(self), _plain(other)
        if left.x.ndim != right.x.ndim or left.x.ndim == 0:
            raise Invalid(f"{left.shape} & {right.shape}")
        return Value(_kron(left.x, right.x), _kron(left.mag, right.mag), "plain")

    def __add__(self, other: Any) -> "Value":
        return _binary("+", self, other)

    def __sub__(self, other: Any) -> "Value":
        return _binary("-", self, other)

    def __mul__(self, other: Any) -> "Value":
        return _binary("*", self, other)

    def __truediv__(self, other: Any) -> "Value":
        return _binary("/", self, other)

    def __pow__(self, other: Any) -> "Value":
        return _binary("**", self, other)

    def __radd__(self, other: Any) -> "Value":
        return _binary("+", other, self)

    def __rsub__(self, other: Any) -> "Value":
        return _binary("-", other, self)

    def __rmul__(self, other: Any) -> "Value":
        return _binary("*", other, self)

    def __rtruediv__(self, other: Any) -> "Value":
        return _binary("/", other, self)

    def __rpow__(self, other: Any) -> "Value":
        return _binary("**", other, self)

    def __rmatmul__(self, other: Any) -> "Value":
        return _value(other) @ self

    def __rand__(self, other: Any) -> "Value":
        return _value(other) & self


def index(name: object) -> Index:
    return Index(name)


def tensor(symbol: str, data: Array) -> Value:
    x = np.asarray(data, dtype=np.result_type(data, np.float64))
    return Value(x, abs(x), "plain")


def zeros(*shape: int) -> Value:
    return tensor("", np.zeros(shape))


def ones(*shape: int) -> Value:
    return tensor("", np.ones(shape))


def eye(*shape: int) -> Value:
    return tensor("", np.eye(shape[0], shape[-1]))


def __getattr__(name: str) -> Any:
    if name in FUNCTIONS:
        return lambda value: _function(name, value)
    if name in SEMIRINGS:
        return lambda left, right: _semiring(name, left, right)
    raise AttributeError(name)


def _function(name: str, value: Any) -> Value:
    if not isinstance(value, Value):
        raise Unruled("a function of a number")
    function, derivative = FUNCTIONS[name]
    x = np.asarray(function(value.x))
    with np.errstate(all="ignore"):
        slope = np.nan_to_num(abs(derivative(value.x)), posinf=1e6)
    return replace(value, x=x, mag=np.maximum(abs(x), slope * value.mag), pairing=None)


def _semiring(name: str, left: Any, right: Any) -> Value:
    left, right = _value(left), _value(right)
    if "plain" in (left.kind, right.kind):
        raise Invalid(f"{name} of tensors without indices")
    if "number" in (left.kind, right.kind):
        raise Unruled("a semiring of a number")
    return _pair(SEMIRINGS[name], left, right)


def _value(thing: Any) -> Value:
    if isinstance(thing, Value):
        return thing
    if isinstance(thing, numbers.Number):
        x = np.asarray(thing)
        return Value(x, abs(x), "number")
    raise Invalid(f"{type(thing).__name__} beside an expression")


def _plain(thing: Any) -> Value:
    value = _value(thing)
    if value.kind != "plain":
        raise Invalid(f"@ and & refuse what is {value.kind}")
    return value


def _kron(x: Array, y: Array) -> Array:
    out = np.empty([m * n for m, n in zip(x.shape, y.shape, strict=True)], np.result_type(x, y))
    for p in np.ndindex(x.shape):
        for q in np.ndindex(y.shape):
            where = tuple(a * n + b for a, b, n in zip(p, q, y.shape, strict=True))
            out[where] = x[p] * y[q]
    return out


def _entries(indices: Any) -> list[Any]:
    items = list(indices) if isinstance(indices, list | tuple) else [indices]
    if not all(isinstance(item, Index) or item is Ellipsis for item in items):
        raise Invalid(f"{indices!r} is no list of indices")
    if sum(item is Ellipsis for item in items) > 1:
        raise Invalid("two ellipses")
    return items


def _rename(
    labels: tuple[object, ...], marks: tuple[str, ...], entries: list[Any], fresh: bool
) -> list[Index]:
    """New names for axes in order; `...` leaves the axes it covers as they are."""
    if Ellipsis in entries:
        at = entries.index(Ellipsis)
        tail = len(entries) - at - 1
        middle = range(at, len(labels) - tail)
        if len(entries) - 1 > len(labels):
            raise Invalid("more indices than axes")
        if not fresh and any(e.label in labels for e in entries if e is not Ellipsis):
            raise Unruled("`...` in a rename list that names a live index")
        entries = entries[:at] + [Index(labels[k], marks[k]) for k in middle] + entries[at + 1 :]
    if len(entries) != len(labels):
        raise Invalid(f"{len(entries)} indices for {len(labels)} axes")
    # A mark written in the list is added to what the axis has: the last one written counts.
    return [Index(e.label, e.mark or mark) for e, mark in zip(entries, marks, strict=True)]


def _diagonals(value: Value, entries: list[Index]) -> Value:
    """Label the axes, taking the diagonal of axes of one label at the first of them."""
    x, mag = value.x, value.mag
    entries = list(entries)
    for first, second in reversed(list(itertools.combinations(range(len(entries)), 2))):
        if second >= len(entries) or entries[first].label != entries[second].label:
            continue
        if entries[first].mark != entries[second].mark:
            raise Unruled("two marks on one diagonal")
        if x.shape[first] != x.shape[second]:
            raise Invalid(f"a diagonal of {x.shape[first]} and {x.shape[second]}")
        x, mag = _diagonal(x, first, second), _diagonal(mag, first, second)
        del entries[second]
    labels, marks = tuple(e.label for e in entries), tuple(e.mark for e in entries)
    return Value(x, mag, "indexed", labels, marks)


def _diagonal(x: Array, first: int, second: int) -> Array:
    picks = [x.take(k, second).take(k, first) for k in range(x.shape[first])]
    return np.stack(picks, first)


def _to(value: Value, entries: list[Any]) -> Value:
    if value.kind != "indexed":
        raise Invalid(">> on an unindexed expression")
    if Ellipsis in entries:
        at = entries.index(Ellipsis)
        named = [e.label for e in entries if e is not Ellipsis]
        rest = [Index(label) for label in value.labels if label not in named]
        entries = entries[:at] + rest + entries[at + 1 :]
    listed = [e.label for e in entries]
    if len(set(listed)) < len(listed):
        raise Invalid("an index twice in the list of >>")
    if value.pairing is not None:
        return _pair(*value.pairing, entries)
    if not set(listed) <= set(value.labels):
        raise Invalid("an index that is not there")
    if any(m for label, m in zip(value.labels, value.marks, strict=True) if label not in listed):
        raise Unruled("a marked index left out by a >> that stands on no pairing")
    return _arrange(value.x, value.mag, list(value.labels), entries, np.sum)


def _binary(op: str, left: Any, right: Any) -> Value:
    left, right = _value(left), _value(right)
    words = ARITHMETIC[op]
    if "plain" not in (left.kind, right.kind):
        return _pair(words, left, right)
    try:
        x = words.apply(left.x, right.x)
    except ValueError as exc:
        raise Invalid(f"{left.shape} {op} {right.shape}") from exc
    return Value(x, words.bound(left.x, left.mag, right.x, right.mag), "plain")


def _pair(words: Words, left: Value, right: Value, listed: list[Index] | None = None) -> Value:
    """Pair every element with every element, then reduce what is not in the result."""
    marks = _joined_marks(left, right)
    shared = [label for label in left.labels if label in right.labels]
    kron = [label for label in shared if marks[label] == "*"]
    if listed is None:
        out = _result(left, right, shared, marks)
    else:
        _check_list(listed, marks)
        out = listed
    left_axes = [("left", label) if label in kron else label for label in left.labels]
    right_axes = [("right", label) if label in kron else label for label in right.labels]
    axes = left_axes + [axis for axis in right_axes if axis not in left_axes]
    sizes = _sizes(left_axes, left.shape, right_axes, right.shape)
    x, big_x = (_spread(v, left_axes, axes, sizes) for v in (left.x, left.mag))
    y, big_y = (_spread(v, right_axes, axes, sizes) for v in (right.x, right.mag))
    value, mag = words.apply(x, y), words.bound(x, big_x, y, big_y)
    for label in kron:
        value, mag = _merge(value, axes, label), _merge(mag, axes, label)
        axes = [label, *(axis for axis in axes if axis not in (("left", label), ("right", label)))]
    result = _arrange(value, mag, axes, out, words.reduce)
    return replace(result, pairing=None if listed is not None else (words, left, right))


def _joined_marks(left: Value, right: Value) -> dict[object, str]:
    """`*` on one side beats `~` on the other."""
    marks: dict[object, str] = {}
    for side in (left, right):
        for label, mark in zip(side.labels, side.marks, strict=True):
            marks[label] = max(marks.get(label, ""), mark, key=["", "~", "*"].index)
    return marks


def _result(
    left: Value, right: Value, shared: Sequence[object], marks: dict[object, str]
) -> list[Index]:
    """Only on the left; kept, marked on the left; kept, marked on the right alone; the rest."""
    on_left = dict(zip(left.labels, left.marks, strict=True))
    only_left = [Index(label, marks[label]) for label in left.labels if label not in shared]
    kept_left = [Index(label) for label in left.labels if label in shared and on_left[label]]
    kept_right = [
        Index(label)
        for label in right.labels
        if label in shared and marks[label] and not on_left[label]
    ]
    only_right = [Index(label, marks[label]) for label in right.labels if label not in shared]
    return only_left + kept_left + kept_right + only_right


def _check_list(listed: list[Index], marks: dict[object, str]) -> None:
    labels = [entry.label for entry in listed]
    if not set(labels) <= set(marks):
        raise Invalid("an index that neither side has")
    if any(mark and label not in labels for label, mark in marks.items()):
        raise Invalid("a marked index left out")


def _sizes(
    left_axes: list[Any], left: tuple[int, ...], right_axes: list[Any], right: tuple[int, ...]
) -> dict[Any, int]:
    sizes = dict(zip(left_axes, left, strict=True))
    for axis, size in zip(right_axes, right, strict=True):
        other = sizes.get(axis, 1)
        if size != other and 1 not in (size, other):
            raise Invalid(f"sizes {other} and {size} under one index")
        sizes[axis] = max(size, other) if 0 not in (size, other) else 0
    return sizes


def _spread(x: Array, own: list[Any], axes: list[Any], sizes: dict[Any, int]) -> Array:
    """The array over all `axes`, repeated along those it does not have."""
    order = [own.index(axis) for axis in axes if axis in own]
    shape = [np.shape(x)[own.index(axis)] if axis in own else 1 for axis in axes]
    full = np.transpose(x, order).reshape(shape)
    return np.broadcast_to(full, [sizes[axis] for axis in axes])


def _merge(x: Array, axes: list[Any], label: object) -> Array:
    """Element (p, q) of the two axes goes to p * (size on the right) + q of the first axis."""
    x = np.moveaxis(x, (axes.index(("left", label)), axes.index(("right", label))), (0, 1))
    m, n = x.shape[:2]
    out = np.empty((m * n, *x.shape[2:]), x.dtype)
    for p, q in np.ndindex(m, n):
        out[p * n + q] = x[p, q]
    return out


def _arrange(
    x: Array, mag: Array, axes: list[Any], out: list[Index], reduce: Callable[..., Array]
) -> Value:
    """Reduce the axes that `out` does not name, and put the others in its order."""
    labels = [entry.label for entry in out]
    for axis in [axis for axis in axes if axis not in labels]:
        at = axes.index(axis)
        x, mag = reduce(x, axis=at), reduce(mag, axis=at)
        axes = axes[:at] + axes[at + 1 :]
    order = [axes.index(label) for label in labels]
    marks = tuple(entry.mark for entry in out)
    return Value(np.transpose(x, order), np.transpose(mag, order), "indexed", tuple(labels), marks)
