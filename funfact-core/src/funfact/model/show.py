"""A model as people read it: as text, and as a table in Jupyter."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from funfact.conditions.known import shown
from funfact.language.nodes import Tensor
from funfact.language.render.names import names
from funfact.model.history import History
from funfact.model.values import stored_dtype

if TYPE_CHECKING:
    from funfact.model.factorization import Factorization

__all__ = ["asked", "html", "text"]

_CHECKPOINTS = 10
"""How many rows the table of a fit has at most."""


def text(fac: "Factorization") -> str:
    """The expression, then a line for each factor, then how the fit went."""
    rows = [(name, shape, state) for name, shape, _, state in _factors(fac)]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    lines = [
        f"Factorization of {fac.tsrex!r}",
        f"shape {fac.shape}, {fac.backend.dtype_name(fac.dtype)} on {fac.backend!r}",
        *(
            "  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ),
    ]
    if fac.history is not None:
        lines.append(str(fac.history))
    return "\n".join(lines)


def html(fac: "Factorization") -> str:
    """The formula, the table of factors, and that of the fit; no scripts."""
    parts = [
        f"<p>$$ {escape(fac.tsrex.latex)} $$</p>",
        f"<p>shape {fac.shape} on {escape(repr(fac.backend))}</p>",
        _table(("factor", "shape", "dtype", ""), _factors(fac)),
    ]
    if isinstance(fac.history, History):
        parts.append(f"<p>{escape(str(fac.history))}</p>")
        parts.append(_table(("step", "loss", "seconds"), _checkpoints(fac.history)))
    return "\n".join(parts)


def _factors(fac: "Factorization") -> list[tuple[str, str, str, str]]:
    """Name, shape, dtype, and whether a fit changes it, with what is asked of it."""
    named, ab = names(fac.tsrex.node), fac.backend
    return [
        (
            named[tensor],
            str(tensor.full_shape),
            ab.dtype_name(stored_dtype(tensor, ab, fac.dtype)),
            ", ".join(["optimised" if tensor.optimizable else "fixed", *asked(tensor)]),
        )
        for tensor in fac.tsrex.tensors
    ]


def asked(tensor: Tensor) -> Iterator[str]:
    """What is imposed on a tensor and what is preferred, as it was written."""
    for name, spec in (("constrain", tensor.constrain), ("prefer", tensor.prefer)):
        if spec is not None:
            yield f"{name}={shown(spec)}"


def _checkpoints(history: History) -> list[tuple[str, str, str]]:
    """Step, loss and time of this model's replica, at checkpoints spread over the fit."""
    last = len(history.steps) - 1
    chosen = sorted({last * row // (_CHECKPOINTS - 1) for row in range(_CHECKPOINTS)})
    return [
        (
            str(history.steps[place]),
            f"{history.losses[place, history.replica]:.6g}",
            f"{history.seconds[place]:.3g}",
        )
        for place in chosen
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [_row("th", head), *(_row("td", row) for row in rows)]
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _row(cell: str, entries: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{cell}>{escape(entry)}</{cell}>" for entry in entries) + "</tr>"
