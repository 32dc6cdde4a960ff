"""Solve every row and write docs/validation.md: ``python -m validation``, from the root.

Each row runs in a process of its own, and the page is written after each. Nothing else should
run: the machine is to be quiet. With ``--only``, ``--backend``, ``--quick`` or ``--alone`` the
tables are printed instead. The exit status is 1 if a row misses its floor.
"""

import argparse
import subprocess
import sys
import time

from benchmarks.place import ask, replaced
from validation.ledger import Attempt, Found
from validation.page import PAGE, missed, tables
from validation.rows import ROWS

BACKENDS = ["jax", "torch", "numpy"]


def wanted(names: list[str], backend: str | None) -> list[tuple[str, str]]:
    """Rows, each with the backend it is solved on: its first unless another is asked for."""
    return [
        (name, backend or ROWS[name].backends[0])
        for name in names
        if backend is None or backend in ROWS[name].backends
    ]


def solved(name: str, backend: str, options: list[str]) -> Found | str:
    """What was found, or why there is nothing."""
    try:
        told = ask("-m", "validation.solve", name, backend, *options)
    except subprocess.CalledProcessError as error:
        return f"its program ended with status {error.returncode}."
    return Found(tuple(Attempt(**one) for one in told["attempts"]), told["figures"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="validation", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=ROWS, metavar="ROW", help="a row")
    parser.add_argument("--backend", choices=BACKENDS)
    parser.add_argument("--quick", action="store_true", help="fewer starts and cases")
    alone = "by the method that FunFact takes alone, and beside references alone"
    parser.add_argument("--alone", action="store_true", help=alone)
    given = parser.parse_args()
    options = [f"--{word}" for word in ("quick", "alone") if getattr(given, word)]
    whole = not (given.only or given.backend or options)
    results: dict[str, tuple[str, Found | str]] = {}
    for name, backend in wanted(given.only or list(ROWS), given.backend):
        begin = time.perf_counter()
        results[name] = backend, solved(name, backend, options)
        word = "MISSED" if missed({name: results[name]}) else "held"
        print(f"{name} on {backend}: {word}, {time.perf_counter() - begin:.0f} s", flush=True)
        if whole:  # after each row, so that what was found is not lost
            PAGE.write_text(replaced(PAGE.read_text(), tables(results)))
    if not whole:
        print(tables(results))
    return int(bool(missed(results)))


if __name__ == "__main__":
    sys.exit(main())
