"""Gates, and gates made of gates."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from funfact.arguments import integer
from funfact.backends.contract import Array, Backend
from funfact.errors import IndexingError, NotationError, OptionError, ShapeError
from funfact.language.functions import conj
from funfact.language.leaves import indices, tensor
from funfact.language.merging import merge
from funfact.language.nodes import Tensor
from funfact.language.notation import TsrEx
from funfact.parametrized import parametrized
from funfact.quantum.arithmetic import NoOperand

__all__ = [
    "Gate",
    "Placed",
    "SplitAxes",
    "adjoint",
    "constant",
    "controlled",
    "gate",
    "split",
    "split_axes",
]


@dataclass(frozen=True, eq=False, repr=False)
class Gate(NoOperand):
    """An operation on some qubits. ``CX @ (0, 2)`` places it.

    Attributes
    ----------
    name : str
        How it is shown, without its controls.
    tensor : TsrEx, shape ``(2,) * 2 * qubits``, without indices
        The axes of the qubits after it, in order, then those before it.
    controls : int
        How many of its qubits, the first ones, are controls.
    """

    name: str
    tensor: TsrEx
    controls: int = 0

    def __post_init__(self) -> None:
        shape = self.tensor.shape if isinstance(self.tensor, TsrEx) else None
        if not (shape and set(shape) == {2} and len(shape) % 2 == 0):
            raise ShapeError(
                f"Gate({self.name!r}) got the tensor {self.tensor!r:.60}, and takes an expression "
                "with an axis of size 2 for each qubit, twice. ff.quantum.gate(matrix) makes a "
                "gate of a matrix."
            )

    @property
    def qubits(self) -> int:
        """How many qubits it takes."""
        return self.tensor.ndim // 2

    @property
    def matrix(self) -> TsrEx:
        """The matrix, of ``2**qubits`` rows and columns, its first qubit the most significant."""
        after, before = indices(self.qubits), indices(self.qubits)
        return merge(self.tensor[(*after, *before)], after, before)

    def __matmul__(self, qubits: Any) -> "Placed":
        return Placed(self, qubits)

    def instead(self) -> str:
        return (
            f"It is placed on qubits, the gate on the left, {_example(self)}, and appended to a "
            "circuit; its matrix, .matrix, is an expression."
        )

    def __repr__(self) -> str:
        return "C" * self.controls + self.name


@dataclass(frozen=True, eq=False, repr=False)
class Placed(NoOperand):
    """A gate and the qubits that it acts on."""

    gate: Gate
    qubits: tuple[int, ...]

    def __post_init__(self) -> None:
        as_gate(self.gate, "Placed(gate, qubits)")
        object.__setattr__(self, "qubits", _qubits(self.gate, self.qubits))

    def instead(self) -> str:
        return f"Append it to a circuit, circuit.append({self!r}), and take circuit.to_tsrex()."

    def __repr__(self) -> str:
        where = str(self.qubits[0]) if len(self.qubits) == 1 else str(self.qubits)
        return f"{self.gate!r} @ {where}"


def as_gate(x: Any, call: str) -> Gate:
    """`x`, which is to be a gate that has not been placed.

    Raises
    ------
    NotationError
        If it is none; `call` says where a gate was expected.
    """
    if isinstance(x, Gate):
        return x
    if isinstance(x, Placed):
        raise NotationError(
            f"{call} got {x!r}, a gate that is placed already. Give it the gate, {x.gate!r}, and "
            "place what it returns."
        )
    what = f"{x!r:.40}" if isinstance(x, str | int | None) else f"a {type(x).__name__}"
    raise NotationError(
        f"{call} got {what} where the gate belongs. Give it one of funfact.quantum, X or "
        "RY('theta'), or make one of a matrix: ff.quantum.gate(matrix)."
    )


def _qubits(gate: Gate, written: Any) -> tuple[int, ...]:
    many = isinstance(written, tuple | list | range) or (
        isinstance(written, np.ndarray) and written.ndim == 1
    )
    entries = [integer(q) for q in (written if many else (written,))]
    qubits = tuple(q for q in entries if q is not None)
    if len(qubits) != len(entries):
        raise NotationError(
            f"{gate!r} @ {written!r:.60}: expected the qubits that it acts on, {_example(gate)}."
        )
    if len(qubits) != gate.qubits:
        raise IndexingError(
            f"{gate!r} acts on {_count(gate.qubits)}, and was placed on {_count(len(qubits))}, "
            f"{written!r}. Write {_example(gate)}."
        )
    for position, q in enumerate(qubits):
        if q < 0:
            raise IndexingError(
                f"{gate!r} @ {written!r} names qubit {q}. Qubits are counted from 0, not from the "
                "end."
            )
        if q in qubits[:position]:
            raise IndexingError(
                f"{gate!r} @ {written!r} names qubit {q} twice. The qubits of a gate are different."
            )
    return qubits


def _count(n: int) -> str:
    return "1 qubit" if n == 1 else f"{n} qubits"


def _example(gate: Gate) -> str:
    qubits = tuple(range(gate.qubits))
    return f"{gate!r} @ {0 if len(qubits) == 1 else qubits}"


def gate(matrix: Any, name: str | None = None, *, unitary: bool = True) -> Gate:
    """A gate of a matrix of one's own.

    Parameters
    ----------
    matrix : array, or TsrEx without indices
        Of ``2**k`` rows and columns for a gate on k qubits, its first qubit the most
        significant; or of shape ``(2,) * 2 * k``.
    name : str, optional
        How it is shown; by default the symbol of the tensor, or ``'U'``.
    unitary : bool
        Whether an array is held to being unitary, to three digits. Without, a projector or a
        Kraus operator can be placed too. An expression is never held to it.

    Raises
    ------
    NotationError
        If it is no array of numbers or has indices, or `name` is no string.
    ShapeError
        If it is of another shape.
    OptionError
        If it holds NaN or infinity, or is not unitary and is to be.

    Examples
    --------
    A unitary that is found by a penalty instead of by construction:

    >>> import funfact as ff
    >>> A = ff.tensor("A", 4, 4, prefer=ff.conditions.Unitary)
    >>> ff.quantum.gate(A) @ (2, 0)
    A @ (2, 0)

    Half of a measurement:

    >>> ff.quantum.gate([[1, 0], [0, 0]], "P", unitary=False) @ 1
    P @ 1
    """
    if not isinstance(name, str | None):
        raise NotationError(f"gate(matrix, {name!r:.60}): the name of a gate is a string.")
    if not isinstance(matrix, TsrEx):
        made = constant(name or "U", matrix)
        _check_matrix(made, unitary)
        return made
    if matrix.live_indices:
        raise NotationError(
            f"gate({matrix!r}) got an expression with indices. A gate is a matrix without: leave "
            "them out."
        )
    shape = _tensor_shape(matrix.shape)
    symbol = matrix.node.symbol if isinstance(matrix.node, Tensor) else None
    parts = matrix if matrix.shape == shape else split_axes(matrix, shape)
    return Gate(name or symbol or "U", parts)


def _check_matrix(gate: Gate, unitary: bool) -> None:
    """Raise if a known matrix is not finite, or not unitary and is to be."""
    size = 2**gate.qubits
    matrix = np.reshape(_array(gate), (size, size))
    if not np.all(np.isfinite(matrix)):
        raise OptionError(f"the gate {gate!r} has NaN or infinite elements. Give finite numbers.")
    off = float(np.max(np.abs(matrix.conj().T @ matrix - np.eye(size))))
    if unitary and off > _ROUNDING:
        raise OptionError(
            f"the matrix U of the gate {gate!r} is not unitary: U.conj().T @ U is {off:.3g} off "
            "the identity. Correct it, or say gate(matrix, unitary=False) for a projector or a "
            "Kraus operator."
        )


_ROUNDING = 1e-3
"""How far from unitary a gate may be: as far as one whose elements were typed in."""


def constant(name: str, matrix: Any, controls: int = 0) -> Gate:
    """The gate of a matrix that is known."""
    try:
        array = np.asarray(matrix)
    except ValueError as exc:
        raise NotationError(
            f"the gate {name} got {matrix!r:.60}, whose rows are of unequal lengths. Give a matrix "
            "of 2**k rows and columns."
        ) from exc
    if array.dtype.kind not in "biufc":
        raise NotationError(
            f"the gate {name} got {matrix!r:.60}, which is not an array of numbers. "
            "Give a matrix of 2**k rows and columns."
        )
    symbol = "C" * controls + name
    named = [symbol] if symbol.isalnum() and symbol[0].isalpha() else []
    return Gate(name, tensor(*named, split(array)), controls)


def split(array: Any) -> Any:
    """A matrix with an axis for each qubit instead of two axes in all."""
    return np.reshape(array, _tensor_shape(np.shape(array)))


def _tensor_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    rows = shape[0] if shape else 1
    qubits = rows.bit_length() - 1
    if shape and set(shape) == {2} and len(shape) % 2 == 0:
        return shape
    if shape != (2**qubits,) * 2 or qubits < 1:
        raise ShapeError(
            f"a gate of shape {shape}: expected a matrix of 2**k rows and columns, for a gate on "
            "k qubits, such as (4, 4), or an axis of size 2 for each qubit, twice."
        )
    return (2,) * (2 * qubits)


def split_axes(array: TsrEx, shape: tuple[int, ...]) -> TsrEx:
    """An array as one of `shape`, an axis for each qubit."""
    generator = SplitAxes(array.ndim, shape)
    return parametrized(generator, array, shape=shape, name="qubits", batched=True)


@dataclass(frozen=True)  # equal gates have equal generators
class SplitAxes:
    """The generator that gives the last `ndim` axes of an array `shape` instead."""

    ndim: int
    shape: tuple[int, ...]

    def __call__(self, x: Array, ab: Backend) -> Array:
        return ab.reshape(x, tuple(x.shape[: x.ndim - self.ndim]) + self.shape)


def controlled(gate: Gate, n: int = 1) -> Gate:
    """The gate that acts if `n` more qubits, its first ones, are all 1.

    Raises
    ------
    NotationError
        If `gate` is none, or has been placed.
    OptionError
        If `n` is no positive integer.

    References
    ----------
    Nielsen & Chuang, section 4.3.

    Examples
    --------
    >>> from funfact.quantum import RY, X, controlled
    >>> controlled(RY("theta")) @ (2, 0), controlled(X, 3)
    (CRY(theta) @ (2, 0), CCCX)
    """
    gate = as_gate(gate, "controlled(gate)")
    count = integer(n) or 0
    if count < 1:
        raise OptionError(f"controlled({gate!r}, {n!r}): expected how many controls, 1 or more.")
    for _ in range(count):
        gate = _controlled(gate)
    return gate


def _controlled(gate: Gate) -> Gate:
    size = 2**gate.qubits
    off, on = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
    known = _array(gate)
    if known is not None:
        matrix = np.kron(off, np.eye(size)) + np.kron(on, known.reshape(size, size))
        return constant(gate.name, matrix, gate.controls + 1)
    (c, d), after, before = indices(2), indices(gate.qubits), indices(gate.qubits)
    acting = tensor("P_1", on)[c, d] * gate.tensor[(*after, *before)]
    acting = merge(acting, [c], *([i] for i in after), [d], *([i] for i in before))
    idle = tensor("P_0", split(np.kron(off, np.eye(size))))
    return Gate(gate.name, idle + acting, gate.controls + 1)


def _array(gate: Gate) -> Any:
    """Its elements, if they are known."""
    node = gate.tensor.node
    if isinstance(node, Tensor) and not node.optimizable and isinstance(node.data, np.ndarray):
        return node.data
    return None


def adjoint(gate: Gate) -> Gate:
    """The gate that undoes it: the conjugate transpose.

    Raises
    ------
    NotationError
        If `gate` is none, or has been placed.

    Examples
    --------
    >>> from funfact.quantum import RX, S, adjoint
    >>> adjoint(S), adjoint(RX("theta"))
    (S†, RX(theta)†)
    """
    gate = as_gate(gate, "adjoint(gate)")
    name = gate.name.removesuffix("†") if gate.name.endswith("†") else gate.name + "†"
    after, before = indices(gate.qubits), indices(gate.qubits)
    known = _array(gate)
    if known is not None:
        size = 2**gate.qubits
        return constant(name, known.reshape(size, size).conj().T, gate.controls)
    swapped = merge(conj(gate.tensor[(*after, *before)]), *([i] for i in (*before, *after)))
    return Gate(name, swapped, gate.controls)
