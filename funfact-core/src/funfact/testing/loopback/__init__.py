"""Backends that catch what core must not do. They compute with NumPy, and are for tests alone.

`StrictBackend` has nothing beyond the array API standard and lives on a device that NumPy
cannot reach; `OpaqueBackend` holds its numbers in a type that NumPy cannot read. An expression
that evaluates on both asks no more of a backend than the contract says.
"""

from .opaque import OpaqueBackend
from .strict import StrictBackend

__all__ = ["OpaqueBackend", "StrictBackend"]
