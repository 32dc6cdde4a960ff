"""A backend for a library that may be there or not."""

from funfact.backends import ArrayAPIBackend, Linalg


class NeedyBackend(ArrayAPIBackend, Linalg):
    """The library's functions are NumPy's."""

    protocol = 1
    requires = ("needed_library",)
    namespace = "needed_library"
