"""The array API standard and nothing else, through array-api-strict.

Its arrays refuse whatever the standard does not promise: another name, an argument by position,
an axis left out of an index, NumPy's scalars as operands. Its devices are pretended, and keep to
the rules of real ones: NumPy reads only what is on the CPU, and no operation takes arrays from
two of them.

Examples
--------
>>> ab = StrictBackend()
>>> ab.device, ab.dtype_name(ab.zeros(2))
('device2', 'float32')
>>> ab.to_numpy(ab.tensor([1.0, 2.0]))
array([1., 2.], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...backends.capabilities import Devices, Linalg
from ...backends.contract import Array, Dtype
from ...backends.standard import ArrayAPIBackend
from ...errors import DeviceError, DtypeError

__all__ = ["StrictBackend", "StrictOptions"]

_DEVICES = ("cpu", "device1", "device2", "no_float64", "no_x64")


@dataclass(frozen=True)
class StrictOptions:
    """Options of `StrictBackend`: None is ``'device2'``, whose default float is float32."""

    device: str | None = None


class StrictBackend(ArrayAPIBackend, Linalg, Devices):
    """array-api-strict, by default on a device that is not the CPU."""

    protocol = 1
    requires = ("array_api_strict",)
    namespace = "array_api_strict"
    Options = StrictOptions

    def __init__(self, options: StrictOptions | None = None) -> None:
        super().__init__(options)
        asked = self.options.device
        name = {None: "device2", "cpu:0": "cpu"}.get(asked, asked)
        if name not in _DEVICES:
            raise DeviceError(
                f"array-api-strict has no device {asked!r} here. It has {', '.join(_DEVICES)}."
            )
        self.options = replace(self.options, device=name)
        self._cpu = self.xp.Device("CPU_DEVICE")
        self._native_device = self._cpu if name == "cpu" else self.xp.Device(name)

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        """NumPy array, by way of the CPU."""
        return np.asarray(x.to_device(self._cpu))

    @property
    def default_dtype(self) -> Dtype:
        """What the device has for a float."""
        return self.zeros(1).dtype

    def dtype(self, dtype: Any) -> Dtype:
        """Native dtype; one that the device does not have is refused."""
        native = super().dtype(dtype)
        name = self.dtype_name(native)
        if name not in self.xp.__array_namespace_info__().dtypes(device=self._native_device):
            raise DtypeError(f"device {self.device!r} has no {name}. Choose another device.")
        return native

    @property
    def device(self) -> str:
        """The device in use."""
        name: str = self.options.device
        return name

    def devices(self) -> tuple[str, ...]:
        """The CPU, and the pretended ones of array-api-strict."""
        return _DEVICES

    def place(self, function: Callable[..., Array]) -> Callable[..., Array]:
        """A creation function that works on the chosen device."""
        honest = self.honest(function)
        return lambda *args, **kwargs: honest(*args, **{"device": self._native_device, **kwargs})
