"""The nearest tensor of each set that can be imposed, one vector or matrix at a time."""

from itertools import combinations

import numpy as np

__all__ = ["ALONG", "MATRICES", "NEAREST", "distance", "nearest"]


def along_columns(function):
    return lambda x: np.apply_along_axis(function, 0, x)


def simplex(x):
    """Of all supports the one whose nearest point is inside and closest."""
    x, best = x.real, None
    for size in range(1, len(x) + 1):
        for support in map(list, combinations(range(len(x)), size)):
            y = np.zeros(len(x))
            y[support] = x[support] - (x[support].sum() - 1) / size
            if np.all(y >= 0) and (best is None or np.sum((y - x) ** 2) < np.sum((best - x) ** 2)):
                best = y
    return best


def rising(x):
    """Pool adjacent violators."""
    blocks = []
    for value in x.real:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, m), (b, n) = blocks.pop(-2), blocks.pop()
            blocks.append([(m * a + n * b) / (m + n), m + n])
    return np.concatenate([np.full(n, value) for value, n in blocks])


def toeplitz(x):
    y = np.zeros_like(x)
    for offset in range(-x.shape[0] + 1, x.shape[1]):
        y += np.eye(*x.shape, offset) * np.mean(np.diagonal(x, offset))
    return y


def polar(x):
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    return u @ vh


def semidefinite(x):
    values, vectors = np.linalg.eigh((x + x.conj().T) / 2)
    return (vectors * np.maximum(values, 0)) @ vectors.conj().T


ALONG = {
    "Simplex": along_columns(simplex),
    "Monotone": along_columns(rising),
    "UnitNorm": along_columns(lambda x: x / np.linalg.norm(x)),
}
MATRICES = {
    "Orthonormal": polar,
    "Unitary": polar,
    "UpperTriangular": np.triu,
    "LowerTriangular": np.tril,
    "Diagonal": lambda x: np.triu(np.tril(x)),
    "Symmetric": lambda x: (x + x.conj().T) / 2,
    "PositiveDefinite": semidefinite,
    "Toeplitz": toeplitz,
}
NEAREST = {"NonNegative": lambda x: np.maximum(x.real, 0), **ALONG, **MATRICES}


def nearest(name, x):
    """Of one replica, without leading axes: of a vector, or of each matrix."""
    if x.ndim > 2:
        return np.stack([nearest(name, one) for one in x])
    return NEAREST[name](x)


def distance(name, x):
    """How far `x` is from the set, as its largest element says."""
    return np.abs(x - nearest(name, x)).max()
