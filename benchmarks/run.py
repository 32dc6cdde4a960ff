"""Measure everything and write the tables of docs/performance.md: ``python benchmarks/run.py``.

Each workload runs on each backend in a process of its own. Nothing else should: the machine is
to be quiet. With ``--only``, ``--backend`` or ``--quick`` the tables are printed instead.
"""

import argparse
from pathlib import Path
from typing import Any

from page import PAGE, tables
from place import ask, replaced
from workloads import FITS, WORKLOADS

MEASURE, COST = (str(Path(__file__).parent / name) for name in ("measure.py", "cost.py"))
BACKENDS = ["jax", "torch", "numpy"]


def wanted(names: list[str], backends: list[str]) -> list[tuple[str, str]]:
    """Workloads and backends, those that go together: NumPy has no gradients."""
    return [
        (name, backend)
        for backend in backends
        for name in names
        if backend != "numpy" or name not in FITS
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=WORKLOADS, help="a workload")
    parser.add_argument("--backend", action="append", choices=BACKENDS)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="shorter stretches, no costs")
    given = parser.parse_args()
    whole = not (given.only or given.backend or given.quick)
    rows = wanted(given.only or list(WORKLOADS), given.backend or BACKENDS)
    found: dict[tuple[str, str], dict[str, Any]] = {}

    def keep() -> None:  # after each row, so that what was measured is not lost
        if whole:
            PAGE.write_text(replaced(PAGE.read_text(), tables(found)))

    options = ["--pairs", str(given.pairs), "--seconds", "0.03" if given.quick else "0.15"]
    for name, backend in rows:
        row = found[name, backend] = ask(MEASURE, name, backend, *options)
        print(f"{name} on {backend}: {row['ratio']:.2f}", flush=True)
        keep()
    for name, backend in [] if given.quick else rows:
        ours, theirs = (ask(COST, name, backend, side) for side in ("ours", "theirs"))
        found[name, backend] |= {what: (ours[what], theirs[what]) for what in ours}
        keep()
    print(tables(found))


if __name__ == "__main__":
    main()
