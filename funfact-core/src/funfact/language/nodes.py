"""The frozen tree that an expression builds, one class for each thing written.

A tensor is itself: nodes compare by identity, so one tensor that stands twice
is one factor and two tensors of one name are two. Children are in `below`,
from left to right; `funfact.graph.fold` walks them.
"""

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Any, TypeAlias

from funfact.compiler.ir import Semiring

__all__ = [
    "Apply",
    "Binary",
    "Generate",
    "Hole",
    "Index",
    "Indexed",
    "Kron",
    "Label",
    "Mark",
    "Matmul",
    "Merge",
    "Node",
    "Number",
    "Pair",
    "Rename",
    "Replica",
    "Replicate",
    "Special",
    "Tensor",
    "To",
    "Unary",
    "Written",
]


class Mark(enum.Enum):
    """What an index asks of its partner; the value is the sign that is written."""

    NONE = ""
    KEEP = "~"
    KRON = "*"


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Index:
    """A name for an axis. ``~i`` keeps it when shared, ``*i`` makes it a Kronecker one.

    Two indices are the same only if they are the same object.
    """

    symbol: str | None = None

    def __invert__(self) -> "Label":
        return Label(self, Mark.KEEP)

    def __iter__(self) -> "Iterator[Label]":
        # Python spells `a[[*i, j]]` as an unpacking: one element comes out, marked.
        yield Label(self, Mark.KRON)

    def __repr__(self) -> str:
        return f"index({self.symbol!r})" if self.symbol else "index()"


@dataclass(frozen=True, slots=True)
class Label:
    """An index as it stands in a list: with its mark. The last mark written wins."""

    index: Index
    mark: Mark = Mark.NONE

    def __invert__(self) -> "Label":
        return Label(self.index, Mark.KEEP)

    def __iter__(self) -> "Iterator[Label]":
        yield Label(self.index, Mark.KRON)

    def __repr__(self) -> str:
        return f"{self.mark.value}{self.index!r}"


Written: TypeAlias = tuple[Label | EllipsisType, ...]
"""An index list as it was written."""


@dataclass(frozen=True, eq=False, slots=True)
class Replica:
    """One replica axis: how many, and whether it comes last instead of first."""

    size: int
    append: bool = False


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Leaf:
    """A node without children."""

    @property
    def below(self) -> "tuple[Node, ...]":
        return ()


@dataclass(frozen=True, eq=False, slots=True)
class Tensor(Leaf):
    """A factor or data.

    `shape` leaves out the replica axes; `full_shape`, that of the stored array,
    has them. With `real`, it is stored in real numbers in a complex model too.
    """

    symbol: str | None
    shape: tuple[int, ...]
    data: Any = field(default=None, repr=False)
    initializer: Any = None
    optimizable: bool = True
    prefer: Any = None
    replicas: tuple[Replica, ...] = ()
    real: bool = False
    constrain: Any = None

    @property
    def full_shape(self) -> tuple[int, ...]:
        shape = self.shape
        for replica in reversed(self.replicas):
            shape = (*shape, replica.size) if replica.append else (replica.size, *shape)
        return shape


@dataclass(frozen=True, eq=False, slots=True)
class Number(Leaf):
    """A literal, or a number with a name (`ff.pi`)."""

    value: complex
    symbol: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Special(Leaf):
    """A constant tensor: `name` is ``'zeros'``, ``'ones'`` or ``'eye'``."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Hole(Leaf):
    """Where an expression is put when a template is filled."""


@dataclass(frozen=True, eq=False, slots=True)
class Unary:
    """A node with one child."""

    child: "Node"

    @property
    def below(self) -> "tuple[Node, ...]":
        return (self.child,)


@dataclass(frozen=True, eq=False, slots=True)
class Binary:
    """A node with two children."""

    left: "Node"
    right: "Node"

    @property
    def below(self) -> "tuple[Node, ...]":
        return (self.left, self.right)


@dataclass(frozen=True, eq=False, slots=True)
class Indexed(Unary):
    """``T[i, j]`` on something without indices.

    With ``...`` in the list, `private` has an index for each dimension: those that are not
    named take theirs, the same ones whenever the node is resolved again.
    """

    written: Written
    private: tuple[Index, ...] = ()

    @property
    def skipped(self) -> tuple[Index, ...]:
        """What the ``...`` stands for."""
        if ... not in self.written:
            return ()
        where = self.written.index(...)
        return self.private[where : len(self.private) - (len(self.written) - where - 1)]

    @property
    def spelled(self) -> Written:
        """The list with what the ``...`` stands for in its place."""
        entries = ((e,) if isinstance(e, Label) else map(Label, self.skipped) for e in self.written)
        return tuple(label for group in entries for label in group)


@dataclass(frozen=True, eq=False, slots=True)
class Rename(Unary):
    """``expr[m, n]`` on something that has indices."""

    written: Written


@dataclass(frozen=True, eq=False, slots=True)
class To(Unary):
    """``expr >> [k, i]``."""

    written: Written


@dataclass(frozen=True, eq=False, slots=True)
class Apply(Unary):
    """An elementwise function, by its array API name."""

    fn: str


@dataclass(frozen=True, eq=False, slots=True)
class Generate(Unary):
    """A tensor of `shape` whose elements a user's function makes of the parameters below.

    `real` and `complex` say whether the function is handed real numbers in a complex
    model too, and whether it makes complex ones of them; `batched`, whether it takes all
    replicas at once. See `compiler.ir.Apply`.
    """

    name: str
    generator: Callable[[Any, Any], Any] = field(repr=False)
    shape: tuple[int, ...]
    real: bool = False
    complex: bool = False
    batched: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Merge(Unary):
    """``merge(expr, [i, j], [k])``: one dimension for each group of indices, in row-major order."""

    groups: tuple[tuple[Index, ...], ...]


@dataclass(frozen=True, eq=False, slots=True)
class Pair(Binary):
    """``+ - * / **``, `op` being the array API name, or a semiring, `op` being its name."""

    op: str
    semiring: Semiring | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Matmul(Binary):
    """``a @ b``."""


@dataclass(frozen=True, eq=False, slots=True)
class Kron(Binary):
    """``a & b``."""


@dataclass(frozen=True, eq=False, slots=True)
class Replicate(Unary):
    """`original` with independent tensors, once for each replica; `child` holds those tensors."""

    original: "Node"
    replica: Replica


Node: TypeAlias = (
    Tensor
    | Number
    | Special
    | Hole
    | Indexed
    | Rename
    | To
    | Apply
    | Generate
    | Merge
    | Pair
    | Matmul
    | Kron
    | Replicate
)
