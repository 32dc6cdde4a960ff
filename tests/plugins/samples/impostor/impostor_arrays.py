"""Offers a function where a class derived from Backend is expected."""


def backend():
    """No backend."""
