"""What a person gets under a name of the library: found, and honest about dtypes.

Examples
--------
>>> import numpy as np
>>> from funfact.backends import load
>>> ab = load('numpy')
>>> honest(ab, np.zeros)(2, dtype='float32').dtype
dtype('float32')
>>> attribute(ab, 'hypot') is np.hypot
True
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .contract import Backend

__all__ = ["CREATION", "TYPED", "attribute", "honest"]

CREATION = frozenset({"arange", "asarray", "empty", "eye", "full", "linspace", "ones", "zeros"})
"""The standard's functions that make arrays and take ``dtype=`` and ``device=``."""

TYPED = frozenset(
    {
        *("empty_like", "full_like", "ones_like", "zeros_like"),
        *("cumprod", "cumsum", "cumulative_prod", "cumulative_sum"),
        *("mean", "nanmean", "nanprod", "nansum", "prod", "sum", "trace"),
        *("finfo", "iinfo", "result_type"),
    }
)
"""Functions, common to many libraries, that take dtypes besides."""


def attribute(backend: Backend, name: str) -> Any:
    """What `xp`, or else `package`, has under a name; those that take dtypes made honest.

    Raises
    ------
    AttributeError
        If neither has it; `xp` and `options` themselves are missing until ``__init__`` sets them.
    """
    if name.startswith("__") or name in {"xp", "options"}:
        raise AttributeError(f"{type(backend).__name__} sets no {name!r} in its __init__")
    for space in (backend.xp, backend.package):
        try:
            found = getattr(space, name)
        except AttributeError:
            continue
        if name in type(backend).creation:
            return backend.place(found)
        return backend.honest(found) if name in type(backend).typed else found
    homes = [home for home in ("linalg", "fft") if _has(backend, home, name)]
    raise AttributeError(
        f"{backend!r} has no {name!r}, nor has the library behind it."
        + "".join(f" Did you mean '{home}.{name}'?" for home in homes)
        + " Functions are named as in the Python array API standard."
    )


def _has(backend: Backend, home: str, name: str) -> bool:
    return any(hasattr(getattr(x, home, None), name) for x in (backend.xp, backend.package))


def honest(backend: Backend, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the library whose dtypes are honoured or refused, names included."""
    return partial(_with_dtypes, backend, function)


def _with_dtypes(
    backend: Backend, function: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Any:
    if kwargs.get("dtype") is not None:
        kwargs["dtype"] = backend.dtype(kwargs["dtype"])
    # by position, whatever says what a dtype is can be nothing else
    dtypes = (str, type, np.dtype)
    return function(*(backend.dtype(x) if isinstance(x, dtypes) else x for x in args), **kwargs)
