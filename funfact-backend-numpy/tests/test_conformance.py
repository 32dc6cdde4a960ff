"""The conformance kit on NumPy."""

import pytest

from funfact.testing import BackendTests
from funfact_backend_numpy import NumpyBackend


class TestNumPy(BackendTests):
    """The whole kit."""

    @pytest.fixture
    def backend(self):
        return NumpyBackend()
