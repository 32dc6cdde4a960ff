"""From the intermediate representation to a pure function on one backend.

The only place where a stage meets a backend. The function takes factors and
gives an array: no globals, no branch on values, so that gradients, compilation
and vectorisation are wrappers around it.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, TypeAlias, assert_never

import numpy as np

from funfact.backends.capabilities import Accumulate, Compile
from funfact.backends.contract import Array, Backend
from funfact.compiler.accumulate import Accumulated, accumulated
from funfact.compiler.blocks import tiles
from funfact.compiler.generate import generate
from funfact.compiler.hoist import hoist
from funfact.compiler.ir import (
    PRODUCT,
    Apply,
    Axis,
    Const,
    Contract,
    Gather,
    Ir,
    Load,
    Map,
    Split,
    Term,
)
from funfact.compiler.plan import plan
from funfact.compiler.restrict import restrict
from funfact.compiler.semiring import pairing
from funfact.compiler.subscripts import einsum
from funfact.graph import postorder

__all__ = ["lower"]

Step: TypeAlias = Callable[[list[Array]], Array]

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "pow": operator.pow,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
}
"""Operators rather than functions: they take Python scalars on every library."""


def lower(
    ir: Ir, keys: Sequence[object], backend: Backend, dtype: Any, *, fused: bool = False
) -> Callable[[Sequence[Array]], Array]:
    """Turn `ir` into a function of the arrays that stand behind `keys`.

    Parameters
    ----------
    ir : Ir
    keys : sequence of objects
        The keys of the `Load` nodes, in the order in which the function takes the arrays.
    backend : Backend
    dtype : native dtype
        That of the constants; the arrays are to come in the same one, those of a
        `Load` that is `real` in the real one of that width.
    fused : bool
        Whether a compiler is to have the function, for its values alone: it makes one loop of a
        semiring's pairing and reduction, where blocks would stand in its way. (A gradient
        keeps the pairs.)

    Returns
    -------
    callable
        ``f(arrays) -> array`` of shape ``ir.shape``. An intermediate result is
        released as soon as nothing needs it any more. What depends on constants alone is
        computed now.
    """
    found = hoist(ir)
    if not found.parts:
        return _whole(ir, keys, backend, dtype, fused)
    constants = [_function(part, (), backend, dtype)(()) for part in found.parts]
    every = [*keys, *(load.key for load in found.loads)]
    function = _whole(found.rest, every, backend, dtype, fused)
    return lambda arrays: function([*arrays, *constants])


def _whole(
    ir: Ir, keys: Sequence[object], backend: Backend, dtype: Any, fused: bool
) -> Callable[[Sequence[Array]], Array]:
    """All at once; in tiles where that keeps in a cache what no compiler fuses."""
    found = None if isinstance(backend, Compile) else tiles(ir)
    if found is None:
        return _function(ir, keys, backend, dtype, fused)
    axis, size, length = found.axis, found.size, ir.shape[found.axis]
    starts = range(0, length, size)
    programs = {}
    for width in {min(size, length - start) for start in starts}:
        where = Load(object(), (width,))
        part = restrict(ir, [where if d == axis else None for d in range(len(ir.shape))])
        programs[width] = _function(part, [*keys, where.key], backend, dtype, fused)
    places = {s: backend.tensor(np.arange(s, min(s + size, length))) for s in starts}

    def function(arrays: Sequence[Array]) -> Array:
        def block(start: int, stop: int) -> Array:
            return programs[stop - start]([*arrays, places[start]])

        return backend.in_blocks(block, length, size, axis)

    return function


def _function(
    ir: Ir, keys: Sequence[object], backend: Backend, dtype: Any, fused: bool = False
) -> Callable[[Sequence[Array]], Array]:
    sums = _sums(ir, backend)
    nodes = _computed(ir, sums)
    place = {id(node): position for position, node in enumerate(nodes)}
    below = {node: sums[node].operands if node in sums else node.below for node in nodes}
    last_use = {place[id(child)]: place[id(node)] for node in nodes for child in below[node]}
    key_place = {id(key): position for position, key in enumerate(keys)}
    loads = [(n, key_place[id(x.key)]) for n, x in enumerate(nodes) if isinstance(x, Load)]
    count = len(nodes)
    program: list[tuple[int, Step, list[int], list[int]]] = []
    for position, node in enumerate(nodes):
        if not isinstance(node, Load):
            inputs = [place[id(child)] for child in below[node]]
            spent = sorted({child for child in inputs if last_use[child] == position})
            if node in sums:
                step = _emit_accumulated(sums[node], backend, dtype)
            else:
                step = _emit(node, backend, dtype, fused)
            program.append((position, step, inputs, spent))

    real = {key_place[id(n.key)] for n in nodes if isinstance(n, Load) and n.real}
    real = real if backend.is_complex(dtype) else set()
    ready = _is_array(ir)

    def function(arrays: Sequence[Array]) -> Array:
        if real:
            arrays = [backend.astype(x, dtype) if n in real else x for n, x in enumerate(arrays)]
        values: list[Any] = [None] * count
        for position, key in loads:
            values[position] = arrays[key]
        for position, step, inputs, spent in program:
            values[position] = step([values[child] for child in inputs])
            for child in spent:
                values[child] = None
        return values[-1] if ready else _as_array(values[-1], backend, dtype)

    return function


def _sums(ir: Ir, backend: Backend) -> dict[Ir, Accumulated]:
    """The contractions that are made term by term."""
    if not isinstance(backend, Accumulate):
        return {}
    contracts = [node for node in postorder(ir) if isinstance(node, Contract)]
    found = {node: accumulated(node, backend.cache) for node in contracts}
    return {node: terms for node, terms in found.items() if terms}


def _computed(ir: Ir, sums: Mapping[Ir, Accumulated]) -> list[Ir]:
    """The nodes that get a value, children before parents; what a sum makes itself does not."""
    wanted = {ir}
    for node in reversed(postorder(ir)):
        if node in wanted:
            wanted.update(sums[node].operands if node in sums else node.below)
    return [node for node in postorder(ir) if node in wanted]


def _emit_accumulated(found: Accumulated, backend: Backend, dtype: Any) -> Step:
    """Operands that are cut go in with the axis of the sum in front."""
    assert isinstance(backend, Accumulate), "another makes the sum at once"
    cut = [load for _, _, load in found.cut]
    orders = [(d, *(n for n in range(len(x.shape)) if n != d)) for x, d, _ in found.cut]
    keys = [load.key for load in (*cut, *(load for _, load in found.whole))]
    term = _function(found.term, keys, backend, dtype)

    def one(items: list[Array], *whole: Array) -> Array:
        shaped = (backend.reshape(x, load.shape) for x, load in zip(items, cut, strict=True))
        return term([*shaped, *whole])

    total = backend.accumulated(one)

    def add(values: list[Array]) -> Array:
        values = [_as_array(value, backend, dtype) for value in values]
        first, rest = values[: len(orders)], values[len(orders) :]
        stacks = [backend.transpose(x, order) for x, order in zip(first, orders, strict=True)]
        return total(stacks, *rest)

    return add


def _emit(node: Ir, backend: Backend, dtype: Any, fused: bool) -> Step:
    match node:
        case Load():
            raise AssertionError("the value of a leaf is an argument")
        case Const(value, shape):
            constant = _constant(value, shape, backend, dtype)
            return lambda _: constant
        case Map():
            return _emit_map(node, backend, dtype)
        case Contract(semiring) if semiring == PRODUCT:
            return _emit_sum_of_products(node, backend, dtype)
        case Contract():
            return _emit_semiring(node, backend, dtype, fused)
        case Gather():
            return _emit_gather(node, backend)
        case Split():
            shape = node.shape
            return lambda values: backend.reshape(_as_array(values[0], backend, dtype), shape)
        case Apply():
            make = generate(node, backend, dtype)
            return lambda values: make(_as_array(values[0], backend, dtype))
        case _:
            assert_never(node)


def _constant(value: Any, shape: tuple[int, ...], backend: Backend, dtype: Any) -> Any:
    if value == "eye":
        return backend.eye(*shape, dtype=dtype)
    # A number stays a Python scalar: libraries have fast paths for x * 2 and x ** 2.
    return backend.full(shape, value, dtype=dtype) if shape else value


def _emit_map(node: Map, backend: Backend, dtype: Any) -> Step:
    aligners = [_aligner(term, node.axes, backend) for term in node.terms]
    if node.fn in _OPERATORS:
        combine = _OPERATORS[node.fn]

        def binary(values: list[Array]) -> Array:
            left, right = (align(value) for align, value in zip(aligners, values, strict=True))
            if not (backend.is_native(left) or backend.is_native(right)):
                left = _as_array(left, backend, dtype)
            return combine(left, right)

        return binary
    fn = getattr(backend, node.fn)
    (align,) = aligners
    return lambda values: fn(_as_array(align(values[0]), backend, dtype))


def _as_array(value: Any, backend: Backend, dtype: Any) -> Array:
    return value if backend.is_native(value) else backend.tensor(value, dtype)


def _aligner(term: Term, axes: Sequence[Axis], backend: Backend) -> Callable[[Array], Array]:
    """Bring the dimensions of an operand into the order of `axes`, with 1 for those it lacks."""
    carried = [axis for axis in axes if axis in term.axes]
    order = tuple([term.axes.index(axis) for axis in carried])
    order += tuple([d for d, axis in enumerate(term.axes) if axis is None])
    shape = tuple([axis.size if axis in term.axes else 1 for axis in axes])
    permute = order != tuple(range(len(order)))
    # Missing leading axes broadcast by themselves.
    reshape = None in term.axes or carried != list(axes)[len(axes) - len(carried) :]

    def align(value: Array) -> Array:
        if permute:
            value = backend.transpose(value, order)
        return backend.reshape(value, shape) if reshape else value

    return align


def _emit_sum_of_products(node: Contract, backend: Backend, dtype: Any) -> Step:
    """Contract pair by pair, in the planned order."""
    squeezers = ((n, _squeezer(term, backend, dtype)) for n, term in enumerate(node.terms))
    prepare = [(n, squeeze) for n, squeeze in squeezers if squeeze]
    axes = list(dict.fromkeys(axis for term in node.terms for axis in term.axes if axis))
    sizes = [axis.size for axis in axes]
    steps = [
        (step.positions, sorted(step.positions, reverse=True), _einsum(step.axes, sizes, backend))
        for step in plan(node).steps
    ]
    merge = any(len(group) != 1 for group in node.output)
    shape = node.shape

    def contract(values: list[Array]) -> Array:
        todo = list(values)
        values.clear()  # what is contracted below is then released at once
        for n, squeeze in prepare:
            todo[n] = squeeze(todo[n])
        for positions, descending, run in steps:
            operands = [todo[position] for position in positions]
            for position in descending:
                del todo[position]
            todo.append(run(operands))
        return backend.reshape(todo[0], shape) if merge else todo[0]

    return contract


def _squeezer(term: Term, backend: Backend, dtype: Any) -> Callable[[Array], Array] | None:
    """An operand as an array without the dimensions that are broadcast; None if it is one."""
    if None in term.axes:
        shape = tuple([axis.size for axis in term.axes if axis is not None])
        return lambda value: backend.reshape(value, shape)
    if _is_array(term.value):
        return None
    return lambda value: _as_array(value, backend, dtype)


def _is_array(node: Ir) -> bool:
    """Whether the value is an array for certain; those of constants alone may be numbers."""
    return isinstance(node, Load | Contract | Gather)


def _einsum(
    axes: Sequence[Sequence[int]], sizes: Sequence[int], backend: Backend
) -> Callable[[list[Array]], Array]:
    """One step; axes that travel together are one for its time, where there are many."""
    step = einsum(axes)
    written = step.subscripts
    if not step.merged:
        return lambda operands: backend.einsum(written, *operands)
    *shapes, _ = [tuple([prod(sizes[a] for a in run) for run in runs]) for runs in step.runs]
    shape = tuple([sizes[axis] for axis in axes[-1]])

    def contract(operands: list[Array]) -> Array:
        operands = [backend.reshape(x, s) for x, s in zip(operands, shapes, strict=True)]
        return backend.reshape(backend.einsum(written, *operands), shape)

    return contract


def _emit_semiring(node: Contract, backend: Backend, dtype: Any, fused: bool) -> Step:
    """Pair every element, then reduce: for reductions that no matrix product knows."""
    flat = [axis for group in node.output for axis in group]
    every = dict.fromkeys(axis for term in node.terms for axis in term.axes if axis is not None)
    axes = (*flat, *(axis for axis in every if axis not in flat))
    aligners = [_aligner(term, axes, backend) for term in node.terms]
    full = tuple([axis.size for axis in axes])
    pair = pairing(node.semiring, full, len(flat), backend, dtype, fused)
    shape = node.shape
    merge = any(len(group) != 1 for group in node.output)

    def contract(values: list[Array]) -> Array:
        left, right = (
            _as_array(align(value), backend, dtype)
            for align, value in zip(aligners, values, strict=True)
        )
        result = pair(left, right)
        return backend.reshape(result, shape) if merge else result

    return contract


def _emit_gather(node: Gather, backend: Backend) -> Step:
    """Take along each dimension; dimensions that go together are indexed at once."""
    given = [d for d, where in enumerate(node.positions) if where is not None]
    groups: dict[Axis, list[int]] = {}
    for dimension, axis in enumerate(node.axes):
        groups.setdefault(axis, []).append(dimension)
    together = [dims for dims in groups.values() if len(dims) > 1]
    alone = [(n, d) for n, d in enumerate(given, 1) if len(groups[node.axes[d]]) == 1]
    wanted, take = list(groups), backend.take  # looked up in the library, once

    def taken(values: list[Array]) -> Array:
        result = values[0]
        for n, dimension in alone:
            where = values[n]
            if isinstance(where, slice):
                result = result[(*(slice(None),) * dimension, where, ...)]
            else:
                result = take(result, where, axis=dimension)
        return result

    if not together:
        return taken

    def gather(values: list[Array]) -> Array:
        result, where = taken(values), dict(zip(given, values[1:], strict=True))
        axes = list(node.axes)
        for dims in together:
            # To the front, where indexing leaves the new dimension on every library.
            first = [position for position, axis in enumerate(axes) if axis is node.axes[dims[0]]]
            rest = [position for position in range(len(axes)) if position not in first]
            result = backend.transpose(result, (*first, *rest))
            result = result[tuple([where[d] for d in dims])]
            axes = [node.axes[dims[0]], *(axes[position] for position in rest)]
        order = tuple([axes.index(axis) for axis in wanted])
        return result if order == tuple(range(len(order))) else backend.transpose(result, order)

    return gather
