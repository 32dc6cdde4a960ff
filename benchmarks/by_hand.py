"""Models as an expert writes them: functions of the array library and the factors.

Contractions stand in the order that needs the fewest operations; replicas, where there are
any, are axes in front.
"""

from collections.abc import Callable
from functools import reduce
from string import ascii_letters
from typing import Any

import numpy as np

__all__ = [
    "bells",
    "brick_places",
    "bricks",
    "chain",
    "circuit",
    "cp",
    "cp_five",
    "kron_and_matmul",
    "matrix",
    "minplus",
    "ring",
    "train",
    "tucker",
]


def matrix(xp: Any, a: Any, b: Any) -> Any:
    """Two factors, (m, r) and (n, r)."""
    return a @ b.mT


def cp(xp: Any, a: Any, b: Any, c: Any) -> Any:
    """The columns of two factors paired, then one product of matrices."""
    shape = (*a.shape[:-2], a.shape[-2], b.shape[-2], c.shape[-2])
    return (_paired(a, b) @ c.mT).reshape(shape)


def cp_five(xp: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    """Two factors paired, the three others, then one product of matrices."""
    sizes = (x.shape[-2] for x in (a, b, c, d, e))
    return (_paired(a, b) @ _paired(_paired(c, d), e).mT).reshape(*a.shape[:-2], *sizes)


def _paired(a: Any, b: Any) -> Any:
    """Column by column, every element of one with every element of the other."""
    pairs = a[..., :, None, :] * b[..., None, :, :]
    return pairs.reshape(*a.shape[:-2], a.shape[-2] * b.shape[-2], a.shape[-1])


def tucker(xp: Any, core: Any, a: Any, b: Any, c: Any) -> Any:
    """The core grows along one axis after another."""
    grown = xp.einsum("...pqr,...kr->...pqk", core, c)
    grown = xp.einsum("...pqk,...jq->...pjk", grown, b)
    return xp.einsum("...pjk,...ip->...ijk", grown, a)


def train(xp: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Two halves, then one product of matrices."""
    left = xp.einsum("...ip,...pjq->...ijq", a, b)
    right = xp.einsum("...qkr,...rl->...qkl", c, d)
    return xp.einsum("...ijq,...qkl->...ijkl", left, right)


def ring(xp: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Two halves, then one product of matrices over both bonds between them."""
    left = xp.einsum("...piq,...qjr->...ijpr", a, b)
    right = xp.einsum("...rks,...slp->...prkl", c, d)
    return xp.einsum("...ijpr,...prkl->...ijkl", left, right)


def bells(xp: Any, x: Any, y: Any, w: Any) -> Any:
    """A component at a time: the array of all of them is never made."""

    def component(n: int) -> Any:
        return w[..., n, None, None] * xp.exp(-((x[..., :, None, n] - y[..., None, :, n]) ** 2))

    return sum(component(n) for n in range(x.shape[-1]))


def circuit(xp: Any, *gates: Any) -> Any:
    """A on qubits 0 and 1, B on 1 and 2, C on 0 and 1; axes are outputs, then inputs."""
    lead = gates[0].shape[:-2]
    a, b, c = (gate.reshape(*lead, 2, 2, 2, 2) for gate in gates)
    two = xp.einsum("...yzxw,...uxij->...uyzijw", b, a)
    return xp.einsum("...pquy,...uyzijw->...pqzijw", c, two).reshape(*lead, 8, 8)


def bricks(qubits: int, layers: int) -> Callable[..., Any]:
    """One einsum over all gates, in the order that the library finds.

    PyTorch is quicker with one gate after another while the matrix is small.
    """
    wires, free = list(ascii_letters[:qubits]), iter(ascii_letters[qubits:])
    terms = []
    for at in brick_places(qubits, layers):
        before = [wires[n] for n in at]
        for n in at:
            wires[n] = next(free)
        terms.append("".join([wires[n] for n in at] + before))
    spec = f"{','.join(terms)}->{''.join(wires)}{ascii_letters[:qubits]}"

    def matrix_of(xp: Any, *gates: Any) -> Any:
        if xp.__name__ == "torch" and qubits <= 6:
            return _one_by_one(xp, qubits, brick_places(qubits, layers), gates)
        parts = [gate.reshape(2, 2, 2, 2) for gate in gates]
        how = {"optimize": "greedy"} if xp is np else {}
        return xp.einsum(spec, *parts, **how).reshape(2**qubits, 2**qubits)

    return matrix_of


def _one_by_one(xp: Any, qubits: int, places: list[tuple[int, int]], gates: Any) -> Any:
    made = xp.eye(2**qubits, dtype=gates[0].dtype)
    for gate, (first, _) in zip(gates, places, strict=True):
        made = gate @ made.reshape(2**first, 4, -1)
    return made.reshape(2**qubits, 2**qubits)


def brick_places(qubits: int, layers: int) -> list[tuple[int, int]]:
    """Pairs of neighbours, the even ones, the odd ones, and again."""
    return [(n, n + 1) for layer in range(layers) for n in range(layer % 2, qubits - 1, 2)]


def kron_and_matmul(places: list[tuple[int, int]], qubits: int) -> Callable[..., Any]:
    """The same as a product of matrices of all qubits, which no expert writes."""

    def matrix_of(xp: Any, *gates: Any) -> Any:
        made = xp.eye(2**qubits, dtype=gates[0].dtype)
        for gate, (first, last) in zip(gates, places, strict=True):
            before, after = xp.eye(2**first), xp.eye(2 ** (qubits - 1 - last))
            made = xp.kron(before, xp.kron(gate, after)) @ made
        return made

    return matrix_of


def chain(xp: Any, *factors: Any) -> Any:
    """From the left; all are square."""
    return reduce(xp.matmul, factors)


def minplus(xp: Any, a: Any, b: Any) -> Any:
    """Each library has its own best way."""
    if xp.__name__ == "jax.numpy":  # one fused loop
        return (a[:, None, :] + b[None, :, :]).min(-1)
    if xp is np:
        out, held = np.full((len(a), len(b)), np.inf, a.dtype), np.empty((len(a), len(b)), a.dtype)
        for x, y in zip(a.T.copy(), b.T.copy(), strict=True):
            np.minimum(out, np.add(x[:, None], y, out=held), out=out)
        return out
    out = xp.full((len(a), len(b)), xp.inf, dtype=a.dtype)
    for x, y in zip(a.mT.contiguous(), b.mT.contiguous(), strict=True):
        xp.minimum(out, x[:, None] + y, out=out)
    return out
