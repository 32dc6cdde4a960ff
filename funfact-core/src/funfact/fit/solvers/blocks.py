"""The diagonal block of JᵀJ that belongs to one factor, and its inverse.

Each kind is a `Block`: near a point, it gives the inverse of block + μ as a function of μ.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np

from funfact.backends.contract import Array
from funfact.fit.solvers.conjugate import Operator
from funfact.fit.solvers.gauss_newton import (
    Local,
    Preconditioner,
    each,
    mean_diagonal,
    random_signs,
)
from funfact.fit.solvers.linear import System, blockwise
from funfact.fit.solvers.model import Arrays
from funfact.fit.solvers.residuals import Layout, unit_of

__all__ = ["Apart", "Block", "Diagonalised", "Even", "WithPenalty"]

Block: TypeAlias = Callable[[Local, Array, Sequence[Array]], Preconditioner]
"""``block(local, target, data)(μ)``: an operator on the rows of the factor."""

_ROUNDINGS = 16
"""By how many roundings of the largest eigenvalue, times its size, a block is enlarged."""


@dataclass(frozen=True, eq=False)
class Even:
    """A multiple of the identity, as large as the mean diagonal.

    Attributes
    ----------
    layout : Layout
    n : int
        Which factor.
    """

    layout: Layout
    n: int

    def __call__(self, local: Local, target: Array, data: Sequence[Array]) -> Preconditioner:
        mean = mean_diagonal(local, self.signs(local))
        return lambda mu: lambda part: part / (mean + mu)[:, None]

    def signs(self, local: Local) -> Array:
        """Random signs for the factor, and zeros for the others."""
        signs = [np.zeros(layout.size) for layout in self.layout.parts]
        signs[self.n] = random_signs(len(signs[self.n]))
        return local.backend.tensor(np.concatenate(signs), local.x.dtype)


@dataclass(frozen=True, eq=False)
class WithPenalty:
    """A block of the model alone, and what penalties of the factor add on average.

    `rows` is the number of rows of the residual that are the model's.
    """

    block: Block
    even: Even
    rows: int

    def __call__(self, local: Local, target: Array, data: Sequence[Array]) -> Preconditioner:
        made, rows = self.block(local, target, data), self.rows
        added = mean_diagonal(local, self.even.signs(local), lambda image: image[:, rows:])
        return lambda mu: made(mu + added)


@dataclass(frozen=True, eq=False)
class Diagonalised:
    """The normal equations of a factor in which the model is linear, by their eigenvectors."""

    system: System
    arrays: Arrays
    layout: Layout
    n: int

    def __call__(self, local: Local, target: Array, data: Sequence[Array]) -> Preconditioner:
        system, ab, own = self.system, self.system.backend, self.layout.parts[self.n]
        arrays = self.arrays(self.layout.unpack(local.x), target, data)
        pairs = [self._eigen(block(arrays)) for block in system.blocks]

        def sorted(rows: Array) -> Array:
            return system.sorted(own.unpack(rows)[0])

        def everywhere(x: Array) -> Array:
            return ab.real(sorted(ab.broadcast_to(x[:, None], (x.shape[0], own.size))))

        ones = everywhere(ab.ones_like(local.x[:, 0]))
        values = blockwise(system, [w for w, _ in pairs], ones, lambda w, x: w[:, :, None] * x)
        values = values * unit_of(target, ab)
        vectors = [q for _, q in pairs]

        def damped(mu: Array) -> Operator:
            divisor = values + everywhere(mu)

            def inverse(part: Array) -> Array:
                x = blockwise(system, vectors, sorted(part), self._transposed_times)
                x = blockwise(system, vectors, x / divisor, ab.matmul)
                return own.pack([system.stored(x)])

            return inverse

        return damped

    def _eigen(self, gram: Array) -> tuple[Array, Array]:
        """Eigenvalues, of which none is less than rounding leaves it, and eigenvectors."""
        ab = self.system.backend
        # a replica that is lost must not take the others with it
        values, vectors = ab.xp.linalg.eigh(ab.where(ab.isfinite(gram), gram, ab.zeros_like(gram)))
        least = _ROUNDINGS * gram.shape[-1] * float(ab.xp.finfo(values.dtype).eps)
        return ab.relu(values) + least * ab.relu(values[..., -1:]), vectors

    def _transposed_times(self, vectors: Array, x: Array) -> Array:
        ab = self.system.backend
        return ab.einsum("zij,zik->zjk", ab.conj(vectors), x)


@dataclass(frozen=True, eq=False)
class Apart:
    """Blocks that the Jacobian has for each position along some dimensions of the factor.

    A product with the Jacobian takes one column of all of them at once.

    Attributes
    ----------
    layout : Layout
    n : int
        Which factor.
    along : dict
        From those of its dimensions to the dimensions of the target that they go along with.
    shape : tuple of int
        Of the target.
    parts : int
        Real numbers in an element of the model.
    """

    layout: Layout
    n: int
    along: dict[int, int]
    shape: tuple[int, ...]
    parts: int

    @property
    def positions(self) -> int:
        """How many blocks there are."""
        return prod(self.shape[o] for o in self.along.values())

    @property
    def columns(self) -> int:
        """Of a block."""
        return self.layout.parts[self.n].size // self.positions

    def __call__(self, local: Local, target: Array, data: Sequence[Array]) -> Preconditioner:
        ab, gram = local.backend, self._gram(local)
        unit = ab.eye(self.columns, dtype=gram.dtype)
        largest = ab.max(ab.sum(gram * unit, axis=-1), axis=-1)
        least = _ROUNDINGS * self.columns * float(ab.xp.finfo(gram.dtype).eps) * largest

        def damped(mu: Array) -> Operator:
            added = (mu[:, None] + least)[:, :, None, None]
            inverse = ab.xp.linalg.solve(gram + added * unit, ab.broadcast_to(unit, gram.shape))
            return lambda part: self._rows(
                ab.einsum("zbcd,zbd->zbc", inverse, self._blocks(part)), part.shape[0]
            )

        return damped

    def _gram(self, local: Local) -> Array:
        """The blocks, shape (replicas, positions, columns, columns)."""
        ab, count, replicas = local.backend, self.columns, local.x.shape[0]
        unit = ab.eye(count, dtype=local.x.dtype)
        own = self._rows(ab.broadcast_to(unit[:, None, :], (count, self.positions, count)), count)
        sizes = [layout.size for layout in self.layout.parts]
        padded = [ab.zeros((count, size), dtype=own.dtype) for size in sizes]
        padded[self.n] = own
        images = each(local.push, ab.concatenate(padded, axis=1), replicas, ab)
        images = images[:, :, : self.parts * prod(self.shape)]
        images = ab.reshape(images, (count, replicas, self.parts, *self.shape))
        outer = tuple(self.along.values())
        rest = (o for o in range(len(self.shape)) if o not in outer)
        order = (1, *(3 + o for o in outer), 0, 2, *(3 + o for o in rest))
        images = ab.reshape(ab.transpose(images, order), (replicas, self.positions, count, -1))
        return ab.einsum("zbcr,zbdr->zbcd", images, images)

    @property
    def _order(self) -> tuple[int, ...]:
        """The dimensions of the factor's rows, split up: replicas, positions, columns."""
        dims = range(len(self.layout.shapes[self.n]))
        return (0, *(2 + d for d in self.along), 1, *(2 + d for d in dims if d not in self.along))

    @property
    def _split(self) -> tuple[int, ...]:
        own = self.layout.parts[self.n]
        return own.size // prod(own.shapes[0]), *own.shapes[0]

    def _blocks(self, rows: Array) -> Array:
        ab, count = self.layout.backend, rows.shape[0]
        split = ab.reshape(rows, (count, *self._split))
        return ab.reshape(ab.transpose(split, self._order), (count, self.positions, self.columns))

    def _rows(self, blocks: Array, count: int) -> Array:
        ab, order = self.layout.backend, self._order
        sizes = (count, *self._split)
        split = ab.reshape(blocks, tuple(sizes[d] for d in order))
        back = tuple(order.index(d) for d in range(len(order)))
        return ab.reshape(ab.transpose(split, back), (count, -1))
