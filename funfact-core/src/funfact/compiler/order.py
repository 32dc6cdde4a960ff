"""Candidates for the order in which a contraction runs.

An order is a list of steps, as opt_einsum has them: the operands at these positions are
taken off the list, and what they make is put at its end.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from funfact.compiler.search import searched
from funfact.compiler.tree import Known, Letters, Order, leaves, order_of, pair, volume

__all__ = ["orders"]

_FEW = 12
"""Operands up to which all groups of neighbours are looked at."""

_BLOCKS = (256, 1024)
"""Elements of the small operands that are made before a large one is touched: matrices of
16 and 32 rows multiply a large array in the time that it takes to read it."""


def orders(
    operands: Sequence[Letters], output: Letters, sizes: Sequence[int], quick: bool = False
) -> Iterator[Order]:
    """Orders worth costing: as written, of fewest operations, neighbours first, and blocks first.

    Three operands have three orders: all of them. With `quick`, blocks of one size alone.

    Examples
    --------
    >>> list(orders([(0, 1), (1, 2), (2,)], (0,), (100, 2, 100)))
    [[(0, 1), (0, 1)], [(0, 2), (0, 1)], [(1, 2), (0, 1)]]
    """
    count = len(operands)
    yield [(0, 1), *((0, left - 1) for left in range(count - 1, 1, -1))]
    if count == 3:
        yield [(0, 2), (0, 1)]
        yield [(1, 2), (0, 1)]
    elif count > 3:
        yield searched(operands, output, sizes)
    if 3 < count <= _FEW and not quick:
        yield _of_neighbours(operands, output, sizes)
    largest = max(volume(axes, sizes) for axes in (*operands, output))
    for limit in _BLOCKS[-1 if quick else 0 :] if count > 4 else ():
        if largest <= limit:
            continue  # nothing is large beside a block
        order, rest = _blocks(operands, output, sizes, limit)
        if order:
            yield order + (searched(rest, output, sizes) if len(rest) > 1 else [])


def _of_neighbours(operands: Sequence[Letters], output: Letters, sizes: Sequence[int]) -> Order:
    """The cheapest order that pairs what stands side by side as written, as for matrix chains.

    Of orders that cost the same it is the one whose axes come out as they are written.
    """
    known = Known(operands, output, sizes)
    start = leaves(known)
    count = len(start)
    best = {(n, n + 1): leaf for n, leaf in enumerate(start)}
    for length in range(2, count + 1):
        for begin in range(count - length + 1):
            end = begin + length
            pairs = (
                pair(best[begin, middle], best[middle, end], known)
                for middle in range(begin + 1, end)
            )
            best[begin, end] = min(pairs, key=lambda made: made.cost)
    return order_of(best[0, count], count)


def _blocks(
    operands: Sequence[Letters], output: Letters, sizes: Sequence[int], limit: int
) -> tuple[Order, list[Letters]]:
    """Contract neighbours as long as what they make has at most `limit` elements.

    Those come first that shrink most against their product. opt_einsum's greedy search
    does the opposite, it lets a large operand swallow the small ones one by one, and so
    reads and writes it as many times.
    """
    todo = [tuple(dict.fromkeys(axes)) for axes in operands]
    order: Order = []
    while len(todo) > 2:
        standing = Counter([axis for axes in (*todo, output) for axis in {*axes}])
        found = []
        for places in _neighbours(todo):
            a, b = (todo[place] for place in places)
            made = tuple([x for x in {*a, *b} if standing[x] > (x in a) + (x in b)])
            size = volume(made, sizes)
            if size <= limit:
                found.append((size / (volume(a, sizes) * volume(b, sizes)), size, places, made))
        if not found:
            break
        _, _, (left, right), made = min(found)
        del todo[right], todo[left]
        todo.append(made)
        order.append((left, right))
    return order, todo


def _neighbours(operands: Sequence[Letters]) -> set[tuple[int, int]]:
    """The pairs of positions of operands that share an axis."""
    standing: dict[int, list[int]] = {}
    for position, axes in enumerate(operands):
        for axis in axes:
            standing.setdefault(axis, []).append(position)
    return {pair for positions in standing.values() for pair in combinations(positions, 2)}
