"""The subspace that holds most of a matrix: its leading left singular vectors, by NumPy.

Three ways, the cheapest that is exact to rounding: from a sketch, where so many dimensions hold
all of the matrix; from the smaller of its two squares; by a singular value decomposition.

References
----------
Halko, Martinsson & Tropp, Finding structure with randomness, SIAM Review 53(2), 2011; sketches by
products: Sun, Guo, Tropp & Udell, Tensor random projection for low memory dimension reduction,
arXiv 2105.00105.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Numbers", "leading", "whole"]

Numbers: TypeAlias = np.ndarray[Any, Any]

_MORE = 4
"""Columns of a sketch beyond the dimensions that are looked for."""

_ROUNDINGS = 64
"""Singular values of a sketch below so many roundings of the largest are zero."""

_GAIN = 1e-11
"""Of what is left of a matrix: what a basis may leave more than the best one."""


def leading(matrix: Numbers, rank: int) -> Numbers:
    """The leading left singular vectors.

    Parameters
    ----------
    matrix : array, shape (m, n), real or complex floating
    rank : int
        Vectors beyond the rank that a matrix of this shape can have are zero.

    Returns
    -------
    array, shape (m, rank)
    """
    height, width = matrix.shape
    if rank < min(height, width):
        found = _by_square(matrix, rank)
        return np.linalg.svd(matrix, full_matrices=False)[0][:, :rank] if found is None else found
    basis = np.eye(height, dtype=matrix.dtype) if height <= width else np.linalg.qr(matrix)[0]
    return np.pad(basis, ((0, 0), (0, rank - basis.shape[1])))


def whole(matrix: Numbers, sizes: Sequence[int], rank: int) -> Numbers | None:
    """An orthonormal basis of so many dimensions in which all columns lie, if there is one.

    Parameters
    ----------
    matrix : array, shape (m, prod(sizes))
    sizes : sequence of int
        What the columns are a product of: a sketch is made of random products.
    rank : int

    Returns
    -------
    array, shape (m, rank), or None
    """
    columns = rank + _MORE
    if rank >= min(matrix.shape):
        return leading(matrix, rank)
    draw = np.random.default_rng(0)
    noise = np.ones((1, columns), dtype=matrix.dtype)
    for size in sizes:
        each = draw.normal(size=(size, columns)).astype(matrix.dtype)
        noise = (noise[:, None, :] * each).reshape(-1, columns)
    u, values, _ = np.linalg.svd(matrix @ noise, full_matrices=False)
    limit = _ROUNDINGS * np.finfo(matrix.dtype).eps * values[0]
    return u[:, :rank] if rank == len(values) or values[rank] <= limit else None


def _by_square(matrix: Numbers, rank: int) -> Numbers | None:
    """From the eigenvectors of the smaller square; None where rounding shows.

    An error E of the square turns the vectors by E over the gap between the values that are kept
    and left, and what is left grows by the square of that times the gap; by E at most.
    """
    flat = matrix.shape[0] <= matrix.shape[1]
    square = matrix @ matrix.conj().T if flat else matrix.conj().T @ matrix
    values, vectors = np.linalg.eigh(square)
    kept, left = values[-rank:], values[:-rank]
    error = len(values) * float(np.finfo(matrix.dtype).eps) * float(kept[-1])
    gap = max(float(kept[0] - left[-1]), error)
    if not error**2 < gap * _GAIN * float(np.sum(left)):
        return None
    vectors = vectors[:, -rank:]
    return vectors if flat else np.linalg.qr(matrix @ vectors)[0]
