"""A pairing over a semiring, in blocks; a user's own operations are held to shapes."""

import operator
from collections.abc import Callable
from math import prod
from typing import Any

from funfact.arguments import called
from funfact.backends.active import activated
from funfact.backends.capabilities import Compile
from funfact.backends.contract import Array, Backend
from funfact.backends.mapped import explained
from funfact.compiler.ir import Semiring
from funfact.errors import DtypeError, NotationError, ShapeError

__all__ = ["pairing"]

_OPERATORS = {"add": operator.add, "multiply": operator.mul}

_ORDERED = ("min", "max", "log_sum_exp")

_BLOCK = 2**19
"""Elements of the pairs that are built at once, as far as the result can be cut: what a cache
near the processor holds, twice. Fewer would cost more calls than it saves."""

_COMPILED = 2**22
"""The same where a compiler has the calls, all of them, before there is a first result."""


def pairing(
    semiring: Semiring,
    shape: tuple[int, ...],
    kept: int,
    backend: Backend,
    dtype: Any,
    fused: bool = False,
) -> Callable[[Array, Array], Array]:
    """``f(x, y)``: pair arrays that broadcast to `shape`, reduce all but the first `kept` axes.

    Pairs that would be many more than the result are built in blocks along the
    longest axis of the result, unless pairing and reduction are `fused`.
    """
    if backend.is_complex(dtype) and semiring.reduce in _ORDERED:
        raise DtypeError(
            f"{semiring.name} compares numbers, and the model is {backend.dtype_name(dtype)}: "
            "complex numbers have no order. Take real, imag or abs of them, or a real dtype."
        )
    block = _COMPILED if isinstance(backend, Compile) else _BLOCK
    if fused or kept in (0, len(shape)) or prod(shape) <= block:
        return _unblocked(semiring, shape, kept, backend, dtype)
    axis = max(range(kept), key=lambda d: shape[d])
    size = max(1, shape[axis] * block // prod(shape))
    length = shape[axis]
    programs = {
        width: _unblocked(
            semiring, (*shape[:axis], width, *shape[axis + 1 :]), kept, backend, dtype
        )
        for width in {min(size, length - start) for start in range(0, length, size)}
    }

    def cut(x: Array, start: int, stop: int) -> Array:
        after = len(shape) - axis - 1
        if x.ndim <= after or x.shape[x.ndim - 1 - after] == 1:
            return x  # it broadcasts along this axis
        return x[(..., slice(start, stop), *([slice(None)] * after))]

    def function(x: Array, y: Array) -> Array:
        def block(start: int, stop: int) -> Array:
            return programs[stop - start](cut(x, start, stop), cut(y, start, stop))

        return backend.in_blocks(block, length, size, axis)

    return function


def _unblocked(
    semiring: Semiring, shape: tuple[int, ...], kept: int, backend: Backend, dtype: Any
) -> Callable[[Array, Array], Array]:
    combine = combiner(semiring, shape, backend, dtype)
    if kept == len(shape):
        return combine
    reduce = reducer(semiring, shape[:kept], backend, dtype)
    one_axis = (*shape[:kept], prod(shape[kept:]))
    return lambda x, y: reduce(backend.reshape(combine(x, y), one_axis))


def combiner(
    semiring: Semiring, shape: tuple[int, ...], backend: Backend, dtype: Any
) -> Callable[[Array, Array], Array]:
    """``combine(x, y)`` of two arrays that broadcast to `shape`."""
    given = semiring.combine
    if isinstance(given, str):
        named: Callable[[Array, Array], Array] = _OPERATORS.get(given) or getattr(backend, given)
        return named

    who = f"{called(given)}, the pairwise(x, y) of the semiring {semiring.name},"

    def combine(x: Array, y: Array) -> Array:
        with activated(backend), explained(who, backend):
            made = given(x, y)
        arrays = f"arrays of shapes {tuple(x.shape)} and {tuple(y.shape)}"
        return _checked(who, made, arrays, shape, backend, dtype)

    return combine


def reducer(
    semiring: Semiring, shape: tuple[int, ...], backend: Backend, dtype: Any
) -> Callable[[Array], Array]:
    """``reduce(x)`` of an array that has one dimension more than `shape`, the last."""
    given, axis = semiring.reduce, len(shape)
    if isinstance(given, str):
        named = getattr(backend, given)
        return lambda x: named(x, axis=axis)

    who = f"{called(given)}, the reduce(x, axis=) of the semiring {semiring.name},"

    def reduce(x: Array) -> Array:
        with activated(backend), explained(who, backend):
            made = given(x, axis=axis)
        array = f"an array of shape {tuple(x.shape)} and axis={axis}"
        return _checked(who, made, array, shape, backend, dtype)

    return reduce


def _checked(
    who: str,
    made: Any,
    arguments: str,
    shape: tuple[int, ...],
    backend: Backend,
    dtype: Any,
) -> Array:
    if not backend.is_native(made):
        raise NotationError(
            f"{who} returned a {type(made).__name__}, and an array of {backend!r} was expected. "
            "Write it with functions of that backend: ff.active_backend has them."
        )
    if tuple(made.shape) != shape:
        raise ShapeError(
            f"{who} made an array of shape {tuple(made.shape)} of {arguments}, and {shape} was "
            "expected. pairwise is elementwise, with broadcasting; reduce takes one axis away."
        )
    if backend.is_complex(made) and not backend.is_complex(dtype):
        raise DtypeError(
            f"{who} returned {backend.dtype_name(made)}, and the model is "
            f"{backend.dtype_name(dtype)}: the imaginary part would be lost. Give the model a "
            "complex dtype, or return real, imag or abs of it."
        )
    return made if made.dtype == dtype else backend.astype(made, dtype)
