"""Solving the normal equations of one factor, on a backend.

No matrix is asked to be inverted that may be singular. The equations are solved for a
correction, ``f + P^-1 (R - G f)``, where P is G with its diagonal enlarged by a few roundings:
P is positive definite, the error never grows since P - G is positive as well, and where it
ends ``R = G f`` holds to the last digit, however ill-conditioned G is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from funfact.backends.contract import Array, Backend
from funfact.backends.dtypes import vanishing
from funfact.compiler.ir import Axis
from funfact.compiler.lower import lower
from funfact.fit.solvers.normal import Layout, Normal

__all__ = ["System", "blockwise", "corrected", "explained", "regular", "residual", "system"]

Function = Callable[[Sequence[Array]], Array]
Axes = tuple[Axis, ...]

_ROUNDINGS = 16
"""By how many roundings of a sum over its rows the diagonal of a matrix is enlarged."""


@dataclass(frozen=True, eq=False)
class Turn:
    """How a block meets a factor: an order of its axes, as (batch, summed, rest), and as it was."""

    order: tuple[int, ...]
    shape: tuple[int, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class System:
    """The equations of one factor as functions of all arrays.

    Attributes
    ----------
    layout : Layout
    shape : tuple of int
        Of the factor, as it is stored.
    right : callable
        R, along the axes of the layout.
    blocks : tuple of callables
        The Kronecker factors of G, shape ``(batch, n, n)`` each.
    axes : tuple of pairs
        The batch and the summed axes of each block.
    real : bool
        Whether the equations are those of real numbers in a complex model.
    """

    backend: Backend
    layout: Layout
    shape: tuple[int, ...]
    right: Function
    blocks: tuple[Function, ...]
    axes: tuple[tuple[Axes, Axes], ...]
    real: bool

    def sorted(self, value: Array) -> Array:
        """A factor as it is stored, along the axes of the layout."""
        value = self.backend.real(value) if self.real else value
        squeezed = self.backend.reshape(value, tuple(n for n in self.shape if n > 1))
        return _permuted(self.backend, squeezed, self._order)

    def stored(self, x: Array) -> Array:
        """What stands along the axes of the layout, as the factor is stored."""
        back = tuple(self._order.index(n) for n in range(len(self._order)))
        return self.backend.reshape(_permuted(self.backend, x, back), self.shape)

    @cached_property
    def turns(self) -> tuple[list[Turn], tuple[int, ...]]:
        """How one block after the other is met, and the order of axes after all of them."""
        found, order = [], self.layout.axes
        for batch, summed in self.axes:
            rest = tuple(axis for axis in order if axis not in batch and axis not in summed)
            wanted = (*batch, *summed, *rest)
            shape = tuple(prod(axis.size for axis in axes) for axes in (batch, summed, rest))
            sizes = tuple(axis.size for axis in wanted)
            found.append(Turn(tuple(order.index(axis) for axis in wanted), shape, sizes))
            order = wanted
        return found, tuple(order.index(axis) for axis in self.layout.axes)

    @cached_property
    def _order(self) -> tuple[int, ...]:
        kept = sorted(self.layout.dims)
        return tuple(kept.index(dim) for dim in self.layout.dims)


def system(
    normal: Normal, keys: Sequence[object], backend: Backend, dtype: Any, real: bool = False
) -> System:
    """The equations as functions of the arrays behind `keys`; with `real`, their real parts."""

    def function(ir: Any) -> Function:
        made = lower(ir, keys, backend, dtype)
        return (lambda arrays: backend.real(made(arrays))) if real else made

    return System(
        backend=backend,
        layout=normal.layout,
        shape=normal.load.shape,
        right=function(normal.right),
        blocks=tuple(function(block.gram) for block in normal.blocks),
        axes=tuple((block.batch, block.summed) for block in normal.blocks),
        real=real,
    )


def residual(system: System, grams: Sequence[Array], right: Array, x: Array) -> Array:
    """``R - G x``, along the axes of the layout."""
    return right - blockwise(system, grams, x, system.backend.matmul)


def explained(
    system: System, grams: Sequence[Array], right: Array, x: Array, replica: int
) -> Array:
    """What the factor with the value `x` takes from the squared error, one number a replica.

    |b|² - |A x - b|² is ⟨R, x⟩ + ⟨x, R - G x⟩, the second of which is zero at the solution.

    Parameters
    ----------
    replica : int
        The axis of the replicas in the factor as it is stored.
    """
    ab = system.backend
    product = ab.conj(x) * (right + residual(system, grams, right, x))
    each = ab.real(system.stored(product))
    axes = tuple(n for n in range(each.ndim) if n != replica % each.ndim)
    return ab.sum(each, axis=axes) if axes else each


def corrected(system: System, grams: Sequence[Array], right: Array, x: Array) -> Array:
    """The least squares solution, given an earlier value of the factor."""
    ab = system.backend

    def solve(gram: Array, y: Array) -> Array:
        p = regular(gram, ab)
        return y / p if gram.shape[-1] == 1 else ab.xp.linalg.solve(p, y)

    return x + blockwise(system, grams, residual(system, grams, right, x), solve)


def regular(gram: Array, ab: Backend) -> Array:
    """A positive definite matrix, as close to a positive semidefinite one as rounding allows."""
    n = gram.shape[-1]
    unit = ab.eye(n, dtype=gram.dtype)
    rounding = _ROUNDINGS * n * float(ab.xp.finfo(gram.dtype).eps)
    return gram * (1 + rounding * unit) + vanishing(gram, ab) * unit


def blockwise(
    system: System, grams: Sequence[Array], x: Array, act: Callable[[Array, Array], Array]
) -> Array:
    """`x` after ``act(matrix, x)`` along the axes of each block."""
    ab, (turns, back) = system.backend, system.turns
    for gram, turn in zip(grams, turns, strict=True):
        x = ab.reshape(_permuted(ab, x, turn.order), turn.shape)
        x = ab.reshape(act(gram, x), turn.sizes)
    return _permuted(ab, x, back)


def _permuted(ab: Backend, x: Array, order: tuple[int, ...]) -> Array:
    return x if order == tuple(range(len(order))) else ab.transpose(x, order)
