"""Gates, and gates made of gates."""

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from funfact.backends.contract import Array, Backend
from funfact.errors import IndexingError, NotationError, OptionError, ShapeError
from funfact.language.functions import conj
from funfact.language.leaves import indices, tensor
from funfact.language.merging import merge
from funfact.language.nodes import Tensor
from funfact.language.notation import TsrEx
from funfact.parametrized import parametrized

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
class Gate:
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
        return Placed(self, _qubits(self, qubits))

    def __repr__(self) -> str:
        return "C" * self.controls + self.name


@dataclass(frozen=True, eq=False, repr=False)
class Placed:
    """A gate and the qubits that it acts on."""

    gate: Gate
    qubits: tuple[int, ...]

    def __repr__(self) -> str:
        where = str(self.qubits[0]) if len(self.qubits) == 1 else str(self.qubits)
        return f"{self.gate!r} @ {where}"


def _qubits(gate: Gate, written: Any) -> tuple[int, ...]:
    entries = tuple(written) if isinstance(written, tuple | list) else (written,)
    if any(isinstance(q, bool) or not hasattr(q, "__index__") for q in entries):
        raise NotationError(
            f"{gate!r} @ {written!r}: expected the qubits that it acts on, {_example(gate)}."
        )
    qubits = tuple(map(operator.index, entries))
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


def gate(matrix: Any, name: str | None = None) -> Gate:
    """A gate of a matrix of one's own.

    Parameters
    ----------
    matrix : array, or TsrEx without indices
        Of ``2**k`` rows and columns for a gate on k qubits, its first qubit the most
        significant; or of shape ``(2,) * 2 * k``. Nothing checks that it is unitary: a
        projector or a Kraus operator may be placed too.
    name : str, optional
        How it is shown; by default the symbol of the tensor, or ``'U'``.

    Raises
    ------
    ShapeError
        If it is of another shape.

    Examples
    --------
    A unitary that is found by a penalty instead of by construction:

    >>> import funfact as ff
    >>> A = ff.tensor("A", 4, 4, prefer=ff.conditions.Unitary)
    >>> ff.quantum.gate(A) @ (2, 0)
    A @ (2, 0)
    """
    if not isinstance(matrix, TsrEx):
        return constant(name or "U", np.asarray(matrix))
    shape = _tensor_shape(matrix.shape)
    symbol = matrix.node.symbol if isinstance(matrix.node, Tensor) else None
    made = matrix
    if matrix.shape != shape:
        made = split_axes(matrix, shape)
    return Gate(name or symbol or "U", made)


def constant(name: str, matrix: Any, controls: int = 0) -> Gate:
    """The gate of a matrix that is known."""
    array = np.asarray(matrix)
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
    if isinstance(n, bool) or not hasattr(n, "__index__") or n < 1:
        raise OptionError(f"controlled({gate!r}, {n!r}): expected how many controls, 1 or more.")
    for _ in range(n):
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

    Examples
    --------
    >>> from funfact.quantum import RX, S, adjoint
    >>> adjoint(S), adjoint(RX("theta"))
    (S†, RX(theta)†)
    """
    name = gate.name.removesuffix("†") if gate.name.endswith("†") else gate.name + "†"
    after, before = indices(gate.qubits), indices(gate.qubits)
    known = _array(gate)
    if known is not None:
        size = 2**gate.qubits
        return constant(name, known.reshape(size, size).conj().T, gate.controls)
    swapped = merge(conj(gate.tensor[(*after, *before)]), *([i] for i in (*before, *after)))
    return Gate(name, swapped, gate.controls)
