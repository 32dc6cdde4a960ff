"""Array libraries behind one contract: finding, choosing and using them.

Examples
--------
>>> from funfact import backends
>>> 'numpy' in backends.available()
True
"""

from typing import Any

from .active import active_backend, current, devices, use, using
from .capabilities import Autodiff, Capability, Compile, Devices, Einsum, Repeat, Vmap
from .contract import PROTOCOL, Array, Backend, Dtype, Namespace, NoOptions, Shape
from .discovery import available, load, register_backend
from .report import Status, require, status

__all__ = [
    "PROTOCOL",
    "Array",
    "Autodiff",
    "Backend",
    "Capability",
    "Compile",
    "Devices",
    "Dtype",
    "Einsum",
    "Namespace",
    "NoOptions",
    "Repeat",
    "Shape",
    "Status",
    "Vmap",
    "active_backend",
    "available",
    "available_backends",
    "current",
    "devices",
    "load",
    "register_backend",
    "require",
    "status",
    "use",
    "using",
]


def __getattr__(name: str) -> Any:
    if name == "available_backends":
        return available()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
