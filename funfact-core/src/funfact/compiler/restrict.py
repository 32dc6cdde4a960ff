"""A part of a result, computed from just the parts of the leaves that it needs.

A slice of the result, a list of scattered entries of it, and a mini-batch are
one thing: positions along its dimensions. They are pushed down to the leaves,
where a `Gather` is left behind. The positions are arguments of the function
that comes out, so another entry is not another program.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TypeAlias

from funfact.compiler.ir import Axis, Const, Contract, Gather, Ir, Load, Map, Term, is_view
from funfact.graph import postorder

__all__ = ["restrict", "takes_slices"]

Wish: TypeAlias = tuple[Ir | None, int]
"""Positions along a dimension, None for all, and the number of the dimension they become."""

Demand: TypeAlias = tuple[Wish, ...]
"""A wish for each dimension; those of one number go together, element by element."""

Request: TypeAlias = tuple[Ir, Demand]
Opened: TypeAlias = tuple[list[Request], Callable[[list[Ir]], Ir]]


def restrict(root: Ir, positions: Sequence[Ir | None], together: bool = False) -> Ir:
    """The elements of `root` at `positions`.

    Parameters
    ----------
    root : Ir
    positions : sequence of Ir or None, one for each dimension
        Vectors of nonnegative integers, below the size of the dimension; None for all.
    together : bool
        Whether the positions are coordinates of scattered points, all of one
        length, instead of a choice along each dimension on its own.

    Returns
    -------
    Ir
        Of one dimension for each of `root`, or of one in all if `together`.

    Examples
    --------
    >>> from funfact.compiler.ir import PRODUCT, Load
    >>> i, j, k = Axis(1000), Axis(2), Axis(1000)
    >>> a, b = Load("a", (1000, 2)), Load("b", (2, 1000))
    >>> ab = Contract(PRODUCT, (Term(a, (i, j)), Term(b, (j, k))), ((i,), (k,)))
    >>> rows = restrict(ab, [Load("rows", (5,)), None])
    >>> rows.shape, [term.value.shape for term in rows.terms]
    ((5, 1000), [(5, 2), (2, 1000)])
    """
    numbers = [0] * len(positions) if together else range(len(positions))
    demand = tuple(zip(positions, numbers, strict=True))
    opened: dict[Request, Opened] = {}
    done: dict[Request, Ir] = {}
    todo: list[Request] = [(root, demand)]
    while todo:  # not recursive: a chain may be deeper than Python's stack
        request = todo[-1]
        if request not in opened:
            opened[request] = _open(*request)
        below, close = opened[request]
        missing = [child for child in below if child not in done]
        if missing:
            todo += missing
        else:
            todo.pop()
            done[request] = close([done[child] for child in below])
    return done[root, demand]


def takes_slices(root: Ir, keys: Collection[object]) -> bool:
    """Whether slices do in place of the vectors of positions that are loaded by these keys.

    They do where each picks along a dimension of its own, and its numbers are not computed with;
    and where the result is no view, which a later change of a leaf would change.

    Examples
    --------
    >>> from funfact.compiler.ir import Load
    >>> a, rows = Load("a", (9, 2)), Load("rows", (3,))
    >>> i, j = Axis(3), Axis(2)
    >>> part = Gather(a, (rows, None), (i, j))
    >>> takes_slices(part, ["rows"])
    False
    >>> takes_slices(Map("exp", (Term(part, (i, j)),), (i, j)), ["rows"])
    True
    """

    def is_position(node: Ir | None) -> bool:
        return isinstance(node, Load) and node.key in keys

    for node in postorder(root):
        if isinstance(node, Gather):
            together = len(set(node.axes)) < len(node.axes)
            if is_position(node.value) or (together and any(map(is_position, node.positions))):
                return False
        elif any(map(is_position, node.below)):
            return False
    return not is_view(root, slices=True)


def _open(node: Ir, demand: Demand) -> Opened:
    """What `node` has to ask of its operands, and how it is put together again."""
    if all(where is None for where, _ in demand):
        return [], lambda below: node
    axes = _result_axes(node, demand)
    match node:
        case Const(value) if value != "eye":
            shape = tuple(axis.size for axis in axes.values())
            return [], lambda below: Const(value, shape)
        case Map():
            return _open_terms(node, dict(zip(node.axes, demand, strict=True)), axes)
        case Contract():
            return _open_terms(node, _atomic(node, demand, axes), axes)
        case _:
            where = tuple(where for where, _ in demand)
            gathered = Gather(node, where, tuple(axes[number] for _, number in demand))
            return [], lambda below: gathered


def _result_axes(node: Ir, demand: Demand) -> dict[int, Axis]:
    """A new axis for each dimension of the result, by its number."""
    axes: dict[int, Axis] = {}
    for (where, number), size in zip(demand, node.shape, strict=True):
        axes.setdefault(number, Axis(size if where is None else where.shape[0]))
    return axes


def _atomic(node: Contract, demand: Demand, axes: dict[int, Axis]) -> dict[Axis, Wish]:
    """What is wanted of each axis of a contraction; a Kronecker position is split into digits."""
    wishes: dict[Axis, Wish] = {}
    for group, (where, number) in zip(node.output, demand, strict=True):
        stride = 1
        for axis in reversed(group):
            if where is None and len(group) > 1:
                continue
            base = None if axis is group[0] else axis.size
            wishes[axis] = (None if where is None else _digit(where, stride, base), number)
            stride *= axis.size
    return wishes


def _digit(where: Ir, stride: int, base: int | None) -> Ir:
    """A digit of positions; the first one, without a base, is what is left of them."""
    (count,) = where.shape
    for fn, number in (("floor_divide", None if stride == 1 else stride), ("remainder", base)):
        if number is not None:
            along = Axis(count)
            where = Map(fn, (Term(where, (along,)), Term(Const(number), ())), (along,))
    return where


def _open_terms(node: Map | Contract, wishes: dict[Axis, Wish], axes: dict[int, Axis]) -> Opened:
    """Ask each operand for its part; axes that nobody restricts get a fresh object each."""
    fresh: dict[Axis, Axis] = {}
    asked: list[Request] = []
    carried: list[tuple[Axis | None, ...]] = []
    for term in node.terms:
        wanted: list[Wish] = []
        along: dict[int, Axis | None] = {}
        for dimension, axis in enumerate(term.axes):
            # A number of its own for whatever no dimension of the result asks for.
            where, number = (
                wishes.get(axis, (None, -1 - dimension)) if axis else (None, -1 - dimension)
            )
            wanted.append((where, number))
            if axis in wishes:
                along.setdefault(number, axes[number])
            else:
                along[number] = fresh.setdefault(axis, Axis(axis.size)) if axis else None
        order = {number: position for position, number in enumerate(along)}
        asked.append((term.value, tuple((where, order[number]) for where, number in wanted)))
        carried.append(tuple(along.values()))

    def close(below: list[Ir]) -> Ir:
        terms = tuple(map(Term, below, carried))
        if isinstance(node, Map):
            return replace(node, terms=terms, axes=tuple(axes.values()))
        output = dict.fromkeys(
            tuple(dict.fromkeys(axes[wishes[a][1]] if a in wishes else fresh[a] for a in group))
            for group in node.output
        )
        return replace(node, terms=terms, output=tuple(output))

    return asked, close
