"""Stands for the first-party distribution, which need not be installed here."""

from funfact_backend_numpy import NumpyBackend


class MeantBackend(NumpyBackend):
    """The JAX that people mean."""
