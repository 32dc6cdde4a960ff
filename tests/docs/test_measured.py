"""What the pages of figures show is what was measured, and rows of two machines do not mix."""

import importlib
import json
from pathlib import Path

import pytest

from benchmarks.figures import Figures, figures_of
from benchmarks.place import replaced

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("module", ["page", "validation.page"])
def test_a_page_shows_its_figures(module, monkeypatch):
    """All of them, and no others: what is not measured is not written into it by hand."""
    monkeypatch.syspath_prepend(CHECKOUT / "benchmarks")
    page = importlib.import_module(module)
    figures = Figures(**json.loads(page.PAGE.with_suffix(".json").read_text(encoding="utf-8")))
    text = page.PAGE.read_text(encoding="utf-8")
    assert replaced(text, page.tables(figures)) == text


def test_figures_are_kept(tmp_path):
    page = tmp_path / "page.md"
    figures_of(page, "Here.", whole=True).add("first", {"ratio": 0.5})
    figures_of(page, "Here.", whole=False).add("second", None)
    again = figures_of(page, "Here.", whole=False)
    assert again.found == {"first": {"ratio": 0.5}, "second": None}
    assert again.commits.keys() == {"first", "second"}
    assert json.loads((tmp_path / "page.json").read_text())["where"] == "Here."


def test_figures_of_two_machines(tmp_path):
    page = tmp_path / "page.md"
    figures_of(page, "There.", whole=True).add("first", 1)
    with pytest.raises(SystemExit, match=r"there: There\.\nhere: Here\.\nMeasure all"):
        figures_of(page, "Here.", whole=False)
    assert figures_of(page, "Here.", whole=True).found == {}


def test_commits_of_rows():
    commits = {"a": "abc", "b": "abc", "d": "fed", "c": "fed", "e": "abc"}
    text = Figures("Here.", {}, commits).when()
    assert text == "FunFact is that of commit abc; of fed: c, d."
