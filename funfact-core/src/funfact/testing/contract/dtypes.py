"""A dtype is honoured or refused, by whatever name it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from ...errors import DtypeError
from ..compare import fault, same_value, told
from .calls import Calls, Z

TYPED = ["zeros_like", "ones_like", "empty_like", "sum", "prod", "cumulative_sum"]
ALWAYS = ["float32", "complex64", "int32", "bool"]
PERHAPS = ["float64", "complex128", "int64", "float16", "int8", "uint8"]


def honoured_or_refused(backend: Any, call: str, make: Callable[[], Any], dtype: str) -> None:
    """The dtype that was asked for, or `DtypeError`; never quietly another."""
    __tracebackhide__ = True
    try:
        with told(call):
            found = backend.dtype_name(make())
    except DtypeError as refusal:
        if dtype not in str(refusal):
            raise fault(
                call, expected=f"a DtypeError that names {dtype}", got=str(refusal)
            ) from None
        try:
            backend.dtype(dtype)
        except DtypeError:
            return
        got = f"{call} refuses it, ab.dtype does not"
        raise fault(f"ab.dtype({dtype!r})", expected="one answer", got=got) from None
    if found != dtype:
        expected = f"dtype {dtype}, or a DtypeError"
        raise fault(call, expected=expected, got=f"dtype {found}, silently")


class Dtypes(Calls):
    """A dtype is honoured or refused."""

    @pytest.mark.parametrize("dtype", ALWAYS)
    def test_a_dtype_is_honoured(self, backend: Any, dtype: str) -> None:
        """By name, as a native dtype and as NumPy's, in all that makes arrays."""
        native = self.called(backend, f"ab.dtype({dtype!r})", {})
        self.named(backend, f"ab.dtype({dtype!r})", native, dtype)
        self.named(backend, f"ab.{dtype}", getattr(backend, dtype), dtype)
        for asked in (dtype, native, np.dtype(dtype)):
            call = f"ab.tensor([1, 0], dtype={asked!r})"
            with told(call):
                self.named(backend, call, backend.tensor([1, 0], dtype=asked), dtype)
        with told(f"ab.zeros(2, dtype=ab.{dtype})"):
            made = backend.zeros(2, dtype=native)
        self.named(backend, f"ab.zeros(2, dtype=ab.{dtype})", made, dtype)
        cast = self.called(backend, f"ab.astype(ab.tensor([1.]), {dtype!r})", {})
        self.named(backend, f"ab.astype(x, {dtype!r})", cast, dtype)
        if backend.is_complex(native) != (dtype == "complex64"):
            got = str(backend.is_complex(native))
            raise fault(f"ab.is_complex(ab.{dtype})", expected=str(dtype == "complex64"), got=got)

    @pytest.mark.parametrize("dtype", PERHAPS)
    def test_a_dtype_is_honoured_or_refused(self, backend: Any, dtype: str) -> None:
        """No library has them all; none may take another in their place."""
        ones = backend.ones(2)
        makers: dict[str, Callable[[], Any]] = {
            f"ab.{f}(ab.ones(2), dtype={dtype!r})": partial(getattr(backend, f), ones, dtype=dtype)
            for f in TYPED
        }
        makers |= {
            f"ab.full_like(ab.ones(2), 2, dtype={dtype!r})": partial(
                backend.full_like, ones, 2, dtype=dtype
            ),
            f"ab.tensor([1], dtype={dtype!r})": partial(backend.tensor, [1], dtype=dtype),
            f"ab.tensor([1], dtype=np.{dtype})": partial(
                backend.tensor, [1], dtype=np.dtype(dtype)
            ),
            f"ab.zeros(1, dtype={dtype!r})": partial(backend.zeros, 1, dtype=dtype),
            f"ab.astype(ab.tensor([1.]), {dtype!r})": partial(
                backend.astype, backend.tensor([1.0]), dtype
            ),
        }
        for call, make in makers.items():
            honoured_or_refused(backend, call, make, dtype)

    @pytest.mark.parametrize("function", TYPED)
    def test_functions_take_dtypes_by_name(self, backend: Any, function: str) -> None:
        """`typed` names the functions that take ``dtype=``."""
        x = backend.tensor([1, 2, 3])
        for asked in ("complex64", backend.complex64, np.dtype("complex64")):
            call = f"ab.{function}(x, dtype={asked!r})"
            with told(call):
                self.named(backend, call, getattr(backend, function)(x, dtype=asked), "complex64")
        with self.raises(
            f"ab.{function}(x, dtype='float33')", DtypeError, "no data type 'float33'"
        ):
            getattr(backend, function)(x, dtype="float33")

    def test_questions_about_dtypes_take_names(self, backend: Any) -> None:
        """`finfo`, `iinfo` and `result_type`."""
        eps = float(self.called(backend, "ab.finfo('float32').eps", {}))
        same_value("ab.finfo('float32').eps", eps, np.finfo("float32").eps, 0)
        same_value("ab.iinfo('int8').max", int(backend.iinfo("int8").max), 127, 0)
        call = "ab.result_type('float32', 'complex64')"
        self.named(backend, call, self.called(backend, call, {}), "complex64")

    def test_the_float_of_the_backend(self, backend: Any) -> None:
        """`default_dtype` is what ``ab.zeros(1)`` has, and what Python's ``float`` means."""
        default = backend.dtype_name(backend.default_dtype)
        self.named(backend, "ab.zeros(1)", backend.zeros(1), default)
        self.named(backend, "ab.dtype(float)", backend.dtype(float), default)
        if not backend.is_complex(complex):
            raise fault("ab.is_complex(complex)", expected="True", got="False")

    def test_an_unknown_dtype(self, backend: Any) -> None:
        """`DtypeError` lists what there is."""
        call = "ab.tensor([1.], dtype='float33')"
        with self.raises(call, DtypeError, "has no data type 'float33'(.|\n)*float32"):
            backend.tensor([1.0], dtype="float33")

    def test_complex_data_are_not_made_real(self, backend: Any) -> None:
        """An imaginary part is never dropped: `Backend.checked` refuses it."""
        for data in (Z, backend.tensor(Z), [1j], 1j):
            call = f"ab.tensor({type(data).__name__} of complex numbers, dtype='float32')"
            with self.raises(call, DtypeError, "the imaginary part would be lost"):
                backend.tensor(data, dtype="float32")

    @pytest.mark.parametrize(
        ("data", "dtype", "wrong"),
        [
            ([300], "int8", "300"),
            ([[1, -1]], "uint8", "-1"),
            (1.5, "int32", "1.5"),
            ([0.0, 2.0**31], "int32", "2147483648.0"),
            ([np.nan], "int32", "nan"),
            ([-np.inf], "int32", "-inf"),
            (np.array([2**40]), "int32", str(2**40)),
            (np.float32(0.5), "uint8", "0.5"),
            (np.uint8(200), "int8", "200"),
        ],
    )
    def test_what_integers_do_not_hold_is_refused(
        self, backend: Any, data: Any, dtype: str, wrong: str
    ) -> None:
        """Nothing wraps around or is cut off: `Backend.checked` refuses it."""
        info = np.iinfo(dtype)
        says = f"^{wrong} does not fit into {dtype}, which holds whole numbers from {info.min} to"
        with self.raises(f"ab.tensor({data!r}, dtype={dtype!r})", DtypeError, says):
            backend.tensor(data, dtype=dtype)

    @pytest.mark.parametrize(
        ("data", "dtype", "wrong"),
        [
            (1e300, "float32", r"1e\+300"),
            ([1.0, -1e39], "float32", r"-1e\+39"),
            (np.array([np.inf, 1e300]), "complex64", r"1e\+300"),
            (np.array(1e300j), "complex64", r"1e\+300j"),
        ],
    )
    def test_no_number_becomes_infinite(
        self, backend: Any, data: Any, dtype: str, wrong: str
    ) -> None:
        """What is too large for a floating dtype is refused: `Backend.checked` does it."""
        says = rf"^{wrong} does not fit into {dtype}, whose largest number is 3.4e\+38"
        with self.raises(f"ab.tensor({data!r}, dtype={dtype!r})", DtypeError, says):
            backend.tensor(data, dtype=dtype)

    def test_infinity_and_the_largest_numbers_fit(self, backend: Any) -> None:
        """And so does NaN, and nothing at all."""
        largest = float(np.finfo("float32").max)
        for data in ([-np.inf, np.nan], np.array([-np.inf, 1.0]), [largest, -largest], []):
            call = f"ab.tensor({data!r}, dtype='float32')"
            with told(call):
                x = backend.tensor(data, dtype="float32")
            same_value(call, backend.to_numpy(x), np.asarray(data, "float32"), 0)

    def test_integers_beyond_all_dtypes_are_refused(self, backend: Any) -> None:
        """With and without a dtype."""
        for dtype in (None, "int32"):
            call = f"ab.tensor([2**70], dtype={dtype!r})"
            with self.raises(call, DtypeError, "cannot become a tensor: NumPy reads it as object"):
                backend.tensor([2**70], dtype=dtype)

    def test_whole_numbers_fit_into_integers(self, backend: Any) -> None:
        """Floats that are whole numbers, booleans and nothing at all."""
        for data in ([-128.0, 127.0], [-128, 127], np.array([-128, 127]), (True, False), [], 5):
            call = f"ab.tensor({data!r}, dtype='int8')"
            with told(call):
                x = backend.tensor(data, dtype="int8")
            self.named(backend, call, x, "int8")
            same_value(call, backend.to_numpy(x), np.asarray(data), 0)
        same_value(
            "ab.tensor([1.5], dtype=bool)", backend.to_numpy(backend.tensor([1.5], bool)), [True], 0
        )
