"""Nonnegative matrix factorisation of images, beside scikit-learn's."""

from functools import partial
from typing import Any

import numpy as np

from validation.data import digits
from validation.fits import attempt, by_each
from validation.ledger import Asked, Floor, Found, Row
from validation.models import cp_value, matrix
from validation.others import attempted, pyttb_apr, sklearn_nmf
from validation.scores import squared_error

__all__ = ["ROWS"]

_RANK = 16
_STARTS = 4


def _divergence(value: Any, target: Any) -> float:
    """The generalised Kullback-Leibler divergence, Σ t log(t / m) - t + m."""
    positive = target > 0
    logs = target[positive] * np.log(target[positive] / value[positive])
    return float(logs.sum() - target.sum() + value.sum())


def _solve(asked: Asked, *, loss: Any, theirs: str, objective: Any) -> Found:
    """Each side from as many starts."""
    target, starts = digits(), asked.count(_STARTS, 2)
    if asked.quick:
        target = target[:300]
    case, attempts = f"rank {_RANK}, {starts} starts", []
    inits = ["nndsvda", "random"][: asked.count(2, 1)]
    others = [
        [sklearn_nmf(target, _RANK, theirs, init=init, seed=seed) for seed in range(count)]
        for init, count in zip(inits, (1, starts - 1), strict=False)
    ]
    found = {}
    for group in others:
        values = [objective(cp_value(other.factors), target) for other in group]
        for other, value in zip(group, values, strict=True):
            found[other] = value
    reference = min(found.values())
    tsrex = matrix(target.shape, _RANK, constrain="NonNegative")
    figures = {}
    options: dict[str, Any] = {"loss": loss, "vec_size": starts, "limit": 8.0, "max_steps": 5000}
    for each in by_each(asked, tsrex, target, **options):
        best = objective(cp_value(each.factors("ab")[0]), target)
        attempts.append(attempt(case, each, best))
        if each.auto:
            figures["objective over scikit-learn's"] = best / reference
    for other, value in found.items():
        attempts.append(attempted("one start", other, value))
    if theirs != "frobenius" and not asked.alone:
        other = pyttb_apr(target, _RANK)
        attempts.append(attempted("one start", other, objective(cp_value(other.factors), target)))
    return Found(tuple(attempts), figures)


def _row(title: str, unit: str, solver: str, loss: str, theirs: str, objective: Any) -> Row:
    return Row(
        title=title,
        what=f"1797 handwritten digits of 64 pixels by {_RANK} nonnegative parts (`constrain=`), "
        f"from {_STARTS} starts; scikit-learn's from its own start and as many random ones less "
        "one, of which the best counts.",
        source=f"scikit-learn's `NMF(solver='{solver}')` in the same run; Lee & Seung, Algorithms "
        "for non-negative matrix factorization, NIPS 13, 2001",
        unit=unit,
        floors=(Floor("objective over scikit-learn's", at_most=1.0),),
        solve=partial(_solve, loss=loss, theirs=theirs, objective=objective),
        backends=("jax", "torch", "numpy"),
    )


ROWS = {
    "nmf": _row("NMF, squared error", "squared error", "cd", "MSE", "frobenius", squared_error),
    "nmf-kl": _row(
        "NMF, Kullback-Leibler", "divergence", "mu", "KLDivergence", "kullback-leibler", _divergence
    ),
}
