"""The narrow waist: what every expression means, in four forms.

A node is an array with positional dimensions. Inside a `Map` or a `Contract`
the dimensions of the operands are tied together by `Axis` objects, as letters
do in an einsum; an axis belongs to the one node that mentions it, so renaming
costs nothing and nothing is ever captured. The indices that a person writes
are not here.
"""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

from funfact.graph import postorder

__all__ = [
    "ARITHMETIC",
    "LOGSUMEXP",
    "MINPLUS",
    "PRODUCT",
    "VITERBI",
    "Axis",
    "Const",
    "Contract",
    "Ir",
    "Load",
    "Map",
    "Semiring",
    "Term",
    "check",
]

ARITHMETIC = frozenset({"add", "subtract", "multiply", "divide", "pow"})
"""The binary functions of a `Map`, by their array API names."""


@dataclass(frozen=True, eq=False)
class Axis:
    """A dimension that several operands share; identity is the object's."""

    size: int


@dataclass(frozen=True)
class Semiring:
    """How operands are combined and how what they have in common is reduced.

    `combine` and `reduce` are names of functions every backend has.
    """

    name: str
    combine: str
    reduce: str


PRODUCT = Semiring("product", combine="multiply", reduce="sum")
MINPLUS = Semiring("minplus", combine="add", reduce="min")
LOGSUMEXP = Semiring("logsumexp", combine="add", reduce="log_sum_exp")
VITERBI = Semiring("viterbi", combine="add", reduce="max")


@dataclass(frozen=True, eq=False)
class Term:
    """An operand and the axis that each of its dimensions runs along.

    None marks a dimension of size 1 that is broadcast, an axis that stands
    twice takes the diagonal.
    """

    value: "Ir"
    axes: tuple[Axis | None, ...]


@dataclass(frozen=True, eq=False)
class Load:
    """A factor or data, looked up by `key` when the function is called."""

    key: object
    shape: tuple[int, ...]

    @property
    def below(self) -> tuple["Ir", ...]:
        return ()


@dataclass(frozen=True, eq=False)
class Const:
    """An array that is the same number everywhere, or, with ``'eye'``, an identity matrix."""

    value: Any
    shape: tuple[int, ...] = ()

    @property
    def below(self) -> tuple["Ir", ...]:
        return ()


@dataclass(frozen=True, eq=False)
class Map:
    """An elementwise function of one or two operands, aligned along `axes`."""

    fn: str
    terms: tuple[Term, ...]
    axes: tuple[Axis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(axis.size for axis in self.axes)

    @property
    def below(self) -> tuple["Ir", ...]:
        return tuple(term.value for term in self.terms)


@dataclass(frozen=True, eq=False)
class Contract:
    """Combine the operands along their axes and reduce the axes not in `output`.

    Each dimension of the result is a group of axes, in row-major order: one
    axis as a rule, several for a Kronecker product. A single operand makes it
    a transpose, a sum, a diagonal or a trace.
    """

    semiring: Semiring
    terms: tuple[Term, ...]
    output: tuple[tuple[Axis, ...], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(math.prod(axis.size for axis in group) for group in self.output)

    @property
    def below(self) -> tuple["Ir", ...]:
        return tuple(term.value for term in self.terms)


Ir: TypeAlias = Load | Const | Map | Contract


def check(root: Ir) -> None:
    """Assert that every node below `root` is well formed; for tests of passes."""
    for node in postorder(root):
        match node:
            case Load() | Const():
                pass
            case Map(fn, terms, axes):
                assert len(terms) == (2 if fn in ARITHMETIC else 1), fn
                assert len(set(axes)) == len(axes), "an axis of a Map stands twice"
                _check_terms(terms, set(axes))
                _check_carried(terms, axes)
            case Contract(_, terms, output):
                flat = [axis for group in output for axis in group]
                assert terms, "a Contract without operands"
                assert len(set(flat)) == len(flat), "an output axis stands twice"
                _check_terms(terms, None)
                _check_carried(terms, flat)
            case _:
                assert_never(node)


def _check_terms(terms: tuple[Term, ...], known: set[Axis] | None) -> None:
    for term in terms:
        assert len(term.axes) == len(term.value.shape), "one axis a dimension"
        for axis, size in zip(term.axes, term.value.shape, strict=True):
            if axis is None:
                assert size == 1, f"a broadcast dimension has size {size}"
            else:
                assert axis.size == size, f"axis of {axis.size} on a dimension of {size}"
                assert known is None or axis in known, "a Map reduces nothing"


def _check_carried(terms: tuple[Term, ...], axes: "tuple[Axis, ...] | list[Axis]") -> None:
    carried = {axis for term in terms for axis in term.axes}
    assert carried.issuperset(axes), "an output axis that no operand carries"
