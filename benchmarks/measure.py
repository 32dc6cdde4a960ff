"""Time one workload on one backend: ``python benchmarks/measure.py cp-8 jax``.

FunFact's stretch of steps and the expert's take turns in one process, so that whatever else
the machine does meets both.
"""

import argparse
import importlib
import json
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from math import ceil
from statistics import median, quantiles
from typing import Any

import numpy as np
from place import backend_of
from workloads import FITS, WORKLOADS, Workload, random_factors

import funfact as ff
from funfact.fit import FitWarning, hookimpl

__all__ = [
    "Turns",
    "expert",
    "fitted",
    "summary",
    "timed_calls",
    "timed_fit",
    "timed_value",
    "value_of",
]


class Turns:
    """A plug-in: at each checkpoint of FunFact's fit, the expert goes as many steps.

    Attributes
    ----------
    ours, theirs : lists of float
        Seconds for each stretch with the losses after it, the first of each warming up.
    losses : list of pairs of arrays
        Of FunFact and of the expert, at each checkpoint.
    """

    def __init__(self, make: Callable[[list[Any]], Any], steps: int) -> None:
        self._make, self._steps = make, steps
        self.ours: list[float] = []
        self.theirs: list[float] = []
        self.losses: list[tuple[Any, Any]] = []

    @hookimpl
    def checkpoint(self, point: Any) -> None:
        begin = time.perf_counter()
        if point.step:
            self.ours.append(begin - self._end)
            self._expert.advance(self._steps)
        else:
            self._expert = self._make(point.factors)
        losses = self._expert.losses()
        self._end = time.perf_counter()
        if point.step:
            self.theirs.append(self._end - begin)
        self.losses.append((point.losses, losses))


def expert(backend: str) -> Any:
    """The module with the expert's programs."""
    return importlib.import_module(f"expert_{backend.replace('-', '_')}")


def fitted(
    workload: Workload,
    backend: str,
    steps: int,
    stretches: int,
    method: str = "Adam",
    other: Callable[..., Any] | None = None,
) -> Turns:
    """A fit by FunFact and one by the expert, or another, from the same start, in turns."""
    target = workload.data()
    other = other or expert(backend).Descent

    def make(factors: list[Any]) -> Any:
        starts = factors if workload.replicas > 1 else [x[0] for x in factors]
        return other(workload.model, starts, target, workload.prefer)

    turns = Turns(make, steps)
    name, options = backend_of(backend)
    with ff.using(name, **options):
        ff.active_backend.seed(0)
        ff.factorize(
            workload.tsrex(),
            target,
            optimizer=method,
            vec_size=workload.replicas,
            tol=0,
            max_steps=stretches * steps,
            checkpoint_freq=steps,
            plugins=[turns],
            progress=False,
        )
    return turns


def timed_fit(workload: Workload, backend: str, pairs: int, seconds: float) -> dict[str, Any]:
    """Seconds a step; a stretch takes the expert about so many seconds."""
    starts = random_factors(workload, np.random.default_rng(0))
    if workload.replicas > 1:  # one has no axis of its own, with which it would take longer
        starts = [np.stack([x] * workload.replicas) for x in starts]
    trial = expert(backend).Descent(workload.model, starts, workload.data(), workload.prefer)

    def some(steps: int) -> None:
        trial.advance(steps)
        trial.losses()

    steps = _repeats(some, seconds)
    turns = fitted(workload, backend, steps, pairs + 1)
    return summary(turns.ours[1:], turns.theirs[1:], steps)


def timed_value(workload: Workload, backend: str, pairs: int, seconds: float) -> dict[str, Any]:
    """Seconds an evaluation."""
    factors = random_factors(workload, np.random.default_rng(0))
    ours, theirs = value_of(workload, backend, factors), expert_of(workload, backend, factors)
    return timed_calls(ours, theirs, pairs, seconds)


def timed_calls(
    ours: Callable[[], Any], theirs: Callable[[], Any], pairs: int, seconds: float
) -> dict[str, Any]:
    """Seconds a call."""
    times = _repeats(lambda count: _calls(theirs, count), seconds)
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(pairs + 1):
        for call, into in zip((ours, theirs), taken, strict=True):
            begin = time.perf_counter()
            _calls(call, times)
            into.append(time.perf_counter() - begin)
    return summary(taken[0][1:], taken[1][1:], times)


def value_of(workload: Workload, backend: str, factors: Iterable[Any]) -> Callable[[], Any]:
    """FunFact's evaluation, with these factors."""
    tsrex, dtype = workload.tsrex(), workload.dtype
    with ff.using(backend):
        fac = ff.Factorization.from_tsrex(tsrex, dtype=dtype, initialize=False)
        for tensor, x in zip(workload.names, factors, strict=True):
            fac[tensor] = x
    return fac if workload.part is None else lambda: fac[workload.part]


def expert_of(workload: Workload, backend: str, factors: Iterable[Any]) -> Callable[[], Any]:
    """The expert's evaluation, with these factors."""
    evaluation: Callable[..., Callable[[], Any]] = expert(backend).evaluation
    return evaluation(workload.model, _wanted(workload, factors))


def _wanted(workload: Workload, factors: Iterable[Any]) -> Iterator[Any]:
    """Of the first factor what the part of the value needs that is asked for."""
    part = slice(None) if workload.part is None else slice(workload.part, workload.part + 1)
    for n, x in enumerate(factors):
        yield x if n else x[part]


def summary(ours: list[float], theirs: list[float], repeats: int) -> dict[str, Any]:
    """Medians in milliseconds, and quartiles of the ratio, FunFact's over the expert's."""
    low, middle, high = quantiles([a / b for a, b in zip(ours, theirs, strict=True)], n=4)
    return {
        "ours": 1e3 * median(ours) / repeats,
        "theirs": 1e3 * median(theirs) / repeats,
        "ratio": middle,
        "low": low,
        "high": high,
        "pairs": len(ours),
        "repeats": repeats,
    }


def _repeats(call: Callable[[int], None], seconds: float) -> int:
    """How often to repeat, so that it takes so long."""
    call(1)  # compiles
    count, taken = 1, 0.0
    while taken < seconds / 4:
        begin = time.perf_counter()
        call(count)
        taken = time.perf_counter() - begin
        count *= 2
    return ceil(seconds / taken * count / 2)


def _calls(call: Callable[[], Any], count: int) -> None:
    for _ in range(count):
        value = call()
        # JAX returns before it is done
        getattr(value, "block_until_ready", lambda: None)()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=WORKLOADS)
    parser.add_argument("backend")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.15, help="that a stretch takes")
    given = parser.parse_args()
    timed = timed_fit if given.name in FITS else timed_value
    workload = WORKLOADS[given.name]
    # where a fit of noise ends is not the question here
    warnings.simplefilter("ignore", FitWarning)
    print(json.dumps(timed(workload, given.backend, given.pairs, given.seconds)))


if __name__ == "__main__":
    main()
