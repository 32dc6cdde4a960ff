"""Which factor is meant, and how factors are called in messages."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from funfact.backends.contract import Array, Backend
from funfact.errors import OptionError, ShapeError, UnknownNameError
from funfact.language.nodes import Tensor
from funfact.language.notation import TsrEx
from funfact.language.render.names import names
from funfact.model.values import stored_dtype

__all__ = ["Key", "checked", "find", "listing", "one_for_each"]

Key: TypeAlias = str | TsrEx | Tensor
"""What names a factor: its symbol, or the tensor itself."""


def find(tsrex: TsrEx, key: Key) -> int:
    """The position of a factor among the tensors of an expression.

    Raises
    ------
    UnknownNameError
        If the key names none, or more than one.

    Examples
    --------
    >>> import funfact as ff
    >>> u, v = ff.tensor("u", 3, 2), ff.tensor("v", 2, 4)
    >>> find(u @ v, "v"), find(u @ v, u)
    (1, 0)
    """
    tensors = tsrex.tensors
    if isinstance(key, str):
        named = names(tsrex.node)
        found = [t for t in tensors if key == t.symbol]
        found = found or [t for t in tensors if key == named[t]]
        if len(found) > 1:
            raise UnknownNameError(
                f"{key!r} names {len(found)} factors: {listing(tsrex, found)}. Two tensors "
                "are two factors whatever their symbols: use the tensor itself as the key, "
                "fac[tensor], or give them symbols of their own."
            )
        if not found:
            raise UnknownNameError.among("factor", key, [named[t] for t in tensors])
        return tensors.index(found[0])
    tensor = key.node if isinstance(key, TsrEx) else key
    if not isinstance(tensor, Tensor):
        raise UnknownNameError(
            f"{key!r} names no factor. A factor is named by its symbol or by the tensor "
            f"that ff.tensor returned; there are {listing(tsrex, tensors)}."
        )
    expression: TsrEx | None = tsrex
    while expression is not None:
        # A replica's tensors stand in the same order as those they were made from.
        if tensor in expression.tensors:
            return expression.tensors.index(tensor)
        expression = expression.original
    raise UnknownNameError(
        f"the tensor {key!r} does not stand in this model. Its factors are "
        f"{listing(tsrex, tensors)}."
    )


def listing(tsrex: TsrEx, tensors: Iterable[Tensor]) -> str:
    """Factors with their names and shapes, as they are enumerated in a sentence."""
    named = names(tsrex.node)
    return ", ".join(f"{named[t]} of shape {t.full_shape}" for t in tensors)


def one_for_each(tsrex: TsrEx, tensors: Sequence[Tensor], values: Any) -> list[Any]:
    """The values for those factors that a fit changes, as a list.

    Raises
    ------
    OptionError
        If they are no sequence.
    ShapeError
        If they are too few or too many.
    """
    if not isinstance(values, Iterable):
        raise OptionError(
            f"factors={values!r:.60}: expected a sequence with an array for each of "
            f"{listing(tsrex, tensors)}. One factor alone is set by fac['u'] = array."
        )
    listed = list(values)
    if len(listed) != len(tensors):
        raise ShapeError(
            f"{len(listed)} factors were assigned, and the model has {len(tensors)} "
            f"that a fit changes: {listing(tsrex, tensors)}."
        )
    return listed


def checked(tsrex: TsrEx, tensor: Tensor, value: Any, ab: Backend, dtype: Any) -> Array:
    """A new value for a tensor of a model of `dtype`, native.

    Raises
    ------
    ShapeError
        If it has another shape than is stored.
    DtypeError
        If it is complex and the tensor real.
    """
    array = ab.tensor(value, stored_dtype(tensor, ab, dtype))
    if tuple(array.shape) != tensor.full_shape:
        raise ShapeError(
            f"factor {listing(tsrex, [tensor])} was given an array of shape "
            f"{tuple(array.shape)}. The two are to be equal; nothing is broadcast."
        )
    return array
