"""Decompositions of stacks of matrices, where some may hold NaN: a replica that is lost."""

from collections.abc import Callable
from typing import Any

from funfact.backends.contract import Array, Backend
from funfact.backends.dtypes import at_least_single

__all__ = ["adjoint", "eigh", "polar", "swapped"]


def adjoint(x: Array, ab: Backend) -> Array:
    """The conjugate transpose of each matrix."""
    return ab.conj(swapped(x, -2, ab))


def swapped(x: Array, axis: int, ab: Backend) -> Array:
    """`x` with an axis, counted from the last, and the last in each other's places."""
    order = list(range(x.ndim))
    order[axis], order[-1] = order[-1], order[axis]
    return ab.transpose(x, order)


def eigh(x: Array, ab: Backend) -> tuple[Array, Array]:
    """Eigenvalues, rising, and eigenvectors of Hermitian matrices."""
    values, vectors = _of_finite(ab.xp.linalg.eigh, x, ab)
    return values, vectors


def polar(x: Array, ab: Backend) -> Array:
    """The nearest matrices of orthonormal columns, of x = U S Vᴴ the product UVᴴ.

    References
    ----------
    Golub & Van Loan, Matrix Computations, 4th edition, 2013, section 9.4.3.
    """

    def svd(y: Array) -> tuple[Array, ...]:
        return tuple(ab.xp.linalg.svd(y, full_matrices=False))

    left, _, right = _of_finite(svd, x, ab)
    return ab.matmul(left, right)


def _of_finite(decompose: Callable[[Array], Any], x: Array, ab: Backend) -> list[Array]:
    """The parts of each matrix; of NaN for one that is not finite, which some libraries refuse."""
    bad = ab.any(ab.any(~ab.isfinite(x), axis=-1), axis=-1)
    unit = ab.zeros_like(x) + ab.eye(x.shape[-2], x.shape[-1], dtype=x.dtype)
    regular = ab.where(bad[..., None, None], unit, x)
    wide = at_least_single(regular, ab)  # libraries decompose nothing in half precision
    parts, narrow = decompose(wide), wide is not regular

    def marked(part: Array) -> Array:
        lost = ab.reshape(bad, (*bad.shape, *(1,) * (part.ndim - bad.ndim)))
        part = ab.where(lost, ab.full_like(part, float("nan")), part)
        return ab.astype(part, x.dtype) if narrow else part

    return [marked(part) for part in parts]
