"""Data come in and go out: `tensor`, `to_numpy`, `is_native`, `is_tensor`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ...errors import DtypeError, OptionError, ShapeError
from ..compare import fault, same_value, told
from .calls import Calls, X, Z, calls

DATA: list[Any] = [1.5, 2, True, 1 + 2j, [1, 2], [[1.0], [2.0]], (1, 2)]
ARRAYS: list[Any] = [X, Z, X[::-1, ::2], X.T, X[0, 0, 0], np.zeros((2, 0), np.float32)]
KINDS = [np.array([0, 1, 1], kind) for kind in ("int8", "int64", "uint8", "bool", ">f4")]


class Data(Calls):
    """Data come in and go out."""

    @pytest.mark.parametrize("data", DATA + ARRAYS + KINDS)
    def test_data_come_back(self, backend: Any, data: Any) -> None:
        """`tensor` takes numbers, nested lists and arrays of any layout; `to_numpy` gives back."""
        call = f"ab.tensor({type(data).__name__} of shape {np.shape(data)})"
        with told(call):
            x = backend.tensor(data)
            back = backend.to_numpy(x)
        self.native(backend, call, x)
        if tuple(x.shape) != np.shape(data):
            raise fault(call, expected=f"shape {np.shape(data)}", got=f"shape {tuple(x.shape)}")
        if not isinstance(back, np.ndarray):
            kind = type(back).__qualname__
            raise fault("ab.to_numpy(x)", expected="a numpy.ndarray", got=f"a {kind}")
        same_value(f"ab.to_numpy({call})", back, np.asarray(data), 0)

    @pytest.mark.parametrize("dtype", ["float32", "complex64", "int32", "bool"])
    def test_dtypes_come_back(self, backend: Any, dtype: str) -> None:
        """`to_numpy` loses no dtype."""
        back = backend.to_numpy(backend.tensor([1, 0], dtype=dtype))
        if str(back.dtype) != dtype:
            what = f"ab.to_numpy(a tensor of {dtype})"
            raise fault(what, expected=f"dtype {dtype}", got=f"dtype {back.dtype}")

    def test_data_without_a_dtype_keep_the_kind(self, backend: Any) -> None:
        """Integers stay integers and complex numbers complex, in whatever width."""
        kinds = {1.5: "float", 1 + 2j: "complex", 2: "int", True: "bool"}
        for value, kind in kinds.items():
            name = backend.dtype_name(backend.tensor([value]))
            if not name.startswith(kind):
                raise fault(f"ab.tensor([{value}])", expected=f"{kind}*", got=f"dtype {name}")

    def test_a_tensor_is_a_copy(self, backend: Any) -> None:
        """What happens to the source afterwards is not seen by the tensor."""
        for source in (X.copy(), X.copy()[:, ::2]):
            expected = source.copy()
            x = backend.tensor(source)
            source[:] = 0
            what = "ab.tensor(x), after x was overwritten,"
            same_value(what, backend.to_numpy(x), expected, 0)

    @pytest.mark.parametrize("name", ["tensor", "copy"])
    def test_a_tensor_of_a_tensor_is_a_copy(self, backend: Any, name: str) -> None:
        """Where tensors can be written to, one does not change with the other."""
        x = backend.tensor(X)
        y = getattr(backend, name)(x)
        try:
            x[0, ...] = 0
        except (TypeError, ValueError, RuntimeError):
            return  # arrays of this library are never written to
        what = f"ab.{name}(x), after the native x was overwritten,"
        same_value(what, backend.to_numpy(y), X, 0)

    def test_data_that_are_read_only(self, backend: Any) -> None:
        """They are read like any others."""
        source = X.copy()
        source.flags.writeable = False
        with told("ab.tensor(x)", "x = a read-only array"):
            same_value("ab.tensor(x)", backend.to_numpy(backend.tensor(source)), X, 0)

    @calls(
        {
            "ab.tensor(y)": "y",
            "ab.tensor([y, y])": "np.array([y, y])",
            "ab.tensor([[y], [y]])": "np.array([[y], [y]])",
            "ab.tensor([y[0, 0], y[0, 1]])": "y[0, :2]",
            "ab.tensor(y, dtype='complex64')": "y.astype('complex64')",
        }
    )
    def test_tensors_of_tensors(self, backend: Any, call: str, numpy: str) -> None:
        """Native tensors are data too, in nested lists as well."""
        self.agrees(backend, call, numpy)

    @pytest.mark.parametrize("data", ["text", None, object(), [None]])
    def test_what_holds_no_numbers_is_refused(self, backend: Any, data: Any) -> None:
        """`DtypeError`, in FunFact's words: `funfact.backends.dtypes.plain` does it."""
        refused = f"ab.tensor({type(data).__name__})"
        with self.raises(refused, DtypeError, "cannot become a tensor: NumPy reads it as"):
            backend.tensor(data)

    def test_masked_elements_are_refused(self, backend: Any) -> None:
        """`OptionError`, in FunFact's words: `funfact.backends.dtypes.plain` does it."""
        masked = np.ma.masked_less([1.0, -1.0], 0)
        with self.raises("ab.tensor(a masked array)", OptionError, "1 masked elements(.|\n)*Fill"):
            backend.tensor(masked)
        call = "ab.tensor(a masked array without masked elements)"
        same_value(call, backend.to_numpy(backend.tensor(np.ma.array(X))), X, 0)

    @pytest.mark.parametrize("dtype", [None, "float32"])
    def test_extended_precision_is_read_as_double(self, backend: Any, dtype: Any) -> None:
        """Or less, where the backend takes doubles so; `funfact.backends.dtypes.plain` does it."""
        for data in (X.astype(np.longdouble), np.longdouble(0.5)):
            call = f"ab.tensor(numpy.longdouble, dtype={dtype!r})"
            with told(call):
                x = backend.tensor(data, dtype=dtype)
            same_value(call, backend.to_numpy(x), data, 1e-6)

    def test_rows_of_unequal_lengths_are_refused(self, backend: Any) -> None:
        """`ShapeError`, in FunFact's words: `funfact.backends.dtypes.plain` does it."""
        with self.raises(
            "ab.tensor([[1.], [2., 3.]])", ShapeError, "its rows have unequal lengths"
        ):
            backend.tensor([[1.0], [2.0, 3.0]])

    def test_what_is_a_tensor(self, backend: Any) -> None:
        """`is_native` knows the library's own; `is_tensor` NumPy's as well; lists are neither."""
        x = backend.tensor([1.0])
        answers = [
            ("ab.is_native(ab.tensor([1.]))", backend.is_native(x), True),
            ("ab.is_tensor(ab.tensor([1.]))", backend.is_tensor(x), True),
            ("ab.is_tensor(np.ones(3))", backend.is_tensor(X), True),
            ("ab.is_native([1.])", backend.is_native([1.0]), False),
            ("ab.is_tensor([1.])", backend.is_tensor([1.0]), False),
        ]
        for call, found, expected in answers:
            if found is not expected:
                raise fault(call, expected=str(expected), got=str(found))
