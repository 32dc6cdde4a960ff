"""Symbols, numbers and functions as LaTeX has them."""

import math
import re
from collections.abc import Iterable

__all__ = ["FUNCTIONS", "operator_name", "subscript", "typeset", "typeset_number"]

_GREEK_LETTERS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma "
    "tau upsilon phi chi psi omega varepsilon vartheta varpi varrho varsigma varphi ell hbar "
    "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_GREEK = frozenset(_GREEK_LETTERS.split())
# TeX has no command for those that look like Latin letters.
_LATIN = {
    "omicron": "o",
    "Alpha": "A",
    "Beta": "B",
    "Epsilon": "E",
    "Zeta": "Z",
    "Eta": "H",
    "Iota": "I",
    "Kappa": "K",
    "Mu": "M",
    "Nu": "N",
    "Omicron": "O",
    "Rho": "P",
    "Tau": "T",
    "Chi": "X",
}

FUNCTIONS = {
    **{name: rf"\{name}" for name in ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
    "sigmoid": r"\sigma",
    "asinh": r"\operatorname{arsinh}",
    "acosh": r"\operatorname{arcosh}",
    "atanh": r"\operatorname{artanh}",
    "real": r"\operatorname{Re}",
    "imag": r"\operatorname{Im}",
}
"""Elementwise functions; the others are called by their names."""


def typeset(symbol: str) -> str:
    r"""A symbol of letters, digits and subscripts.

    Examples
    --------
    >>> print(typeset("alpha"), typeset("T12"), typeset("u_max"), typeset("core"))
    \alpha T_{12} u_{\mathrm{max}} \mathrm{core}
    """
    stem, *below = symbol.split("_")
    letters = re.split(r"\d", stem, maxsplit=1)[0]
    digits = stem[len(letters) :]
    if letters and digits.isdecimal():
        stem, below = letters, [digits, *below]
    indices = ",".join(_word(part) for part in below)
    return f"{_word(stem)}_{{{indices}}}" if indices else _word(stem)


def _word(word: str) -> str:
    if word in _GREEK:
        return rf"\{word}"
    if word in _LATIN:
        return rf"\mathrm{{{_LATIN[word]}}}"
    return word if len(word) == 1 or word.isdecimal() else rf"\mathrm{{{word}}}"


def subscript(symbols: Iterable[str]) -> str:
    r"""Typeset indices side by side; with commas where one of them is more than a letter.

    Examples
    --------
    >>> print(subscript(["i", "j"]), subscript(["i", "j_{1}"]), subscript([r"\alpha", "j"]))
    ij i,j_{1} \alpha j
    """
    entries = list(symbols)
    if any(not re.fullmatch(r"\w|\\\w+", entry) for entry in entries):
        return ",".join(entries)
    spaced = (entry + " " if entry.startswith("\\") else entry for entry in entries)
    return "".join(spaced).rstrip()


def operator_name(name: str, limits: bool = False) -> str:
    r"""A name set as that of a function, with `limits` like that of a sum.

    Examples
    --------
    >>> print(operator_name("soft_max", limits=True))
    \operatorname*{soft\_max}
    """
    escaped = name.replace("_", r"\_")
    return rf"\operatorname{'*' if limits else ''}{{{escaped}}}"


def typeset_number(value: complex) -> tuple[str, str]:
    r"""A number, and how it is built: ``'atom'``, ``'minus'``, ``'product'`` or ``'sum'``.

    Examples
    --------
    >>> print(*typeset_number(-1.5e-7), *typeset_number(1 + 2j), *typeset_number(2.5))
    -1.5 \times 10^{-7} minus 1 + 2\mathrm{i} sum 2.5 atom
    """
    if not isinstance(value, complex):
        return _real(value)
    real, imag = _real(value.real)[0], _real(abs(value.imag))[0]
    unit = r"\mathrm{i}"
    imaginary = unit if imag == "1" else imag + unit
    negative = math.copysign(1, value.imag) < 0
    if value.real == 0:
        return (f"-{imaginary}", "minus") if negative else (imaginary, "product")
    return f"{real} {'-' if negative else '+'} {imaginary}", "sum"


def _real(value: float) -> tuple[str, str]:
    if math.isnan(value):
        return r"\mathrm{NaN}", "atom"
    if math.isinf(value):
        return (r"-\infty", "minus") if value < 0 else (r"\infty", "atom")
    digits, _, exponent = repr(value).removesuffix(".0").partition("e")
    digits = digits.removesuffix(".0")
    kind = "minus" if digits.startswith("-") else "product" if exponent else "atom"
    if not exponent:
        return digits, kind
    power = f"10^{{{int(exponent)}}}"
    sign = "-" if digits.startswith("-") else ""
    return (sign + power if digits.lstrip("-") == "1" else rf"{digits} \times {power}"), kind
