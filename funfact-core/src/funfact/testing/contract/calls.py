"""Calls of members as text: what is tested is also what a failure shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from ..compare import fault, given, same_value, told
from ..group import Group

__all__ = ["Calls", "X", "Y", "Z", "calls"]

X = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4) - 10
Y = np.array([[1.5, -0.25, 3.0], [0.5, 2.0, -1.0]], np.float32)
Z = (X + 1j * X[::-1]).astype(np.complex64)
DATA: Mapping[str, Any] = {"x": X, "y": Y, "z": Z}


def calls(table: Mapping[str, str | None]) -> Callable[[Any], Any]:
    """A test of each call, ``'ab.sum(x)'``, beside what NumPy makes of it, ``'x.sum()'``."""
    rows = [pytest.param(*row, id=re.sub(r"\s+", "", row[0])) for row in table.items()]
    return pytest.mark.parametrize(("call", "numpy"), rows)


class Calls(Group):
    """Base of the groups whose tests are calls. In a call, `ab` is the backend."""

    def agrees(
        self,
        backend: Any,
        call: str,
        numpy: str,
        data: Mapping[str, Any] = DATA,
        rounding: float = 1.0,
    ) -> None:
        """A call gives what NumPy gives, as native arrays.

        Parameters
        ----------
        data : mapping of str to array
            The names that `call` and `numpy` may use: native there, and NumPy's here.
        rounding : float
            How many times the tolerance the result may be off.
        """
        __tracebackhide__ = True
        used = {name: x for name, x in data.items() if re.search(rf"\b{name}\b", call)}
        found = self.called(backend, call, used)
        expected = eval(numpy, {"np": np, **used})
        pairs = zip(found, expected, strict=True) if isinstance(expected, (list, tuple)) else None
        for one, other in pairs or [(found, expected)]:
            self.native(backend, call, one)
            off = rounding * self.tolerance("float32") * np.maximum(1, np.abs(other))
            same_value(call, backend.to_numpy(one), other, off, given(used))

    def called(self, backend: Any, call: str, data: Mapping[str, Any] = DATA) -> Any:
        """What a call returns. An exception says which call it was."""
        __tracebackhide__ = True
        with told(call, given(data)):
            native = {name: backend.tensor(x) for name, x in data.items()}
            return eval(call, {"ab": backend, "np": np, **native})  # the calls are Python's

    def native(self, backend: Any, call: str, x: Any) -> None:
        """The result is a tensor of the library."""
        __tracebackhide__ = True
        if not backend.is_native(x):
            raise fault(call, expected="a native tensor", got=f"a {type(x).__qualname__}")

    def named(self, backend: Any, call: str, found: Any, expected: str) -> None:
        """The dtype of an array, or a dtype itself, has this name."""
        __tracebackhide__ = True
        name = backend.dtype_name(found)
        if name != expected:
            raise fault(call, expected=f"dtype {expected}", got=f"dtype {name}")
