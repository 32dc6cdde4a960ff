"""Solve every row and write docs/validation.md: ``python -m validation``, from the root.

Each row runs in a process of its own, and the page is written after each. Nothing else should
run: the machine is to be quiet. With ``--only``, ``--backend``, ``--quick`` or ``--alone`` the
tables are printed instead; ``--only`` with ``--keep`` puts its rows into the page, beside the
others of before, which stand in docs/validation.json. The exit status is 1 if a row misses its
floor.
"""

import argparse
import subprocess
import sys
import time
from typing import Any

from benchmarks.figures import Figures, figures_of
from benchmarks.place import ask, replaced, where
from validation.page import PAGE, missed, tables
from validation.rows import ROWS

BACKENDS = ["jax", "torch", "numpy"]
BESIDE = ["tensorly", "pyttb", "scipy", "scikit-learn"]


def wanted(names: list[str], backend: str | None) -> list[tuple[str, str]]:
    """Rows, each with the backend it is solved on: its first unless another is asked for."""
    return [
        (name, backend or ROWS[name].backends[0])
        for name in names
        if backend is None or backend in ROWS[name].backends
    ]


def solved(name: str, backend: str, options: list[str]) -> dict[str, Any]:
    """The backend and what was found, or why there is nothing."""
    try:
        return {"backend": backend} | ask("-m", "validation.solve", name, backend, *options)
    except subprocess.CalledProcessError as error:
        return {"backend": backend, "failed": f"its program ended with status {error.returncode}."}


def main() -> int:
    parser = argparse.ArgumentParser(prog="validation", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=ROWS, metavar="ROW", help="a row")
    parser.add_argument("--backend", choices=BACKENDS)
    parser.add_argument("--quick", action="store_true", help="fewer starts and cases")
    alone = "by the method that FunFact takes alone, and beside references alone"
    parser.add_argument("--alone", action="store_true", help=alone)
    parser.add_argument("--keep", action="store_true", help="put the rows of --only into the page")
    given = parser.parse_args()
    options = [f"--{word}" for word in ("quick", "alone") if getattr(given, word)]
    whole = not (given.only or given.backend or options)
    if given.keep and (given.backend or options):
        parser.error("--keep goes with --only: the page has whole rows, each on its backend")
    place, kept = where([*BACKENDS, *BESIDE]), whole or given.keep
    figures = figures_of(PAGE, place, whole) if kept else Figures(place, {}, {})
    short = False
    for name, backend in wanted(given.only or list(ROWS), given.backend):
        begin = time.perf_counter()
        figures.add(name, solved(name, backend, options))
        word = "MISSED" if name in missed(figures.found) else "held"
        short |= word == "MISSED"
        print(f"{name} on {backend}: {word}, {time.perf_counter() - begin:.0f} s", flush=True)
        if kept:  # after each row, so that what was found is not lost
            PAGE.write_text(replaced(PAGE.read_text(), tables(figures)))
    if not kept:
        print(tables(figures))
    return int(short)


if __name__ == "__main__":
    sys.exit(main())
