"""The contract of backends changes only on purpose, and is said to have changed."""

import difflib
from pathlib import Path

import contract_snapshot as snapshot
import pytest

from funfact.backends import Backend, capabilities
from funfact.backends.standard import ArrayAPIBackend

CHANGELOG = Path(__file__).parents[3] / "CHANGELOG.md"

ADVICE = """
The contract of backends has changed; authors of other backends depend on it.
- If a backend that was right has to change, raise PROTOCOL in funfact/backends/contract.py.
- If none has to, say under "Contract of backends" in CHANGELOG.md what is new.
Then: python tests/unit/backends/contract_snapshot.py
"""


def test_the_contract_is_the_one_that_was_promised() -> None:
    promised = snapshot.FILE.read_text(encoding="utf-8") if snapshot.FILE.exists() else ""
    changes = difflib.unified_diff(
        promised.splitlines(), snapshot.text().splitlines(), snapshot.FILE.name, "now", lineterm=""
    )
    assert promised == snapshot.text(), "\n".join([ADVICE, *changes])


def test_the_changelog_names_every_member() -> None:
    text = CHANGELOG.read_text(encoding="utf-8").partition("### Contract of backends")[2]
    kinds = [Backend, ArrayAPIBackend, *(getattr(capabilities, n) for n in capabilities.__all__)]
    names = {name for kind in kinds if isinstance(kind, type) for name in snapshot.members(kind)}
    names |= {*capabilities.__all__} - {"Capability", "declared"}
    unsaid = sorted(n for n in names - {"ability", "__init__"} if f"`{n}`" not in text)
    assert unsaid == [], f'CHANGELOG.md, "Contract of backends", does not name {unsaid}.'


def test_no_member_hides_a_function_of_the_standard() -> None:
    xp = pytest.importorskip("array_api_strict", reason="needs array-api-strict")
    kinds = [Backend, *(getattr(capabilities, name) for name in capabilities.__all__)]
    names = {name for kind in kinds if isinstance(kind, type) for name in snapshot.members(kind)}
    same = {"astype", "conj", "imag", "real", "reshape", "where"}  # these mean what it says
    assert names & set(dir(xp)) == same
