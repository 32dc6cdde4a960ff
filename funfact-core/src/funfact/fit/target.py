"""The target of a fit: checked, and brought to the backend."""

import logging
from functools import cache
from math import prod
from typing import Any, TypeAlias

import numpy as np

from funfact.arguments import check_unmasked
from funfact.backends.contract import Array, Backend
from funfact.errors import DtypeError, ShapeError, TargetError
from funfact.language.notation import TsrEx
from funfact.loss import Loss

__all__ = ["model_dtype", "prepare", "read"]

_log = logging.getLogger("funfact")

Numbers: TypeAlias = "np.ndarray[Any, Any]"


def read(target: Any, backend: Backend) -> Array:
    """The target as a native tensor, in the dtype that the backend takes it in.

    Raises
    ------
    TargetError
        If it is no array of numbers, a masked one, or does not fit into the dtype that the
        backend takes it in.
    """
    if isinstance(target, TsrEx):
        raise TargetError(
            f"the target is an expression, {target!r}. Expected an array; evaluate a model of the "
            "expression: ff.Factorization.from_tsrex(expr)()."
        )
    check_unmasked(target, "the target", TargetError)
    numpy = isinstance(target, np.ndarray)
    if type(target) is np.ndarray and backend.is_native(target) and target.dtype.char in "efdFD":
        return np.asarray(target, order="C")  # which a fit reads, and never changes
    try:
        with np.errstate(over="ignore"):  # what does not fit is reported below
            native = backend.tensor(target)
    except (TypeError, ValueError, RuntimeError) as exc:
        raise TargetError(
            f"the target, a {type(target).__name__}, cannot be made a tensor of {backend!r} "
            f"({exc}). Expected an array of numbers."
        ) from exc
    if backend.is_floating(native) and (numpy or not backend.is_native(target)):
        given = np.asarray(target)
        if given.dtype.kind in "fc" and given.dtype.name != backend.dtype_name(native):
            _log_once(given.dtype.name, backend.dtype_name(native), repr(backend))
            if np.all(np.isfinite(given)):
                _check_fits(native, given, backend)
    return native


@cache
def _log_once(given: str, taken: str, backend: str) -> None:
    _log.info("a target of %s is fitted in %s, the precision of %s.", given, taken, backend)


def _check_fits(values: Array, given: Numbers, ab: Backend) -> None:
    """Raise if finite numbers became infinite in a narrower dtype, or all of them zero."""
    lost, how = _not_finite(values, ab), ""
    if not lost and not np.any(ab.to_numpy(values)):
        lost, how = int(np.count_nonzero(given)), ": all become zero"
    if lost:
        raise TargetError(
            f"{lost} elements of the target do not fit into {ab.dtype_name(values)}, in which it "
            f"is fitted{how}. Scale the data to order one, or use wider numbers: dtype='float64', "
            "under JAX with ff.use('jax', enable_x64=True)."
        )


def _not_finite(values: Array, ab: Backend) -> int:
    # In NumPy: a library that compiles would compile each of these small operations.
    found = ab.to_numpy(values)
    with np.errstate(all="ignore"):
        if np.isfinite(np.sum(found)):  # one pass, and nothing is made
            return 0
    return int(np.sum(~np.isfinite(found)))


def model_dtype(target: Array, dtype: Any, backend: Backend) -> Any:
    """The dtype of the model: `dtype` if given, the target's if floating, else the default.

    Raises
    ------
    DtypeError
        If the target is complex and the model is asked to be real.
    """
    if dtype is None:
        return target.dtype if backend.is_floating(target) else backend.default_dtype
    native = backend.dtype(dtype)
    if backend.is_complex(target) and not backend.is_complex(native):
        raise DtypeError(
            f"the target is {backend.dtype_name(target)} and dtype={backend.dtype_name(native)}: "
            "a real model cannot be fitted to complex data. Leave dtype out, or take "
            "the real part or the modulus of the target."
        )
    return native


def prepare(target: Array, shape: tuple[int, ...], dtype: Any, loss: Loss, ab: Backend) -> Array:
    """The target in the model's precision, real if it is real.

    Raises
    ------
    ShapeError
        If it has not the model's shape.
    TargetError
        If it has elements that are NaN or infinite, or that the loss cannot compare.
    """
    if tuple(target.shape) != shape:
        raise ShapeError(
            f"the expression has shape {shape} and the target {tuple(target.shape)}. They are to "
            "be equal: a target is not broadcast. Reshape or transpose it, or give the "
            "indices of the expression another order with `>>`."
        )
    if ab.is_floating(target):
        bad = _not_finite(target, ab)
        if bad:
            raise TargetError(
                f"{bad} of {prod(shape)} elements of the target are NaN or infinite. Cut them off, "
                "or leave them out of the loss: fill them with zeros and multiply the model by a "
                "mask w that is zero there and else one, (model * w[i, j]) >> [i, j]."
            )
    loss.check(target, ab)
    if ab.is_complex(dtype) and not ab.is_complex(target):
        # A real target of a complex model stays real: half the memory, and the same errors.
        dtype = ab.real(ab.zeros((), dtype=dtype)).dtype
    if ab.dtype_name(target) == ab.dtype_name(dtype):
        return target
    with np.errstate(over="ignore"):
        values = ab.astype(target, dtype)
    if ab.is_floating(target):
        _check_fits(values, ab.to_numpy(target), ab)
    return values
