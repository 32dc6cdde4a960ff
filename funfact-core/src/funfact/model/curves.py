"""Curves of losses: drawn by matplotlib on request, and as a small SVG without it."""

import importlib
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from funfact.errors import MissingLibraryError

if TYPE_CHECKING:
    from funfact.model.history import History

__all__ = ["plot", "svg"]

_WIDTH, _HEIGHT, _MARGIN = 480, 200, 56
"""Of the picture, in pixels; the margin is on the left and below."""

_CURVES, _POINTS = 64, 200
"""How many replicas are drawn at most, and how many checkpoints of each."""


def plot(history: "History", ax: Any = None) -> Any:
    """The losses of all replicas over the steps; see `History.plot`."""
    try:
        # by name: the library is not one that core depends on
        pyplot = importlib.import_module("matplotlib.pyplot")
    except ImportError as exc:
        raise MissingLibraryError(
            "history.plot() draws with matplotlib, which does not import here "
            f"({exc}). Install it: pip install matplotlib. In Jupyter, fac.report() shows the "
            "curves without it."
        ) from exc
    if ax is None:
        _, ax = pyplot.subplots()
    others = np.delete(history.losses, history.replica, axis=1)
    ax.plot(history.steps, others, color="gray", alpha=0.4, linewidth=1)
    label = f"replica {history.replica}"
    ax.plot(history.steps, history.losses[:, history.replica], color="teal", label=label)
    ax.set(xlabel="step", ylabel=history.loss_name or "loss", yscale="log")
    if history.tol > 0:
        ax.axhline(history.tol, color="black", linestyle=":", linewidth=1, label="tol")
    ax.legend()
    return ax


def svg(history: "History") -> str:
    """The same as a picture for a page, or '' if there is nothing to draw."""
    best = np.argsort(history.best, kind="stable")[:_CURVES]
    last = len(history.steps) - 1
    rows = np.unique(np.linspace(0, last, min(last + 1, _POINTS)).round().astype(int))
    losses, steps = history.losses[rows], history.steps[rows]
    positive = np.isfinite(losses) & (losses > 0)
    if last == 0 or not positive.any():
        return ""
    logs = np.full(losses.shape, np.nan)
    logs[positive] = np.log10(losses[positive])
    low, high = np.nanmin(logs), np.nanmax(logs)
    x = _MARGIN + (_WIDTH - _MARGIN - 8) * steps / steps[-1]
    y = 8 + (_HEIGHT - _MARGIN) * (high - logs) / max(high - low, 1e-9)
    own = history.replica
    lines = [_curve(x, y[:, n], 'stroke="gray" opacity="0.5"') for n in best if n != own]
    lines.append(_curve(x, y[:, own], 'stroke="teal" stroke-width="2"'))
    bottom = 8 + _HEIGHT - _MARGIN
    words = [
        _word(_MARGIN - 6, 14, "end", f"{10**high:.2g}"),
        _word(_MARGIN - 6, bottom, "end", f"{10**low:.2g}"),
        _word(_MARGIN, bottom + 20, "start", str(steps[0])),
        _word(_WIDTH - 8, bottom + 20, "end", f"step {steps[-1]}"),
    ]
    size = f'width="{_WIDTH}" height="{_HEIGHT - 16}"'
    name = escape(f"{history.loss_name or 'loss'} of each replica over the steps, logarithmic")
    return (
        f'<svg {size} role="img" font-size="11" fill="currentColor"><title>{name}</title>\n'
        + "\n".join([*filter(None, lines), *words])
        + "\n</svg>"
    )


def _curve(x: Any, y: Any, style: str) -> str:
    known = np.isfinite(y)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x[known], y[known], strict=True))
    return f'<polyline fill="none" {style} points="{points}"/>' if points else ""


def _word(x: float, y: float, anchor: str, text: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
