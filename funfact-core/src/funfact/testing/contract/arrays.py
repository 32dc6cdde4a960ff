"""Arrays behave as NumPy's on every backend: data in and out, dtypes, names and arguments.

The names are those of the contract and of the array API standard. A library may have more,
and other arguments besides the standard's.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from funfact.errors import DtypeError, ShapeError

from ..group import Group

X = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4) - 10

Z = (X + 1j * X[::-1]).astype(np.complex64)


def agrees(backend: Any, result: Any, expected: Any) -> None:
    """The result is native, and NumPy's in shape and values."""
    assert backend.is_native(result)
    np.testing.assert_allclose(backend.to_numpy(result), expected, rtol=1e-5, atol=1e-5)


TYPED = ["zeros_like", "ones_like", "empty_like", "sum", "prod", "cumulative_sum"]

# --- NumPy's conventions -----------------------------------------------------

REDUCTIONS = ["sum", "prod", "max", "min", "mean", "std", "var", "argmax", "any", "all"]


class Arrays(Group):
    """Arrays behave as NumPy's."""

    @pytest.mark.parametrize(
        "data",
        [1.5, 2, True, 1 + 2j, [1, 2], [[1.0], [2.0]], (1, 2), X, Z, X[::-1, ::2], X.T, X[0, 0, 0]]
        + [np.array([0, 1, 1], t) for t in ("int8", "int64", "uint8", "bool", ">f4")],
    )
    def test_data_come_back(self, backend: Any, data: Any) -> None:
        x = backend.tensor(data)
        agrees(backend, x, np.asarray(data))
        assert tuple(x.shape) == np.shape(data)
        assert isinstance(backend.to_numpy(x), np.ndarray)

    def test_data_without_a_dtype_keep_the_kind(self, backend: Any) -> None:
        kinds = {1.5: "float", 1 + 2j: "complex", 2: "int", True: "bool"}
        for value, kind in kinds.items():
            assert backend.dtype_name(backend.tensor([value])).startswith(kind)

    def test_a_tensor_is_a_copy(self, backend: Any) -> None:
        source = X.copy()
        x = backend.tensor(source)
        source[:] = 0
        agrees(backend, x, X)
        read_only = X.copy()
        read_only.flags.writeable = False
        agrees(backend, backend.tensor(read_only), X)

    def test_tensors_of_tensors(self, backend: Any) -> None:
        x = backend.tensor([1.0, 2.0])
        agrees(backend, backend.tensor(x), [1, 2])
        agrees(backend, backend.tensor([x, x]), [[1, 2], [1, 2]])
        agrees(backend, backend.tensor([[x], [x]]), [[[1, 2]], [[1, 2]]])
        agrees(backend, backend.tensor(x, dtype="complex64"), [1, 2])

    @pytest.mark.parametrize("data", ["text", None, object(), [None]])
    def test_what_holds_no_numbers_is_refused(self, backend: Any, data: Any) -> None:
        with pytest.raises(DtypeError, match="cannot become a tensor: NumPy reads it as") as caught:
            backend.tensor(data)
        assert "Pass numbers in an array or in nested lists" in str(caught.value)

    def test_rows_of_unequal_lengths_are_refused(self, backend: Any) -> None:
        with pytest.raises(ShapeError, match="its rows have unequal lengths"):
            backend.tensor([[1.0], [2.0, 3.0]])

    def test_what_is_a_tensor(self, backend: Any) -> None:
        x = backend.tensor([1.0])
        assert backend.is_native(x)
        assert backend.is_tensor(x)
        assert backend.is_tensor(X)
        assert not backend.is_native([1.0])
        assert not backend.is_tensor([1.0])

    @pytest.mark.parametrize("name", ["float32", "complex64", "int32", "bool"])
    def test_a_dtype_is_honoured(self, backend: Any, name: str) -> None:
        native = getattr(backend, name)
        for asked in (name, native, np.dtype(name)):
            assert backend.dtype_name(backend.tensor([1, 0], dtype=asked)) == name
        assert backend.dtype_name(native) == name
        assert backend.dtype_name(backend.zeros(2, dtype=native)) == name
        assert backend.dtype_name(backend.astype(backend.tensor([1.0]), name)) == name
        assert backend.is_complex(native) == (name == "complex64")

    @pytest.mark.parametrize("name", ["float64", "complex128", "int64"])
    def test_a_wide_dtype_is_honoured_or_refused(self, backend: Any, name: str) -> None:
        ones = backend.ones(2)
        calls: list[Callable[[], Any]] = [
            *(partial(getattr(backend, f), ones, dtype=name) for f in TYPED),
            lambda: backend.full_like(ones, 2, dtype=name),
            lambda: backend.zeros_like(ones, dtype=np.dtype(name)),
            lambda: backend.tensor([1], dtype=name),
            lambda: backend.tensor([1], dtype=np.dtype(name)),
            lambda: backend.zeros(1, dtype=name),
            lambda: backend.astype(backend.tensor([1.0]), name),
        ]
        for call in calls:
            try:
                x = call()
            except DtypeError as refusal:
                assert name in str(refusal)  # noqa: PT017
                assert "enable_x64=True" in str(refusal)  # noqa: PT017
                with pytest.raises(DtypeError):
                    backend.dtype(name)
            else:
                assert backend.dtype_name(x) == name

    @pytest.mark.parametrize("function", TYPED)
    def test_functions_take_dtypes_by_name(self, backend: Any, function: str) -> None:
        x = backend.tensor([1, 2, 3])
        for asked in ("complex64", backend.complex64, np.dtype("complex64")):
            made = getattr(backend, function)(x, dtype=asked)
            assert backend.dtype_name(made) == "complex64"
        with pytest.raises(DtypeError, match="has no data type 'float33'"):
            getattr(backend, function)(x, dtype="float33")

    def test_questions_about_dtypes_take_names(self, backend: Any) -> None:
        assert float(backend.finfo("float32").eps) == np.finfo("float32").eps
        assert backend.iinfo("int8").max == 127
        assert backend.dtype_name(backend.result_type("float32", "complex64")) == "complex64"

    def test_the_float_of_the_backend(self, backend: Any) -> None:
        assert backend.zeros(1).dtype == backend.default_dtype
        assert backend.dtype(float) == backend.default_dtype
        assert backend.is_complex(complex)

    def test_an_unknown_dtype(self, backend: Any) -> None:
        with pytest.raises(DtypeError, match="has no data type 'float33'") as caught:
            backend.tensor([1.0], dtype="float33")
        assert "float32" in str(caught.value)

    def test_complex_data_are_not_made_real(self, backend: Any) -> None:
        for data in (Z, backend.tensor(Z), [1j], 1j):
            with pytest.raises(DtypeError, match="the imaginary part would be lost"):
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
        with pytest.raises(DtypeError) as caught:
            backend.tensor(data, dtype=dtype)
        info = np.iinfo(dtype)
        assert str(caught.value) == (
            f"{wrong} does not fit into {dtype}, which holds whole numbers from "
            f"{info.min} to {info.max}. Ask for a wider dtype, or round and clip the data first."
        )

    def test_integers_beyond_all_dtypes_are_refused(self, backend: Any) -> None:
        for dtype in (None, "int32"):
            with pytest.raises(
                DtypeError, match="cannot become a tensor: NumPy reads it as object"
            ):
                backend.tensor([2**70], dtype=dtype)

    def test_whole_numbers_fit_into_integers(self, backend: Any) -> None:
        for data in ([-128.0, 127.0], [-128, 127], np.array([-128, 127]), (True, False), [], 5):
            x = backend.tensor(data, dtype="int8")
            assert backend.dtype_name(x) == "int8"
            agrees(backend, x, data)
        agrees(backend, backend.tensor([1.5], dtype=bool), [True])

    @pytest.mark.parametrize("name", REDUCTIONS)
    @pytest.mark.parametrize("axis", [None, 0, 1, -1])
    def test_reductions_over_an_axis(self, backend: Any, name: str, axis: int | None) -> None:
        x = X / 10
        reduce, expected = getattr(backend, name), getattr(np, name)(x, axis)
        agrees(backend, reduce(backend.tensor(x), axis=axis), expected)

    @pytest.mark.parametrize("name", ["sum", "max", "min", "mean"])
    def test_reductions_over_two_axes(self, backend: Any, name: str) -> None:
        result = getattr(backend, name)(backend.tensor(X), axis=(0, 2), keepdims=True)
        agrees(backend, result, getattr(np, name)(X, axis=(0, 2), keepdims=True))

    def test_shapes(self, backend: Any) -> None:
        x = backend.tensor(X)
        agrees(backend, backend.transpose(x), X.T)
        agrees(backend, backend.transpose(x, (2, 0, 1)), X.transpose(2, 0, 1))
        agrees(backend, backend.transpose(x, axes=(1, 0, -1)), X.transpose(1, 0, 2))
        agrees(backend, backend.reshape(x, (4, -1)), X.reshape(4, 6))
        agrees(backend, backend.reshape(x, -1), X.ravel())
        agrees(backend, backend.permute_dims(x, (1, 2, 0)), X.transpose(1, 2, 0))
        agrees(backend, backend.expand_dims(x, axis=1), X[:, None])
        agrees(backend, backend.squeeze(x[:1, ...], axis=0), X[0])
        agrees(backend, backend.moveaxis(x, 0, -1), np.moveaxis(X, 0, -1))
        agrees(backend, backend.flip(x, axis=1), np.flip(X, 1))
        agrees(backend, backend.roll(x, 1, axis=2), np.roll(X, 1, 2))
        agrees(
            backend, backend.broadcast_to(x[0, ...], (5, 3, 4)), np.broadcast_to(X[0], (5, 3, 4))
        )

    def test_joining(self, backend: Any) -> None:
        x = backend.tensor(X)
        agrees(backend, backend.concatenate([x, x], axis=1), np.concatenate([X, X], 1))
        agrees(backend, backend.concatenate((x, x)), np.concatenate([X, X]))
        agrees(backend, backend.concat([x, x], axis=2), np.concatenate([X, X], 2))
        agrees(backend, backend.stack([x, x], axis=1), np.stack([X, X], 1))

    def test_choosing(self, backend: Any) -> None:
        x = backend.tensor(X)
        agrees(backend, backend.where(x > 0, x, 0.0), np.where(X > 0, X, 0))
        agrees(backend, backend.where(x > 0, x, -x), np.where(X > 0, X, -X))
        agrees(backend, backend.clip(x, -1, 2), np.clip(X, -1, 2))
        agrees(backend, backend.take(x, backend.tensor([2, 0]), axis=1), X.take([2, 0], 1))
        agrees(backend, backend.sort(-x, axis=0), np.sort(-X, 0))
        agrees(backend, backend.argsort(-x, axis=1), np.argsort(-X, 1))
        agrees(backend, backend.maximum(x, -x), np.abs(X))

    def test_products(self, backend: Any) -> None:
        x = backend.tensor(X)
        agrees(backend, backend.matmul(x, backend.matrix_transpose(x)), X @ X.swapaxes(1, 2))
        agrees(
            backend,
            backend.tensordot(x, x, axes=((0, 1), (0, 1))),
            np.tensordot(X, X, ((0, 1),) * 2),
        )
        agrees(backend, backend.cumulative_sum(x, axis=1), X.cumsum(1))
        agrees(backend, backend.pow(backend.abs(x), 0.5), np.abs(X) ** 0.5)
        agrees(backend, backend.remainder(x, 3.0), np.mod(X, 3))

    def test_creation(self, backend: Any) -> None:
        agrees(backend, backend.linspace(0, 1, 5), np.linspace(0, 1, 5))
        agrees(backend, backend.arange(2, 8, 2), [2, 4, 6])
        agrees(backend, backend.eye(2, 3), np.eye(2, 3))
        agrees(backend, backend.full((2, 1), 3.0), [[3], [3]])
        agrees(backend, backend.asarray([1.0, 2.0]), [1, 2])
        agrees(backend, backend.ones((2, 2)), np.ones((2, 2)))
        agrees(backend, backend.zeros_like(backend.tensor(X)), np.zeros_like(X))

    def test_complex_parts(self, backend: Any) -> None:
        x, z = backend.tensor(X), backend.tensor(Z)
        agrees(backend, backend.conj(z), Z.conj())
        agrees(backend, backend.real(z), Z.real)
        agrees(backend, backend.imag(z), Z.imag)
        agrees(backend, backend.abs(z), np.abs(Z))
        agrees(backend, backend.conj(x), X)
        agrees(backend, backend.real(x), X)
        agrees(backend, backend.imag(x), np.zeros_like(X))

    def test_constants_and_what_is_missing(self, backend: Any) -> None:
        assert backend.pi == np.pi
        assert backend.linalg is not None
        with pytest.raises(AttributeError, match="has no 'concatenat'"):
            backend.concatenat  # noqa: B018
        with pytest.raises(AttributeError, match=r"Did you mean 'fft.rfft'\?"):
            backend.rfft  # noqa: B018
