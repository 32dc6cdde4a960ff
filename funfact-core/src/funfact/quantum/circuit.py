"""Circuits, and the expressions that they are."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from funfact.arguments import integer
from funfact.errors import IndexingError, NotationError, OptionError, ShapeError
from funfact.language.leaves import tensor
from funfact.language.merging import merge
from funfact.language.nodes import Index
from funfact.language.notation import TsrEx
from funfact.language.special import eye
from funfact.quantum.arithmetic import NoOperand
from funfact.quantum.drawing import drawing
from funfact.quantum.gates import Gate, Placed, split_axes

__all__ = ["Circuit"]


class Circuit(NoOperand):
    """Gates on qubits, one after the other.

    Parameters
    ----------
    n : int
        How many qubits; they are counted from 0, and 0 is the most significant.
    gates : iterable of Placed
        The gates that it begins with.

    Raises
    ------
    OptionError
        If `n` is no positive integer.
    NotationError
        If `gates` holds anything but gates on qubits.

    Examples
    --------
    Three free gates, to be fitted to a matrix of 8 rows and columns:

    >>> import funfact as ff
    >>> from funfact.quantum import U4
    >>> circuit = ff.quantum.Circuit(3)
    >>> for name, where in [("A", (0, 1)), ("B", (1, 2)), ("C", (0, 1))]:
    ...     circuit.append(U4(name) @ where)
    >>> circuit
    q0: ──U4(A):0───────────U4(C):0──
             │                 │
    q1: ──U4(A):1──U4(B):0──U4(C):1──
                      │
    q2: ───────────U4(B):1───────────
    >>> circuit.to_tsrex().shape
    (8, 8)
    """

    def __init__(self, n: int, gates: Iterable[Placed] = ()) -> None:
        self._n = integer(n) or 0
        if self._n < 1:
            raise OptionError(f"Circuit({n!r:.60}): expected how many qubits, 1 or more.")
        self._gates: list[Placed] = []
        if not isinstance(gates, Iterable):
            raise NotationError(
                f"Circuit({n}, {gates!r:.60}): expected the gates that it begins with, in a list: "
                f"Circuit({n}, [H @ 0, X @ 0])."
            )
        for placed in gates:
            self.append(placed)

    @property
    def n(self) -> int:
        """How many qubits it has."""
        return self._n

    def append(self, placed: Placed) -> None:
        """Add a gate behind all others.

        Parameters
        ----------
        placed : Placed
            ``gate @ qubit`` or ``gate @ (qubit, qubit)``.

        Raises
        ------
        NotationError
            If it is no gate that has been placed.
        IndexingError
            If the circuit has no such qubit.
        """
        if isinstance(placed, Gate):
            where = 0 if placed.qubits == 1 else tuple(range(placed.qubits))
            raise NotationError(
                f"the gate {placed!r} was appended without qubits. Place it: {placed!r} @ {where}."
            )
        if not isinstance(placed, Placed):
            raise NotationError(f"{_shown(placed)} was appended to a circuit. {_ONE_BY_ONE}")
        for q in placed.qubits:
            if q >= self.n:
                raise IndexingError(
                    f"{placed!r} names qubit {q}, and the circuit has {self.n}: "
                    f"{'0' if self.n == 1 else f'0 to {self.n - 1}'}. Choose one of these, or "
                    "make a circuit with more."
                )
        self._gates.append(placed)

    def instead(self) -> str:
        return (
            "Its matrix as an expression is .to_tsrex(). To run a second one after it, append the "
            "gates of that: for placed in second: circuit.append(placed)."
        )

    def __len__(self) -> int:
        return len(self._gates)

    def __iter__(self) -> Iterator[Placed]:
        return iter(self._gates)

    def __repr__(self) -> str:
        return drawing(self.n, self._gates)

    def to_tsrex(self) -> TsrEx:
        """The matrix of the circuit.

        A gate on k of n qubits is contracted with the axes of its qubits alone, which
        costs 2**k operations for each of the 4**n elements, and no Kronecker product.

        Returns
        -------
        TsrEx, shape (2**n, 2**n), without indices
            The product of the gates' matrices, the last one leftmost. Its factors are in
            the order of the gates.
        """
        columns = [Index() for _ in range(self.n)]
        value, rows = _run(self._gates, None, list(columns))
        touched = {q for placed in self._gates for q in placed.qubits}
        for q in set(range(self.n)) - touched:
            rows[q] = Index()
            value = _times(value, eye(2)[rows[q], columns[q]])
        assert value is not None, "a circuit has a qubit"
        return merge(value, rows, columns)

    def to_state(self, initial: Any = None) -> TsrEx:
        """What the circuit makes of a state, without its matrix: 2**(n + k) operations a gate.

        Parameters
        ----------
        initial : array or TsrEx of shape (2**n,), optional
            By default |0…0⟩, the first unit vector. Any vector is taken as it is: its norm is
            not brought to 1, and unitary gates keep it.

        Returns
        -------
        TsrEx, shape (2**n,), without indices

        Raises
        ------
        ShapeError
            If `initial` has another shape.
        NotationError
            If it is no array of numbers, or has indices.
        OptionError
            If it holds NaN or infinity, or there is no room for so many amplitudes.

        Examples
        --------
        >>> import funfact as ff
        >>> from funfact.quantum import RY, Circuit
        >>> with ff.using("numpy"):
        ...     ff.Factorization.from_tsrex(Circuit(1, [RY(1.0) @ 0]).to_state())()
        array([0.87758256, 0.47942554])
        """
        rows = [Index() for _ in range(self.n)]
        value, rows = _run(self._gates, self._initial(initial)[tuple(rows)], rows)
        assert value is not None, "it began with one"
        return merge(value, rows)

    def _initial(self, given: Any) -> TsrEx:
        if given is None:
            given = _first_unit_vector(self.n)
        state = given if isinstance(given, TsrEx) else _numbers(given)
        if state.shape != (2**self.n,):
            raise ShapeError(
                f"the initial state has shape {tuple(state.shape)}, and a circuit of {self.n} "
                f"qubits acts on vectors of 2**{self.n}, shape ({2**self.n},)."
            )
        axes = (2,) * self.n
        if not isinstance(state, TsrEx):
            return tensor(np.reshape(state, axes))
        if state.live_indices:
            raise NotationError(
                f"the initial state {state!r:.60} has indices. A state is a vector without: leave "
                "them out."
            )
        return split_axes(state, axes)


_ONE_BY_ONE = "Append gates with their qubits, one by one: circuit.append(CX @ (0, 1))."


def _shown(x: object) -> str:
    return f"{x!r:.60}" if isinstance(x, str | int | None) else f"a {type(x).__name__}"


def _first_unit_vector(n: int) -> "np.ndarray[Any, Any]":
    try:
        state = np.zeros(2**n)
    except (MemoryError, ValueError) as exc:
        raise OptionError(
            f"a state of {n} qubits has 2**{n} amplitudes, for which there is no room here. "
            "Take fewer qubits, or the circuit's .to_tsrex() and elements of its model: fac[0, 5]."
        ) from exc
    state[0] = 1
    return state


def _numbers(given: Any) -> "np.ndarray[Any, Any]":
    try:
        array = np.asarray(given)
        if array.dtype.kind not in "biufc":
            raise TypeError(f"NumPy reads it as {array.dtype}")
    except (TypeError, ValueError, RuntimeError) as exc:
        raise NotationError(
            f"the initial state is {given!r:.60}, which is no array of numbers: {exc}. Give a "
            "NumPy array, or a tensor without indices, ff.tensor('psi', 4)."
        ) from exc
    if not np.all(np.isfinite(array)):
        raise OptionError("the initial state has NaN or infinite elements. Give finite numbers.")
    return array


def _run(
    gates: Iterable[Placed], value: TsrEx | None, rows: list[Index]
) -> tuple[TsrEx | None, list[Index]]:
    """`value` after the gates, and the indices of the qubits in it then."""
    rows = list(rows)
    for placed in gates:
        before = [rows[q] for q in placed.qubits]
        after = [Index() for _ in placed.qubits]
        # To the right, so that tensors appear in the order of the gates.
        value = _times(value, placed.gate.tensor[(*after, *before)])
        for q, index in zip(placed.qubits, after, strict=True):
            rows[q] = index
    return value, rows


def _times(left: TsrEx | None, right: TsrEx) -> TsrEx:
    return right if left is None else left * right
