"""The loop: stretches of steps on the device, and what happens between them."""

import time
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np
import pluggy

from funfact.backends.capabilities import Compile, Repeat
from funfact.backends.contract import Array, Backend
from funfact.fit.history import Outcome
from funfact.fit.hooks import Fit, Point, State
from funfact.fit.problem import Problem, losses
from funfact.fit.solvers.base import Carry, Solver
from funfact.fit.solvers.gradient import gradient_of

__all__ = ["run"]

Advance = Callable[..., Carry]

_WORTH_COMPILING = 32
"""Steps of a fit from which on it is compiled: fewer are made before a compiler is done."""


def run(
    problem: Problem,
    solver: Solver,
    fit: Fit,
    factors: list[Array],
    plugins: pluggy.PluginManager,
) -> Outcome:
    """Step until something says stop.

    Parameters
    ----------
    problem : Problem
    solver : Solver
    fit : Fit
    factors : list of arrays
        Where to start; the loop takes them over.
    plugins : pluggy.PluginManager
        Told of everything; what it keeps is the result.

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
        outcome = _run(problem, solver, fit, factors, plugins)
    finally:
        plugins.hook.stopped(outcome=outcome)
    return outcome


def _run(
    problem: Problem,
    solver: Solver,
    fit: Fit,
    factors: list[Array],
    plugins: pluggy.PluginManager,
) -> Outcome:
    hook = plugins.hook
    watch = _Watch(problem, fit)
    advance = _advancer(solver, problem.backend, fit)
    carry = solver.init(factors)
    step = 0
    if _next_wanted(hook, -1) == 0:
        hook.stepped(state=watch.state(0, solver.factors(carry)))
    outcome = watch.checkpoint(hook, 0, solver.factors(carry))
    try:
        while outcome is None:
            due = min(step - step % fit.checkpoint_freq + fit.checkpoint_freq, fit.max_steps)
            while step < due:
                wanted = _next_wanted(hook, step)
                until = due if wanted is None else min(due, wanted)
                carry = advance(carry, until - step, *problem.args)
                step = until
                if step == wanted:
                    hook.stepped(state=watch.state(step, solver.factors(carry)))
            outcome = watch.checkpoint(hook, step, solver.factors(carry))
            if outcome is None and step == fit.max_steps:
                outcome = Outcome.MAX_STEPS
    except KeyboardInterrupt:
        if not watch.checkpoints > 1:
            raise
        outcome = Outcome.INTERRUPTED
    return outcome


def _next_wanted(hook: Any, step: int) -> int | None:
    return min((s for s in hook.next_step(step=step) if s > step), default=None)


def _advancer(solver: Solver, backend: Backend, fit: Fit) -> Advance:
    """``advance(carry, n, *args)``: n steps, on the device where the backend can."""
    if solver.pure and fit.max_steps >= _WORTH_COMPILING and isinstance(backend, Repeat):
        return backend.repeat(solver.step)
    step = _compiler(backend, fit)(solver.step) if solver.pure else solver.step

    def advance(carry: Carry, n: int, *args: Any) -> Carry:
        for _ in range(n):
            carry = step(carry, *args)
        return carry

    return advance


class _Watch:
    """Looks at the factors from outside the loop, and remembers the best losses."""

    def __init__(self, problem: Problem, fit: Fit) -> None:
        compiled = _compiler(problem.backend, fit)
        self._problem, self._tol = problem, fit.tol
        self._losses = compiled(partial(losses, problem))
        self._compiled = compiled
        self._best = np.full(fit.replicas, np.inf)
        self._alive = np.full(fit.replicas, True)
        self._begin = time.perf_counter()
        self.checkpoints = 0

    def checkpoint(self, hook: Any, step: int, factors: list[Array]) -> Outcome | None:
        """Tell the plug-ins; the outcome if one of them says stop."""
        point = self._point(step, factors)
        self.checkpoints += 1
        hook.checkpoint(point=point)
        reason = next((reason for reason in hook.stop(point=point) if reason), None)
        return reason if reason is None or isinstance(reason, Outcome) else Outcome.PLUGIN

    def _point(self, step: int, factors: list[Array]) -> Point:
        now = self._to_numpy(self._losses(factors, *self._problem.args))
        self._alive = self._alive & np.isfinite(now)
        # Once lost, a replica stays lost, even if its loss became a number again.
        improved = self._alive & (now < self._best)
        self._best = np.where(improved, now, self._best)
        return Point(
            step=step,
            losses=now,
            best=self._best,
            improved=improved,
            alive=self._alive,
            converged=self._best < self._tol,
            seconds=time.perf_counter() - self._begin,
            factors=factors,
        )

    def state(self, step: int, factors: list[Array]) -> State:
        """What a plug-in sees that asked for this step."""
        (_, each), grad = self._gradient(factors, *self._problem.args)
        return State(step, self._to_numpy(each), grad, factors)

    @cached_property
    def _gradient(self) -> Any:
        return self._compiled(gradient_of(self._problem))

    def _to_numpy(self, x: Array) -> Any:
        # a copy: NumPy may share memory with the backend, which goes on using it
        return np.array(self._problem.backend.to_numpy(x), dtype=float)


def _compiler(backend: Backend, fit: Fit) -> Callable[[Any], Any]:
    worth = fit.max_steps >= _WORTH_COMPILING
    return backend.compile if worth and isinstance(backend, Compile) else _as_it_is


def _as_it_is(function: Any) -> Any:
    return function
