"""CP components of a small tensor, from the eigenvectors of a pencil of two mixtures of slices.

References
----------
Leurgans, Ross & Abel, A decomposition for three-way arrays, SIAM J. Matrix Anal. Appl. 14(4), 1993.
"""

import numpy as np

from funfact.fit.subspace import Numbers

__all__ = ["balanced", "components"]

_ALIKE = 1e8
"""Condition of the eigenvectors from which on components are too much alike to be told apart."""


def components(core: Numbers) -> list[Numbers] | None:
    """CP of a tensor of shape (R, R, ...) with R components, as factors of R columns each.

    None where components are too much alike. Raises `numpy.linalg.LinAlgError`.
    """
    rank, slices = core.shape[0], core.reshape(*core.shape[:2], -1)
    mixtures = slices @ np.random.default_rng(0).normal(size=(slices.shape[2], 2))
    pencil = np.linalg.solve(mixtures[..., 1].T, mixtures[..., 0].T).T
    values, vectors = np.linalg.eig(pencil)
    if not np.iscomplexobj(core):
        # a pair of conjugates spans what its real and its imaginary part span
        vectors = np.where(values.imag < 0, vectors.imag, vectors.real)
    if not np.linalg.cond(vectors) < _ALIKE:
        return None
    rows = np.linalg.solve(vectors, core.reshape(rank, -1)).reshape(rank, *core.shape[1:])
    parts = [vectors]
    for size in core.shape[1:-1]:
        u, s, vh = np.linalg.svd(rows.reshape(rank, size, -1), full_matrices=False)
        parts.append(u[:, :, 0].T)
        rows = s[:, :1] * vh[:, 0, :]
    return [*parts, rows.T]


def balanced(parts: list[Numbers]) -> list[Numbers]:
    """The same components with columns of equal norms in all factors."""
    norms = [np.linalg.norm(part, axis=0) + np.finfo(float).tiny for part in parts]
    mean = np.prod(norms, axis=0) ** (1 / len(parts))
    return [part * (mean / norm) for part, norm in zip(parts, norms, strict=True)]
