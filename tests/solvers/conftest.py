"""Fits need gradients. A backend without them is asked for what it can do, and refuses the rest."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent

# These fits are small. Two OpenMP threads that share a busy machine wait for one another,
# and were seen to take twenty times as long as one.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(config, items):
    """Leave out what needs gradients (the fixture `fit`) where there are none."""
    from funfact.backends import Autodiff, load

    mine = [item for item in items if HERE in item.path.parents]
    if not mine or isinstance(load(config.getoption("--backend")), Autodiff):
        return
    out = [item for item in mine if "fit" in item.fixturenames]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


@pytest.fixture
def fit(backend):
    """``ff.factorize`` without a progress bar, seeded."""
    import funfact as ff

    def seeded(*args, seed=0, **kwargs):
        backend.seed(seed)
        return ff.factorize(*args, progress=False, **kwargs)

    return seeded
