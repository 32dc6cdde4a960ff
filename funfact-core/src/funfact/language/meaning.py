"""What an expression means: an array in the `Ir`, and the labels of its dimensions."""

from dataclasses import dataclass

from funfact.compiler.ir import PRODUCT, Axis, Const, Contract, Ir, Semiring, Term
from funfact.language.nodes import Index, Label, Mark, Replica

__all__ = [
    "Meaning",
    "Pairing",
    "einspec",
    "project",
    "replica_axes",
    "term",
]


@dataclass(frozen=True, eq=False, slots=True)
class Meaning:
    """The array of an expression and how its dimensions are called.

    Attributes
    ----------
    ir : Ir
        Its dimensions are the replica axes, in the order of `replicas`, then those
        that the language sees.
    labels : tuple of Label, or None
        One for each dimension that the language sees; None without indices.
    replicas : tuple of Replica
    pairing : Pairing, or None
        What was paired, where the top of the expression is a pairing.
    """

    ir: Ir
    labels: tuple[Label, ...] | None
    replicas: tuple[Replica, ...] = ()
    pairing: "Pairing | None" = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.ir.shape[len(self.replicas) :]

    @property
    def indexed(self) -> bool:
        return self.labels is not None

    @property
    def is_number(self) -> bool:
        return isinstance(self.ir, Const) and self.ir.shape == () and self.labels is None


@dataclass(frozen=True, eq=False, slots=True)
class Pairing:
    """A binary operation of indexed operands, before anything is reduced."""

    op: str
    left: Meaning
    right: Meaning
    semiring: Semiring | None = None

    def marks(self, index: Index) -> set[Mark]:
        """The marks that `index` carries on either side."""
        both = (*(self.left.labels or ()), *(self.right.labels or ()))
        return {label.mark for label in both if label.index is index}

    def kronecker(self, index: Index) -> bool:
        """Whether `index` is shared and marked with a star: a star beats a tilde."""
        shared = all(
            any(label.index is index for label in side.labels or ())
            for side in (self.left, self.right)
        )
        return shared and Mark.KRON in self.marks(index)


def replica_axes(*meanings: Meaning) -> dict[Replica, Axis]:
    """An axis for each replica axis that any of `meanings` has."""
    return {replica: Axis(replica.size) for m in meanings for replica in m.replicas}


def term(meaning: Meaning, replicas: dict[Replica, Axis], axes: "list[Axis]") -> Term:
    """`meaning` as an operand along `axes`; a dimension of size 1 broadcasts along a longer one."""
    lead = tuple(replicas[replica] for replica in meaning.replicas)
    rest = tuple(
        None if size == 1 and axis.size != 1 else axis
        for size, axis in zip(meaning.shape, axes, strict=True)
    )
    return Term(meaning.ir, lead + rest)


def project(meaning: Meaning, axes: "list[Axis]", output: "list[Axis]") -> Ir:
    """Permute the dimensions of `meaning`, summing those not in `output`.

    `axes` names the dimensions; one that stands twice takes the diagonal.
    """
    if axes == output:
        return meaning.ir
    replicas = replica_axes(meaning)
    groups = tuple((axis,) for axis in (*replicas.values(), *output))
    return Contract(PRODUCT, (term(meaning, replicas, axes),), groups)


def einspec(meaning: Meaning) -> str | None:
    """The pairing at the top as ``'left,right->result|kronecker'``; None where there is none.

    Letters are given in the order in which the indices stand.
    """
    if meaning.pairing is None:
        return None
    pairing = meaning.pairing
    sides = [pairing.left.labels or (), pairing.right.labels or (), meaning.labels or ()]
    letters: dict[Index, str] = {}
    for label in (*sides[0], *sides[1]):
        letters.setdefault(label.index, _letter(len(letters)))
    left, right, out = ("".join(letters[label.index] for label in side) for side in sides)
    kronecker = "".join(
        letters[label.index] for label in sides[2] if pairing.kronecker(label.index)
    )
    return f"{left},{right}->{out}|{kronecker}"


def _letter(position: int) -> str:
    """The n-th index letter: a to z, A to Z, then on through Unicode."""
    if position < 26:
        return chr(ord("a") + position)
    if position < 52:
        return chr(ord("A") + position - 26)
    return chr(192 + position - 52)
