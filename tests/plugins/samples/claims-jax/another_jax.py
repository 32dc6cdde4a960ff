"""Claims the name of a first-party backend."""

from funfact_backend_numpy import NumpyBackend


class AnotherBackend(NumpyBackend):
    """Not the JAX that people mean."""
