"""Measure everything and write the tables of docs/performance.md: ``python benchmarks/run.py``.

Each workload runs on each backend in a process of its own. Nothing else should: the machine is
to be quiet. With ``--only``, ``--backend``, ``--part`` or ``--quick`` the tables are printed
instead; with ``--keep`` besides, the page has these figures beside the others of before, which
stand in docs/performance.json. ``--earlier PYTHON`` is that of an environment with FunFact 1.0.3,
and its rows are left out without it.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from earlier import beside
from figures import Figures, figures_of
from page import PAGE, tables
from place import COMPILED, ask, replaced, where
from workloads import FITS, WORKLOADS

FOLDER = Path(__file__).parent
BACKENDS = ["jax", "torch", COMPILED, "numpy"]

OF_ROWS = ["time", "earlier", "cost"]
"""What is measured of each workload on each backend."""

PARTS = [*OF_ROWS, "tensorly", "growth"]

WITH_COMPILER = ["matrix-8", "cp", "cp-8", "cp-nonnegative", "tucker", "train", "bells", "product"]
"""Fits that are also measured compiled: twenty seconds each, and as long for each first one."""

FIRST_FITS, FIRST_VALUES, FIRST_COMPILED = 3, 5, 1
"""Processes of which the median is taken: one differs from the next by some MiB, and a tenth."""

CHECKPOINT = 50
"""Steps of a stretch beside 1.0.3, at least: the losses after it count, and come so by default."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=WORKLOADS, help="a workload")
    parser.add_argument("--backend", action="append", choices=BACKENDS)
    parser.add_argument("--part", action="append", choices=PARTS, help="what is measured")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="shorter stretches, no costs")
    parser.add_argument("--keep", action="store_true", help="put the figures into the page")
    parser.add_argument("--earlier", metavar="PYTHON", help="that has FunFact 1.0.3")
    given = parser.parse_args()
    whole = not (given.only or given.backend or given.part or given.quick)
    place = where(BACKENDS)
    kept = whole or given.keep
    figures = figures_of(PAGE, place, whole) if kept else Figures(place, {}, {})
    names = list(wanted(given))
    if not names:
        parser.error("nothing to measure: --part earlier needs --earlier")
    for name in names:
        figures.add(name, measured(name, figures, given))
        print(f"{name}: measured", flush=True)
        if kept:  # after each, so that nothing is lost
            PAGE.write_text(replaced(PAGE.read_text(), tables(figures)))
    if not kept:
        print(tables(figures))


def wanted(given: argparse.Namespace) -> Iterator[str]:
    """The names of figures: part, workload and backend, or a part alone."""
    rows = list(_rows(given.only or list(WORKLOADS), given.backend or BACKENDS))
    parts = given.part or (OF_ROWS if given.only or given.backend else PARTS)
    for part in parts:
        if part not in OF_ROWS:
            yield part
            continue
        if (part == "earlier" and not given.earlier) or (part == "cost" and given.quick):
            continue
        for name, backend in rows:
            if part != "earlier" or backend != COMPILED:  # 1.0.3 does not compile on PyTorch
                yield f"{part} {name} {backend}"


def _rows(names: list[str], backends: list[str]) -> Iterator[tuple[str, str]]:
    """Workloads and backends, those that go together: NumPy has no gradients."""
    with_backend = {"numpy": WORKLOADS.keys() - FITS.keys(), COMPILED: WITH_COMPILER}
    for backend in backends:
        for name in names:
            if name in with_backend.get(backend, names):
                yield name, backend


def measured(name: str, figures: Figures, given: argparse.Namespace) -> Any:
    """One figure; None if 1.0.3 cannot do it."""
    pairs = ["--pairs", str(given.pairs)]
    stretch = ["--seconds", "0.03" if given.quick else "0.15"]
    match name.split():
        case ["time", workload, backend]:
            return ask(str(FOLDER / "measure.py"), workload, backend, *pairs, *stretch)
        case ["earlier", workload, backend]:
            steps = max(figures.found[f"time {workload} {backend}"]["repeats"], CHECKPOINT)
            return beside(given.earlier, workload, backend, steps, given.pairs)
        case ["cost", workload, backend]:
            times = FIRST_FITS if workload in FITS else FIRST_VALUES
            return _costs(workload, backend, FIRST_COMPILED if backend == COMPILED else times)
        case ["tensorly"]:
            return ask(str(FOLDER / "beside_tensorly.py"), *pairs, *stretch)
        case _:
            return ask(str(FOLDER / "growth.py"), *stretch)


def _costs(workload: str, backend: str, times: int) -> dict[str, list[float]]:
    """FunFact's and the expert's, in turns; medians over so many processes."""
    cost, sides = str(FOLDER / "cost.py"), ("ours", "theirs")
    turns = [[ask(cost, workload, backend, side) for side in sides] for _ in range(times)]
    every = list(zip(*turns, strict=True))
    return {what: [median(one[what] for one in side) for side in every] for what in turns[0][0]}


if __name__ == "__main__":
    main()
