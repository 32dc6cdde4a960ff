"""Figures, kept as data beside the page that shows them: one can be measured anew."""

import json
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Figures", "figures_of"]


@dataclass(frozen=True)
class Figures:
    """What was measured.

    Attributes
    ----------
    where : str
        The machine and the versions, as a sentence.
    found : dict by name
        What can be written as JSON.
    commits : dict by name
        The state of the sources that each is of.
    file : Path, optional
        Where they are kept; nowhere if they are only to be looked at.
    """

    where: str
    found: dict[str, Any]
    commits: dict[str, str]
    file: Path | None = None

    def add(self, name: str, figure: Any) -> None:
        """Keep one that was measured now, at once: nothing is lost if the next one fails."""
        self.found[name], self.commits[name] = figure, _commit()
        if self.file is not None:
            kept = {"where": self.where, "commits": self.commits, "found": self.found}
            self.file.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")

    def when(self) -> str:
        """Which commits they are of, as a sentence: all but the most frequent with names."""
        (most, _), *others = Counter(self.commits.values()).most_common()
        text = f"FunFact is that of commit {most}"
        for other, _ in others:
            names = sorted(name for name, commit in self.commits.items() if commit == other)
            text += f"; of {other}: {', '.join(names)}"
        return text + "."


def figures_of(page: Path, where: str, whole: bool) -> Figures:
    """Those that stand beside a page, to be measured anew.

    Parameters
    ----------
    page : Path
    where : str
        The machine and the versions of now.
    whole : bool
        Whether all are measured, so that those of elsewhere may go.

    Raises
    ------
    SystemExit
        Some are to be replaced, and the others were measured elsewhere.
    """
    file = page.with_suffix(".json")
    kept = Figures(where, {}, {}, file)
    if file.exists():
        kept = Figures(**json.loads(file.read_text()), file=file)
    if kept.where == where:
        return kept
    if whole:
        return Figures(where, {}, {}, file)
    raise SystemExit(
        f"{file.name} has figures of another machine or other versions, and one page is not to mix "
        f"them.\nthere: {kept.where}\nhere: {where}\n"
        "Measure all of them, or leave out --keep."
    )


def _commit() -> str:
    """The last commit, with a mark if sources differ from it; pages do while figures come in."""
    commit = _git("rev-parse", "--short", "HEAD") or "unknown"
    changed = _git("status", "--porcelain", "--", ":/", ":(top,exclude)docs")
    return commit + ("+" if changed else "")


def _git(*words: str) -> str:
    folder = Path(__file__).parent
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip()
