"""The pages lead somewhere, also on a code host, and the reference leaves nothing out."""

import re
from pathlib import Path

import pytest

import funfact

CHECKOUT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(CHECKOUT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "funfact-*/README.md")
    for path in CHECKOUT.glob(pattern)
)
LINK = re.compile(r"\]\((?!\w+:)(?P<file>[^)#\s]*)(?:#[^)\s]*)?\)")
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_links_of_a_page_lead_to_files(page: str) -> None:
    path = CHECKOUT / page
    text = FENCED.sub("", path.read_text(encoding="utf-8"))
    linked = [link["file"] for link in LINK.finditer(text) if link["file"]]
    assert [file for file in linked if not (path.parent / file).exists()] == []


def test_the_reference_has_every_public_name() -> None:
    pages = CHECKOUT.glob("docs/reference/*.md")
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    missing = [name for name in funfact.__all__ if not re.search(rf"[.`]{name}\b", text)]
    assert missing == []


def test_every_page_stands_in_the_navigation() -> None:
    navigation = (CHECKOUT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = (CHECKOUT / "docs").rglob("*.md")
    names = [page.relative_to(CHECKOUT / "docs").as_posix() for page in pages]
    assert [name for name in names if not re.search(rf"[ :]{name}$", navigation, re.M)] == []
