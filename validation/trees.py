"""Tucker and tensor trains, beside higher-order orthogonal iteration and TT-SVD."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import funfact as ff
from validation.data import kinetic, serology
from validation.fits import Fit, attempt, by_each, fit
from validation.ledger import Asked, Attempt, Floor, Found, Row
from validation.models import names, train, train_value, tucker, tucker_value
from validation.others import (
    Other,
    attempted,
    pyttb_hosvd,
    pyttb_tucker,
    tensorly_train,
    tensorly_tucker,
)
from validation.scores import relative_error

__all__ = ["ROWS"]

STEPS = 500
"""Of either side, with tolerance 0."""

Ranks = tuple[int, ...]


def _noise(shape: Ranks, ranks: Ranks, seed: int) -> Any:
    """A random tensor: noise alone for even seeds, half of it a Tucker model for odd ones."""
    rng = np.random.default_rng(seed)
    made = rng.normal(size=shape)
    if seed % 2:
        factors = [rng.normal(size=pair) for pair in zip(shape, ranks, strict=True)]
        clean = tucker_value(rng.normal(size=ranks), factors)
        made += clean * np.linalg.norm(made) / np.linalg.norm(clean)
    return made


def _ratio(found: Any, reference: Any, target: Any) -> float:
    return relative_error(found, target) / relative_error(reference, target)


def _side_by_side(
    case: str,
    targets: Sequence[tuple[Any, Ranks]],
    ours: Callable[[Any, Ranks], tuple[Fit, Any]],
    theirs: Callable[[Any, Ranks], tuple[Other, Any]],
    bound: float,
) -> list[Attempt]:
    """One line for FunFact on NumPy and one for the reference, over several targets."""
    ratios, seconds, solvers = [], np.zeros(2), ("", "")
    for target, ranks in targets:
        with ff.using("numpy"):
            own, value = ours(target, ranks)
        other, reference = theirs(target, ranks)
        ratios.append(_ratio(value, reference, target))
        seconds += (own.seconds, other.seconds)
        solvers = own.method, other.solver
    good = sum(ratio <= bound for ratio in ratios)
    taken, count = seconds.tolist(), len(targets)
    return [
        Attempt(case, solvers[0], max(ratios), taken[0], None, good, count, auto=True),
        Attempt(case, solvers[1], 1.0, taken[1]),
    ]


# --- Tucker


def _our_tucker(target: Any, ranks: Ranks) -> tuple[Fit, Any]:
    found = fit(tucker(target.shape, ranks), target, tol=0, max_steps=STEPS, twice=False)
    return found, _tucker_of(found, target.ndim)


def _tucker_of(found: Fit, count: int) -> Any:
    core, *factors = found.factors("g" + names(count))[0]
    return tucker_value(core, factors)


def _their_tucker(target: Any, ranks: Ranks) -> tuple[Other, Any]:
    found = tensorly_tucker(target, ranks, steps=STEPS)
    return found, tucker_value(found.factors[0], found.factors[1:])


def _solve_tucker(asked: Asked) -> Found:
    shapes = [((10, 12, 14), (3, 4, 5)), ((20, 20, 20), (4, 4, 4)), ((6, 7, 8, 9), (2, 3, 2, 3))]
    count = asked.count(20, 3)
    random = [(*shapes[n % 3], n) for n in range(count)]
    drawn = [(_noise(shape, ranks, n), ranks) for shape, ranks, n in random]
    real: list[tuple[Any, Ranks]] = [(serology(), (8, 3, 4))]
    real += [] if asked.quick else [(kinetic(), (5, 4, 4, 5))]
    bound = _TUCKER[0].at_most or 0.0
    arguments = _our_tucker, _their_tucker, bound
    attempts = _side_by_side(f"{count} random tensors, NumPy", drawn, *arguments)
    attempts += _side_by_side(f"{len(real)} real tensors, NumPy", real, *arguments)
    figures = {"largest error over TensorLy's": max(one.result for one in attempts if one.auto)}
    target, ranks = real[0]
    case = "serology 438x6x11, core 8x3x4"
    _, reference = _their_tucker(target, ranks)
    options: dict[str, Any] = {"vec_size": 4, "max_steps": 2000}
    for each in by_each(asked, tucker(target.shape, ranks), target, **options):
        ratio = _ratio(_tucker_of(each, target.ndim), reference, target)
        attempts.append(attempt(case, each, ratio))
    if asked.alone:
        return Found(tuple(attempts), figures)
    for other in (pyttb_tucker(target, ranks, steps=STEPS), pyttb_hosvd(target, ranks)):
        value = tucker_value(other.factors[0], other.factors[1:])
        attempts.append(attempted(case, other, _ratio(value, reference, target)))
    return Found(tuple(attempts), figures)


# --- tensor trains


def _our_train(target: Any, bonds: Ranks) -> tuple[Fit, Any]:
    found = fit(train(target.shape, bonds), target, twice=False)
    return found, train_value(found.factors(names(target.ndim))[0])


def _their_train(target: Any, bonds: Ranks) -> tuple[Other, Any]:
    found = tensorly_train(target, bonds)
    return found, train_value(found.factors)


def _solve_train(asked: Asked) -> Found:
    shapes = [((6, 7, 8, 9), (3, 5, 4)), ((12, 12, 12), (5, 5)), ((4, 5, 4, 5, 4), (3, 6, 6, 3))]
    count = asked.count(20, 3)
    drawn = [
        (np.random.default_rng(n).normal(size=shapes[n % 3][0]), shapes[n % 3][1])
        for n in range(count)
    ]
    real: list[tuple[Any, Ranks]] = [(serology(), (6, 6))]
    real += [] if asked.quick else [(kinetic(), (5, 8, 6))]
    bound = _TRAIN[0].at_most or 0.0
    attempts = _side_by_side(
        f"{count} random tensors, NumPy", drawn, _our_train, _their_train, bound
    )
    attempts += _side_by_side(
        f"{len(real)} real tensors, NumPy", real, _our_train, _their_train, bound
    )
    figures = {"largest error over TT-SVD's": max(one.result for one in attempts if one.auto)}
    target, bonds = drawn[0]
    case = "6x7x8x9 noise, bonds 3, 5, 4"
    _, reference = _their_train(target, bonds)
    for each in by_each(asked, train(target.shape, bonds), target, vec_size=4, max_steps=2000):
        value = train_value(each.factors(names(target.ndim))[0])
        attempts.append(attempt(case, each, _ratio(value, reference, target)))
    return Found(tuple(attempts), figures)


_TUCKER = (Floor("largest error over TensorLy's", at_most=1 + 1e-9),)
_TRAIN = (Floor("largest error over TT-SVD's", at_most=1.0),)

ROWS = {
    "tucker": Row(
        title="Tucker",
        what="Random tensors, half of them with a Tucker model inside, and measured ones. Both "
        "sides start from HOSVD and make 500 steps with tolerance 0. The result is the largest "
        "error over TensorLy's.",
        source="TensorLy's `tucker` in the same run; De Lathauwer, De Moor & Vandewalle, On the "
        "best rank-(R1, ..., RN) approximation of higher-order tensors, SIAM J. Matrix Anal. Appl. "
        "21(4), 2000",
        unit="error / TensorLy's",
        floors=_TUCKER,
        solve=_solve_tucker,
        backends=("jax", "torch", "numpy"),
    ),
    "train": Row(
        title="Tensor train",
        what="Random tensors and measured ones. TT-SVD is not the best train, and a fit may only "
        "better it. The result is the largest error over that of TT-SVD.",
        source="TensorLy's `tensor_train` in the same run; Oseledets, Tensor-train decomposition, "
        "SIAM J. Sci. Comput. 33(5), 2011",
        unit="error / TT-SVD's",
        floors=_TRAIN,
        solve=_solve_train,
        backends=("jax", "torch", "numpy"),
    ),
}
