"""Which optima the replicas of a fit found: those of equal loss, and whether they are one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isqrt, prod
from typing import Any, TypeAlias

import numpy as np

from funfact.language.nodes import Replicate
from funfact.language.replicas import vectorize
from funfact.model.components import Components, alike, component_axes, congruence
from funfact.model.factorization import Factorization
from funfact.model.history import History

__all__ = ["Optimum", "optima"]

Numbers: TypeAlias = "np.ndarray[Any, Any]"

_SAME_LOSS = 0.01
"""By how much of the lowest losses of one optimum may differ."""

_EXACT = 1e-12
"""Of the loss of a model of zeros: below it, losses are those of exact fits."""

_SAME_VALUE = 0.01
"""The distance of two models, over their norm, up to which they are the same."""

_ROOM = 2**22
"""Numbers that a comparison may take; replicas beyond are counted, and not compared."""


@dataclass(frozen=True)
class Optimum:
    """Replicas that ended at the same loss.

    Attributes
    ----------
    loss : float
        The lowest of theirs.
    replicas : tuple of int
        The best first.
    compared : int
        How many of them, the best, were compared: their factors have to be known.
    values : int
        How many models they are that differ in value; 0 if none were compared.
    factors : int or None
        How many that differ in their factors, where those are compared up to the order of
        components and what can be multiplied from one factor to another. None where the
        expression has no components (`funfact.model.components`): then the factors of a value are
        not determined, as in a matrix product.
    """

    loss: float
    replicas: tuple[int, ...]
    compared: int = 0
    values: int = 0
    factors: int | None = None


def optima(history: History, replicas: Factorization | None) -> tuple[Optimum, ...]:
    """The optima of a fit, the lowest loss first.

    Parameters
    ----------
    history : History
    replicas : Factorization or None
        The model with the best factors of all replicas; without it losses alone are compared.

    Returns
    -------
    tuple of Optimum
        Of the replicas whose loss was finite, and that were not given up early.
    """
    ended = [int(r) for r in np.argsort(history.best, kind="stable")]
    ended = [r for r in ended if np.isfinite(history.best[r]) and r not in history.stopped]
    groups: list[list[int]] = []
    for replica in ended:
        if groups and history.best[replica] <= _limit(history, history.best[groups[-1][0]]):
            groups[-1].append(replica)
        else:
            groups.append([replica])
    if replicas is None:
        return tuple(Optimum(_loss(history, group), tuple(group)) for group in groups)
    return tuple(_compared(history, group, replicas) for group in groups)


def _limit(history: History, lowest: float) -> float:
    """Up to which loss a replica ended where the one with the lowest did."""
    zeros = history.target_norm**2 / history.squares if history.squares else 0.0
    exact = _EXACT * zeros if np.isfinite(zeros) else 0.0
    return max((1 + _SAME_LOSS) * lowest, history.tol, exact)


def _loss(history: History, group: Sequence[int]) -> float:
    return float(history.best[group[0]])


def _compared(history: History, group: list[int], replicas: Factorization) -> Optimum:
    loss = _loss(history, group)
    if len(group) == 1:
        return Optimum(loss, tuple(group), 1, 1, 1)
    some = _some(replicas, group[: _most(replicas)])
    ab, axis, tensors = some.backend, _axis(some), some.tsrex.tensors
    rows = np.moveaxis(ab.to_numpy(some()), axis, 0)
    close = _close(rows.reshape(len(rows), -1))
    values = _different(len(rows), lambda a, b: bool(close[a, b]))
    likeness = [
        congruence(found, axis, tensors, some.all_factors, ab, some.dtype)
        for found in _components(some)
    ]
    if not likeness:
        return Optimum(loss, tuple(group), len(rows), values)

    def same(a: int, b: int) -> bool:
        return bool(close[a, b]) and all(alike(each[a, b]) for each in likeness)

    return Optimum(loss, tuple(group), len(rows), values, _different(len(rows), same))


def _components(model: Factorization) -> Components:
    ab = model.backend
    arrays, is_complex = model.all_factors, ab.is_complex(model.dtype)
    return component_axes(model.ir, model.tsrex.tensors, arrays, ab, is_complex)


def _axis(replicas: Factorization) -> int:
    """The replica axis of the value."""
    return replicas.ndim - 1 if _node(replicas).replica.append else 0


def _node(replicas: Factorization) -> Replicate:
    node = replicas.tsrex.node
    assert isinstance(node, Replicate), "the model of a fit has replicas"
    return node


def _most(replicas: Factorization) -> int:
    """How many replicas have room to be compared."""
    largest = max((axis.size for _, _, axis in _components(replicas)), default=1)
    elements = prod(replicas.shape) // _node(replicas).replica.size
    return max(2, min(_ROOM // elements, isqrt(_ROOM) // largest))


def _some(replicas: Factorization, chosen: list[int]) -> Factorization:
    """A model of some of the replicas, in that order."""
    ab, original, append = replicas.backend, replicas.tsrex.original, _node(replicas).replica.append
    assert original is not None, "the model of a fit has replicas"
    tsrex, positions = vectorize(original, len(chosen), append=append), ab.tensor(np.array(chosen))
    values = [
        ab.take(x, positions, axis=x.ndim - 1 if append else 0) if tensor.optimizable else x
        for tensor, x in zip(replicas.tsrex.tensors, replicas.all_factors, strict=True)
    ]
    return Factorization(tsrex, ab, replicas.dtype, values)


def _close(rows: Numbers) -> Numbers:
    """Which models, one a row, have the same value, shape (m, m)."""
    rows = rows.astype(np.result_type(rows.dtype, np.float64))
    inner = np.real(rows @ rows.conj().T)
    squares = np.diag(inner)
    distances = squares[:, None] + squares[None, :] - 2 * inner
    limit = _SAME_VALUE**2 * np.maximum(squares[:, None], squares[None, :])
    return np.asarray(distances <= limit)


def _different(count: int, same: Callable[[int, int], bool]) -> int:
    """How many of so many things differ from all those before them."""
    found: list[int] = []
    for n in range(count):
        if not any(same(n, other) for other in found):
            found.append(n)
    return len(found)
