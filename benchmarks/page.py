"""The tables of docs/performance.md, and their place in it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import geometric_mean
from typing import Any

from figures import Figures
from place import COMPILED, library
from workloads import FITS, WORKLOADS

__all__ = ["PAGE", "tables"]

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
MISSED = " ▲"
"""Marks a figure that misses what is asked of it."""

MEAN = {"jax": 1.0, "torch": 1.2, COMPILED: 1.2, "numpy": 1.1}
"""The geometric mean of ratios to the expert's times, of fits and values together, at most."""

SINGLE = {
    ("cp-8", "jax"): 0.5,
    ("cp-large", "jax"): 0.5,
    ("matrix-8", "jax"): 0.5,
    ("cp", "jax"): 0.65,
}
"""Single ratios, at most, where that is not 1.3."""

COMPILERS = ("jax", COMPILED)
"""Where a first fit takes time to compile, at most 1.5 times the expert's."""

FASTER = {"jax": 60, "torch": 9}
"""How many times faster than 1.0.3 fits are to be, in geometric mean."""

Rows = Mapping[str, Mapping[str, Any]]


def tables(figures: Figures) -> str:
    """All that was measured; rows as in `workloads`, what misses its floor marked."""
    found = figures.found
    parts = [figures.where, figures.when()]
    for backend in MEAN:
        for fits in (True, False):
            parts += _of_backend(found, backend, fits)
        times = [f"time {name} {backend}" for name in WORKLOADS]
        rows = [found[key] for key in times if key in found]
        if rows:
            mean = _marked(_mean(rows), MEAN[backend])
            parts.append(f"Geometric mean of all ratios on {library(backend)}: {mean}")
    if "tensorly" in found:
        parts += ["### TensorLy on NumPy", _tensorly_table(found["tensorly"])]
    if "growth" in found:
        parts += ["### How cost grows, on JAX", _growth_table(found["growth"]["growth"])]
        parts += ["### Brick walls on JAX", _walls_table(found["growth"]["walls"])]
    return "\n\n".join(parts)


def _of_backend(found: Mapping[str, Any], backend: str, fits: bool) -> list[str]:
    kind = f"{'Fits' if fits else 'Values'} on {library(backend)}"
    names = [name for name in WORKLOADS if (name in FITS) == fits]

    def rows(part: str) -> dict[str, Any]:
        full = {name: f"{part} {name} {backend}" for name in names}
        return {name: found[key] for name, key in full.items() if key in found}

    times, costs, earlier = rows("time"), rows("cost"), rows("earlier")
    parts = [f"### {kind}", _expert_table(times, costs, backend, fits)] if times else []
    if earlier:
        parts += [f"### {kind}, beside FunFact 1.0.3"]
        parts += [_earlier_table(earlier, backend, fits)]
    return parts


def _table(head: list[str], lines: list[list[str]]) -> str:
    rows = [head, ["---", *["---:"] * (len(head) - 1)], *lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in rows)


def _expert_table(rows: Rows, costs: Rows, backend: str, fits: bool) -> str:
    unit = "a step" if fits else "a value"
    head = ["workload", f"FunFact, ms {unit}", f"expert, ms {unit}", "ratio", "quartiles"]
    head += ["memory, MiB", "first fit, s" if fits else "first value, s"]
    lines = [_expert_row(name, backend, row, costs.get(name, {})) for name, row in rows.items()]
    mean = _mean(rows.values())
    lines.append(["geometric mean", "", "", f"**{mean:.2f}**", "", "", ""])
    return _table(head, lines)


def _expert_row(
    name: str, backend: str, row: Mapping[str, Any], cost: Mapping[str, Any]
) -> list[str]:
    limit = SINGLE.get((name, backend), 1.3)
    cells = [*_times(name, row), _marked(row["ratio"], limit), _quartiles(row)]
    for what in ("memory", "seconds"):
        pair = cost.get(what)
        if pair is None:
            cells.append("")
            continue
        late = pair[0] > 1.5 * pair[1] and (what == "memory" or backend in COMPILERS)
        digits = 2 if what == "seconds" else int(min(pair) < 1)
        cells.append(f"{pair[0]:.{digits}f} / {pair[1]:.{digits}f}{MISSED * late}")
    return cells


def _earlier_table(rows: Mapping[str, Mapping[str, Any] | None], backend: str, fits: bool) -> str:
    unit = "a step" if fits else "a value"
    head = ["workload", f"FunFact, CPU ms {unit}", f"1.0.3, CPU ms {unit}"]
    head += ["times faster", "quartiles"]
    known = {name: row for name, row in rows.items() if row}
    lines = []
    for name, row in rows.items():
        if row:
            lines.append([*_times(name, row), _marked(row["ratio"], 1, above=True, digits=1)])
            lines[-1].append(_quartiles(row))
        else:
            lines.append([WORKLOADS[name].title, "", "not done in a minute, or not at all", "", ""])
    floor = FASTER.get(backend, 1) if fits else 1
    if known:
        mean = _marked(_mean(known.values()), floor, above=True, digits=1)
        lines.append(["geometric mean", "", "", mean, ""])
    return _table(head, lines)


def _tensorly_table(rows: Rows) -> str:
    lines = []
    for title, row in rows.items():
        times = [f"{row['ours']:.3g}", f"{row['theirs']:.3g}", f"**{row['ratio']:.2f}**"]
        lines.append([title, *times, _quartiles(row)])
    return _table(["what", "FunFact, ms", "TensorLy, ms", "ratio", "quartiles"], lines)


def _growth_table(rows: Rows) -> str:
    head = ["what grows", "values", "ms", "exponent", "in theory"]
    lines = [
        [title, _list(row["sizes"]), _list(row["ms"]), f"**{row['exponent']:.2f}**", row["theory"]]
        for title, row in rows.items()
    ]
    return _table(head, lines)


def _walls_table(rows: Rows) -> str:
    lines = []
    for title, row in rows.items():
        word = "at least" if row["above"] else "at most"
        measured = _marked(row["figure"], row["limit"], row["above"], digits=1)
        lines.append([title, measured, f"{word} {row['limit']}"])
    return _table(["what", "measured", "asked for"], lines)


def _list(numbers: Iterable[float]) -> str:
    return ", ".join(f"{x:.3g}" for x in numbers)


def _times(name: str, row: Mapping[str, Any]) -> list[str]:
    return [WORKLOADS[name].title, f"{row['ours']:.3g}", f"{row['theirs']:.3g}"]


def _quartiles(row: Mapping[str, Any]) -> str:
    return f"{row['low']:.2f} to {row['high']:.2f}"


def _marked(figure: float, limit: float, above: bool = False, digits: int = 2) -> str:
    """In bold, with a mark if it is on the wrong side of its limit."""
    missed = figure < limit if above else figure > limit
    return f"**{figure:.{digits}f}**{MISSED * missed}"


def _mean(rows: Iterable[Mapping[str, Any]]) -> float:
    return geometric_mean(row["ratio"] for row in rows)
