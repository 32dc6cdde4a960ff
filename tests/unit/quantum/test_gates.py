"""Gates and circuits as they are written: names, reading, and what is refused."""

import pickle
import pydoc
from typing import Any

import numpy as np
import pytest

import funfact as ff
from funfact import errors
from funfact.initializers import Uniform, Zeros
from funfact.quantum import (
    CX,
    RX,
    SWAP,
    U2,
    U4,
    Circuit,
    Gate,
    H,
    Placed,
    S,
    Toffoli,
    X,
    adjoint,
    controlled,
    gate,
    phase,
)


def test_the_package_is_imported_when_it_is_asked_for() -> None:
    assert ff.quantum.CX is CX


def test_gates_know_their_size() -> None:
    assert [g.qubits for g in (H, CX, Toffoli, controlled(SWAP, 2), U4())] == [1, 2, 3, 4, 2]
    assert CX.matrix.shape == (4, 4)
    assert CX.tensor.shape == (2, 2, 2, 2)
    assert not CX.matrix.live_indices


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (X, "X"),
        (Toffoli, "CCX"),
        (RX(), "RX"),
        (RX("theta"), "RX(theta)"),
        (RX(0.5), "RX(0.5)"),
        (RX(-2 * ff.tensor("t", real=True)), "RX(-2 * t)"),
        (controlled(phase("lambda")), "Cphase(lambda)"),
        (adjoint(S), "S†"),
        (adjoint(adjoint(S)), "S"),
        (U2("V"), "U2(V)"),
        (U4(np.zeros(16)), "U4"),
        (gate(np.eye(2)), "U"),
        (gate(ff.tensor("A", 4, 4)), "A"),
        (gate(ff.tensor("A", 4, 4), "Blick"), "Blick"),
    ],
)
def test_names(made: Any, name: str) -> None:
    assert repr(made) == name


def test_constants_are_tensors_of_their_name() -> None:
    circuit = Circuit(3, [CX @ (0, 1), Toffoli @ (0, 1, 2), adjoint(S) @ 0, CX @ (1, 0)])
    assert [t.symbol for t in circuit.to_tsrex().tensors] == ["CX", "CCX", None]


def test_placing() -> None:
    assert repr(CX @ (2, 0)) == "CX @ (2, 0)"
    assert repr(H @ 1) == repr(H @ (1,)) == repr(H @ [np.int64(1)]) == "H @ 1"


def test_angles() -> None:
    (free,) = RX("theta").tensor.tensors
    assert (free.symbol, free.shape, free.real, free.optimizable) == ("theta", (), True, True)
    assert free.initializer == Uniform(scale=2 * np.pi)
    assert RX(0.5).tensor.tensors == ()
    (start,) = RX(0.5, optimizable=True).tensor.tensors
    assert (start.optimizable, float(start.data)) == (True, 0.5)
    (zero,) = U4("V", initializer=Zeros).tensor.tensors
    assert (zero.shape, zero.initializer) == ((16,), Zeros)
    (fixed,) = U2([0, 1, 2, 3]).tensor.tensors
    assert (fixed.optimizable, fixed.data.tolist()) == (False, [0, 1, 2, 3])


def test_functions_that_make_gates_are_documented_and_pickled() -> None:
    assert repr(RX) == "RX(theta: Any = None, **options: Any) -> funfact.quantum.gates.Gate"
    assert "rotation about the x axis" in pydoc.plain(pydoc.render_doc(RX))
    assert pickle.loads(pickle.dumps(U4)) is U4


def test_a_preferred_unitary() -> None:
    A = ff.tensor("A", 4, 4, prefer=ff.conditions.Unitary)
    circuit = Circuit(3, [gate(A) @ (0, 1), gate(A) @ (1, 2)])
    assert circuit.to_tsrex().tensors == (A.node,)


def test_circuits_are_lists_of_placed_gates() -> None:
    circuit = Circuit(2, [H @ 0])
    circuit.append(CX @ (0, 1))
    assert (circuit.n, len(circuit), [repr(p) for p in circuit]) == (2, 2, ["H @ 0", "CX @ (0, 1)"])
    assert len(Circuit(2, circuit)) == 2


def test_factors_come_in_the_order_of_the_gates() -> None:
    circuit = Circuit(3, [RX("a") @ 0, U4("b") @ (0, 2), U2("c") @ 1, RX("d") @ 2])
    assert [t.symbol for t in circuit.to_tsrex().tensors] == ["a", "b", "c", "d"]
    named = [t.symbol for t in circuit.to_state().tensors]
    assert [name for name in named if name] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("angle", "shown"),
    [
        (np.pi, "RX(pi)"),
        (-np.pi / 4, "RX(-pi/4)"),
        (5 * np.pi / 8, "RX(5*pi/8)"),
        (np.float64(2 * np.pi), "RX(2*pi)"),
        (1.0471975511, "RX(1.047)"),
        (0.5, "RX(0.5)"),
        (0, "RX(0)"),
        (1e-9, "RX(1e-09)"),
        (ff.pi / 3, "RX(pi / 3)"),
    ],
)
def test_an_angle_is_shown_in_short(angle: Any, shown: str) -> None:
    assert repr(RX(angle)) == shown


@pytest.mark.parametrize("where", [[0, 1], range(2), np.array([0, 1]), (np.int64(0), np.int8(1))])
def test_qubits_in_any_list(where: Any) -> None:
    assert repr(CX @ where) == "CX @ (0, 1)"


def test_a_projector_is_a_gate_if_it_is_said_to_be_none() -> None:
    P = gate([[1, 0], [0, 0]], "P", unitary=False)
    with ff.using("numpy"):
        value = ff.Factorization.from_tsrex(Circuit(1, [H @ 0, P @ 0]).to_state())()
    np.testing.assert_allclose(value, [np.sqrt(0.5), 0], atol=1e-15)


def test_a_unitary_may_be_typed_in() -> None:
    assert repr(gate([[0.7071, 0.7071], [0.7071, -0.7071]])) == "U"


def test_a_state_is_taken_as_it_is() -> None:
    with ff.using("numpy"):
        value = ff.Factorization.from_tsrex(Circuit(1, [X @ 0]).to_state([3, 4]))()
    assert value.tolist() == [4, 3]


# --- errors


@pytest.mark.parametrize(
    ("write", "kind", "facts"),
    [
        (
            lambda: CX @ 0,
            errors.IndexingError,
            ["CX acts on 2 qubits", "1 qubit, 0", "CX @ (0, 1)"],
        ),
        (lambda: H @ (0, 1), errors.IndexingError, ["H acts on 1 qubit", "2 qubits", "H @ 0"]),
        (lambda: CX @ (1, 1), errors.IndexingError, ["names qubit 1 twice", "different"]),
        (lambda: H @ -1, errors.IndexingError, ["names qubit -1", "counted from 0"]),
        (lambda: H @ "q0", errors.NotationError, ["H @ 'q0'", "expected the qubits", "H @ 0"]),
        (lambda: CX @ (0, 1.0), errors.NotationError, ["CX @ (0, 1.0)", "CX @ (0, 1)"]),
        (lambda: H @ True, errors.NotationError, ["expected the qubits"]),
        (lambda: Circuit(0), errors.OptionError, ["Circuit(0)", "1 or more"]),
        (lambda: Circuit(-3), errors.OptionError, ["Circuit(-3)", "how many qubits"]),
        (lambda: Circuit(2.0), errors.OptionError, ["Circuit(2.0)"]),
        (
            lambda: Circuit(2).append(CX @ (0, 2)),
            errors.IndexingError,
            ["CX @ (0, 2) names qubit 2", "the circuit has 2: 0 to 1"],
        ),
        (lambda: Circuit(1).append(H @ 1), errors.IndexingError, ["has 1: 0."]),
        (
            lambda: Circuit(2).append(CX),
            errors.NotationError,
            ["appended without qubits", "CX @ (0, 1)"],
        ),
        (lambda: Circuit(2).append("H"), errors.NotationError, ["'H' was appended", "CX @ (0, 1)"]),
        (lambda: gate(np.eye(3)), errors.ShapeError, ["shape (3, 3)", "2**k rows"]),
        (lambda: gate(np.eye(1)), errors.ShapeError, ["shape (1, 1)"]),
        (lambda: gate(np.ones((2, 4))), errors.ShapeError, ["shape (2, 4)", "(4, 4)"]),
        (lambda: gate(np.ones((2, 2, 2))), errors.ShapeError, ["shape (2, 2, 2)"]),
        (lambda: gate(ff.tensor("A", 6, 6)), errors.ShapeError, ["shape (6, 6)"]),
        (lambda: gate("H"), errors.NotationError, ["'H'", "not an array of numbers"]),
        (lambda: controlled(X, 0), errors.OptionError, ["controlled(X, 0)", "1 or more"]),
        (lambda: RX(ff.tensor("t", 3)), errors.ShapeError, ["shape (3,)", "() is expected"]),
        (lambda: U2([1, 2]), errors.ShapeError, ["shape (2,)", "(4,) is expected"]),
        (lambda: RX(1j), errors.NotationError, ["1j is no angle", "'theta'"]),
        (
            lambda: RX(ff.tensor("t"), initializer=Zeros),
            errors.OptionError,
            ["expression t", "initializer"],
        ),
        (
            lambda: Circuit(2).to_state(np.ones(3)),
            errors.ShapeError,
            ["shape (3,)", "2 qubits", "(4,)"],
        ),
        (lambda: controlled("X"), errors.NotationError, ["controlled(gate) got 'X'", "quantum"]),
        (lambda: controlled(X @ 0), errors.NotationError, ["got X @ 0", "placed already"]),
        (lambda: controlled(X, [1]), errors.OptionError, ["controlled(X, [1])", "1 or more"]),
        (lambda: adjoint(None), errors.NotationError, ["adjoint(gate) got None"]),
        (lambda: adjoint(Circuit(2)), errors.NotationError, ["got a Circuit"]),
        (lambda: Circuit(2, None), errors.NotationError, ["Circuit(2, None)", "[H @ 0, X @ 0]"]),
        (lambda: Circuit(2, X @ 0), errors.NotationError, ["Circuit(2, X @ 0)", "in a list"]),
        (lambda: Circuit(np.array([1, 2])), errors.OptionError, ["how many qubits"]),
        (
            lambda: Circuit(2).append(Circuit(2)),
            errors.NotationError,
            ["a Circuit was appended", "one by one"],
        ),
        (lambda: CX @ np.array([0.0, 1.0]), errors.NotationError, ["CX @ (0, 1)"]),
        (
            lambda: RX @ 0,
            errors.NotationError,
            ["a GateFunction is no operand", "RX makes gates", "RX() or RX('name')"],
        ),
        (lambda: U4 @ (0, 1), errors.NotationError, ["U4() or U4('name'), and place that"]),
        (lambda: 0 @ X, errors.NotationError, ["a Gate is no operand", "on the left, X @ 0"]),
        (lambda: np.array([0, 1]) @ CX, errors.NotationError, ["CX @ (0, 1)"]),
        (lambda: 2 * X, errors.NotationError, [".matrix"]),
        (lambda: -(X @ 0), errors.NotationError, ["circuit.append(X @ 0)"]),
        (lambda: ff.tensor("u", 2, 2) @ X, errors.NotationError, ["a Gate stands", ".matrix"]),
        (lambda: Circuit(2) + Circuit(2), errors.NotationError, ["circuit.append(placed)"]),
        (lambda: ff.exp(Circuit(2)), errors.NotationError, ["a Circuit", ".to_tsrex()"]),
        (lambda: Placed("X", (0,)), errors.NotationError, ["Placed(gate, qubits) got 'X'"]),
        (lambda: Placed(CX, (0,)), errors.IndexingError, ["CX acts on 2 qubits"]),
        (lambda: Gate("A", np.eye(2)), errors.ShapeError, ["Gate('A')", "quantum.gate(matrix)"]),
        (lambda: Gate("A", ff.tensor("A", 4, 4)), errors.ShapeError, ["axis of size 2"]),
        (lambda: gate([[1, 2], [3]]), errors.NotationError, ["unequal lengths"]),
        (lambda: gate(np.eye(2), 3), errors.NotationError, ["gate(matrix, 3)", "a string"]),
        (lambda: gate([[1, np.nan], [0, 1]]), errors.OptionError, ["gate U has NaN"]),
        (
            lambda: gate([[1, 1], [0, 1]], "V"),
            errors.OptionError,
            ["gate V is not unitary", "is 1 off the identity", "unitary=False"],
        ),
        (
            lambda: gate(ff.tensor("A", 2, 2)[ff.indices(2)]),
            errors.NotationError,
            ["gate(A[", "with indices"],
        ),
        (
            lambda: RX("t", start=0),
            errors.UnknownNameError,
            ["option of RX 'start'"],
        ),
        (lambda: RX(np.nan), errors.OptionError, ["angles nan are not all finite"]),
        (lambda: U2([1, 2, 3, np.inf]), errors.OptionError, ["not all finite"]),
        (lambda: RX([[1], [2, 3]]), errors.NotationError, ["is no angle"]),
        (
            lambda: Circuit(2).to_state([1, 0, 0, np.nan]),
            errors.OptionError,
            ["initial state has NaN"],
        ),
        (lambda: Circuit(2).to_state("0"), errors.NotationError, ["is '0'", "no array of numbers"]),
        (
            lambda: Circuit(2).to_state(ff.tensor("psi", 4)[ff.index()]),
            errors.NotationError,
            ["psi[", "has indices"],
        ),
        (lambda: Circuit(90).to_state(), errors.OptionError, ["2**90 amplitudes", "to_tsrex"]),
        (
            lambda: ff.Factorization.from_tsrex(Circuit(2)),
            errors.NotationError,
            ["not of a Circuit", ".to_tsrex()"],
        ),
        (
            lambda: ff.factorize(Circuit(2), np.eye(4)),
            errors.NotationError,
            ["a Circuit where the expression belongs", ".to_tsrex()"],
        ),
    ],
)
def test_refused(write: Any, kind: type[Exception], facts: list[str]) -> None:
    with pytest.raises(kind) as caught, ff.using("numpy"):
        write()
    for fact in facts:
        assert fact in str(caught.value)
