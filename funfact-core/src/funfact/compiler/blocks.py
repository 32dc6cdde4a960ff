"""A result in blocks along one of its axes, so that what is alive at once stays within a limit.

A block is a restricted expression (`restrict`), so all that is computed on the way to it is
smaller by the same share: intermediate results of contractions, pairs of a semiring, the
terms of a nonlinear sum.
"""

from dataclasses import dataclass
from math import ceil, prod

from funfact.compiler.ir import Ir, Load, Map
from funfact.compiler.report import report
from funfact.compiler.restrict import restrict
from funfact.graph import postorder

__all__ = ["Blocks", "Tiles", "blocks", "tiles"]

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
    if whole.need <= limit or not prod(ir.shape):
        return whole
    best = whole
    for axis in sorted(range(len(ir.shape)), key=lambda d: -ir.shape[d]):
        count, length = 1, ir.shape[axis]
        while count < length:
            count = min(2 * count, length)
            size = ceil(length / count)
            found = Blocks(axis, size, _need(ir, axis, size))
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
    again = rounds * report(_block(ir, found.axis, found.size)).flops > 1.1 * report(ir).flops
    return None if again else Tiles(found.axis, found.size)


def _block(ir: Ir, axis: int, size: int) -> Ir:
    where = [Load(object(), (size,)) if d == axis else None for d in range(len(ir.shape))]
    return restrict(ir, where)


def _need(ir: Ir, axis: int, size: int) -> int:
    """Elements alive while one block is computed beside all others, and while they are joined."""
    total = prod(ir.shape)
    return max(2 * total, total + report(_block(ir, axis, size)).peak)
