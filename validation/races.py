"""Exact models, and the time until they are found; in turns with TensorLy, on NumPy."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from statistics import median
from typing import Any

import numpy as np

import funfact as ff
from validation.ledger import Asked, Attempt, Floor, Found, Row
from validation.models import cp, cp_value, names, train, train_value, tucker, tucker_value
from validation.others import (
    Other,
    pyttb_cp,
    pyttb_tucker,
    tensorly_cp,
    tensorly_train,
    tensorly_tucker,
)
from validation.scores import relative_error

__all__ = ["ROWS"]

_EXACT = 1e-6
"""The relative error that is to be reached."""

Solution = tuple[str, Any, float]
"""Solver, value, seconds."""


def _ours(tsrex: Any, target: Any, value: Callable[[list[Any]], Any], letters: str) -> Solution:
    """By FunFact as it comes, until the error is small enough."""
    tol = _EXACT**2 * float(np.mean(target**2))
    begin = time.perf_counter()
    fac = ff.factorize(tsrex, target, tol=tol, max_steps=1000, checkpoint_freq=10, progress=False)
    seconds = time.perf_counter() - begin
    factors = [fac.backend.to_numpy(fac[name]) for name in letters]
    return fac.history.method, value(factors), seconds


def _race(
    targets: list[Any],
    ours: Callable[[Any], Solution],
    references: Sequence[Callable[[Any], Solution]],
    others: Sequence[Callable[[Any], Solution]],
) -> Found:
    """All in turns on each target, after a first round that warms up."""
    sides = [ours, *references, *others]
    with ff.using("numpy"):
        rounds = [[side(target) for side in sides] for target in [targets[0], *targets]][1:]
    attempts, medians = [], []
    for n in range(len(sides)):
        lines = [each[n] for each in rounds]
        errors = [relative_error(value, t) for (_, value, _), t in zip(lines, targets, strict=True)]
        good = [error <= _EXACT for error in errors]
        seconds = [taken for *_, taken in lines]
        reached = median(s if held else inf for s, held in zip(seconds, good, strict=True))
        medians.append(reached)
        case, count = f"{len(targets)} targets, NumPy", len(targets)
        line = case, lines[0][0], reached, median(seconds), None, sum(good), count
        attempts.append(Attempt(*line, auto=n == 0))
    best = min(medians[1 : len(references) + 1])
    return Found(tuple(attempts), {"time over TensorLy's": _over(medians[0], best)})


def _over(ours: float, theirs: float) -> float:
    """The ratio; what was never reached is infinite, also beside another that never was."""
    return inf if ours == inf else ours / theirs


def _solved(other: Other, value: Any) -> Solution:
    return other.solver, value, other.seconds


def _solve_cp(asked: Asked) -> Found:
    shape, rank = (64, 64, 64), 16

    def drawn(seed: int) -> Any:
        rng = np.random.default_rng(seed)
        return cp_value([rng.normal(size=(n, rank)) for n in shape])

    def theirs(target: Any, init: str) -> Solution:
        found = tensorly_cp(target, rank, init=init, error=_EXACT)
        return _solved(found, cp_value(found.factors))

    def pyttb(target: Any) -> Solution:
        found = pyttb_cp(target, rank, init="nvecs")
        return _solved(found, cp_value(found.factors))

    targets = [drawn(seed) for seed in range(asked.count(10, 3))]
    ours = partial(_ours, cp(shape, rank), value=cp_value, letters="abc")
    references = [partial(theirs, init="svd")]
    return _race(targets, ours, references, (partial(theirs, init="random"), pyttb))


def _solve_tucker(asked: Asked) -> Found:
    shape, ranks = (64, 64, 64), (8, 8, 8)

    def value(factors: list[Any]) -> Any:
        return tucker_value(factors[0], factors[1:])

    def drawn(seed: int) -> Any:
        rng = np.random.default_rng(seed)
        return value([rng.normal(size=ranks), *(rng.normal(size=(64, 8)) for _ in shape)])

    def theirs(target: Any, init: str) -> Solution:
        found = tensorly_tucker(target, ranks, steps=100, init=init, tol=1e-8)
        return _solved(found, value(found.factors))

    def pyttb(target: Any) -> Solution:
        found = pyttb_tucker(target, ranks, steps=2)
        return _solved(found, value(found.factors))

    targets = [drawn(seed) for seed in range(asked.count(9, 3))]
    ours = partial(_ours, tucker(shape, ranks), value=value, letters="gabc")
    references = [partial(theirs, init=init) for init in ("svd", "random")]
    return _race(targets, ours, references, [pyttb])


def _solve_train(asked: Asked, *, size: int) -> Found:
    shape, bonds = (size,) * 4, (8, 8, 8)
    sizes = [(size, 8), (8, size, 8), (8, size, 8), (8, size)]

    def drawn(seed: int) -> Any:
        rng = np.random.default_rng(seed)
        return train_value([rng.normal(size=each) for each in sizes])

    def theirs(target: Any, svd: str) -> Solution:
        found = tensorly_train(target, bonds, svd=svd)
        return _solved(found, train_value(found.factors))

    targets = [drawn(seed) for seed in range(asked.count(9, 3))]
    ours = partial(_ours, train(shape, bonds), value=train_value, letters=names(4))
    references = [partial(theirs, svd=svd) for svd in ("truncated_svd", "randomized_svd")]
    return _race(targets, ours, references, [])


def _row(title: str, what: str, source: str, most: float, solve: Callable[[Asked], Found]) -> Row:
    return Row(
        title=title,
        what=f"{what} The result is the median time until the relative error is below 1e-6, a "
        "failure counted as infinite; all sides take turns.",
        source=source,
        unit="seconds to 1e-6",
        floors=(Floor("time over TensorLy's", at_most=most),),
        solve=solve,
        backends=("numpy",),
    )


ROWS = {
    "exact-cp": _row(
        "Exact CP 64^3 of rank 16",
        "Ten tensors of Gaussian factors.",
        "TensorLy's `parafac` from its SVD start, in the same run",
        0.5,
        _solve_cp,
    ),
    "exact-tucker": _row(
        "Exact Tucker 64^3 of core 8^3",
        "Nine tensors of Gaussian factors.",
        "TensorLy's `tucker` from its best start, in the same run",
        0.7,
        _solve_tucker,
    ),
    **{
        f"exact-train-{size}": _row(
            f"Exact tensor train {size}^4, bonds 8",
            "Nine tensors of Gaussian factors.",
            "TensorLy's `tensor_train` with its best decomposition, in the same run",
            0.7,
            partial(_solve_train, size=size),
        )
        for size in (16, 32)
    },
}
