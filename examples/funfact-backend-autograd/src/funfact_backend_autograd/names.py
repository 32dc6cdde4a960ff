"""autograd.numpy, with what it lacks of the array API standard and of its gradients."""

from collections.abc import Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.extend import defvjp, primitive

Array = Any


def __getattr__(name: str) -> Any:
    # autograd derives classes from NumPy's integer types, and those are no dtypes
    found = getattr(np, name)
    return found if isinstance(found, type) else getattr(anp, name)


def _astype(x: Array, dtype: Any, *, copy: bool = True) -> Array:
    x = np.asarray(x)
    return (x.real if np.dtype(dtype).kind == "f" else x).astype(dtype, copy=copy)


astype = primitive(_astype)
defvjp(astype, lambda ans, x, dtype, copy=True: lambda g: astype(g, np.result_type(x)))


def where(condition: Array, *branches: Array) -> Array:
    if not branches:
        return anp.nonzero(condition)
    shape = np.broadcast_shapes(*map(np.shape, (condition, *branches)))
    return anp.where(condition, *(broadcast_to(x, shape) for x in _alike(branches)))


def concat(arrays: Sequence[Array], *, axis: int | None = 0) -> Array:
    flat = [anp.ravel(x) for x in arrays] if axis is None else arrays
    return anp.concatenate(_alike(flat), axis or 0)


def _alike(arrays: Sequence[Array]) -> list[Array]:
    """In one dtype: autograd's gradients of functions that promote have another."""
    dtype = anp.result_type(*arrays)
    return [x if anp.result_type(x) == dtype else astype(x, dtype) for x in arrays]


def broadcast_to(x: Array, shape: Sequence[int]) -> Array:
    leading = (1,) * (len(shape) - anp.ndim(x))
    return anp.broadcast_to(anp.reshape(x, leading + anp.shape(x)), tuple(shape))


def take(x: Array, indices: Array, *, axis: int) -> Array:
    return x[(slice(None),) * (axis % x.ndim) + (indices,)]


def acosh(x: Array) -> Array:
    if not anp.iscomplexobj(x):
        return anp.arccosh(x)
    # in the left half-plane autograd has the sign of the derivative wrong
    return anp.log(x + anp.sqrt(x - 1) * anp.sqrt(x + 1))
