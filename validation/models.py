"""The models of the ledger, as FunFact writes them, and their values by NumPy alone."""

from functools import reduce
from string import ascii_lowercase
from typing import Any

import numpy as np

import funfact as ff

__all__ = [
    "cp",
    "cp_value",
    "matrix",
    "names",
    "train",
    "train_value",
    "tucker",
    "tucker_value",
]


def names(count: int) -> str:
    """A letter for each factor."""
    return ascii_lowercase[:count]


def matrix(shape: tuple[int, ...], rank: int, **options: Any) -> Any:
    """Factors a and b, whose columns are paired."""
    i, j, r = ff.indices(3)
    a, b = (ff.tensor(name, n, rank, **options) for name, n in zip("ab", shape, strict=True))
    return a[i, r] * b[j, r]


def cp(shape: tuple[int, ...], rank: int, **options: Any) -> Any:
    """A sum of outer products: one factor of `rank` columns for each dimension."""
    r, axes = ff.index("r"), ff.indices(len(shape))
    sizes = zip(names(len(shape)), shape, strict=True)
    tensors = [ff.tensor(name, n, rank, **options) for name, n in sizes]
    *kept, last = zip(tensors, axes, strict=True)
    product = reduce(lambda x, y: x * y, [x[axis, ~r] for x, axis in kept])
    return product * last[0][last[1], r]


def cp_value(factors: list[Any]) -> Any:
    """The sum of outer products of the columns."""
    return np.einsum(
        *(x for n, factor in enumerate(factors) for x in (factor, [n, len(factors)])),
        list(range(len(factors))),
        optimize=True,
    )


def tucker(shape: tuple[int, ...], ranks: tuple[int, ...]) -> Any:
    """A core g, and one factor for each dimension."""
    axes, bonds = ff.indices(len(shape)), ff.indices(len(shape))
    g = ff.tensor("g", *ranks)
    sizes = zip(names(len(shape)), shape, ranks, strict=True)
    tensors = [ff.tensor(name, n, rank) for name, n, rank in sizes]
    paired = [x[axis, bond] for x, axis, bond in zip(tensors, axes, bonds, strict=True)]
    return reduce(lambda x, y: x * y, paired, g[tuple(bonds)])


def tucker_value(core: Any, factors: list[Any]) -> Any:
    """The core multiplied by a factor along each dimension."""
    for factor in factors:  # each takes the first axis, and puts its own last
        core = np.tensordot(core, factor, axes=(0, 1))
    return core


def train(shape: tuple[int, ...], bonds: tuple[int, ...]) -> Any:
    """A chain of factors, neighbours sharing a bond."""
    axes, links = ff.indices(len(shape)), ff.indices(len(bonds))
    sizes, marks = (1, *bonds, 1), [None, *links, None]
    parts = []
    for n, (name, size) in enumerate(zip(names(len(shape)), shape, strict=True)):
        ends = [(sizes[n], marks[n]), (size, axes[n]), (sizes[n + 1], marks[n + 1])]
        kept = [(count, mark) for count, mark in ends if mark is not None]
        parts.append(ff.tensor(name, *(c for c, _ in kept))[tuple(mark for _, mark in kept)])
    return reduce(lambda x, y: x * y, parts)


def train_value(factors: list[Any]) -> Any:
    """The product of the chain; the first and the last factor may lack an axis of size 1."""
    return reduce(lambda x, y: np.tensordot(x, y, axes=1), [np.squeeze(x) for x in factors])
