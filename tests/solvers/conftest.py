"""Fits by gradients."""

import pytest


@pytest.fixture
def fit(backend):
    """``ff.factorize`` without a progress bar, seeded; see tests/conftest.py."""
    import funfact as ff

    def seeded(*args, seed=0, **kwargs):
        backend.seed(seed)
        return ff.factorize(*args, progress=False, **kwargs)

    return seeded
