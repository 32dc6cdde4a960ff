"""The gates that have names.

References
----------
Nielsen & Chuang, sections 1.3.1, 4.2 and 4.3.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np

from funfact.errors import UnknownNameError
from funfact.language.literals import number
from funfact.language.notation import TsrEx
from funfact.parametrized import angles, parametrized, trigonometric
from funfact.quantum.arithmetic import GateFunction
from funfact.quantum.gates import Gate, constant, controlled

__all__ = [
    "CX",
    "CZ",
    "GENERATORS",
    "RX",
    "RY",
    "RZ",
    "SWAP",
    "H",
    "S",
    "T",
    "Toffoli",
    "X",
    "Y",
    "Z",
    "angle_of",
    "phase",
    "rotation_name",
]

_I = np.eye(2)
_O = np.zeros((2, 2))
PAULI_X = np.array([[0.0, 1.0], [1.0, 0.0]])
PAULI_Y = np.array([[0.0, -1.0j], [1.0j, 0.0]])
PAULI_Z = np.diag([1.0, -1.0])

X = constant("X", PAULI_X)
Y = constant("Y", PAULI_Y)
Z = constant("Z", PAULI_Z)
H = constant("H", (PAULI_X + PAULI_Z) / math.sqrt(2))
S = constant("S", np.diag([1, 1j]))
T = constant("T", np.diag([1, (1 + 1j) / math.sqrt(2)]))
SWAP = constant("SWAP", np.eye(4)[[0, 2, 1, 3]])
CX = controlled(X)
CZ = controlled(Z)
Toffoli = controlled(X, 2)


@GateFunction
def RX(theta: Any = None, **options: Any) -> Gate:
    """The rotation about the x axis, ``exp(-i theta X / 2)``.

    Parameters
    ----------
    theta : str, number or scalar expression, optional
        What the angle is called, its value, or where it comes from, such as an angle
        that several gates share.
    **options
        `initializer`, `optimizable` and `prefer` of the angle, as in ``ff.tensor``. A new
        one starts anywhere in [0, 2π), a number is fixed unless ``optimizable=True``.

    Examples
    --------
    >>> import funfact as ff
    >>> theta = ff.tensor("theta", real=True)
    >>> ff.quantum.RX(theta), ff.quantum.RX(-theta), ff.quantum.RX(0.5), ff.quantum.RX()
    (RX(theta), RX(-theta), RX(0.5), RX)
    """
    return _turned("RX", theta, options)


@GateFunction
def RY(theta: Any = None, **options: Any) -> Gate:
    """The rotation about the y axis, ``exp(-i theta Y / 2)``, a real matrix; see `RX`."""
    return _turned("RY", theta, options)


@GateFunction
def RZ(theta: Any = None, **options: Any) -> Gate:
    """The rotation about the z axis, ``exp(-i theta Z / 2)``; see `RX`."""
    return _turned("RZ", theta, options)


@GateFunction
def phase(theta: Any = None, **options: Any) -> Gate:
    """The phase gate, ``diag(1, exp(i theta))``; see `RX`."""
    return _turned("phase", theta, options)


def _turned(name: str, theta: Any, options: dict[str, Any]) -> Gate:
    made = parametrized(
        GENERATORS[name],
        angle_of(name, theta, (), options),
        shape=(2, 2),
        name=name,
        real=True,
        complex=name != "RY",
        batched=True,
    )
    return Gate(rotation_name(name, theta), made)


def angle_of(name: str, given: Any, shape: tuple[int, ...], options: dict[str, Any]) -> TsrEx:
    """The angles of a gate, or an error about an option that it does not have."""
    known = ("initializer", "optimizable", "prefer")
    for option in options:
        if option not in known:
            raise UnknownNameError.among(f"option of {name}", option, known)
    return angles(given, shape, **options)


_ZERO, _ONE = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
GENERATORS = {
    "RX": trigonometric(_O, _I, -1j * PAULI_X, rate=0.5),
    "RY": trigonometric(_O, _I, (-1j * PAULI_Y).real, rate=0.5),
    "RZ": trigonometric(_O, _I, -1j * PAULI_Z, rate=0.5),
    "phase": trigonometric(_ZERO, _ONE, 1j * _ONE),
}


def rotation_name(name: str, given: Any) -> str:
    """A gate's name with its parameters, if they have one that is short."""
    value = number(given)
    text = given if isinstance(given, str) else repr(given) if value is None else _angle(value)
    return name if given is None or len(text) > 20 else f"{name}({text})"


def _angle(value: complex) -> str:
    """An angle as it is shown: a simple fraction of pi as such, else in four digits.

    Examples
    --------
    >>> import math
    >>> _angle(math.pi), _angle(-3 * math.pi / 4), _angle(1 / 3), _angle(0)
    ('pi', '-3*pi/4', '0.3333', '0')
    """
    turns = Fraction(abs(value) / math.pi).limit_denominator(16)
    if turns == 0 or not math.isclose(turns * math.pi, abs(value), rel_tol=1e-12):
        return f"{value:.4g}"
    sign = "-" if value.real < 0 else ""
    times = "" if turns.numerator == 1 else f"{turns.numerator}*"
    over = "" if turns.denominator == 1 else f"/{turns.denominator}"
    return f"{sign}{times}pi{over}"
