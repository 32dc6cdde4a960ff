"""The tables of docs/performance.md, and their place in it."""

import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from os import cpu_count
from pathlib import Path
from statistics import geometric_mean
from typing import Any

from workloads import FITS, WORKLOADS

__all__ = ["PAGE", "replaced", "tables", "where"]

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

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
                parts += [f"### {'Fits' if fits else 'Values'} on {_library(backend)}"]
                parts += [_table(kept, {n: found[n, backend] for n in kept}, fits)]
    return "\n\n".join(parts)


def where(backends: Iterable[str]) -> str:
    """The machine and the versions, as a sentence."""
    libraries = dict.fromkeys(["numpy", *backends])
    versions = ", ".join(f"{_library(name)} {version(name)}" for name in libraries)
    return (
        f"Measured on {_processor()} with {cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {versions}."
    )


def replaced(text: str, measured: str) -> str:
    """The page with other tables."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}"


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


def _library(name: str) -> str:
    return {"numpy": "NumPy", "jax": "JAX", "torch": "PyTorch"}.get(name, name)


def _processor() -> str:
    """What the processor calls itself, where the system tells."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
