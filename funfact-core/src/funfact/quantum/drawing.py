"""A circuit in text: a line for each qubit, time from left to right."""

from collections.abc import Sequence

from funfact.quantum.gates import Placed

__all__ = ["drawing"]

_WIDTH = 100


def drawing(n: int, gates: Sequence[Placed]) -> str:
    """The circuit of `n` qubits; what is too wide goes on below.

    ``●`` is a control, ``×`` a qubit that is swapped, and ``U:1`` the qubit that the gate U
    on several has as its second, counted from 0. ``┼`` is a qubit that a gate passes over.

    Examples
    --------
    >>> from funfact.quantum import CX, SWAP, H
    >>> print(drawing(3, [H @ 0, CX @ (2, 0), SWAP @ (0, 1)]))
    q0: ──H──X──×──
             │  │
    q1: ─────┼──×──
             │
    q2: ─────●─────
    """
    names = [f"q{q}: " for q in range(n)]
    margin = max(map(len, names))
    blocks: list[list[str]] = []
    for placed in _columns(n, gates):
        column = _drawn(placed, n)
        if not blocks or len(blocks[-1][0]) + len(column[0]) > _WIDTH:
            blocks.append(_fresh(names, margin))
        blocks[-1] = [line + cell for line, cell in zip(blocks[-1], column, strict=True)]
    blocks = blocks or [_fresh(names, margin)]
    return "\n\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks)


def _fresh(names: Sequence[str], margin: int) -> list[str]:
    """The left ends of the lines: those of the qubits, and between them those of the links."""
    lines = [" " * (margin + 2)] * (2 * len(names) - 1)
    lines[::2] = [name.ljust(margin) + "──" for name in names]
    return lines


def _columns(n: int, gates: Sequence[Placed]) -> list[list[Placed]]:
    """Gates that stand above one another: each as far to the left as those before it allow."""
    columns: list[list[Placed]] = []
    free = [0] * n
    for placed in gates:
        span = range(min(placed.qubits), max(placed.qubits) + 1)
        at = max(free[q] for q in span)
        if at == len(columns):
            columns.append([])
        columns[at].append(placed)
        for q in span:
            free[q] = at + 1
    return columns


def _drawn(column: Sequence[Placed], n: int) -> list[str]:
    """The cells of a column from top to bottom, all of one width."""
    on = [""] * n
    linked = [False] * n
    for placed in column:
        low, high = min(placed.qubits), max(placed.qubits)
        for q in range(low, high):
            linked[q] = True
            on[q + 1] = "┼"
        for q, label in zip(placed.qubits, _labels(placed), strict=True):
            on[q] = label
    width = max(map(len, on))
    lines = [" "] * (2 * n - 1)
    lines[::2] = [label.center(width).replace(" ", "─") + "──" for label in on]
    lines[1::2] = [("│" if link else "").center(width) + "  " for link in linked[:-1]]
    return lines


def _labels(placed: Placed) -> list[str]:
    gate = placed.gate
    acting = gate.qubits - gate.controls
    name = gate.name.replace(" ", "")
    if name == "SWAP":
        targets = ["×"] * acting
    else:
        targets = [name] if acting == 1 else [f"{name}:{k}" for k in range(acting)]
    return ["●"] * gate.controls + targets
