"""What ``pytest -p funfact.testing.plugin --pyargs funfact.testing`` collects."""

from . import BackendTests


class TestBackend(BackendTests):
    """The whole kit, on the backend that --funfact-backend names."""
