"""The operations of the language in NumPy, and what each does to an expression's magnitude."""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Words:
    """A pairing's two operations, and what they do to absolute values."""

    apply: Callable[[Array, Array], Array]
    bound: Callable[[Array, Array, Array, Array], Array]  # of x, |x|, y, |y|
    reduce: Callable[..., Array] = np.sum


def _power_bound(x: Array, big_x: Array, y: Array, big_y: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.maximum(abs(y) * big_x / abs(x), abs(np.log(abs(x))) * big_y)
    return abs(x**y) * np.maximum(1, np.nan_to_num(spread, posinf=1))


def _plus(x: Array, big_x: Array, y: Array, big_y: Array) -> Array:
    return big_x + big_y


ARITHMETIC = {
    "+": Words(operator.add, _plus),
    "-": Words(operator.sub, _plus),
    "*": Words(operator.mul, lambda x, big_x, y, big_y: big_x * big_y),
    "/": Words(operator.truediv, lambda x, big_x, y, big_y: big_x * big_y / abs(y) ** 2),
    "**": Words(operator.pow, _power_bound),
}
SEMIRINGS = {
    "minplus": Words(operator.add, _plus, np.min),
    "viterbi": Words(operator.add, _plus, np.max),
    "logsumexp": Words(operator.add, _plus, np.logaddexp.reduce),
}

_erf, _erfc = np.vectorize(math.erf), np.vectorize(math.erfc)


def _gauss(x: Array) -> Array:
    return 2 / math.sqrt(math.pi) * np.exp(-(x**2))


# Each function with its derivative, which carries an error from argument to value.
FUNCTIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "abs": (abs, np.ones_like),
    "conj": (np.conj, np.ones_like),
    "real": (np.real, np.ones_like),
    "imag": (np.imag, np.ones_like),
    "exp": (np.exp, np.exp),
    "log": (np.log, lambda x: 1 / x),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, np.sin),
    "tan": (np.tan, lambda x: 1 / np.cos(x) ** 2),
    "asin": (np.arcsin, lambda x: 1 / np.sqrt(1 - x**2)),
    "acos": (np.arccos, lambda x: 1 / np.sqrt(1 - x**2)),
    "atan": (np.arctan, lambda x: 1 / (1 + x**2)),
    "sinh": (np.sinh, np.cosh),
    "cosh": (np.cosh, np.sinh),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "asinh": (np.arcsinh, lambda x: 1 / np.sqrt(1 + x**2)),
    "acosh": (np.arccosh, lambda x: 1 / np.sqrt(x**2 - 1)),
    "atanh": (np.arctanh, lambda x: 1 / (1 - x**2)),
    "erf": (_erf, _gauss),
    "erfc": (_erfc, _gauss),
    "relu": (lambda x: np.where(x > 0, x, 0), np.ones_like),
    "celu": (lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1), np.ones_like),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
}
