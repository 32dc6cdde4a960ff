"""NumPy as a FunFact backend: forward evaluation, and whatever needs no gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from types import SimpleNamespace
from typing import Any

import numpy as np

from funfact.backends.capabilities import Devices, Linalg
from funfact.backends.contract import Array, Backend
from funfact.backends.dtypes import plain
from funfact.backends.einsum import is_explicit, plan
from funfact.backends.functions import floating
from funfact.errors import DeviceError

__all__ = ["NumpyBackend", "NumpyOptions"]


_PIECE = 2**15
"""Elements of a difference that is in memory at once: a cache holds them."""

_METHODS = SimpleNamespace(
    matmul=np.matmul,
    sum=np.sum,
    reshape=lambda x, shape: x.reshape(shape),
    permute_dims=lambda x, axes: x.transpose(axes),
)
"""What an einsum is made of: methods are called in half the time of functions, which shows in
products of some microseconds."""


@dataclass(frozen=True)
class NumpyOptions:
    """Options of ``ff.use('numpy', ...)``.

    `device` is ``'cpu'``, the only one there is: a program that chooses a device
    can change its backend.
    """

    device: str | None = None


class NumpyBackend(Backend, Linalg, Devices):
    """NumPy, with SciPy for the error function.

    Examples
    --------
    >>> ab = NumpyBackend()
    >>> ab.tensor([1, 2], dtype='float32')
    array([1., 2.], dtype=float32)
    """

    protocol = 1
    requires = ("numpy", "scipy")
    Options = NumpyOptions

    def __init__(self, options: NumpyOptions | None = None) -> None:
        super().__init__(options)
        self.xp = np
        asked = self.options.device
        if asked not in (None, "cpu", "cpu:0"):
            raise DeviceError(f"NumPy has no device {asked!r} here. It has cpu.")
        self.options = replace(self.options, device=self.device)

    @property
    def device(self) -> str:
        """The CPU."""
        return "cpu"

    def devices(self) -> tuple[str, ...]:
        """The CPU alone."""
        return ("cpu",)

    def tensor(self, data: Any, dtype: Any = None) -> Array:
        """NumPy array, a copy of `data`, in C order."""
        native = None if dtype is None else self.checked(data, dtype)
        return np.array(plain(data), native, order="C")

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        """`x` itself, as an array."""
        return np.asarray(x)

    def is_native(self, x: object) -> bool:
        """Whether `x` is a NumPy array or scalar."""
        return isinstance(x, (np.ndarray, np.generic))

    def einsum(self, subscripts: str, *operands: Array) -> Array:
        """The default, which is as fast as NumPy's own or faster; other forms go to that."""
        if is_explicit(subscripts):
            return plan(subscripts, *[x.shape for x in operands])(_METHODS, *operands)
        return np.einsum(subscripts, *operands)

    def squared_norm(self, x: Array, lead: int = 0) -> Array:
        """As the default; no array of squares is made."""
        rows = np.reshape(x, (*x.shape[:lead], prod(x.shape[lead:])))
        return np.real(np.vecdot(rows, rows))

    def squared_distance(self, x: Array, y: Array, lead: int = 0) -> Array:
        """As the default, in pieces: to find room for all of ``x - y`` takes longer than it."""
        first = lead - (x.ndim - y.ndim)  # the axis of y that the first one beyond the lead is
        if x.size <= _PIECE or first < 0:
            return super().squared_distance(x, y, lead)
        size = max(1, _PIECE * x.shape[lead] // x.size)
        found = np.zeros(x.shape[:lead], np.real(x[:0]).dtype)
        for start in range(0, x.shape[lead], size):
            piece = slice(start, start + size)
            rows = x[(slice(None),) * lead + (piece,)] - y[(slice(None),) * first + (piece,)]
            found += self.squared_norm(rows, lead)
        return found

    def erf(self, x: Array) -> Array:
        """Error function, from SciPy."""
        from scipy.special import erf  # SciPy costs more to import than NumPy

        return erf(floating(self, x, "erf"))

    def erfc(self, x: Array) -> Array:
        """``1 - erf(x)``, from SciPy."""
        from scipy.special import erfc

        return erfc(floating(self, x, "erfc"))
