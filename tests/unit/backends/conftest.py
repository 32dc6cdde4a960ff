"""Two backends without an array library of their own, registered for each test."""

import pytest
from samples import Plain, Tunable

from funfact.backends import active, discovery, register_backend, registry


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No backend chosen, none loaded, and nothing in the environment that chooses one."""
    monkeypatch.setattr(active, "_process", None)
    monkeypatch.delenv("FUNFACT_BACKEND", raising=False)
    monkeypatch.delenv("FUNFACT_DISABLE_BACKENDS", raising=False)
    for table in ("_classes", "_instances", "_settled", "_failures"):
        monkeypatch.setattr(discovery, table, {})
    monkeypatch.setattr(registry, "registered", registered := {})
    monkeypatch.setattr(discovery, "registered", registered)


@pytest.fixture
def plain() -> str:
    """The name of a registered backend."""
    register_backend("plain", Plain)
    return "plain"


@pytest.fixture
def tunable() -> str:
    """The name of a registered backend with options."""
    register_backend("tunable", Tunable)
    return "tunable"
