"""How good an answer is; by NumPy alone."""

from functools import reduce
from itertools import permutations
from typing import Any

import numpy as np

__all__ = ["explained", "match_score", "relative_error", "squared_error"]


def squared_error(value: Any, target: Any) -> float:
    """|value - target|², summed over all elements."""
    return float(np.linalg.norm(value - target) ** 2)


def relative_error(value: Any, target: Any) -> float:
    """|value - target| / |target|."""
    return float(np.linalg.norm(value - target) / np.linalg.norm(target))


def explained(value: Any, target: Any) -> float:
    """The share of the target's squared norm that a model explains: its fit, R²X."""
    return 1 - relative_error(value, target) ** 2


def match_score(found: list[Any], true: list[Any]) -> float:
    """How well the best matching components agree with the true ones; 1 is perfect.

    For each true component the product of the cosines of its columns with those of its partner,
    up to sign; the mean of these, for the partners that make it largest. More components may
    have been found than there are.
    """
    pairs = zip(true, found, strict=True)
    cosines = reduce(np.multiply, [abs(_unit(x).T @ _unit(y)) for x, y in pairs])
    rows = range(len(cosines))
    return max(
        float(np.mean([cosines[n, m] for n, m in zip(rows, order, strict=True)]))
        for order in permutations(range(cosines.shape[1]), len(rows))
    )


def _unit(x: Any) -> Any:
    return x / np.maximum(np.linalg.norm(x, axis=0), np.finfo(float).tiny)
