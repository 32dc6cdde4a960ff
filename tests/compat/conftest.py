"""Programs of 2022."""

import pytest


@pytest.fixture
def program(backend, monkeypatch):
    """What surrounds a program: an active backend that it may seed, and no progress bar.

    Left out where there are no gradients; see tests/conftest.py.
    """
    monkeypatch.setenv("FUNFACT_PROGRESS", "0")
    return backend
