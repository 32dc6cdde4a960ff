"""Sums of large elementwise terms, made and added one by one: no array has all of them.

``exp(-(x[i, ~r] - y[j, ~r])**2) * w[r]`` sums an array along i, j and r. All at once it would be
written to memory and read again, and kept for a gradient; along i and j alone what one
operation writes is in the cache when the next one reads it, or in no array at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import prod

from funfact.compiler.ir import (
    PRODUCT,
    Axis,
    Const,
    Contract,
    Gather,
    Ir,
    Load,
    Map,
    Term,
    with_operands,
)
from funfact.compiler.restrict import restrict
from funfact.graph import fold, postorder

__all__ = ["Accumulated", "accumulated"]

_WORTH = 4
"""By how much the terms together are to be larger than their sum, and than each operand."""

_LEAST = 2**14
"""Elements of a term, at least: a step of a loop takes as long as some thousand of them."""


@dataclass(frozen=True, eq=False, slots=True)
class Accumulated:
    """A contraction as a sum of terms.

    Attributes
    ----------
    term : Ir
        One of them, of the shape of the sum.
    cut : tuple of (Ir, int, Load)
        Operands, the dimension along which each is taken apart, and what stands in `term` for
        what is at one position: of size 1 along that dimension.
    whole : tuple of (Ir, Load)
        Operands that all terms have, and what stands in `term` for them.
    """

    term: Ir
    cut: tuple[tuple[Ir, int, Load], ...]
    whole: tuple[tuple[Ir, Load], ...]

    @property
    def operands(self) -> tuple[Ir, ...]:
        """Those of `cut`, then those of `whole`; they are computed once."""
        return (*(operand for operand, _, _ in self.cut), *(operand for operand, _ in self.whole))


def accumulated(node: Contract, cache: float) -> Accumulated | None:
    """The sum term by term; None where all at once is as good.

    That is where no elementwise operation makes an array of more than `cache` elements, far more
    than the sum has and what it is made of, or where no axis that is summed leaves terms of a size
    that is worth a loop.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j, r = ff.indices("i, j, r")
    >>> x, y, w = ff.tensor("x", 200, 8), ff.tensor("y", 100, 8), ff.tensor("w", 8)
    >>> found = accumulated((ff.exp(x[i, ~r] - y[j, ~r]) * w[r]).ir, cache=10**5)
    >>> found.term.shape, [load.shape for _, _, load in found.cut]
    ((200, 100), [(200, 1), (100, 1), (1,)])
    """
    if node.semiring != PRODUCT or _elementwise(node):
        return None
    inside = _stretch(node)
    result = prod(node.shape)
    widest = max((prod(n.shape) for n in inside if isinstance(n, Map)), default=0)
    if widest <= max(cache, _WORTH * result):
        return None
    stretch = [other for other in postorder(node) if other in inside]
    axis = _axis(node, widest, max(cache, result))
    below = dict.fromkeys(child for n in stretch for child in n.below if child not in inside)
    if axis is None or any(_WORTH * prod(child.shape) > widest for child in below):
        return None
    varying = [child for child in below if not isinstance(child, Const)]
    loads: dict[Ir, Load] = {child: Load(object(), child.shape) for child in varying}
    return _taken_apart(_over(stretch, loads), axis, {load: node for node, load in loads.items()})


def _stretch(node: Contract) -> set[Ir]:
    """The contraction and the elementwise operations right below it."""
    inside: set[Ir] = {node}
    todo: list[Ir] = [node]
    while todo:
        found = [child for child in todo.pop().below if child not in inside and _elementwise(child)]
        inside.update(found)
        todo += found
    return inside


def _elementwise(node: Ir) -> bool:
    """Whether an element is made of one of each operand: a function, or a product without a sum."""
    if not isinstance(node, Contract):
        return isinstance(node, Map)
    summed = {a for t in node.terms for a in t.axes if a} - {a for g in node.output for a in g}
    return node.semiring == PRODUCT and not summed


def _axis(node: Contract, widest: int, room: float) -> Axis | None:
    """The shortest axis that is summed and leaves terms of at most `room` elements."""
    kept = {axis for group in node.output for axis in group}
    large = [term.axes for term in node.terms if prod(term.value.shape) == widest]
    summed = [axis for axes in large for axis in axes if axis and axis not in kept]
    fitting = [axis for axis in summed if _LEAST <= widest // axis.size <= room]
    return min(fitting, key=lambda axis: axis.size, default=None)


def _over(stretch: Iterable[Ir], loads: Mapping[Ir, Load]) -> Contract:
    """The same operations over what stands for their operands."""
    made: dict[Ir, Ir] = dict(loads)
    for node in stretch:
        made[node] = last = with_operands(node, [made.get(child, child) for child in node.below])
    assert isinstance(last, Contract), "it stands above the others"
    return last


def _taken_apart(node: Contract, axis: Axis, operands: dict[Load, Ir]) -> Accumulated | None:
    """What stands at one position along an axis that `node` sums; None along a diagonal."""
    position = Load(object(), (1,))
    apart = replace(node, output=(*node.output, (axis,)))
    one = restrict(apart, [*(None for _ in node.output), position])
    cut: dict[tuple[Load, int], Load] = {}

    def visit(node: Ir, below: list[Ir]) -> Ir:
        match node:
            case Gather(Load() as load, positions) if len(node.shape) == len(positions):
                (dimension,) = (d for d, where in enumerate(positions) if where is not None)
                return cut.setdefault((load, dimension), Load(object(), node.shape))
            case _:
                return with_operands(node, below)

    one = fold(one, visit)
    left = {*postorder(one)}
    if position in left:
        return None
    axes = tuple(Axis(size) for size in one.shape)
    return Accumulated(
        term=Contract(PRODUCT, (Term(one, axes),), tuple((a,) for a in axes[:-1])),
        cut=tuple((operands[load], d, item) for (load, d), item in cut.items()),
        whole=tuple((node, load) for load, node in operands.items() if load in left),
    )
