"""The narrow waist: what every expression means, in few forms.

A node is an array with positional dimensions. Inside a `Map` or a `Contract`
the dimensions of the operands are tied together by `Axis` objects, as letters
do in an einsum; an axis belongs to the one node that mentions it, so renaming
costs nothing and nothing is ever captured. The indices that a person writes
are not here.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, assert_never

from funfact.graph import postorder

__all__ = [
    "ARITHMETIC",
    "LOGSUMEXP",
    "MINPLUS",
    "PRODUCT",
    "VITERBI",
    "Apply",
    "Axis",
    "Const",
    "Contract",
    "Gather",
    "Ir",
    "Load",
    "Map",
    "Semiring",
    "Split",
    "Term",
    "check",
    "is_view",
    "with_operands",
]

ARITHMETIC = frozenset(
    {"add", "subtract", "multiply", "divide", "pow", "floor_divide", "remainder"}
)
"""The binary functions of a `Map`, by their array API names."""


@dataclass(frozen=True, eq=False, slots=True)
class Axis:
    """A dimension that several operands share; identity is the object's."""

    size: int


@dataclass(frozen=True)
class Semiring:
    """How operands are combined and how what they have in common is reduced.

    `combine` and `reduce` are names of functions that every backend has, or functions
    of native arrays: ``combine(x, y)``, ``reduce(x, axis=)``.
    """

    name: str
    combine: str | Callable[[Any, Any], Any]
    reduce: str | Callable[..., Any]

    def __hash__(self) -> int:
        return hash(self.name)  # a user's functions need not have one

    @property
    def symbol(self) -> str:
        return self.name


PRODUCT = Semiring("product", combine="multiply", reduce="sum")
MINPLUS = Semiring("minplus", combine="add", reduce="min")
LOGSUMEXP = Semiring("logsumexp", combine="add", reduce="log_sum_exp")
VITERBI = Semiring("viterbi", combine="add", reduce="max")


@dataclass(frozen=True, eq=False, slots=True)
class Term:
    """An operand and the axis that each of its dimensions runs along.

    None marks a dimension of size 1 that is broadcast, an axis that stands
    twice takes the diagonal.
    """

    value: "Ir"
    axes: tuple[Axis | None, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Load:
    """A factor or data, looked up by `key` when the function is called.

    With `real`, the array holds real numbers even where all the others are complex.
    """

    key: object
    shape: tuple[int, ...]
    real: bool = False

    @property
    def below(self) -> tuple["Ir", ...]:
        return ()


@dataclass(frozen=True, eq=False, slots=True)
class Const:
    """An array that is the same number everywhere, or, with ``'eye'``, an identity matrix."""

    value: Any
    shape: tuple[int, ...] = ()

    @property
    def below(self) -> tuple["Ir", ...]:
        return ()


@dataclass(frozen=True, eq=False, slots=True)
class Map:
    """An elementwise function of one or two operands, aligned along `axes`."""

    fn: str
    terms: tuple[Term, ...]
    axes: tuple[Axis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple([axis.size for axis in self.axes])

    @property
    def below(self) -> tuple["Ir", ...]:
        return tuple([term.value for term in self.terms])


@dataclass(frozen=True, eq=False, slots=True)
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
        return tuple([math.prod(axis.size for axis in group) for group in self.output])

    @property
    def below(self) -> tuple["Ir", ...]:
        return tuple([term.value for term in self.terms])


@dataclass(frozen=True, eq=False, slots=True)
class Gather:
    """Some elements of an array, chosen by vectors of positions: what `restrict` leaves behind.

    Each dimension has a vector of integers, or None for all of it, and an axis. What stands
    for the vector when it is computed may be a slice, where `restrict.takes_slices` says so.
    Dimensions with one axis go together, element by element; the dimensions of
    the result are the axes, each once.
    """

    value: "Ir"
    positions: tuple["Ir | None", ...]
    axes: tuple[Axis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple([axis.size for axis in dict.fromkeys(self.axes)])

    @property
    def below(self) -> tuple["Ir", ...]:
        return (self.value, *(where for where in self.positions if where is not None))


@dataclass(frozen=True, eq=False, slots=True)
class Apply:
    """What a user's function makes of an array; opaque, so no pass looks into it.

    Attributes
    ----------
    generator : callable
        ``generator(x, backend)`` of one item, an array of ``value.shape[lead:]``.
    value : Ir
    item : tuple of int
        The shape of what it makes of one item.
    lead : int
        How many leading dimensions of `value` are items (replicas); the result has them too.
    real : bool
        Whether it is handed the real part.
    complex : bool
        Whether what it makes is complex even of real numbers.
    batched : bool
        Whether it takes all items at once, in leading dimensions.
    """

    generator: Callable[[Any, Any], Any]
    value: "Ir"
    item: tuple[int, ...]
    lead: int = 0
    real: bool = False
    complex: bool = False
    batched: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape[: self.lead] + self.item

    @property
    def below(self) -> tuple["Ir", ...]:
        return (self.value,)


@dataclass(frozen=True, eq=False, slots=True)
class Split:
    """The same elements in row-major order, each dimension taken apart into `parts`.

    A dimension of size 1 may have no part.
    """

    value: "Ir"
    parts: tuple[tuple[int, ...], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple([size for sizes in self.parts for size in sizes])

    @property
    def below(self) -> tuple["Ir", ...]:
        return (self.value,)


Ir: TypeAlias = Load | Const | Map | Contract | Gather | Apply | Split


def is_view(root: Ir, slices: bool = False) -> bool:
    """Whether the array may be a leaf as it is stored, only seen in another way.

    With `slices`, what a `Gather` picks may be a slice, which is such a view too.
    """
    node = root
    while not isinstance(node, Load):
        match node:
            case Contract(semiring, (term,), _) if semiring == PRODUCT:
                node = term.value
            case Split(value):
                node = value
            case Gather(value) if slices:
                node = value
            case Map("real" | "imag" | "conj", (term,), _):
                node = term.value
            case _:
                return False
    return True


def with_operands(node: Ir, below: Sequence[Ir]) -> Ir:
    """`node` over other operands of the same shapes; itself if they are the same."""
    if all(old is new for old, new in zip(node.below, below, strict=True)):
        return node
    match node:
        case Map() | Contract():
            terms = tuple([Term(b, t.axes) for b, t in zip(below, node.terms, strict=True)])
            return replace(node, terms=terms)
        case Gather(_, positions):
            rest = iter(below[1:])
            where = tuple([None if p is None else next(rest) for p in positions])
            return replace(node, value=below[0], positions=where)
        case Apply() | Split():
            return replace(node, value=below[0])
        case Load() | Const():
            return node
        case _:
            assert_never(node)


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
            case Split(value, parts):
                assert tuple(map(math.prod, parts)) == value.shape, "parts of another size"
            case Apply(_, value, _, lead):
                assert 0 <= lead <= len(value.shape), "more items than dimensions"
            case Gather(value, positions, axes):
                assert len(positions) == len(axes) == len(value.shape), "one entry a dimension"
                for size, where, axis in zip(value.shape, positions, axes, strict=True):
                    assert (size,) == (axis.size,) if where is None else where.shape == (axis.size,)
                    assert where is not None or axes.count(axis) == 1, "all of a dimension is alone"
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
