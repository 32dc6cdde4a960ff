"""Array libraries behind one contract: finding, choosing and using them.

Examples
--------
>>> from funfact import backends
>>> 'numpy' in backends.available()
True
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .active import active_backend, current, devices, use, using
from .capabilities import (
    Accumulate,
    Autodiff,
    Capability,
    Compile,
    Devices,
    Einsum,
    Linalg,
    Linearize,
    Repeat,
    Share,
    Spread,
    Vmap,
)
from .contract import PROTOCOL, Array, Backend, Dtype, Namespace, NoOptions, Shape
from .registry import register_backend
from .standard import ArrayAPIBackend

if TYPE_CHECKING:
    from .discovery import available, load
    from .report import Status, require, status

# Read when they are asked for, to keep `import funfact` cheap.
_LAZY = {
    **dict.fromkeys(("available", "load"), "discovery"),
    **dict.fromkeys(("Status", "require", "status"), "report"),
}

__all__ = [
    "PROTOCOL",
    "Accumulate",
    "Array",
    "ArrayAPIBackend",
    "Autodiff",
    "Backend",
    "Capability",
    "Compile",
    "Devices",
    "Dtype",
    "Einsum",
    "Linalg",
    "Linearize",
    "Namespace",
    "NoOptions",
    "Repeat",
    "Shape",
    "Share",
    "Spread",
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
        return __getattr__("available")()
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
