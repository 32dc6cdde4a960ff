"""The carry of a fit that goes on with some of its replicas.

A carry is whatever a solver made of arrays. Which axis of each has the replicas is seen from
what the solver makes for fewer of them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from funfact.backends.contract import Array, Backend
from funfact.fit.parts import Part
from funfact.fit.solvers.base import Carry

__all__ = ["survivors"]


def survivors(
    carries: Sequence[Carry],
    parts: Sequence[Part],
    fresh: Sequence[Carry],
    fewer: Sequence[Part],
    kept: "np.ndarray[Any, Any]",
    ab: Backend,
) -> list[Carry]:
    """The carries of fewer replicas, from those of all.

    Parameters
    ----------
    carries : sequence
        Of each of `parts`.
    parts : sequence of Part
    fresh : sequence
        What each of `fewer` starts with, the first of which has not as many replicas as that of
        `parts`.
    fewer : sequence of Part
        No more of them than `parts`.
    kept : array of int
        The places of those that stay.
    ab : Backend
        That of the fit.
    """
    old = [part.solver.contents(carry) for part, carry in zip(parts, carries, strict=True)]
    new = [part.solver.contents(carry) for part, carry in zip(fewer, fresh, strict=True)]
    found: list[list[Array]] = [[] for _ in fewer]
    for n, (many, some) in enumerate(zip(old[0], new[0], strict=True)):
        axis = _axis(many, some)
        if axis is None:
            moved = [arrays[n] for arrays in old[: len(fewer)]]
        else:
            moved = list(_moved([arrays[n] for arrays in old], parts, fewer, axis, kept, ab))
        for place, x in zip(found, moved, strict=True):
            place.append(x)
    return [
        part.solver.refilled(carry, arrays)
        for part, carry, arrays in zip(fewer, fresh, found, strict=True)
    ]


def _axis(many: Array, some: Array) -> int | None:
    """The axis of the replicas, the only one in which two shapes differ; None if they are equal."""
    sizes = zip(tuple(getattr(many, "shape", ())), tuple(getattr(some, "shape", ())), strict=True)
    differ = [axis for axis, (a, b) in enumerate(sizes) if a != b]
    assert len(differ) < 2, "replicas are one axis"
    return differ[0] if differ else None


def _moved(
    arrays: Sequence[Array],
    parts: Sequence[Part],
    fewer: Sequence[Part],
    axis: int,
    kept: "np.ndarray[Any, Any]",
    ab: Backend,
) -> Iterator[Array]:
    """An array of all parts, as one of each of `fewer`."""
    before = (slice(None),) * axis
    pairs = zip(parts, arrays, strict=True)
    cut = [ab.tensor(x[(*before, slice(p.count), ...)]) for p, x in pairs]
    whole = ab.concatenate(cut, axis=axis) if len(cut) > 1 else cut[0]
    for part in fewer:
        # as many as the problem has: beyond its own, its own again
        positions = kept[part.first + np.arange(part.problem.replicas) % part.count]
        yield part.put(ab.take(whole, ab.tensor(positions), axis=axis), axis)
