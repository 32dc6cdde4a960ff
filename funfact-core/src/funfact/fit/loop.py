"""The loop: stretches of steps on the device, and what happens between them."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pluggy

from funfact.backends.capabilities import Autodiff
from funfact.backends.contract import Array
from funfact.errors import OptionError
from funfact.fit.history import Outcome
from funfact.fit.hooks import Fit, Point, State
from funfact.fit.parts import Part
from funfact.fit.solvers.base import Carry
from funfact.fit.team import Fewer, Team, Vector

__all__ = ["run"]


def run(
    parts: Sequence[Part],
    fit: Fit,
    factors: Sequence[Array],
    plugins: pluggy.PluginManager,
    fewer: Fewer | None = None,
) -> Outcome:
    """Step until something says stop.

    Parameters
    ----------
    parts : sequence of Part
        What is stepped, and for which replicas.
    fit : Fit
    factors : sequence of arrays
        Where to start, with all replicas.
    plugins : pluggy.PluginManager
        Told of everything; what it keeps is the result.
    fewer : callable, optional
        ``fewer(n)``: parts for n replicas, with which the fit goes on when others are given up.

    Returns
    -------
    Outcome

    Raises
    ------
    KeyboardInterrupt
        If it came before the first checkpoint after the start; later it ends the fit.
    """
    plugins.hook.started(fit=fit)
    outcome: Outcome | None = None
    try:
        outcome = _run(Team(parts, fit, fewer), fit, factors, plugins)
    finally:
        plugins.hook.stopped(outcome=outcome)
    return outcome


def _run(
    team: Team,
    fit: Fit,
    factors: Sequence[Array],
    plugins: pluggy.PluginManager,
) -> Outcome:
    hook = plugins.hook
    watch = _Watch(team, fit)
    carry = team.init(factors)
    step = 0
    if _next_wanted(hook, -1) == 0:
        hook.stepped(state=watch.state(0, carry))
    outcome = watch.checkpoint(hook, 0, carry)
    try:
        while outcome is None:
            due = min(step - step % fit.checkpoint_freq + fit.checkpoint_freq, fit.max_steps)
            while step < due:
                wanted = _next_wanted(hook, step)
                until = due if wanted is None else min(due, wanted)
                carry = team.advance(carry, until - step)
                step = until
                if step == wanted:
                    hook.stepped(state=watch.state(step, carry))
            outcome = watch.checkpoint(hook, step, carry)
            if outcome is None and step == fit.max_steps:
                outcome = Outcome.MAX_STEPS
            if outcome is None and watch.gives_up(hook):
                carry = team.keep(carry, watch.running)
    except KeyboardInterrupt:
        if not watch.checkpoints > 1:
            raise
        outcome = Outcome.INTERRUPTED
    return outcome


def _next_wanted(hook: Any, step: int) -> int | None:
    return min((s for s in hook.next_step(step=step) if s > step), default=None)


class _Watch:
    """Looks at a fit from outside the loop, and remembers the best losses."""

    def __init__(self, team: Team, fit: Fit) -> None:
        self._team, self._fit = team, fit
        self._best = np.full(fit.replicas, np.inf)
        self._alive = np.full(fit.replicas, True)
        self.running = np.full(fit.replicas, True)
        self._begin = time.perf_counter()
        self.checkpoints = 0

    def checkpoint(self, hook: Any, step: int, carry: list[Carry]) -> Outcome | None:
        """Tell the plug-ins; the outcome if one of them says stop."""
        point = self._last = self._point(step, carry)
        self.checkpoints += 1
        hook.checkpoint(point=point)
        reason = next((reason for reason in hook.stop(point=point) if reason), None)
        return reason if reason is None or isinstance(reason, Outcome) else Outcome.PLUGIN

    def gives_up(self, hook: Any) -> bool:
        """Whether a plug-in gives up replicas after the last checkpoint; they run no longer."""
        before = self.running
        for given in hook.give_up(point=self._last):
            self.running = self.running if given is None else self.running & ~self._mask(given)
        return bool(np.any(before & ~self.running))

    def _mask(self, given: Any) -> Vector:
        mask, count = np.asarray(given), len(self.running)
        if mask.dtype != bool or mask.shape != (count,):
            raise OptionError(
                f"give_up of a plug-in returned {given!r:.60}: expected an array of {count} "
                "booleans, True for each replica to give up, or None. Of indices, "
                f"np.isin(np.arange({count}), indices) makes one."
            )
        return mask

    def _point(self, step: int, carry: list[Carry]) -> Point:
        now, norms = self._look(step, carry)
        # where half of the replicas are not yet gone, those given up are stepped all the same
        now = np.where(self.running, now, np.nan)
        norms = None if norms is None else np.where(self.running, norms, np.nan)
        self._alive = self._alive & (np.isfinite(now) | ~self.running)
        # Once lost, a replica stays lost, even if its loss became a number again.
        improved = self._alive & self.running & (now < self._best)
        self._best = np.where(improved, now, self._best)
        return Point(
            step=step,
            losses=now,
            best=self._best,
            improved=improved,
            alive=self._alive,
            converged=self._converged(self._best),
            seconds=time.perf_counter() - self._begin,
            factors=self._team.factors(carry),
            running=self.running,
            gradient_norms=norms,
        )

    def _look(self, step: int, carry: list[Carry]) -> tuple[Vector, Vector | None]:
        """The losses and the norms of the gradients; None where it is over before the first step.

        Without automatic differentiation these come on top of the losses, and would then be a
        third of the time of a fit whose start is exact.
        """
        fit = self._fit
        if step == 0 and fit.gradient_norms and not isinstance(fit.backend, Autodiff):
            now = self._team.losses(carry)
            if np.sum(self._converged(now)) >= fit.stop_after:
                return now, None
        return self._team.look(carry)

    def _converged(self, losses: Vector) -> Vector:
        """Which are below the tolerance, of which 0 is none: a user's loss may be below zero."""
        return (losses < self._fit.tol) & (self._fit.tol > 0)

    def state(self, step: int, carry: list[Carry]) -> State:
        """What a plug-in sees that asked for this step."""
        each, gradient = self._team.gradient(carry)
        return State(step, each, gradient, self._team.factors(carry))
