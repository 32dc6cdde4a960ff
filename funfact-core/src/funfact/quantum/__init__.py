"""Quantum circuits: gates on qubits, made into tensor expressions.

A circuit is a list of gates, each placed on some of its qubits, and becomes a
matrix, or a state, that stands in expressions like any other tensor and is
fitted like any other model. Gates with parameters have angles, which are real
numbers in a complex model too; those of `U2` and `U4` reach every unitary of
one and of two qubits.

Qubit 0 is the most significant bit of a row or column number, as ``numpy.kron``
and Nielsen & Chuang write it: in a circuit of two qubits, X on qubit 0 is
``kron(X, I)``, and takes |01⟩, entry 1, to |11⟩, entry 3. For the other order,
that of Qiskit, place every gate on ``n - 1 - q`` instead of q.

References
----------
Nielsen & Chuang, Quantum Computation and Quantum Information, 10th anniversary
edition, 2010, chapter 4.

Examples
--------
>>> import funfact as ff
>>> from funfact.quantum import CX, Circuit, H
>>> bell = Circuit(2)
>>> bell.append(H @ 0)
>>> bell.append(CX @ (0, 1))
>>> bell
q0: ──H──●──
         │
q1: ─────X──
>>> with ff.using("numpy"):
...     ff.Factorization.from_tsrex(bell.to_state())()
array([0.70710678, 0.        , 0.        , 0.70710678])
"""

from .circuit import Circuit
from .gates import Gate, Placed, adjoint, controlled, gate
from .standard import (
    CX,
    CZ,
    RX,
    RY,
    RZ,
    SWAP,
    H,
    S,
    T,
    Toffoli,
    X,
    Y,
    Z,
    phase,
)
from .unitary import U2, U4

__all__ = [
    "CX",
    "CZ",
    "RX",
    "RY",
    "RZ",
    "SWAP",
    "U2",
    "U4",
    "Circuit",
    "Gate",
    "H",
    "Placed",
    "S",
    "T",
    "Toffoli",
    "X",
    "Y",
    "Z",
    "adjoint",
    "controlled",
    "gate",
    "phase",
]
