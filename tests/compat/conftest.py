"""Programs of 2022 need gradients; on a backend without them they are left out, by name."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent

# Small arrays: a second thread waits more than it works.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(config, items):
    """Leave out the programs (the fixture `program`) where there are no gradients."""
    from funfact.backends import Autodiff, load

    mine = [item for item in items if HERE in item.path.parents]
    if not mine or isinstance(load(config.getoption("--backend")), Autodiff):
        return
    out = [item for item in mine if "program" in item.fixturenames]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


@pytest.fixture
def program(backend, monkeypatch):
    """What surrounds a program: an active backend that it may seed, and no progress bar."""
    monkeypatch.setenv("FUNFACT_PROGRESS", "0")
    return backend
