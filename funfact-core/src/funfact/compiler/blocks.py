"""A result in blocks along one of its axes, so that what is alive at once stays within a limit.

A block is a restricted expression (`restrict`), so all that is computed on the way to it is
smaller by the same share: intermediate results of contractions, pairs of a semiring, the
terms of a nonlinear sum.
"""

from dataclasses import dataclass
from math import ceil, prod

from funfact.compiler.ir import Ir, Load
from funfact.compiler.report import report
from funfact.compiler.restrict import restrict

__all__ = ["Blocks", "blocks"]


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


def _need(ir: Ir, axis: int, size: int) -> int:
    """Elements alive while one block is computed beside all others, and while they are joined."""
    where = [Load(object(), (size,)) if d == axis else None for d in range(len(ir.shape))]
    total = prod(ir.shape)
    return max(2 * total, total + report(restrict(ir, where)).peak)
