"""Quantum circuits with free gates, which are unitary at every step."""

from typing import Any

import numpy as np

import funfact as ff
from validation.data import fourier
from validation.fits import attempt, by_each
from validation.ledger import Asked, Floor, Found, Row

__all__ = ["ROWS"]

_EXACT = 1e-13

PLACES = {"A": (0, 1), "B": (1, 2), "C": (0, 1)}
"""The qubits of each block, in the order in which they act."""


def circuit() -> Any:
    """Three free gates of two neighbouring qubits, as an expression."""
    gates = [
        ff.quantum.gate(ff.tensor(name, 4, 4, constrain="Unitary")) @ qubits
        for name, qubits in PLACES.items()
    ]
    return ff.quantum.Circuit(3, gates).to_tsrex()


def made(gates: list[Any]) -> Any:
    """The unitary matrix of the three blocks; qubit 0 is the leftmost in a Kronecker product."""
    one = np.eye(2)
    first, second, third = gates
    return np.kron(third, one) @ np.kron(one, second) @ np.kron(first, one)


def infidelity(value: Any, target: Any) -> float:
    """1 - |tr(target† value)| / n, zero where they agree up to a phase."""
    return float(1 - abs(np.vdot(target, value)) / len(target))


def unitarity(gates: list[Any]) -> float:
    """The largest element of X† X - 1, of all gates."""
    return max(float(abs(x.conj().T @ x - np.eye(len(x))).max()) for x in gates)


def _solve(asked: Asked) -> Found:
    target, starts = fourier(8), asked.count(96, 16)
    loss = ff.loss.MSE(reduction="sum")
    options: dict[str, Any] = {
        "loss": loss,
        "vec_size": starts,
        "dtype": "complex128",
        "limit": 8.0,
    }
    attempts, figures = [], {}
    for each in by_each(asked, circuit(), target, **options):
        gates = each.factors(PLACES)
        distances = [infidelity(made(three), target) for three in gates]
        deviations = [unitarity(three) for three in gates]
        good = sum(
            distance < _EXACT and deviation < _EXACT
            for distance, deviation in zip(distances, deviations, strict=True)
        )
        attempts.append(attempt(f"{starts} starts", each, max(min(distances), 0.0), good))
        if each.auto:
            figures = {"share of starts": good / starts, "largest unitarity": max(deviations)}
    return Found(tuple(attempts), figures)


ROWS = {
    "fourier": Row(
        title="3-qubit Fourier transform of three blocks",
        what="The Fourier transform F[j, k] = exp(2πi jk / 8) / √8 as free two-qubit gates on the "
        "qubits (0, 1), (1, 2) and (0, 1), each with `constrain='Unitary'`. Qubit 0 is the most "
        "significant bit of j and k alike; with the bits of one side reversed these blocks have no "
        "exact solution. The result is the least infidelity, 1 - |tr(F† M)| / 8; a start is good "
        "if that and the largest element of X† X - 1 of its gates are below 1e-13.",
        source="an exact circuit exists: Nielsen & Chuang, Quantum Computation and Quantum "
        "Information, section 5.1, whose gates fall into three neighbouring blocks",
        unit="infidelity",
        floors=(
            Floor("share of starts", at_least=0.4),
            Floor("largest unitarity", at_most=_EXACT),
        ),
        solve=_solve,
    )
}
