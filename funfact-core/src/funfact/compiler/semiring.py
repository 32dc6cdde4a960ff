"""The two operations of a semiring as functions of native arrays, a user's own held to shapes."""

import operator
from collections.abc import Callable
from typing import Any

from funfact.backends.active import activated
from funfact.backends.contract import Array, Backend
from funfact.compiler.ir import Semiring
from funfact.errors import DtypeError, NotationError, ShapeError

__all__ = ["combiner", "reducer"]

_OPERATORS = {"add": operator.add, "multiply": operator.mul}


def combiner(
    semiring: Semiring, shape: tuple[int, ...], backend: Backend, dtype: Any
) -> Callable[[Array, Array], Array]:
    """``combine(x, y)`` of two arrays that broadcast to `shape`."""
    given = semiring.combine
    if isinstance(given, str):
        named: Callable[[Array, Array], Array] = _OPERATORS.get(given) or getattr(backend, given)
        return named

    def combine(x: Array, y: Array) -> Array:
        with activated(backend):
            made = given(x, y)
        arrays = f"arrays of shapes {tuple(x.shape)} and {tuple(y.shape)}"
        return _checked(semiring, given, "pairwise(x, y)", made, arrays, shape, backend, dtype)

    return combine


def reducer(
    semiring: Semiring, shape: tuple[int, ...], backend: Backend, dtype: Any
) -> Callable[[Array], Array]:
    """``reduce(x)`` of an array that has one dimension more than `shape`, the last."""
    given, axis = semiring.reduce, len(shape)
    if isinstance(given, str):
        named = getattr(backend, given)
        return lambda x: named(x, axis=axis)

    def reduce(x: Array) -> Array:
        with activated(backend):
            made = given(x, axis=axis)
        array = f"an array of shape {tuple(x.shape)} and axis={axis}"
        return _checked(semiring, given, "reduce(x, axis=)", made, array, shape, backend, dtype)

    return reduce


def _checked(
    semiring: Semiring,
    function: Any,
    call: str,
    made: Any,
    arguments: str,
    shape: tuple[int, ...],
    backend: Backend,
    dtype: Any,
) -> Array:
    name = getattr(function, "__name__", repr(function))
    who = f"{name}, the {call} of the semiring {semiring.name},"
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
