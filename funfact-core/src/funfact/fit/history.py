"""Writing down how a fit went."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from funfact.fit.hooks import Fit, Point, hookimpl
from funfact.model.history import History, Outcome

__all__ = ["FitWarning", "History", "Outcome", "Recorder"]


class FitWarning(RuntimeWarning):
    """What the result of a fit does not show: a replica was lost, or it was cut off."""


class Recorder:
    """Writes down every checkpoint."""

    def __init__(self) -> None:
        self._points: list[tuple[int, Any, float]] = []
        self._norms: list[Any] = []

    @hookimpl
    def started(self, fit: Fit) -> None:
        self._fit = fit

    @hookimpl
    def checkpoint(self, point: Point) -> None:
        self._points.append((point.step, point.losses, point.seconds))
        self._norms.append(point.gradient_norms)
        self._last = point

    def history(self, outcome: Outcome) -> History:
        """All that was written down."""
        steps, losses, seconds = zip(*self._points, strict=True)
        last, fit = self._last, self._fit
        return History(
            steps=np.array(steps),
            losses=np.stack(losses),
            seconds=np.array(seconds),
            best=last.best,
            converged=last.converged,
            lost=tuple(map(int, np.flatnonzero(~last.alive))),
            stopped=tuple(map(int, np.flatnonzero(~last.running))),
            tol=fit.tol,
            outcome=outcome,
            replica=int(np.argmin(last.best)),
            method=fit.method,
            reason=fit.reason,
            gradient_norms=_rows(self._norms),
            loss_name=fit.loss,
            squares=fit.squares,
            target_norm=fit.target_norm,
            lr=fit.lr,
        )


def _rows(norms: "Sequence[np.ndarray[Any, Any] | None]") -> "np.ndarray[Any, Any] | None":
    """Those of all checkpoints, NaN where they were not taken; None if they never were."""
    taken = next((row for row in norms if row is not None), None)
    if taken is None:
        return None
    return np.stack([np.full_like(taken, np.nan) if row is None else row for row in norms])
