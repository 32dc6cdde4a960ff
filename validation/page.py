"""The tables of docs/validation.md."""

from collections.abc import Mapping
from math import isinf, isnan
from pathlib import Path
from typing import Any

from benchmarks.figures import Figures
from validation.ledger import Attempt, Verdict, judged
from validation.rows import ROWS

__all__ = ["PAGE", "missed", "tables"]

PAGE = Path(__file__).parents[1] / "docs" / "validation.md"

Results = Mapping[str, Mapping[str, Any]]
"""By row: the backend, and the attempts and figures found there, or why there are none."""


def missed(results: Results) -> list[str]:
    """Rows with a floor that does not hold, or that could not be solved."""
    return [name for name in results if not all(v.held for v in _verdicts(name, results))]


def tables(figures: Figures) -> str:
    """What every row came to, and then the attempts of each."""
    results = {name: figures.found[name] for name in ROWS if name in figures.found}
    count, short = len(results), missed(results)
    parts = [
        figures.where,
        figures.when(),
        f"**{count - len(short)} of {count} rows hold.**"
        + (f" Missed: {', '.join(ROWS[name].title for name in short)}." if short else ""),
        _summary(results),
    ]
    parts += [_section(name, results) for name in results]
    return "\n\n".join(parts)


def _verdicts(name: str, results: Results) -> tuple[Verdict, ...]:
    return judged(ROWS[name].floors, results[name].get("figures", {}))


def _summary(results: Results) -> str:
    lines = [["problem", "figure", "must be", "is", ""], ["---", "---", "---", "---:", "---"]]
    for name in results:
        title = f"[{ROWS[name].title}](#{name})"
        for verdict in _verdicts(name, results):
            mark = "held" if verdict.held else "**MISSED**"
            cells = [title, verdict.floor.figure, str(verdict.floor), number(verdict.got), mark]
            lines.append(cells)
            title = ""
    return _table(lines)


def _section(name: str, results: Results) -> str:
    row, found = ROWS[name], results[name]
    text = f"### {row.title} {{#{name}}}\n\n{row.what}\n\nReference: {row.source}."
    if "failed" in found:
        return f"{text}\n\n**Not solved:** {found['failed']}"
    head = ["case", "solver", row.unit, "good", "time, s", "first, s"]
    lines = [head, ["---", "---", "---:", "---:", "---:", "---:"]]
    lines += [_line(Attempt(**one)) for one in found["attempts"]]
    return f"{text}\n\nOn {found['backend']}:\n\n{_table(lines)}"


def _line(one: Attempt) -> list[str]:
    good = "" if one.good is None else f"{one.good} of {one.starts}"
    first = "" if one.first is None else f"{one.first:.2g}"
    solver = f"**{one.solver}** (auto)" if one.auto else one.solver
    return [one.case, solver, number(one.result), good, f"{one.seconds:.2g}", first]


def number(x: float) -> str:
    """Six digits, and as many more as tell it from one."""
    if isnan(x) or isinf(x):
        return "none" if isnan(x) else "never"
    near = 0 < abs(x - 1) < 1e-5
    return f"1 {'+' if x > 1 else '-'} {abs(x - 1):.1e}" if near else f"{x:.6g}"


def _table(lines: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
