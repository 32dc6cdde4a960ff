"""Written for a protocol that is yet to come."""

from funfact.backends import Backend


class FutureBackend(Backend):
    """A backend of the next generation."""

    protocol = 2
