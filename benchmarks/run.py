"""Measure everything and write the tables of docs/performance.md: ``python benchmarks/run.py``.

Each workload runs on each backend in a process of its own. Nothing else should: the machine is
to be quiet. With ``--only``, ``--backend`` or ``--quick`` the tables are printed instead.
``--earlier PYTHON`` is that of an environment with FunFact 1.0.3, and its rows are left out
without it.
"""

import argparse
from pathlib import Path

from earlier import beside
from page import PAGE, Measured, tables
from place import COMPILED, ask, replaced
from workloads import FITS, WORKLOADS

FOLDER = Path(__file__).parent
BACKENDS = ["jax", "torch", COMPILED, "numpy"]

WITH_COMPILER = ["matrix-8", "cp", "cp-8", "cp-nonnegative", "tucker", "train", "bells", "product"]
"""Fits that are also measured compiled: twenty seconds each; what a first one costs, for which all
is compiled again twice, is left to ``python benchmarks/cost.py``."""

CHECKPOINT = 50
"""Steps of a stretch beside 1.0.3, at least: the losses after it count, and come so by default."""


def wanted(names: list[str], backends: list[str]) -> list[tuple[str, str]]:
    """Workloads and backends, those that go together: NumPy has no gradients."""
    with_backend = {"numpy": WORKLOADS.keys() - FITS.keys(), COMPILED: WITH_COMPILER}
    return [
        (name, backend)
        for backend in backends
        for name in names
        if name in with_backend.get(backend, names)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=WORKLOADS, help="a workload")
    parser.add_argument("--backend", action="append", choices=BACKENDS)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="shorter stretches, no costs")
    parser.add_argument("--earlier", metavar="PYTHON", help="that has FunFact 1.0.3")
    given = parser.parse_args()
    whole = not (given.only or given.backend or given.quick)
    rows = wanted(given.only or list(WORKLOADS), given.backend or BACKENDS)
    found = Measured()

    def keep(what: str) -> None:  # after each row, so that what was measured is not lost
        print(what, flush=True)
        if whole:
            PAGE.write_text(replaced(PAGE.read_text(), tables(found)))

    pairs = ["--pairs", str(given.pairs)]
    stretch = ["--seconds", "0.03" if given.quick else "0.15"]
    for name, backend in rows:
        row = found.expert[name, backend] = ask(
            str(FOLDER / "measure.py"), name, backend, *pairs, *stretch
        )
        keep(f"{name} on {backend}: {row['ratio']:.2f} of the expert's time")
    for name, backend in rows if given.earlier else []:
        if backend == COMPILED:
            continue  # 1.0.3 has nothing of the kind
        steps = max(found.expert[name, backend]["repeats"], CHECKPOINT)
        times = beside(given.earlier, name, backend, steps, given.pairs)
        found.earlier[name, backend] = times
        keep(f"{name} on {backend}, beside 1.0.3: " + (f"{times['ratio']:.1f}" if times else "-"))
    for name, backend in [] if given.quick else rows:
        if backend == COMPILED:
            continue
        ours, theirs = (
            ask(str(FOLDER / "cost.py"), name, backend, side) for side in ("ours", "theirs")
        )
        found.expert[name, backend] |= {what: (ours[what], theirs[what]) for what in ours}
        keep(f"{name} on {backend}: memory, compilation")
    if not (given.only or given.backend):
        found.tensorly = ask(str(FOLDER / "beside_tensorly.py"), *pairs, *stretch)
        keep("TensorLy")
        grown = ask(str(FOLDER / "growth.py"), *stretch)
        found.growth, found.walls = grown["growth"], grown["walls"]
        keep("growth")
    print(tables(found))


if __name__ == "__main__":
    main()
