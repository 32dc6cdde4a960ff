"""In which order a sum of products is contracted, and what that costs: plain data.

An order is searched for from the sizes, if there are many; that in which the operands
are written stays a candidate, and wins a tie unless another one copies much less.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import inf, prod

from funfact.compiler.ir import PRODUCT, Axis, Contract, Ir, Map
from funfact.compiler.moved import in_runs, moved
from funfact.compiler.order import orders
from funfact.compiler.rotate import rotated
from funfact.compiler.tree import TRAFFIC, Letters, Order, volume

__all__ = ["TRAFFIC", "Plan", "Step", "cost", "plan"]

_FEW = 5
"""Steps up to which all ways to swap sides are tried."""

_WORTH = 1 / 8
"""Of the elements that are read and written, so many at least are to be spared for it: libraries
do not multiply as fast from either side."""

_SMALL = 2**15
"""Elements that are copied in no time, since they lie in a cache."""

_LESS = 8
"""How many times smaller than a product an operand is, to be ordered in no time beside it."""


@dataclass(frozen=True, slots=True)
class Step:
    """Contract the operands at `positions`, take them off the list, append the result.

    Attributes
    ----------
    positions : one or two ints, ascending
    axes : tuple of tuples
        The axes of those operands, then those of the result.
    flops : int
        Multiplications and additions.
    size : int
        Elements of the result.
    traffic : int
        Elements of the operands and of the result.
    """

    positions: tuple[int, ...]
    axes: tuple[Letters, ...]
    flops: int
    size: int
    traffic: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of one contraction; none where the operand is the result as it stands."""

    steps: tuple[Step, ...]

    @property
    def flops(self) -> int:
        return sum(step.flops for step in self.steps)

    @property
    def cost(self) -> int:
        """What the order is chosen by: flops, and those that would fit in the time of reading
        and writing."""
        return self.flops + TRAFFIC * sum(step.traffic for step in self.steps)

    @property
    def largest(self) -> int:
        """Elements of the largest array that the steps make."""
        return max((step.size for step in self.steps), default=0)

    def meeting(self, operand: int) -> tuple[Step, int] | None:
        """The step that contracts an operand with another, and its place there; None if none does.

        Examples
        --------
        >>> steps = Step((0, 1), (), 0, 0, 0), Step((1, 0), (), 0, 0, 0)
        >>> Plan(steps).meeting(2) == (steps[1], 1)
        True
        """
        for step in self.steps:
            if operand in step.positions:
                place = step.positions.index(operand)
                return (step, place) if len(step.positions) == 2 else None
            operand -= sum(position < operand for position in step.positions)
        return None


def plan(node: Contract, quick: bool = False) -> Plan:
    """The plan of a contraction; equal ones are planned once.

    With `quick` it is one to compare contractions by, of fewer candidates.

    Examples
    --------
    >>> from funfact.compiler.ir import PRODUCT, Load, Term
    >>> i, j, k = Axis(100), Axis(2), Axis(100)
    >>> a, b, x = Load("a", (100, 2)), Load("b", (2, 100)), Load("x", (100,))
    >>> terms = (Term(a, (i, j)), Term(b, (j, k)), Term(x, (k,)))
    >>> plan(Contract(PRODUCT, terms, ((i,),))).flops     # as written it would be 60000
    800
    """
    number: dict[Axis, int] = {}
    operands = tuple(
        tuple([number.setdefault(axis, len(number)) for axis in term.axes if axis is not None])
        for term in node.terms
    )
    output = tuple([number[axis] for group in node.output for axis in group])
    sizes = tuple([axis.size for axis in number])
    # few operands have few orders: there the quick plan is the plan
    return _plan(operands, output, sizes, quick and len(operands) > 4)


def cost(node: Ir) -> int:
    """What one node takes, its operands aside, in the unit of `Plan.cost`."""
    match node:
        case Contract(semiring) if semiring == PRODUCT:
            return plan(node).cost
        case Map() | Contract():
            every = {axis for term in node.terms for axis in term.axes if axis}
            traffic = sum(prod(value.shape) for value in (node, *node.below))
            return prod(axis.size for axis in every) + TRAFFIC * traffic
        case _:
            return 0


@lru_cache(maxsize=4096)
def _plan(
    operands: tuple[Letters, ...], output: Letters, sizes: tuple[int, ...], quick: bool
) -> Plan:
    if len(operands) == 1:
        if operands[0] == output:
            return Plan(())
        before, after = volume(operands[0], sizes), volume(output, sizes)
        return Plan((Step((0,), (operands[0], output), before, after, before + after),))
    candidates = list(orders(operands, output, sizes, quick))
    if len(operands) > 2 and not quick:
        candidates += [rotated(order, operands, output, sizes) for order in candidates]
    least, equal = (inf, inf), dict[Plan, Order]()
    for order in map(list, dict.fromkeys(map(tuple, candidates))):
        made = _follow(order, operands, output, sizes)
        price = made.cost, made.largest
        if price < least:
            least, equal = price, {}
        if price == least:
            equal[made] = order
    others = (_unmoved(made, order, operands, output, sizes) for made, order in equal.items())
    usual = next(others)
    return _in_runs(_sparing(usual, others, sizes), len(operands))


def _unmoved(
    usual: Plan,
    path: Order,
    operands: tuple[Letters, ...],
    output: Letters,
    sizes: tuple[int, ...],
) -> Plan:
    """The plan with sides swapped in some steps, where that spares large copies.

    On which side an operand stands decides in which order the axes of the result are, and so
    whether the next product reads it as it lies.
    """
    if len(path) > _FEW:
        return usual
    return _sparing(usual, _swapped(path, operands, output, sizes), sizes)


def _swapped(
    path: Order, operands: tuple[Letters, ...], output: Letters, sizes: tuple[int, ...]
) -> Iterator[Plan]:
    """All ways to swap sides, few swaps first; the last step makes the result as it is."""
    for swaps in sorted(product((False, True), repeat=len(path) - 1), key=sum)[1:]:
        yield _follow(path, operands, output, sizes, (*swaps, False))


def _sparing(usual: Plan, others: Iterable[Plan], sizes: tuple[int, ...]) -> Plan:
    """Of other plans that which copies least, if it copies much less than the usual one."""
    now, much = _copied(usual, sizes), max(_SMALL, _WORTH * sum(s.traffic for s in usual.steps))
    if now < much:
        return usual  # the others need not be made
    best = min(others, key=lambda plan: _copied(plan, sizes), default=usual)
    return best if now - _copied(best, sizes) >= much else usual


def _copied(plan: Plan, sizes: Sequence[int]) -> int:
    return sum(moved(a, b, made, sizes) for a, b, made in (step.axes for step in plan.steps))


def _in_runs(found: Plan, count: int) -> Plan:
    """The plan whose small products have the order in which a large result moves in long runs.

    A product of two arrays that are made on the way is transposed unless the axes of the one all
    come before those of the other in what is asked for. To order these arrays costs nothing, if
    they are small beside it; a large result, axis by axis, is read or written all over memory.
    """
    steps = list(found.steps)
    made: list[int | None] = [None] * count  # by which step
    for n, step in enumerate(steps):
        a, *others, result = step.axes
        sides = [made[position] for position in step.positions]
        made = [x for place, x in enumerate(made) if place not in step.positions] + [n]
        if not others or step.size <= _SMALL or {*a, *others[0]} <= {*result}:
            continue
        pair = [a, others[0]]
        for side, (maker, other) in enumerate(zip(sides, reversed(pair), strict=True)):
            if maker is not None and _LESS * steps[maker].size <= step.size:
                pair[side] = in_runs(pair[side], other, result)
                steps[maker] = replace(steps[maker], axes=(*steps[maker].axes[:-1], pair[side]))
        steps[n] = replace(step, axes=(*pair, result))
    return Plan(tuple(steps))


def _follow(
    path: Order,
    operands: tuple[Letters, ...],
    output: Letters,
    sizes: tuple[int, ...],
    swaps: Sequence[bool] = (),
) -> Plan:
    """The steps along a path, each result's axes ordered as a matrix product leaves them."""
    todo = list(operands)
    given = len(todo)  # the first so many are as they were stored, not made on the way
    steps: list[Step] = []
    for positions, swap in zip(path, swaps or (False,) * len(path), strict=True):
        left, right = sorted(positions)
        # What a step makes stands last, yet was as a rule written first.
        order = (right, left) if right == len(todo) - 1 and steps else (left, right)
        a, b = (todo[position] for position in order)
        stored = [todo[position] for position in order if position < given]
        for position in (right, left):
            del todo[position]
        given -= len(stored)
        needed = {*output, *(axis for axes in todo for axis in axes)} if todo else {*output}
        if todo and _flipped(a, b, stored, needed, sizes, swap):
            order, a, b = order[::-1], b, a
        shared = [axis for axis in dict.fromkeys(a) if axis in b]
        rows = [axis for axis in dict.fromkeys(a) if axis not in b]
        columns = [axis for axis in dict.fromkeys(b) if axis not in a]
        # elementwise along what both end with: nothing is moved if the result ends with it too
        last = _common_end(a, b) if needed.issuperset(shared) else ()
        first = [axis for axis in shared if axis not in last]
        kept = tuple([axis for axis in (*first, *rows, *columns, *last) if axis in needed])
        result = kept if todo else output
        # A multiplication and an addition for each element of the pairing; no sum, no addition.
        flops = volume({*a, *b}, sizes) * (2 if len(kept) < len({*a, *b}) else 1)
        size = volume(result, sizes)
        traffic = volume(a, sizes) + volume(b, sizes) + size
        steps.append(Step(order, (a, b, result), flops, size, traffic))
        todo.append(result)
    return Plan(tuple(steps))


def _common_end(a: Letters, b: Letters) -> Letters:
    count = 0
    while count < min(len(a), len(b)) and a[-1 - count] == b[-1 - count]:
        count += 1
    return a[len(a) - count :]


def _flipped(
    a: Letters,
    b: Letters,
    stored: Sequence[Letters],
    needed: set[int],
    sizes: tuple[int, ...],
    swap: bool,
) -> bool:
    """Whether `b` times `a` is quicker than `a` times `b`.

    A stored operand that is larger than the result is read as it lies in memory if what is summed
    are its last axes, and it stands on the left, or its first, and it stands on the right;
    compilers copy it otherwise. Apart from that, libraries multiply few rows by many columns
    at full speed, not the other way round; which `swap` turns around.
    """
    summed = {*a} & {*b} - needed
    large = max(stored, key=lambda axes: volume(axes, sizes), default=())
    if volume(large, sizes) > volume(({*a} | {*b}) & needed, sizes):
        own = [axis in summed for axis in large if not (axis in a and axis in b and axis in needed)]
        last, first = own == sorted(own), own == sorted(own, reverse=True)
        if last != first:
            return last == (large is b)
    return (volume({*a} - {*b}, sizes) > volume({*b} - {*a}, sizes)) != swap
