"""How cost grows, and what is asked of brick walls: ``python benchmarks/growth.py``, on JAX.

The time of a step of a fit for several sizes, and the exponent that fits it best beside the one
that the number of operations has.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable
from math import ceil
from statistics import median
from typing import Any

import numpy as np
from by_hand import brick_places, kron_and_matmul
from expert_jax import Descent
from workloads import Workload, bricks_of, cp_of, matrix_of, noise, random_factors, tucker_of

import funfact as ff
from funfact.fit import FitWarning, hookimpl

__all__ = ["SERIES", "fitted_exponent", "grown", "walls"]

LEAST = 50
"""Steps of a stretch: the losses after it count, and come so by default. With fewer the larger of
two models would be told its losses more often."""

STRETCHES = 5

SERIES: dict[str, tuple[Callable[[int], Workload], list[int], int, str]] = {
    "matrix n x n, rank 32": (lambda n: matrix_of(n, 32, 1), [256, 512, 1024, 2048], 1, "2"),
    "matrix 512 x 512, rank": (lambda n: matrix_of(512, n, 1), [32, 64, 128, 256], 1, "1"),
    "CP n^3, rank 16": (lambda n: cp_of(n, 16), [64, 96, 144, 216], 1, "3"),
    "CP 96^3, rank": (lambda n: cp_of(96, n), [16, 32, 64, 128], 1, "1"),
    "CP 64^3, rank 16, replicas": (lambda n: cp_of(64, 16, n), [4, 8, 16, 32], 1, "1"),
    "Tucker n^3, core 8^3": (lambda n: tucker_of(n, 8), [64, 96, 144, 216], 1, "3"),
    "layers of gates on 6 qubits": (lambda n: bricks_of(6, n), [2, 4, 6, 8], 1, "1"),
    "qubits n, 4 layers of gates, as 4^n": (lambda n: bricks_of(n, 4), [7, 8, 9, 10], 4, "1"),
}
"""By title: the workload of a number, the numbers, and what is fitted: the time as a power of the
number, or of this base to that number; the exponent in theory."""


class Stretches:
    """A plug-in: seconds from one checkpoint to the next."""

    def __init__(self) -> None:
        self._ticks: list[float] = []

    @hookimpl
    def checkpoint(self, point: Any) -> None:
        self._ticks.append(time.perf_counter())

    @property
    def seconds(self) -> list[float]:
        return [b - a for a, b in zip(self._ticks, self._ticks[1:], strict=False)]


def milliseconds(workload: Workload, seconds: float) -> float:
    """The median of stretches of a fit that take so many seconds or more, a step."""
    target = noise(workload)

    def stretches(steps: int, count: int) -> list[float]:
        watch = Stretches()
        ff.factorize(
            workload.tsrex(),
            target,
            optimizer="Adam",
            vec_size=workload.replicas,
            tol=0,
            max_steps=count * steps,
            checkpoint_freq=steps,
            plugins=[watch],
            progress=False,
        )
        return watch.seconds

    taken = stretches(LEAST, 2)[1]
    steps = max(ceil(seconds / taken * LEAST), LEAST)
    return 1e3 * median(stretches(steps, STRETCHES)) / steps


def fitted_exponent(sizes: list[float], times: list[float]) -> float:
    """The slope of the line that fits best in logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def grown(title: str, seconds: float) -> dict[str, Any]:
    """One series."""
    made, numbers, base, theory = SERIES[title]
    times = [milliseconds(made(n), seconds) for n in numbers]
    powers = [float(n) if base == 1 else float(base) ** n for n in numbers]
    exponent = fitted_exponent(powers, times)
    return {"sizes": numbers, "ms": times, "exponent": exponent, "theory": theory}


def walls(seconds: float) -> dict[str, dict[str, Any]]:
    """What is asked of brick walls: figures and their limits."""
    nine, ten, eleven = (bricks_of(n, 4) for n in (9, 10, 11))
    flops = ten.tsrex().plan().flops / (len(ten.shapes) * 4**10)
    faster = _kron_milliseconds(ten) / milliseconds(ten, seconds)
    ratio = milliseconds(eleven, seconds) / milliseconds(nine, seconds)
    return {
        "planned flops a gate on 10 qubits, over 4^10": _limit(flops, 16),
        "a step on 10 qubits, times faster than kron and matmul": _limit(faster, 6, above=True),
        "a step on 11 qubits, over one on 9": _limit(ratio, 24),
    }


def _limit(figure: float, limit: float, above: bool = False) -> dict[str, Any]:
    return {"figure": figure, "limit": limit, "above": above}


def _kron_milliseconds(workload: Workload) -> float:
    """The same step by the expert's loop, but of a product of matrices of all qubits."""
    qubits = int(np.log2(workload.tsrex().shape[0]))
    model = kron_and_matmul(brick_places(qubits, 4), qubits)
    starts = random_factors(workload, np.random.default_rng(0))
    fit = Descent(model, starts, noise(workload), workload.prefer)
    taken = []
    for _ in range(2):  # the first compiles
        begin = time.perf_counter()
        fit.advance(1)
        fit.losses()
        taken.append(time.perf_counter() - begin)
    return 1e3 * taken[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.1, help="that a stretch takes")
    parser.add_argument("--only", action="append", choices=[*SERIES, "walls"])
    given = parser.parse_args()
    warnings.simplefilter("ignore", FitWarning)
    ff.use("jax")
    wanted = given.only or [*SERIES, "walls"]
    found = {title: grown(title, given.seconds) for title in SERIES if title in wanted}
    limits = walls(given.seconds) if "walls" in wanted else {}
    print(json.dumps({"growth": found, "walls": limits}))


if __name__ == "__main__":
    main()
