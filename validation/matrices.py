"""Matrices of a given rank: the truncated singular value decomposition cannot be bettered."""

import time
from typing import Any

import numpy as np

import funfact as ff
from validation.data import camera
from validation.fits import attempt, by_each, fit
from validation.ledger import Asked, Attempt, Floor, Found, Row
from validation.models import matrix

__all__ = ["ROWS"]

_CLOSE = 1e-10


def _excess(target: Any, factors: list[Any]) -> float:
    """What the error of a product a bᵀ exceeds the best one by, over the norm of the target."""
    a, b = factors
    left = np.linalg.svd(target, compute_uv=False)[a.shape[1] :]
    error = np.linalg.norm(target - a @ b.T)
    return float((error - np.linalg.norm(left)) / np.linalg.norm(target))


def _every_rank(asked: Asked) -> Attempt:
    """All ranks of one matrix, on NumPy, the first start from singular vectors, others random."""
    target = np.random.default_rng(0).normal(size=(40, 30))
    ranks = asked.count(30, 6)
    with ff.using("numpy"):
        fits = [
            fit(matrix(target.shape, rank), target, twice=False)
            for rank in np.linspace(1, 30, ranks).astype(int).tolist()
        ]
    found = [_excess(target, each.factors("ab")[0]) for each in fits]
    good = sum(excess <= _CLOSE for excess in found)
    seconds = sum(each.seconds for each in fits)
    case = f"Gaussian 40x30, {ranks} ranks from 1 to 30, NumPy"
    return Attempt(case, fits[0].method, max(found), seconds, None, good, ranks, auto=True)


def _solve(asked: Asked) -> Found:
    attempts = [_every_rank(asked)]
    size, rank = asked.count(128, 32), asked.count(20, 4)
    target, case = camera(size), f"camera {size}x{size}, rank {rank}"
    for each in by_each(asked, matrix(target.shape, rank), target, vec_size=4, max_steps=2000):
        found = [_excess(target, factors) for factors in each.factors("ab")]
        good = sum(excess <= _CLOSE for excess in found)
        attempts.append(attempt(case, each, found[0], good))
    begin = time.perf_counter()
    u, s, vh = np.linalg.svd(target, full_matrices=False)
    seconds = time.perf_counter() - begin
    best = _excess(target, [u[:, :rank] * s[:rank], vh[:rank].T])
    attempts.append(Attempt(case, "NumPy svd", best, seconds))
    worst = max(one.result for one in attempts if one.auto)
    return Found(tuple(attempts), {"largest excess": worst})


ROWS = {
    "matrix": Row(
        title="Matrix of rank r",
        what="a bᵀ beside the truncated singular value decomposition, whose error is the least "
        "there is. Excess is the error beyond it, over the norm of the target.",
        source="Eckart & Young, The approximation of one matrix by another of lower rank, "
        "Psychometrika 1(3), 1936",
        unit="excess",
        floors=(Floor("largest excess", at_most=_CLOSE),),
        solve=_solve,
        backends=("jax", "torch", "numpy"),
    )
}
