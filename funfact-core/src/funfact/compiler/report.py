"""What an expression costs, before anything is computed: for people to read."""

from dataclasses import dataclass
from itertools import chain
from math import prod

from funfact.compiler.fuse import fuse
from funfact.compiler.hoist import hoist
from funfact.compiler.ir import PRODUCT, Apply, Const, Contract, Gather, Ir, Load, Map
from funfact.compiler.plan import plan
from funfact.compiler.subscripts import einsum
from funfact.graph import postorder

__all__ = ["Report", "Row", "report"]


@dataclass(frozen=True)
class Row:
    """One operation: what it does, the shape of its result, its flops.

    `made` are the elements that it makes: its result, and the pairs of a semiring before it;
    none where it only permutes dimensions.
    """

    what: str
    shape: tuple[int, ...]
    flops: int
    made: int


@dataclass(frozen=True, repr=False)
class Report:
    """The operations in the order in which they run, and what they need together.

    Attributes
    ----------
    rows : tuple of Row
    flops : int
        Multiplications, additions and function values of one evaluation.
    peak : int
        Elements alive at once, at most: intermediate results, not the factors and data.
    """

    rows: tuple[Row, ...]
    peak: int

    @property
    def flops(self) -> int:
        return sum(row.flops for row in self.rows)

    @property
    def kept(self) -> int:
        """Elements alive at once, at most, where the gradient of the value is taken.

        All results of operations are kept for it, and their gradients come and go.
        """
        made = [row.made for row in self.rows]
        return sum(made) + 2 * max(made, default=0)

    def __repr__(self) -> str:
        cells = [("operation", "result", "flops")]
        cells += [(row.what, _times(row.shape), f"{row.flops:,}") for row in self.rows]
        widths = [max(len(line[column]) for line in cells) for column in range(3)]
        lines = [
            f"{what:<{widths[0]}}  {shape:<{widths[1]}}  {flops:>{widths[2]}}"
            for what, shape, flops in cells
        ]
        total = f"{self.flops:,} flops, at most {self.peak:,} elements beside factors and data"
        return "\n".join([*lines, total])


def report(ir: Ir) -> Report:
    """The cost of an expression, as it will be evaluated; constants are computed before.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j, k, r = ff.indices("i, j, k, r")
    >>> a, b, c = ff.tensor("a", 8, 2), ff.tensor("b", 9, 2), ff.tensor("c", 10, 2)
    >>> report((a[i, ~r] * b[j, r] * c[k, r]).ir)
    operation    result      flops
    ab,cb->acb   8 x 9 x 2     144
    acb,db->acd  8 x 9 x 10  2,880
    3,024 flops, at most 864 elements beside factors and data
    """
    nodes = postorder(hoist(fuse(ir)).rest)
    last_use = {id(child): id(node) for node in nodes for child in node.below}
    alive: dict[int, int] = {}
    rows: list[Row] = []
    peak = 0
    for node in nodes:
        if isinstance(node, Load | Const):
            continue
        steps = _steps(node)
        rows += [row for row, _ in steps]
        inside = max((extra for _, extra in steps), default=0)
        peak = max(peak, sum(alive.values()) + inside)
        made = any(row.made for row, _ in steps)
        seen = sum(alive.get(id(child), 0) for child in node.below)
        alive = {key: size for key, size in alive.items() if last_use.get(key) != id(node)}
        alive[id(node)] = prod(node.shape) if made else seen  # in another order, or split
    return Report(tuple(rows), max(peak, sum(alive.values())))


def _steps(node: Ir) -> list[tuple[Row, int]]:
    """The operations of one node, and the elements it holds while each of them runs."""
    size = prod(node.shape)
    match node:
        case Contract(semiring) if semiring == PRODUCT:
            return _contraction(node)
        case Contract(semiring, terms):
            pairs = prod(axis.size for axis in {a for t in terms for a in t.axes if a})
            return [(Row(semiring.name, node.shape, 2 * pairs, pairs + size), pairs + size)]
        case Map(fn):
            return [(Row(fn, node.shape, size, size), size)]
        case Gather():
            return [(Row("take", node.shape, 0, size), size)]
        case Apply():
            return [(Row("generate", node.shape, 0, size), size)]
        case _:
            return []


def _contraction(node: Contract) -> list[tuple[Row, int]]:
    sizes = list(dict.fromkeys(axis for term in node.terms for axis in term.axes if axis))
    held = [0] * len(node.terms)  # operands are counted by whoever made them
    made: list[tuple[Row, int]] = []
    for step in plan(node).steps:
        shape = tuple(sizes[axis].size for axis in step.axes[-1])
        size = 0 if _only_permutes(step.axes) else step.size
        row = Row(_einsum(step.axes), shape, step.flops, size)
        made.append((row, sum(held) + size))
        for position in sorted(step.positions, reverse=True):
            del held[position]
        held.append(step.size)
    return made


def _only_permutes(axes: tuple[tuple[int, ...], ...]) -> bool:
    """Whether a step is one operand seen in another order."""
    return len(axes) == 2 and sorted(axes[0]) == sorted(axes[1])


def _einsum(axes: tuple[tuple[int, ...], ...]) -> str:
    """A step in the letters of the whole contraction, or in its own if it has too many."""
    step = einsum(axes)
    if step.merged or max(chain(*axes), default=0) >= 26:
        return step.subscripts
    letters = ["".join(chr(ord("a") + axis) for axis in operand) for operand in axes]
    return ",".join(letters[:-1]) + "->" + letters[-1]


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "scalar"
