"""A result in blocks along one of its axes, so that what is alive at once stays within a limit.

Or the gradient of a number that is a sum over the elements of the result.

A block is a restricted expression (`restrict`), so all that is computed on the way to it is
smaller by the same share: intermediate results of contractions, pairs of a semiring, the
terms of a nonlinear sum.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, prod

from funfact.compiler.ir import Ir, Load, Map
from funfact.compiler.report import report
from funfact.compiler.restrict import restrict
from funfact.graph import postorder

__all__ = ["Blocks", "Tiles", "block", "blocks", "blocks_of_gradient", "tiles"]

_CACHE = 2**21
"""Elements beside the result that are alive while a tile is computed, at most: a few arrays that
a processor's caches hold, so that what one operation writes the next one finds there."""

_WORTH = 4
"""By how much arrays are to be larger than the result before tiles are worth their calls."""


@dataclass(frozen=True)
class Blocks:
    """How a result is computed, and what that needs.

    Attributes
    ----------
    axis : int or None
        Along which dimension; None for all at once.
    size : int
        Of a block along it, at most.
    need : int
        Elements alive at once, at most, beside the leaves; the result is among them.
    """

    axis: int | None
    size: int
    need: int


@dataclass(frozen=True)
class Tiles:
    """Along which dimension, and how large: blocks that are worth their calls."""

    axis: int
    size: int


def blocks(ir: Ir, limit: int) -> Blocks:
    """The largest blocks that need at most `limit` elements, or those that need least.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j, r = ff.indices("i, j, r")
    >>> a, b = ff.tensor("a", 400, 3), ff.tensor("b", 50, 3)
    >>> distances = (ff.exp(a[i, ~r] - b[j, ~r]) >> [i]).ir    # pairs: 400 x 50 x 3
    >>> blocks(distances, 200000)
    Blocks(axis=None, size=1, need=120000)
    >>> blocks(distances, 10000)
    Blocks(axis=0, size=25, need=7900)
    """
    whole = Blocks(None, 1, report(ir).peak)
    axes = sorted(range(len(ir.shape)), key=lambda d: -ir.shape[d])
    return _fewest(ir, limit, whole, axes, _need)


def blocks_of_gradient(ir: Ir, limit: int, axes: Sequence[int]) -> Blocks:
    """The same for the gradient of a loss of the elements, along one of `axes`, the first first.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j, r = ff.indices("i, j, r")
    >>> a, b = ff.tensor("a", 400, 3), ff.tensor("b", 50, 3)
    >>> distances = (ff.exp(a[i, ~r] - b[j, ~r]) >> [i]).ir
    >>> blocks_of_gradient(distances, 10**6, [0])
    Blocks(axis=None, size=1, need=241600)
    >>> blocks_of_gradient(distances, 10**5, [0])
    Blocks(axis=0, size=100, need=60700)
    """
    return _fewest(ir, limit, Blocks(None, 1, _kept(ir)), axes, _kept_of_block)


def _fewest(
    ir: Ir, limit: int, whole: Blocks, axes: Sequence[int], need: Callable[[Ir, int, int], int]
) -> Blocks:
    """The largest blocks along one of `axes` that need at most `limit`, or least."""
    if whole.need <= limit or not prod(ir.shape):
        return whole
    best = whole
    for axis in axes:
        count, length = 1, ir.shape[axis]
        while count < length:
            count = min(2 * count, length)
            size = ceil(length / count)
            found = Blocks(axis, size, need(ir, axis, size))
            if found.need <= limit:
                return found
            best = min(best, found, key=lambda choice: choice.need)
    return best


def tiles(ir: Ir) -> Tiles | None:
    """Blocks whose elementwise operations stay in a cache; None where all at once is as good.

    That is where the largest arrays are those of elementwise operations, and far larger than
    the result, and where no block does again what is to be done once.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j, r = ff.indices("i, j, r")
    >>> a, b = ff.tensor("a", 1024, 20), ff.tensor("b", 1024, 20)
    >>> tiles((ff.exp(a[i, ~r] - b[j, ~r]) >> [i, j]).ir).size
    32
    >>> tiles((a[i, r] * b[j, r]).ir)
    """
    result = prod(ir.shape)
    widest = max((prod(n.shape) for n in postorder(ir) if isinstance(n, Map)), default=0)
    if widest <= max(_CACHE, _WORTH * result):
        return None
    found = blocks(ir, max(2 * result, result + _CACHE))
    if found.axis is None:
        return None
    rounds = ceil(ir.shape[found.axis] / found.size)
    piece = _of_size(ir, found.axis, found.size)
    again = rounds * report(piece).flops > 1.1 * report(ir).flops
    return None if again else Tiles(found.axis, found.size)


def block(ir: Ir, axis: int, positions: Load) -> Ir:
    """What stands at some positions along one axis."""
    return restrict(ir, [positions if d == axis else None for d in range(len(ir.shape))])


def _of_size(ir: Ir, axis: int, size: int) -> Ir:
    return block(ir, axis, Load(object(), (size,)))


def _need(ir: Ir, axis: int, size: int) -> int:
    """Elements alive while one block is computed beside all others, and while they are joined."""
    total = prod(ir.shape)
    return max(2 * total, total + report(_of_size(ir, axis, size)).peak)


def _kept(ir: Ir) -> int:
    """Elements alive while a loss is differentiated, which has two or three of the result."""
    return report(ir).kept + 3 * prod(ir.shape)


def _kept_of_block(ir: Ir, axis: int, size: int) -> int:
    return _kept(_of_size(ir, axis, size))
