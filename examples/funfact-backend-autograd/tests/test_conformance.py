"""FunFact's conformance kit, on this backend."""

import pytest

from funfact.testing import BackendTests
from funfact_backend_autograd import AutogradBackend


class TestAutograd(BackendTests):
    """All of it: nothing is expected to fail."""

    @pytest.fixture
    def backend(self):
        return AutogradBackend()
