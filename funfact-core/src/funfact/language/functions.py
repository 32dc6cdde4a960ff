"""Elementwise functions of expressions; the result has the indices of the argument."""

from collections.abc import Callable
from typing import Any

from funfact.language.notation import TsrEx, apply

__all__ = [
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "celu",
    "conj",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "imag",
    "log",
    "real",
    "relu",
    "sigmoid",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
]


def _elementwise(name: str, what: str) -> Callable[[Any], TsrEx]:
    def function(x: Any) -> TsrEx:
        return apply(name, x)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{what}, elementwise.

    Parameters
    ----------
    x : TsrEx or number

    Returns
    -------
    TsrEx, of the shape and indices of `x`

    Examples
    --------
    >>> import funfact as ff
    >>> ff.{name}(ff.tensor("x", 3)[ff.index("i")])
    {name}(x[i])
    """
    return function


abs = _elementwise("abs", "The absolute value")
conj = _elementwise("conj", "The complex conjugate")
real = _elementwise("real", "The real part")
imag = _elementwise("imag", "The imaginary part")
exp = _elementwise("exp", "The exponential")
log = _elementwise("log", "The natural logarithm")
sqrt = _elementwise("sqrt", "The square root")
sin = _elementwise("sin", "The sine")
cos = _elementwise("cos", "The cosine")
tan = _elementwise("tan", "The tangent")
asin = _elementwise("asin", "The inverse sine")
acos = _elementwise("acos", "The inverse cosine")
atan = _elementwise("atan", "The inverse tangent")
sinh = _elementwise("sinh", "The hyperbolic sine")
cosh = _elementwise("cosh", "The hyperbolic cosine")
tanh = _elementwise("tanh", "The hyperbolic tangent")
asinh = _elementwise("asinh", "The inverse hyperbolic sine")
acosh = _elementwise("acosh", "The inverse hyperbolic cosine")
atanh = _elementwise("atanh", "The inverse hyperbolic tangent")
erf = _elementwise("erf", "The error function")
erfc = _elementwise("erfc", "The complementary error function")
relu = _elementwise("relu", "The rectifier, max(x, 0)")
celu = _elementwise("celu", "The continuously differentiable exponential linear unit, alpha = 1")
sigmoid = _elementwise("sigmoid", "The logistic function, 1 / (1 + exp(-x))")
