"""CP models of data whose components are known, or known to be hard to find."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from statistics import median
from typing import Any

from validation.data import congruent, kinetic, serology
from validation.fits import attempt, by_each
from validation.ledger import Asked, Attempt, Floor, Found, Row
from validation.models import cp, cp_value, names
from validation.others import (
    Other,
    attempted,
    pyttb_cp,
    scipy_cp,
    tensorly_cp,
    tensorly_hals,
)
from validation.scores import explained, match_score

__all__ = ["ROWS"]

# --- nearly collinear components


def _solve_congruent(asked: Asked) -> Found:
    attempts: list[Attempt] = []
    figures = {}
    count = asked.count(10, 2)
    drawn = [congruent(20, 5, 0.9, 0.01, seed) for seed in range(count)]
    for rank in (5, 6):
        case = f"R = {rank}"
        scores: dict[str, list[float]] = defaultdict(list)
        taken: dict[str, list[float]] = defaultdict(list)
        chosen = ""
        for n, (target, true) in enumerate(drawn):
            alone = asked.alone or n >= _COMPARED
            fits = _congruent_fits(replace(asked, alone=alone), target, rank, n)
            for solver, factors, seconds, auto in fits:
                chosen = solver if auto else chosen
                scores[solver].append(match_score(factors, true))
                taken[solver].append(seconds)
        for solver, found in scores.items():
            good = sum(score > _MATCH for score in found)
            seconds, auto = median(taken[solver]), solver == chosen
            line = Attempt(case, solver, median(found), seconds, None, good, len(found), auto)
            attempts.append(line)
            if auto:
                figures[f"{case}: share of data sets"] = good / len(found)
    return Found(tuple(attempts), figures)


def _congruent_fits(
    asked: Asked, target: Any, rank: int, seed: int
) -> Iterator[tuple[str, list[Any], float, bool]]:
    """Solver, factors, seconds, and whether FunFact chose it."""
    options: dict[str, Any] = {"vec_size": 10, "seed": seed, "limit": 3.0, "twice": not seed}
    tsrex = cp(target.shape, rank)
    for each in by_each(asked, tsrex, target, **options):
        yield each.method, each.factors("abc")[0], each.seconds, each.auto
    if asked.alone:
        return
    for other in (
        tensorly_cp(target, rank),
        pyttb_cp(target, rank, init="nvecs"),
        scipy_cp(target, rank, seed=seed, dense=False),
    ):
        yield other.solver, other.factors, other.seconds, False


_MATCH = 0.97
_COMPARED = 3
"""Data sets that other methods try too."""

# --- serology

_SEROLOGY = {1: 0.674, 2: 0.744, 3: 0.779, 4: 0.810, 5: 0.830, 6: 0.853}


def _solve_serology(asked: Asked) -> Found:
    target = serology()
    attempts: list[Attempt] = []
    figures = {}
    for rank in _SEROLOGY if not asked.quick else (1, 3):
        case = f"R = {rank}"
        for each in by_each(asked, cp(target.shape, rank), target, vec_size=8, limit=4.0):
            found = [explained(cp_value(factors), target) for factors in each.factors("abc")]
            attempts.append(attempt(case, each, max(found)))
            if each.auto:
                figures[f"{case}: fit"] = max(found)
        if asked.alone:
            continue
        others = [
            tensorly_cp(target, rank),
            pyttb_cp(target, rank, init="random"),
            scipy_cp(target, rank, seed=0, dense=False),
        ]
        attempts += [_explained(case, other, target) for other in others]
    return Found(tuple(attempts), figures)


def _explained(case: str, other: Other, target: Any) -> Attempt:
    return attempted(case, other, explained(cp_value(other.factors), target))


# --- kinetic fluorescence

_KINETIC = {2: 0.99384, 3: 0.99736, 4: 0.99814, 5: 0.99854}


def _solve_kinetic(asked: Asked) -> Found:
    target = kinetic()
    attempts: list[Attempt] = []
    figures = {"least element of a factor": 0.0}
    for rank in _KINETIC if not asked.quick else (2,):
        case = f"R = {rank}"
        tsrex = cp(target.shape, rank, constrain="NonNegative")
        for each in by_each(asked, tsrex, target, vec_size=4, limit=8.0, max_steps=2000):
            best = each.factors(names(4))[0]
            attempts.append(attempt(case, each, explained(cp_value(best), target)))
            least = min(float(x.min()) for x in best)
            figures["least element of a factor"] = min(least, figures["least element of a factor"])
            if each.auto:
                figures[f"{case}: fit"] = round(attempts[-1].result, 5)  # digits of its bound
        if asked.alone:
            continue
        others = [tensorly_hals(target, rank, init=init) for init in ("svd", "random")]
        attempts += [_explained(case, other, target) for other in others]
    return Found(tuple(attempts), figures)


ROWS = {
    "congruence": Row(
        title="CP of nearly collinear components",
        what="Ten tensors 20x20x20 of 5 components. Any two columns of a factor have the cosine "
        "0.9, and 1 % of the variance is noise. They are fitted with as many components and with "
        "one too many, from 10 starts each; the first three by other methods too. The score is "
        "the mean product of cosines with the true components, its median over the data sets; a "
        "data set is well solved above 0.97.",
        source="Tomasi & Bro, A comparison of algorithms for fitting the PARAFAC model, "
        "Computational Statistics & Data Analysis 50(7), 2006",
        unit="match score",
        floors=tuple(Floor(f"R = {rank}: share of data sets", at_least=1.0) for rank in (5, 6)),
        solve=_solve_congruent,
    ),
    "serology": Row(
        title="COVID-19 serology",
        what="CP of 438 samples x 6 antigens x 11 receptors, from 8 starts. Fit is the share of "
        "the squared norm that is explained.",
        source="Data: Zohar et al., Compromised humoral functional evolution tracks with "
        "SARS-CoV-2 mortality, Cell 183(6), 2020, in the wheel of TensorLy",
        unit="fit",
        floors=tuple(Floor(f"R = {r}: fit", at_least=least) for r, least in _SEROLOGY.items()),
        solve=_solve_serology,
        backends=("jax", "torch", "numpy"),
    ),
    "kinetic": Row(
        title="Kinetic fluorescence, nonnegative",
        what="CP of 64 x 12 x 10 x 60 measurements with nonnegative factors (`constrain=`), from "
        "4 starts. What is missing, 0.4 %, is filled with zeros for both sides. Fit is the share "
        "of the squared norm that is explained; its bounds, like the figures, have five digits.",
        source="Data: Nikolajsen, Booksh, Hansen & Bro, Quantifying catecholamines using "
        "multi-way kinetic modelling, Analytica Chimica Acta 475, 2003, in the wheel of TensorLy, "
        "whose HALS is run beside",
        unit="fit",
        floors=(
            *(Floor(f"R = {r}: fit", at_least=least) for r, least in _KINETIC.items()),
            Floor("least element of a factor", at_least=0.0),
        ),
        solve=_solve_kinetic,
        backends=("jax", "torch", "numpy"),
    ),
}
