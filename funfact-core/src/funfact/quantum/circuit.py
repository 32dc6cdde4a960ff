"""Circuits, and the expressions that they are."""

import operator
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from funfact.errors import IndexingError, NotationError, OptionError, ShapeError
from funfact.language.leaves import tensor
from funfact.language.merging import merge
from funfact.language.nodes import Index
from funfact.language.notation import TsrEx
from funfact.language.special import eye
from funfact.quantum.drawing import drawing
from funfact.quantum.gates import Gate, Placed, split_axes

__all__ = ["Circuit"]


class Circuit:
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
        if isinstance(n, bool) or not hasattr(n, "__index__") or n < 1:
            raise OptionError(f"Circuit({n!r}): expected how many qubits, 1 or more.")
        self._n = operator.index(n)
        self._gates: list[Placed] = []
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
            raise NotationError(
                f"{placed!r:.60} was appended to a circuit. Append gates with their qubits: "
                "circuit.append(CX @ (0, 1))."
            )
        for q in placed.qubits:
            if q >= self.n:
                raise IndexingError(
                    f"{placed!r} names qubit {q}, and the circuit has {self.n}: "
                    f"{'0' if self.n == 1 else f'0 to {self.n - 1}'}. Choose one of these, or "
                    "make a circuit with more."
                )
        self._gates.append(placed)

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
            By default |0…0⟩, the first unit vector.

        Returns
        -------
        TsrEx, shape (2**n,), without indices

        Raises
        ------
        ShapeError
            If `initial` has another shape.

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
        size = 2**self.n
        if given is None:
            given = np.zeros(size)
            given[0] = 1
        shape = given.shape if isinstance(given, TsrEx) else np.shape(given)
        if shape != (size,):
            raise ShapeError(
                f"the initial state has shape {tuple(shape)}, and a circuit of {self.n} qubits "
                f"acts on vectors of 2**{self.n}, shape ({size},)."
            )
        axes = (2,) * self.n
        if isinstance(given, TsrEx):
            return split_axes(given, axes)
        return tensor(np.reshape(given, axes))


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
