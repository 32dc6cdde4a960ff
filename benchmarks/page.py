"""The tables of docs/performance.md, and their place in it."""

from collections.abc import Mapping
from pathlib import Path
from statistics import geometric_mean
from typing import Any

from place import library, where
from workloads import FITS, WORKLOADS

__all__ = ["PAGE", "tables"]

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"

Found = Mapping[tuple[str, str], Mapping[str, Any]]
"""What was measured, by workload and backend."""


def tables(found: Found) -> str:
    """A table for the fits of each backend, and one for values; rows as in `workloads`."""
    backends = list(dict.fromkeys(backend for _, backend in found))
    parts = [where(backends)]
    for backend in backends:
        for fits in (True, False):
            kept = [n for n in WORKLOADS if (n, backend) in found and (n in FITS) == fits]
            if kept:
                parts += [f"### {'Fits' if fits else 'Values'} on {library(backend)}"]
                parts += [_table(kept, {n: found[n, backend] for n in kept}, fits)]
    return "\n\n".join(parts)


def _table(names: list[str], rows: Mapping[str, Mapping[str, Any]], fits: bool) -> str:
    unit = "a step" if fits else "a value"
    head = ["workload", f"FunFact, ms {unit}", f"expert, ms {unit}", "ratio", "quartiles"]
    head += ["memory, MiB", "first fit, s" if fits else "first value, s"]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    lines += [_row(WORKLOADS[name].title, rows[name]) for name in names]
    mean = geometric_mean(rows[name]["ratio"] for name in names)
    lines.append(["geometric mean", "", "", f"**{mean:.2f}**", "", "", ""])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(title: str, row: Mapping[str, Any]) -> list[str]:
    cells = [title, f"{row['ours']:.3g}", f"{row['theirs']:.3g}", f"**{row['ratio']:.2f}**"]
    cells.append(f"{row['low']:.2f} to {row['high']:.2f}")
    for what, form in (("memory", ".0f"), ("seconds", ".2f")):
        pair = row.get(what)
        cells.append(f"{pair[0]:{form}} / {pair[1]:{form}}" if pair else "")
    return cells
