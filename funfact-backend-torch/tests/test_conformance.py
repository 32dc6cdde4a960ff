"""The conformance kit on PyTorch."""

import pytest

from funfact.testing import BackendTests
from funfact_backend_torch import PyTorchBackend


class TestPyTorch(BackendTests):
    """The whole kit."""

    @pytest.fixture
    def backend(self):
        return PyTorchBackend()
