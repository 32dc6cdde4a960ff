"""How to multiply matrices with few multiplications: CP of a tensor of zeros and ones."""

from functools import partial
from math import ceil
from typing import Any

import numpy as np

import funfact as ff
from validation.data import product_tensor
from validation.fits import LOOKS, attempt, by_each
from validation.ledger import Asked, Attempt, Floor, Found, Row
from validation.models import cp, cp_value
from validation.others import scipy_cp
from validation.scores import squared_error

__all__ = ["ROWS"]

_EXACT = 1e-20

_METHOD = "LM"
"""Whose figures count, and what is taken by itself where a backend has what it needs."""


def _solve(asked: Asked, *, sizes: tuple[int, int, int], rank: int, enough: float) -> Found:
    """From 100 starts; what is asked for is that they are exact, or that none can be."""
    target, starts = product_tensor(*sizes), asked.count(100, 20)
    case = f"{starts} starts"
    tsrex = cp(target.shape, rank)
    options: dict[str, Any] = {
        "loss": ff.loss.MSE(reduction="sum"),
        "tol": _EXACT,
        "vec_size": starts,
    }
    options |= {"stop_by": ceil(enough * starts), "limit": 20.0, "named": (_METHOD,)}
    options |= {"checkpoint_freq": LOOKS[_METHOD]}
    attempts, figures = [], {}
    for each in by_each(asked, tsrex, target, **options):
        errors = [squared_error(cp_value(factors), target) for factors in each.factors("abc")]
        good = sum(error < _EXACT for error in errors)
        attempts.append(attempt(case, each, min(errors), good))
        if each.method == _METHOD:
            figures = {
                "share of starts": good / starts,
                "seconds": each.seconds,
                "least squared error": min(errors),
                "starts said to be exact": float(np.sum(each.models[0].history.converged)),
            }
    if asked.alone:
        return Found(tuple(attempts), figures)
    tries = asked.count(10, 2)
    found = [scipy_cp(target, rank, seed=seed, dense=True) for seed in range(tries)]
    errors = [squared_error(cp_value(other.factors), target) for other in found]
    good, seconds = sum(error < _EXACT for error in errors), sum(other.seconds for other in found)
    name = found[0].solver
    attempts.append(Attempt(f"{tries} starts", name, min(errors), seconds, None, good, tries))
    return Found(tuple(attempts), figures)


def _row(sizes: tuple[int, int, int], rank: int, source: str, *floors: Floor) -> Row:
    name = "x".join(map(str, sizes))
    shares = [floor.at_least for floor in floors if floor.figure == "share of starts"]
    enough = max((share for share in shares if share is not None), default=1.0)
    return Row(
        title=f"Matrix multiplication {name}, rank {rank}",
        what=f"CP of the tensor of the product of matrices {sizes[0]}x{sizes[1]} and "
        f"{sizes[1]}x{sizes[2]} with {rank} components, one for each multiplication of numbers. "
        "The result is the least squared error of all starts; a start is good below 1e-20. All "
        "start together, and go on until as many as must be are good, or nothing changes any more; "
        "the time is that. The figures are those of LM, which JAX and PyTorch take by themselves.",
        source=source,
        unit="squared error",
        floors=floors,
        solve=partial(_solve, sizes=sizes, rank=rank, enough=enough),
    )


def _share(least: float) -> Floor:
    return Floor("share of starts", at_least=least)


_STRASSEN = "Strassen, Gaussian elimination is not optimal, Numerische Mathematik 13, 1969"
_HOPCROFT = (
    "Hopcroft & Kerr, On minimizing the number of multiplications necessary for matrix "
    "multiplication, SIAM J. Appl. Math. 20(1), 1971"
)
_WINOGRAD = (
    "Winograd, On multiplication of 2x2 matrices, Linear Algebra and its Applications 4, 1971, and "
    "Landsberg, The border rank of the multiplication of 2x2 matrices is seven, J. Amer. Math. "
    "Soc. 19(2), 2006: six do not suffice, not even in the limit"
)

ROWS = {
    "product-222": _row((2, 2, 2), 7, _STRASSEN, _share(0.98), Floor("seconds", at_most=1.5)),
    "product-223": _row((2, 2, 3), 11, _HOPCROFT, _share(0.97), Floor("seconds", at_most=15.0)),
    "product-224": _row((2, 2, 4), 14, _HOPCROFT, _share(0.85)),
    "product-233": _row((2, 3, 3), 15, _HOPCROFT, _share(0.35)),
    "product-222-6": _row(
        (2, 2, 2),
        6,
        _WINOGRAD,
        Floor("least squared error", at_least=0.99, at_most=1.01),
        Floor("starts said to be exact", at_most=0.0),
    ),
}
