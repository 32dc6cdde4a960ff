"""Whether what is imposed on two factors keeps the entries of an index between them apart.

u[i, r] * v[j, r] stays what it is where u becomes u M, and v becomes v M⁻ᵀ, for any invertible M.
What is imposed on the two may allow no such matrix but diagonal ones: then they have components.
To first order M is 1 + A, so it is asked along which A both factors stay in their sets: u A is to
be a tangent of one, and -v Aᵀ one of the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np

from funfact.backends.contract import Array, Backend
from funfact.conditions import Constraint

__all__ = ["Holder", "mixable"]

Numbers: TypeAlias = "np.ndarray[Any, Any]"

_ROOM = 2**22
"""Numbers that an answer may take."""

_SMALL = 1e-5
"""Numbers below it, of factors and directions of order one, are rounding."""


@dataclass(frozen=True, eq=False)
class Holder:
    """A factor that has the index.

    Attributes
    ----------
    value : array, the shape of the factor
    dim : int
        Where the index stands.
    constraint : Constraint or None
        What is imposed on it.
    """

    value: Array
    dim: int
    constraint: Constraint | None


def mixable(one: Holder, other: Holder, ab: Backend) -> bool:
    """Whether entries of an index may be mixed, not only multiplied by numbers; so if unknown."""
    size = one.value.shape[one.dim]
    units = (1, 1j) if ab.is_complex(one.value) and ab.is_complex(other.value) else (1,)
    elements = prod(one.value.shape) + prod(other.value.shape)
    if one.constraint is other.constraint is None or len(units) ** 2 * size**2 * elements > _ROOM:
        return True
    places = list(np.ndindex(size, size))
    there = _across(other, [(l, k) for k, l in places], [-unit for unit in units], ab)
    across = np.concatenate([_across(one, places, units, ab), there], axis=1)
    squares, ways = np.linalg.eigh(across @ across.T)
    apart = np.array([k != l for k, l in places] * len(units))
    return bool(np.any(np.abs(ways[apart][:, squares < _SMALL**2]) > _SMALL))


def _across(
    holder: Holder, places: Sequence[tuple[int, int]], units: Sequence[complex], ab: Backend
) -> Numbers:
    """The parts across the set of moves that put entry k, times a unit, in the place of entry l.

    Of the factor over its largest element; shape (units * places, real numbers of the factor).
    """
    x = np.moveaxis(ab.to_numpy(holder.value), holder.dim, 0)
    x = x / (np.max(np.abs(x)) or 1)
    moves = np.zeros((len(units), len(places), *x.shape), x.dtype)
    for n, (k, l) in enumerate(places):
        for m, unit in enumerate(units):
            moves[m, n, l] = x[k] * unit
    moves = np.moveaxis(moves.reshape(-1, *x.shape), 1, holder.dim + 1)
    if holder.constraint is None:
        return np.zeros((len(moves), 0))
    many = ab.tensor(moves, holder.value.dtype)
    here = ab.broadcast_to(holder.value[None, ...], tuple(many.shape))
    along = holder.constraint.tangent(here, ab.zeros_like(here), ab)
    rows = ab.to_numpy(many - along(many)).reshape(len(moves), -1)
    return np.concatenate([rows.real, rows.imag], axis=1).astype(float)
