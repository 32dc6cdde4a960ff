"""A forward backend from the name of a namespace: libraries that follow the array API standard.

Examples
--------
>>> class Strict(ArrayAPIBackend):
...     protocol = 1
...     requires = ("array_api_strict",)
...     namespace = "array_api_strict"
>>> ab = Strict()
>>> ab.to_numpy(ab.einsum('ij,j->i', ab.ones((2, 3)), ab.tensor([1.0, 2.0, 3.0]))).tolist()
[6.0, 6.0]
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar

import numpy as np

from .contract import Array, Backend

__all__ = ["ArrayAPIBackend"]


class ArrayAPIBackend(Backend):
    """A library whose namespace follows the array API standard.

    A subclass states `protocol`, `requires` and `namespace`, and has the whole of
    forward evaluation; capabilities are declared and options added as on any `Backend`.
    What the standard leaves open is done in the most common way, and each method can be
    overridden where a library has another: the way out to NumPy above all.

    Attributes
    ----------
    namespace : str, required
        The module to import, such as ``'array_api_strict'``, or one of array-api-compat's
        (which core depends on), such as ``'array_api_compat.dask.array'``, for a library that
        follows the standard but for some names and arguments.
    """

    namespace: ClassVar[str]

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.xp = import_module(self.namespace)
        self._array_type = type(self.xp.zeros(1))

    def tensor(self, data: Any, dtype: Any = None) -> Array:
        """Native tensor, by ``xp.asarray``, which reads whatever has Python's buffer protocol."""
        native = None if dtype is None else self.checked(data, dtype)
        if not self.is_native(data):
            array = self.plain(data)
            # Python's numbers go in as they are: the library has a default dtype for them
            data = data if native is None and self._is_python(data) else array
        return self.place(self.xp.asarray)(data, dtype=native, copy=True)

    def _is_python(self, data: Any) -> bool:
        return isinstance(data, (bool, int, float, complex, list, tuple)) and not self.holds(data)

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        """NumPy array, by NumPy's own conversion, else by DLPack."""
        return np.asarray(x) if hasattr(x, "__array__") else np.from_dlpack(x, device="cpu")

    def is_native(self, x: object) -> bool:
        """Whether `x` is of the type that ``xp.zeros`` gives."""
        return isinstance(x, self._array_type)
