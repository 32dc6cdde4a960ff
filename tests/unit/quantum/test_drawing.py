"""Circuits in text."""

from funfact.quantum import CX, CZ, RX, SWAP, U4, Circuit, H, Toffoli, controlled, gate


def lines(text: str) -> str:
    """The drawing below, without the newlines and the margin around it."""
    return "\n".join(line[4:] for line in text.strip("\n").splitlines()[:-1])


def test_no_gates() -> None:
    assert repr(Circuit(1)) == "q0: ──"
    assert repr(Circuit(2)) == "q0: ──\n\nq1: ──"


def test_each_gate_as_far_to_the_left_as_it_goes() -> None:
    circuit = Circuit(3, [H @ 0, H @ 2, CX @ (0, 1), RX("theta") @ 2, H @ 1])
    assert repr(circuit) == lines(
        """
    q0: ──H──────●─────────
                 │
    q1: ─────────X──────H──

    q2: ──H──RX(theta)─────
    """
    )


def test_controls_below_their_target_and_wires_in_between() -> None:
    circuit = Circuit(3, [CX @ (2, 0), Toffoli @ (0, 2, 1), SWAP @ (2, 0)])
    assert repr(circuit) == lines(
        """
    q0: ──X──●──×──
          │  │  │
    q1: ──┼──X──┼──
          │  │  │
    q2: ──●──●──×──
    """
    )


def test_the_order_of_the_qubits_of_a_free_gate_shows() -> None:
    circuit = Circuit(3, [U4("A") @ (2, 0), controlled(SWAP) @ (1, 0, 2)])
    assert repr(circuit) == lines(
        """
    q0: ──U4(A):1──×──
             │     │
    q1: ─────┼─────●──
             │     │
    q2: ──U4(A):0──×──
    """
    )


def test_gates_over_different_qubits_share_a_column() -> None:
    circuit = Circuit(4, [CZ @ (0, 1), CX @ (3, 2)])
    assert repr(circuit) == lines(
        """
    q0: ──●──
          │
    q1: ──Z──

    q2: ──X──
          │
    q3: ──●──
    """
    )


def test_long_circuits_go_on_below() -> None:
    text = repr(Circuit(2, [RX("theta") @ 0 for _ in range(20)]))
    blocks = text.split("\n\n\n")
    assert [block.count("RX(theta)") for block in blocks] == [8, 8, 4]
    for block in blocks:
        first, between, second = block.splitlines()
        assert (first[:4], between, second[:4]) == ("q0: ", "", "q1: ")
        assert len(first) == len(second) <= 100


def test_many_qubits_line_up() -> None:
    text = repr(Circuit(11, [H @ 0, H @ 10]))
    assert text.splitlines()[0] == "q0:  ──H──"
    assert text.splitlines()[-1] == "q10: ──H──"


def test_a_gate_without_a_name_of_its_own() -> None:
    assert "U:0" in repr(
        Circuit(2, [gate([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) @ (0, 1)])
    )
