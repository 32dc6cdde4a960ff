"""Values of tensors: their data type, where they start, and how replicas are stored."""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from funfact.arguments import integer, named
from funfact.backends.contract import Array, Backend
from funfact.backends.dtypes import plain
from funfact.conditions import Constraint, as_condition, as_constraint
from funfact.errors import DtypeError, OptionError, ShapeError
from funfact.graph import postorder
from funfact.initializers import as_initializer
from funfact.language.nodes import Generate, Tensor
from funfact.language.notation import TsrEx
from funfact.language.render.names import names

__all__ = [
    "appended",
    "as_stored",
    "counterpart",
    "native",
    "replicas_first",
    "settle_dtype",
    "start",
    "stored_dtype",
]

_log = logging.getLogger("funfact")


def settle_dtype(tsrex: TsrEx, ab: Backend, dtype: Any) -> Any:
    """The native dtype of a model; complex into real is refused."""
    complex_ones = [t for t in tsrex.tensors if _is_complex(t.data) or _is_complex(t.initializer)]
    needs_complex = bool(complex_ones) or tsrex.has_complex_constant
    if dtype is None:
        return ab.dtype(complex if needs_complex else float)
    settled = ab.dtype(dtype)
    name = ab.dtype_name(settled)
    if not ab.is_floating(settled):
        raise DtypeError(
            f"dtype={name}: the factors of a model are floating or complex numbers. "
            "Give 'float32', 'float64', 'complex64' or 'complex128', or leave dtype out."
        )
    if needs_complex and not ab.is_complex(settled):
        named = names(tsrex.node)
        made = {n.name for n in postorder(tsrex.node) if isinstance(n, Generate) and n.complex}
        which = ", ".join([f"the data of {named[t]}" for t in complex_ones] + sorted(made))
        raise DtypeError(
            f"{which or 'a number in the expression'} is complex, and the model is to be {name}: "
            f"the imaginary part would be lost. Give dtype='complex64' or 'complex128'."
        )
    return settled


def _is_complex(data: Any) -> bool:
    dtype = getattr(data, "dtype", None)
    if dtype is None and isinstance(data, list | tuple | complex):
        dtype = plain(data).dtype
    return "complex" in str(dtype)


def stored_dtype(tensor: Tensor, ab: Backend, dtype: Any) -> Any:
    """The native dtype of a tensor's values in a model of `dtype`: real if it is to be."""
    if tensor.real and ab.is_complex(dtype):
        return ab.real(ab.zeros((), dtype=dtype)).dtype
    return dtype


def appended(vec_axis: object) -> bool:
    """Whether the replica axis comes last instead of first."""
    axis = integer(vec_axis)
    if axis not in (0, -1):
        raise OptionError(f"vec_axis={vec_axis!r}: the replica axis comes first (0) or last (-1).")
    return axis == -1


def counterpart(name: str, other: Backend) -> Any:
    """The dtype of that name on another backend, or what it takes for such data by itself."""
    try:
        return other.dtype(name)
    except DtypeError:
        # NumPy has no bfloat16 of its own; float32 holds its values
        dtype = other.tensor(np.zeros(1, "float32" if name == "bfloat16" else name)).dtype
        _log.warning("%r has no %s; the model becomes %s.", other, name, other.dtype_name(dtype))
        return dtype


def native(
    tensors: Sequence[Tensor], arrays: Iterable[Any], ab: Backend, dtype: Any
) -> list[Array | None]:
    """The values of the tensors of a model of `dtype`, from NumPy arrays; None stays None."""
    return [
        None if array is None else ab.tensor(array, stored_dtype(tensor, ab, dtype))
        for tensor, array in zip(tensors, arrays, strict=True)
    ]


def start(tensor: Tensor, ab: Backend, dtype: Any) -> Array:
    """The value a tensor has before a fit: its data, or a draw for each replica."""
    initializer = as_initializer(tensor.initializer if tensor.data is None else tensor.data)
    lead = tuple(replica.size for replica in tensor.replicas)
    value = initializer.draw(tensor.shape, ab, stored_dtype(tensor, ab, dtype), lead)
    if not ab.is_native(value) or tuple(value.shape) != lead + tensor.shape:
        made = f"shape {tuple(value.shape)}" if ab.is_native(value) else f"a {type(value).__name__}"
        raise ShapeError(
            f"{type(initializer).__name__}.draw made {made}, and an array of {ab!r} of shape "
            f"{lead + tensor.shape} was expected: the replicas, then the shape of the tensor."
        )
    if tensor.data is None and tensor.initializer is None and tensor.prefer is not None:
        value = as_condition(tensor.prefer).start(value, ab)
    if tensor.constrain is not None:
        constraint = as_constraint(tensor.constrain, tensor.shape)
        if tensor.data is None and tensor.initializer is None:
            value = constraint.start(value, ab)
        value = _nearest(constraint, value, ab)
    order = _stored_order(tensor)
    return value if order == sorted(order) else ab.tensor(ab.transpose(value, order))


def _nearest(constraint: Constraint, value: Array, ab: Backend) -> Array:
    """The nearest array that meets a constraint, which may be a user's own."""
    made = constraint.project(value, ab)
    if not ab.is_native(made) or tuple(made.shape) != tuple(value.shape):
        shape = f"shape {tuple(made.shape)}" if ab.is_native(made) else f"a {type(made).__name__}"
        raise ShapeError(
            f"{named(constraint)}.project made {shape} of an array of shape {tuple(value.shape)}, "
            f"replicas in front, and an array of {ab!r} of the same shape was expected."
        )
    return made


def replicas_first(tensor: Tensor, ab: Backend) -> Callable[[Array], Array]:
    """What brings a stored value into the shape (*replicas, *shape), outermost replicas first."""
    order = _stored_order(tensor)
    axes = tuple(sorted(range(len(order)), key=order.__getitem__))
    return (lambda x: x) if axes == tuple(range(len(axes))) else lambda x: ab.transpose(x, axes)


def as_stored(tensor: Tensor, ab: Backend) -> Callable[[Array], Array]:
    """The opposite of `replicas_first`."""
    order = _stored_order(tensor)
    return (lambda x: x) if order == sorted(order) else lambda x: ab.transpose(x, order)


def _stored_order(tensor: Tensor) -> list[int]:
    """The axes of (*replicas, *shape) in the order in which they are stored."""
    count = len(tensor.replicas)
    order = list(range(count, count + len(tensor.shape)))
    for position, replica in reversed(list(enumerate(tensor.replicas))):
        order = [*order, position] if replica.append else [position, *order]
    return order
