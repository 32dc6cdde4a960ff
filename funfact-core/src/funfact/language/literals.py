"""Numbers in expressions: which Python objects are numbers, and arithmetic among them."""

import decimal
import math
import numbers
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from funfact.errors import NotationError

__all__ = ["compute", "number"]

_OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "pow": operator.pow,
    "erf": math.erf,
    "erfc": math.erfc,
    "relu": lambda x: max(x, 0),
    "celu": lambda x: x if x > 0 else math.expm1(x),
    "sigmoid": lambda x: math.exp(min(x, 0)) / (1 + math.exp(-abs(x))),
}
"""What NumPy lacks, or does with its own scalar types; all else goes by its name there."""


def number(x: object) -> int | float | complex | None:
    """`x` as a Python number; None if it is not one.

    Examples
    --------
    >>> number(np.float32(0.5)), number("0.5")
    (0.5, None)
    """
    if isinstance(x, np.generic):
        x = x.item()
    match x:
        case bool():
            return int(x)
        case int() | float() | complex():
            return x
        case numbers.Real() | decimal.Decimal():
            return float(x)
        case numbers.Complex():
            return complex(x)
        case _:
            return None


def compute(name: str, operands: list[Any], written: str) -> int | float | complex:
    """The function `name` of Python numbers, or an error that shows what was `written`."""
    operation = _OPERATIONS.get(name) or getattr(np, name)
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            result = number(operation(*operands))
    except (ArithmeticError, ValueError, TypeError) as exc:
        raise NotationError(
            f"{written} is not a number: {exc}. Write an expression that has a value; "
            "where a function leaves the real line, write a complex number, -1 + 0j."
        ) from exc
    assert result is not None, (name, operands)
    return result
