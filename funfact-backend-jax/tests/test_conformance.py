"""The conformance kit on JAX."""

import pytest

from funfact.testing import BackendTests
from funfact_backend_jax import JAXBackend


class TestJAX(BackendTests):
    """The whole kit."""

    @pytest.fixture
    def backend(self):
        return JAXBackend()
