"""The factors of a model: which is meant, what they hold, and how they are called in messages."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from funfact.backends.contract import Array, Backend
from funfact.backends.dtypes import converted
from funfact.conditions import as_constraint
from funfact.conditions.known import shown
from funfact.conditions.trial import distance
from funfact.errors import OptionError, ShapeError, UnknownNameError
from funfact.language.nodes import Tensor
from funfact.language.notation import TsrEx
from funfact.language.render.names import names
from funfact.model.values import as_stored, replicas_first, stored_dtype

__all__ = ["Factors", "Key", "find", "listing", "one_for_each"]

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


class Factors:
    """The arrays of a model, one for each tensor of its expression; None where there is none."""

    def __init__(
        self, tsrex: TsrEx, backend: Backend, dtype: Any, arrays: Iterable[Array | None]
    ) -> None:
        self._tsrex, self._tensors = tsrex, tsrex.tensors
        self._backend, self._dtype = backend, dtype
        self.arrays = list(arrays)

    def complete(self, positions: Iterable[int] | None = None) -> list[Any]:
        """All arrays, or an error that names those that are missing, of all or of some."""
        wanted = range(len(self._tensors)) if positions is None else positions
        missing = [self._tensors[p] for p in wanted if self.arrays[p] is None]
        if missing:
            raise OptionError(
                "the model was built with initialize=False, and no value has been set for "
                f"{listing(self._tsrex, missing)}. Set it, fac['u'] = array, or leave "
                "initialize out."
            )
        return self.arrays

    def at(self, key: Key) -> Array:
        """The array of the tensor that a key names."""
        position = find(self._tsrex, key)
        return self.complete([position])[position]

    def put(self, key: Key, value: Any) -> None:
        """Another array in its place."""
        position = find(self._tsrex, key)
        self.arrays[position] = self._imposed(self._tensors[position], value)

    def free(self) -> tuple[Array, ...]:
        """Those that a fit changes."""
        pairs = zip(self._tensors, self.complete(), strict=True)
        return tuple(value for tensor, value in pairs if tensor.optimizable)

    def put_free(self, values: Any) -> None:
        """Others in their place: all, or none where one of them cannot be."""
        places = [n for n, tensor in enumerate(self._tensors) if tensor.optimizable]
        tensors = [self._tensors[n] for n in places]
        pairs = zip(tensors, one_for_each(self._tsrex, tensors, values), strict=True)
        arrays = [self._imposed(tensor, value) for tensor, value in pairs]
        for n, array in zip(places, arrays, strict=True):
            self.arrays[n] = array

    def nearest(self, key: Key, value: Any) -> Array:
        """Of the arrays that can be put there, the nearest to `value`."""
        tensor, ab = self._tensors[find(self._tsrex, key)], self._backend
        array = self._fitting(tensor, value)
        if tensor.constrain is None:
            return array
        constraint = as_constraint(tensor.constrain, tensor.shape)
        return as_stored(tensor, ab)(constraint.project(replicas_first(tensor, ab)(array), ab))

    def _fitting(self, tensor: Tensor, value: Any) -> Array:
        """A copy of `value` in the dtype of the tensor; an error if its shape is another."""
        dtype = stored_dtype(tensor, self._backend, self._dtype)
        array = converted(value, dtype, self._backend)
        if tuple(array.shape) != tensor.full_shape:
            raise ShapeError(
                f"factor {listing(self._tsrex, [tensor])} was given an array of shape "
                f"{tuple(array.shape)}. The two are to be equal; nothing is broadcast."
            )
        return array

    def _imposed(self, tensor: Tensor, value: Any) -> Array:
        """The same, and the nearest that meets what is imposed; an error if that is another."""
        array, ab = self._fitting(tensor, value), self._backend
        if tensor.constrain is None or not bool(ab.all(ab.isfinite(array))):
            return array
        nearest = self.nearest(tensor, array)
        far, rounding = distance(array, nearest, ab)
        if far > rounding:
            name = names(self._tsrex.node)[tensor]
            raise OptionError(
                f"constrain={shown(tensor.constrain)} of factor {name}: an element of the array "
                f"is {far:.3g} away from the nearest that is so. Give that one, fac[{name!r}] = "
                f"fac.nearest({name!r}, array), or write the tensor without constrain=."
            )
        return nearest
