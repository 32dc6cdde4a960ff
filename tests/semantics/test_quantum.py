"""Gates and circuits against the textbook, on each backend.

The oracle places a matrix on qubits entry by entry, from the bits of row and column
numbers, and knows no Kronecker product of FunFact's. Gates are those of Nielsen & Chuang,
Quantum Computation and Quantum Information, 10th anniversary edition: the Pauli matrices,
H, S and T of figure 4.2, rotations of equations (4.4) to (4.6), CNOT, SWAP, controlled Z and
Toffoli of figure 4.6 and section 1.3.4.
"""

from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest

import funfact as ff
from funfact.quantum import (
    CX,
    CZ,
    RX,
    RY,
    RZ,
    SWAP,
    U2,
    U4,
    Circuit,
    H,
    S,
    T,
    Toffoli,
    X,
    Y,
    Z,
    adjoint,
    controlled,
    gate,
    phase,
)

TOLERANCE = 2e-6
ANGLE = 0.7
c, s, e = np.cos(ANGLE / 2), np.sin(ANGLE / 2), np.exp(1j * ANGLE)
h, w = 1 / np.sqrt(2), np.exp(1j * np.pi / 4)


def permutation(*rows: int) -> Any:
    """The matrix that takes basis state k to ``rows[k]``."""
    matrix = np.zeros((len(rows), len(rows)))
    matrix[list(rows), range(len(rows))] = 1
    return matrix


TEXTBOOK = {
    "X": (X, [[0, 1], [1, 0]]),
    "Y": (Y, [[0, -1j], [1j, 0]]),
    "Z": (Z, [[1, 0], [0, -1]]),
    "H": (H, [[h, h], [h, -h]]),
    "S": (S, [[1, 0], [0, 1j]]),
    "T": (T, [[1, 0], [0, w]]),
    "phase": (phase(ANGLE), [[1, 0], [0, e]]),
    "RX": (RX(ANGLE), [[c, -1j * s], [-1j * s, c]]),
    "RY": (RY(ANGLE), [[c, -s], [s, c]]),
    "RZ": (RZ(ANGLE), [[np.exp(-0.5j * ANGLE), 0], [0, np.exp(0.5j * ANGLE)]]),
    "CX": (CX, permutation(0, 1, 3, 2)),
    "CZ": (CZ, np.diag([1, 1, 1, -1])),
    "SWAP": (SWAP, permutation(0, 2, 1, 3)),
    "Toffoli": (Toffoli, permutation(0, 1, 2, 3, 4, 5, 7, 6)),
    "CS": (controlled(S), np.diag([1, 1, 1, 1j])),
    "CRY": (controlled(RY(ANGLE)), [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, c, -s], [0, 0, s, c]]),
    "CCphase": (controlled(phase(ANGLE), 2), np.diag([1, 1, 1, 1, 1, 1, 1, e])),
    "Fredkin": (controlled(SWAP), permutation(0, 1, 2, 3, 4, 6, 5, 7)),
    "T adjoint": (adjoint(T), np.diag([1, np.conj(w)])),
    "RX adjoint": (adjoint(RX(ANGLE)), [[c, 1j * s], [1j * s, c]]),
    "S adjoint adjoint": (adjoint(adjoint(S)), np.diag([1, 1j])),
}


def placed(matrix: Any, qubits: tuple[int, ...], n: int) -> Any:
    """The matrix on n qubits: column by column, the bits at `qubits` go through `matrix`."""
    matrix = np.asarray(matrix)
    whole = np.zeros((2**n, 2**n), complex)
    for column in range(2**n):
        bits = [column >> (n - 1 - q) & 1 for q in range(n)]  # qubit 0 is the most significant
        inner = int("".join(str(bits[q]) for q in qubits), 2)
        for outer in range(len(matrix)):
            for position, q in enumerate(qubits):
                bits[q] = outer >> (len(qubits) - 1 - position) & 1
            row = int("".join(map(str, bits)), 2)
            whole[row, column] += matrix[outer, inner]
    return whole


def value(expr: Any, backend: Any, **kwargs: Any) -> Any:
    return backend.to_numpy(ff.Factorization.from_tsrex(expr, dtype="complex64", **kwargs)())


def random_unitary(size: int, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    q, r = np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))
    return q * (np.diag(r) / abs(np.diag(r)))


def test_the_oracle_is_the_kronecker_product_where_qubits_are_in_order() -> None:
    A, B = random_unitary(2, 0), random_unitary(4, 1)
    np.testing.assert_allclose(placed(A, (1,), 3), np.kron(np.kron(np.eye(2), A), np.eye(2)))
    np.testing.assert_allclose(placed(B, (1, 2), 3), np.kron(np.eye(2), B))


@pytest.mark.parametrize("name", TEXTBOOK)
def test_a_gate_is_the_textbooks(name: str, backend: Any) -> None:
    mine, textbook = TEXTBOOK[name]
    np.testing.assert_allclose(value(mine.matrix, backend), textbook, atol=TOLERANCE)


@pytest.mark.parametrize("name", TEXTBOOK)
def test_every_placement(name: str, backend: Any) -> None:
    """Any order of qubits, adjacent or not, of three."""
    mine, textbook = TEXTBOOK[name]
    for qubits in permutations(range(3), mine.qubits):
        matrix = value(Circuit(3, [mine @ qubits]).to_tsrex(), backend)
        np.testing.assert_allclose(
            matrix, placed(textbook, qubits, 3), atol=TOLERANCE, err_msg=str(qubits)
        )


@pytest.mark.parametrize("form", ["matrix", "axes", "expression"])
def test_a_gate_of_ones_own(form: str, backend: Any) -> None:
    """Placed on four qubits in every order: a matrix without any symmetry."""
    U = random_unitary(4, 3)
    given = {"matrix": U, "axes": U.reshape(2, 2, 2, 2), "expression": ff.tensor("U", U) * 1}[form]
    for qubits in permutations(range(4), 2):
        matrix = value(Circuit(4, [gate(given, "U") @ qubits]).to_tsrex(), backend)
        np.testing.assert_allclose(matrix, placed(U, qubits, 4), atol=TOLERANCE)


def test_a_controlled_gate_of_ones_own(backend: Any) -> None:
    U = random_unitary(2, 5)
    block = np.block([[np.eye(2), np.zeros((2, 2))], [np.zeros((2, 2)), U]])
    for made in (gate(U), gate(ff.tensor("U", U) * 1)):
        np.testing.assert_allclose(value(controlled(made).matrix, backend), block, atol=TOLERANCE)


def drawn_circuit(n: int, length: int, seed: int) -> tuple[Circuit, Any]:
    """A circuit of random gates on random qubits, and its matrix by the oracle."""
    rng = np.random.default_rng(seed)
    circuit, matrix = Circuit(n), np.eye(2**n)
    names = [name for name, (g, _) in TEXTBOOK.items() if g.qubits <= n]
    for _ in range(length):
        mine, textbook = TEXTBOOK[names[rng.integers(len(names))]]
        qubits = tuple(int(q) for q in rng.permutation(n)[: mine.qubits])
        circuit.append(mine @ qubits)
        matrix = placed(textbook, qubits, n) @ matrix
    return circuit, matrix


@pytest.mark.parametrize("seed", range(6))
def test_a_circuit_is_the_product_of_its_gates(seed: int, backend: Any) -> None:
    circuit, matrix = drawn_circuit(1 + seed % 4, 3 * seed + 1, seed)
    np.testing.assert_allclose(value(circuit.to_tsrex(), backend), matrix, atol=5 * TOLERANCE)


@pytest.mark.parametrize("seed", range(3))
def test_a_state_is_what_the_matrix_makes_of_it(seed: int, backend: Any) -> None:
    circuit, matrix = drawn_circuit(3, 8, seed)
    np.testing.assert_allclose(value(circuit.to_state(), backend), matrix[:, 0], atol=5 * TOLERANCE)
    psi = random_unitary(8, seed)[:, 0]
    for given in (psi, ff.tensor("psi", psi)):
        np.testing.assert_allclose(
            value(circuit.to_state(given), backend), matrix @ psi, atol=5 * TOLERANCE
        )


def test_an_empty_circuit_is_the_identity(backend: Any) -> None:
    np.testing.assert_array_equal(value(Circuit(2).to_tsrex(), backend), np.eye(4))
    np.testing.assert_array_equal(value(Circuit(2).to_state(), backend), [1, 0, 0, 0])


def test_the_fourier_transform(backend: Any) -> None:
    """Nielsen & Chuang, section 5.1: H and controlled phases, then the order reversed."""
    n = 4
    circuit = Circuit(n)
    for q in range(n):
        circuit.append(H @ q)
        for p in range(q + 1, n):
            circuit.append(controlled(phase(2 * np.pi / 2 ** (p - q + 1))) @ (p, q))
    for q in range(n // 2):
        circuit.append(SWAP @ (q, n - 1 - q))
    x = np.arange(2**n)
    expected = np.exp(2j * np.pi * np.outer(x, x) / 2**n) / 2 ** (n / 2)
    np.testing.assert_allclose(value(circuit.to_tsrex(), backend), expected, atol=TOLERANCE)


def test_the_other_order_of_qubits(backend: Any) -> None:
    """Placing on n - 1 - q makes qubit 0 the least significant, as Qiskit has it."""
    flipped = Circuit(2, [CX @ (1 - 0, 1 - 1)])
    np.testing.assert_allclose(value(flipped.to_tsrex(), backend), permutation(0, 3, 2, 1))


# --- free unitaries


@pytest.mark.parametrize(("free", "size"), [(U2, 2), (U4, 4)])
@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0])
def test_unitary_whatever_the_parameters(free: Any, size: int, scale: float, backend: Any) -> None:
    start = ff.initializers.Zeros if scale == 0 else ff.initializers.Normal(std=scale)
    U = value(free("V", initializer=start).matrix, backend, vec_size=20)
    np.testing.assert_allclose(U @ U.conj().swapaxes(1, 2), [np.eye(size)] * 20, atol=TOLERANCE)
    if scale == 0:
        np.testing.assert_allclose(U, [np.eye(size)] * 20, atol=TOLERANCE)


def expm(A: Any) -> Any:
    """Of a normal matrix."""
    values, vectors = np.linalg.eig(A)
    return vectors @ np.diag(np.exp(values)) @ np.linalg.inv(vectors)


PAULI = {"X": np.array(TEXTBOOK["X"][1]), "Y": np.array(TEXTBOOK["Y"][1]), "Z": np.diag([1, -1])}


def test_one_qubit_is_the_product_of_rotations(backend: Any) -> None:
    """Nielsen & Chuang, theorem 4.1."""
    a, b, c, d = angles = [0.3, 1.1, -0.4, 2.0]
    turn = [expm(-0.5j * t * PAULI[p]) for t, p in ((b, "Z"), (c, "Y"), (d, "Z"))]
    expected = np.exp(1j * a) * turn[0] @ turn[1] @ turn[2]
    np.testing.assert_allclose(value(U2(angles).matrix, backend), expected, atol=TOLERANCE)


def test_two_qubits_are_the_canonical_decomposition(backend: Any) -> None:
    angles = np.random.default_rng(0).uniform(-3, 3, 16)

    def turn(b: float, c: float, d: float) -> Any:
        return (
            expm(-0.5j * b * PAULI["Z"])
            @ expm(-0.5j * c * PAULI["Y"])
            @ expm(-0.5j * d * PAULI["Z"])
        )

    A, B, C, D = (turn(*angles[4 + 3 * q : 7 + 3 * q]) for q in range(4))
    middle = sum(t * np.kron(PAULI[p], PAULI[p]) for t, p in zip(angles[1:4], "XYZ", strict=True))
    expected = np.exp(1j * angles[0]) * np.kron(A, B) @ expm(1j * middle) @ np.kron(C, D)
    np.testing.assert_allclose(value(U4(angles).matrix, backend), expected, atol=TOLERANCE)


# --- types and replicas


def test_angles_are_real_in_a_complex_model(backend: Any) -> None:
    circuit = Circuit(2, [RX("theta") @ 0, U4("V") @ (1, 0)])
    model = ff.Factorization.from_tsrex(circuit.to_tsrex(), vec_size=3)
    assert backend.is_complex(model.dtype)
    for factor, size in zip(model.factors, [(3,), (3, 16)], strict=True):
        assert backend.dtype_name(factor).startswith("float")
        assert tuple(factor.shape) == size


def test_a_circuit_of_real_gates_is_real(backend: Any) -> None:
    circuit = Circuit(2, [H @ 0, RY("theta") @ 1, CX @ (0, 1), controlled(Z) @ (1, 0)])
    model = ff.Factorization.from_tsrex(circuit.to_tsrex())
    assert not backend.is_complex(model.dtype)
    assert not backend.is_complex(model())


def test_each_replica_is_the_circuit_with_its_angles(backend: Any) -> None:
    circuit = Circuit(3, [RX("a") @ 2, CX @ (2, 0), controlled(RZ("b")) @ (0, 1)])
    expr = circuit.to_tsrex()
    model = ff.Factorization.from_tsrex(expr, dtype="complex64", vec_size=4)
    many = backend.to_numpy(model())
    a, b = (backend.to_numpy(model[name]) for name in "ab")
    for r in range(4):
        turn = expm(-0.5j * float(a[r]) * PAULI["X"])
        block = np.diag([1, 1, np.exp(-0.5j * b[r]), np.exp(0.5j * b[r])])
        expected = placed(block, (0, 1), 3) @ placed(permutation(0, 1, 3, 2), (2, 0), 3)
        expected = expected @ placed(turn, (2,), 3)
        np.testing.assert_allclose(many[r], expected, atol=TOLERANCE)


def test_gates_share_an_angle(backend: Any) -> None:
    theta = ff.tensor("theta", real=True)
    circuit = Circuit(1, [RZ(theta) @ 0, RZ(-theta) @ 0])
    model = ff.Factorization.from_tsrex(circuit.to_tsrex(), dtype="complex64")
    assert len(model.factors) == 1
    np.testing.assert_allclose(backend.to_numpy(model()), np.eye(2), atol=TOLERANCE)


def test_every_pair_of_five_qubits(backend: Any) -> None:
    """Adjacent or not: CX between any two, in one circuit, on a state."""
    pairs = list(combinations(range(5), 2))
    circuit = Circuit(5, [H @ q for q in range(5)] + [CX @ (q, p) for p, q in pairs])
    state = np.full(32, 32**-0.5)
    for p, q in pairs:
        state = placed(permutation(0, 1, 3, 2), (q, p), 5) @ state
    np.testing.assert_allclose(value(circuit.to_state(), backend), state, atol=TOLERANCE)


# --- cost


def test_a_gate_costs_its_own_size_not_the_circuits() -> None:
    """2**k multiplications and additions for each element of what it is applied to."""
    from funfact.compiler.ir import Contract
    from funfact.graph import postorder

    n = 10
    circuit = Circuit(n, [H @ q for q in range(n)] + [CX @ (q, q + 1) for q in range(n - 1)])
    for expr, elements in ((circuit.to_tsrex(), 4**n), (circuit.to_state(), 2**n)):
        sizes = [
            int(np.prod([axis.size for axis in {a for t in node.terms for a in t.axes}]))
            for node in postorder(expr.ir)
            if isinstance(node, Contract)
        ]
        assert max(sizes) <= elements * 2**2
        assert sum(sizes) <= len(circuit) * elements * 2**2 + elements
