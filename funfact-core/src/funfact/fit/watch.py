"""The hooks that every fit has: the best factors so far, and when to stop."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from funfact.backends.capabilities import Compile
from funfact.backends.contract import Array, Backend
from funfact.fit.history import Outcome
from funfact.fit.hooks import Fit, Point, hookimpl

__all__ = ["BestSoFar", "Halving", "Settled", "StopRule"]


class BestSoFar:
    """Keeps, on the device, the factors that each replica had at its best checkpoint."""

    def __init__(self) -> None:
        self.factors: list[Array] = []

    @hookimpl
    def started(self, fit: Fit) -> None:
        self._backend = fit.backend
        self._keep = _keeper(fit.backend, fit.append)

    @hookimpl
    def checkpoint(self, point: Point) -> None:
        if point.improved.all() or not self.factors:
            # Copies: the next steps may reuse the buffers of `point.factors`.
            self.factors = [self._backend.copy(x) for x in point.factors]
        elif point.improved.any():
            mask = self._backend.tensor(point.improved)
            self.factors = self._keep(mask, point.factors, self.factors)


@lru_cache(maxsize=8)
def _keeper(backend: Backend, append: bool) -> Any:
    def keep(improved: Array, new: Sequence[Array], old: Sequence[Array]) -> list[Array]:
        def choose(a: Array, b: Array) -> Array:
            shape = (1,) * (a.ndim - 1)
            mask = backend.reshape(improved, (*shape, -1) if append else (-1, *shape))
            return backend.where(mask, a, b)

        return [choose(a, b) for a, b in zip(new, old, strict=True)]

    return backend.compile(keep) if isinstance(backend, Compile) else keep


class StopRule:
    """Ends the fit when enough replicas have converged, or none is left."""

    @hookimpl
    def started(self, fit: Fit) -> None:
        self._after = fit.stop_after

    @hookimpl(tryfirst=True)
    def stop(self, point: Point) -> Outcome | None:
        if not (point.alive & point.running).any():
            return Outcome.PLUGIN if point.alive.any() else Outcome.LOST
        # A replica that was lost or given up will never converge: do not wait for it.
        in_reach = int(np.sum(point.alive & point.running | point.converged))
        done = int(np.sum(point.converged))
        return Outcome.CONVERGED if done >= min(self._after, in_reach) else None


class Settled:
    """Ends the fit when the loss of no replica changes any more, unless the tolerance is 0."""

    @hookimpl
    def started(self, fit: Fit) -> None:
        self._asked = fit.settles and fit.tol > 0
        self._precision = fit.precision
        self._before: Any = None
        self._at = 0

    @hookimpl
    def stop(self, point: Point) -> Outcome | None:
        if not self._asked or (self._before is not None and point.step < self._at + _APART):
            return None
        before, self._before, self._at = self._before, point.losses, point.step
        if before is None:
            self._least = self._precision**2 * point.losses
            return None
        with np.errstate(invalid="ignore"):
            change = np.abs(point.losses - before)
            small = change <= np.maximum(_CHANGE, 16 * self._precision) * before + self._least
        return Outcome.SETTLED if np.all(small | ~(point.alive & point.running)) else None


class Halving:
    """Gives up the worse half of the replicas at checkpoints 1, 2, 4, 8, ..., until few are left.

    So each stretch between two such checkpoints costs about as much as the first. Replicas
    that have converged stay.

    References
    ----------
    Jamieson & Talwalkar, Non-stochastic best arm identification and hyperparameter
    optimization, AISTATS 2016: successive halving.
    """

    def __init__(self, least: int) -> None:
        self._least = least

    @hookimpl
    def started(self) -> None:
        self._seen = 0

    @hookimpl
    def give_up(self, point: Point) -> Any:
        self._seen += 1  # the start is not among them
        if self._seen & (self._seen - 1):
            return None
        running = np.flatnonzero(point.running)
        rank = np.where(point.alive, point.best, np.inf)[running]
        behind = running[np.argsort(rank, kind="stable")][max(len(running) // 2, self._least) :]
        leaving = np.full(len(point.running), False)
        leaving[behind] = ~point.converged[behind]
        return leaving


_CHANGE = 1e-10
"""Of the loss, from one checkpoint to the next: less is none."""

_APART = 2
"""Steps between two losses that are compared, at least: one of them may have been refused."""
