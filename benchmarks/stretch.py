"""CPU time of one workload in whichever FunFact this Python has: 2, or 1.0.3.

``python benchmarks/stretch.py cp-8 jax`` makes a stretch of steps, or of values, for each line
that it reads, and prints seconds for one of them. So two processes can take turns.
"""

import argparse
import importlib
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from workloads import FITS, WORKLOADS, Workload, noise, random_factors

import funfact as ff

__all__: list[str] = []

NEW = hasattr(ff, "using")
FOREVER = 10**9


class Clock:
    """Waits for a line, runs until `stop`, prints, and waits again; ends with the input."""

    def start(self) -> None:
        if not sys.stdin.readline():
            sys.exit()
        self._begin = time.process_time()

    @property
    def seconds(self) -> float:
        """CPU time of all threads since the start."""
        return time.process_time() - self._begin

    def stop(self, count: int) -> None:
        """So many were made since the start."""
        print(self.seconds / count, flush=True)


def fit(workload: Workload, steps: int) -> None:
    """Stretches of so many steps of FunFact's fit."""
    from funfact.fit import FitWarning, hookimpl  # what 1.0.3 has not

    class Stretches(Clock):
        @hookimpl
        def checkpoint(self, point: Any) -> None:
            if point.step:
                self.stop(steps)
            self.start()

    warnings.simplefilter("ignore", FitWarning)
    ff.factorize(
        workload.tsrex(),
        noise(workload),
        optimizer="Adam",
        vec_size=workload.replicas,
        tol=0,
        max_steps=FOREVER,
        checkpoint_freq=steps,
        plugins=[Stretches()],
        progress=False,
    )


def earlier_fit(workload: Workload, seconds: float) -> None:
    """Stretches of about so many seconds of a fit of 1.0.3, by an optimiser that waits.

    What its checkpoints take is not counted.
    """
    clock = Clock()

    class Timed(importlib.import_module("funfact.optim").Adam):  # type: ignore[misc]
        count = 0

        def step(self, grad: Any) -> None:
            if not self.count:
                clock.start()
            super().step(grad)
            for x in self.X:
                _wait(x)
            self.count += 1
            if clock.seconds > seconds:
                clock.stop(self.count)
                self.count = 0

    ff.factorize(
        workload.tsrex(),
        noise(workload),
        optimizer=Timed,
        vec_size=workload.replicas,
        tol=0,
        max_steps=FOREVER,
        stop_by=None,
        checkpoint_freq=FOREVER,
    )


def values(workload: Workload, seconds: float) -> None:
    """Stretches of evaluations of either FunFact."""
    ab = ff.active_backend
    fac = ff.Factorization.from_tsrex(workload.tsrex(), dtype=getattr(ab, workload.dtype))
    factors = random_factors(workload, np.random.default_rng(0))
    for name, x in zip(workload.names, factors, strict=True):
        fac[name] = ab.tensor(x)
    call: Callable[[], Any] = fac
    if workload.part is not None:
        call = lambda: fac[workload.part, ...]  # noqa: E731
    clock = Clock()
    while True:
        clock.start()
        count = 0
        while not count or clock.seconds < seconds:
            _wait(call())
            count += 1
        clock.stop(count)


def _wait(x: Any) -> None:
    # JAX returns before it is done
    getattr(x, "block_until_ready", lambda: None)()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=WORKLOADS)
    parser.add_argument("backend")
    parser.add_argument("--steps", type=int, default=100, help="of a stretch of FunFact 2")
    parser.add_argument("--seconds", type=float, default=0.3, help="that other stretches take")
    given = parser.parse_args()
    workload = WORKLOADS[given.name]
    ff.use(given.backend)
    ff.active_backend.seed(0)
    if given.name not in FITS:
        values(workload, given.seconds)
    elif NEW:
        fit(workload, given.steps)
    else:
        earlier_fit(workload, given.seconds)


if __name__ == "__main__":
    main()
