"""A photograph as a sum of bells, a model that is linear in its weights alone."""

from typing import Any

import numpy as np

import funfact as ff
from validation.data import camera
from validation.fits import attempt, by_each
from validation.ledger import Asked, Attempt, Floor, Found, Row
from validation.others import scipy_minimize

__all__ = ["ROWS"]

_FLOORS = {6: 4.49e-3, 12: 1.90e-3}


def bells(shape: tuple[int, int], rank: int) -> Any:
    """Σ w exp(-(x - y)²)."""
    i, j, r = ff.indices("i, j, r")
    x, y = (ff.tensor(name, n, rank) for name, n in zip("xy", shape, strict=True))
    return ff.exp(-((x[i, ~r] - y[j, ~r]) ** 2)) * ff.tensor("w", rank)[r]


def value(x: Any, y: Any, w: Any) -> Any:
    """The same by NumPy."""
    return np.exp(-((x[:, None] - y[None]) ** 2)) @ w


def _scipy(target: Any, rank: int, seed: int) -> tuple[Any, float]:
    """By L-BFGS-B, with the gradient by hand."""
    rows, columns = target.shape
    ends = [rows * rank, (rows + columns) * rank]

    def parts(z: Any) -> tuple[Any, Any, Any]:
        x, y, w = np.split(z, ends)
        return x.reshape(rows, rank), y.reshape(columns, rank), w

    def value_and_gradient(z: Any) -> tuple[float, Any]:
        x, y, w = parts(z)
        apart = x[:, None] - y[None]
        shape = np.exp(-(apart**2))
        rest = 2 * (shape @ w - target) / target.size
        slope = -2 * apart * shape * w * rest[..., None]
        grads = [slope.sum(axis=1), -slope.sum(axis=0), np.einsum("ij,ijr->r", rest, shape)]
        squares = float(np.sum(rest**2)) * target.size / 4
        return squares, np.concatenate([g.ravel() for g in grads])

    start = np.random.default_rng(seed).normal(size=ends[1] + rank)
    z, seconds = scipy_minimize(value_and_gradient, start, steps=500)
    return parts(z), seconds


def _solve(asked: Asked) -> Found:
    size = asked.count(128, 32)
    target, attempts, figures = camera(size), [], {}
    for rank in _FLOORS:
        case = f"r = {rank}"
        for each in by_each(asked, bells(target.shape, rank), target, vec_size=8, limit=20.0):
            error = min(float(np.mean((value(*f) - target) ** 2)) for f in each.factors("xyw"))
            attempts.append(attempt(case, each, error))
            if each.auto:
                figures[f"{case}: MSE"] = error
        if asked.alone:
            continue
        found, seconds = _scipy(target, rank, 0)
        error = float(np.mean((value(*found) - target) ** 2))
        attempts.append(Attempt(case, "SciPy minimize, L-BFGS-B", error, seconds))
    return Found(tuple(attempts), figures)


ROWS = {
    "bells": Row(
        title="RBF of the camera image",
        what="The 128x128 image (means of blocks of scikit-image's `camera`, in [0, 1]) as "
        "Σ w exp(-(x - y)²) with r bells, whose centres are free for each row and column; from 8 "
        "starts.",
        source="the model is that of the examples of FunFact 1.0.3; the bounds are the best "
        "known to the authors",
        unit="MSE",
        floors=tuple(Floor(f"r = {rank}: MSE", at_most=most) for rank, most in _FLOORS.items()),
        solve=_solve,
    )
}
