"""One of two that share a name."""

from funfact_backend_numpy import NumpyBackend


class TwinBackend(NumpyBackend):
    """Twin one."""
