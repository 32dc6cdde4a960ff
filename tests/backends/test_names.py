"""NumPy's names and arguments beyond the standard, which the first-party backends have as well."""

from typing import Any

import numpy as np
import pytest

from funfact.errors import DtypeError

X = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4) - 10


def agrees(backend: Any, result: Any, expected: Any) -> None:
    """The result is native, and NumPy's in shape and values."""
    assert backend.is_native(result)
    np.testing.assert_allclose(backend.to_numpy(result), expected, rtol=1e-5, atol=1e-5)


def test_half_precision(backend: Any) -> None:
    agrees(backend, backend.tensor(np.array([0, 1, 1], "float16")), [0, 1, 1])
    native = backend.float16
    for asked in ("float16", native, np.dtype("float16")):
        assert backend.dtype_name(backend.tensor([1, 0], dtype=asked)) == "float16"
    assert backend.dtype_name(backend.astype(backend.tensor([1.0]), "float16")) == "float16"


@pytest.mark.parametrize("function", ["mean", "cumsum", "cumprod"])
def test_functions_take_dtypes_by_name(backend: Any, function: str) -> None:
    x = backend.tensor([1, 2, 3])
    for asked in ("complex64", backend.complex64, np.dtype("complex64")):
        made = getattr(backend, function)(x, dtype=asked)
        assert backend.dtype_name(made) == "complex64"
    with pytest.raises(DtypeError, match="has no data type 'float33'"):
        getattr(backend, function)(x, dtype="float33")
    for name in ("float64", "complex128"):
        try:
            made = getattr(backend, function)(backend.ones(2), dtype=name)
        except DtypeError as refusal:
            assert name in str(refusal)  # noqa: PT017  # a backend may refuse, or have it
        else:
            assert backend.dtype_name(made) == name


def test_running_sums_take_an_axis_and_a_dtype(backend: Any) -> None:
    x = backend.tensor([[1, 2], [3, 4]])
    for function in ("cumsum", "cumprod"):
        result = getattr(backend, function)(x, axis=0, dtype="float32")
        agrees(backend, result, getattr(np, function)([[1, 2], [3, 4]], axis=0))
        assert backend.dtype_name(result) == "float32"


@pytest.mark.parametrize(
    "name",
    ["sum", "prod", "max", "min", "mean", "std", "var", "median", "argmax", "any", "all"],
)
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_the_axis_of_a_reduction_is_second(backend: Any, name: str, axis: int | None) -> None:
    x = X > 0 if name in ("any", "all") else X
    reduce, expected = getattr(backend, name), getattr(np, name)(x, axis)
    agrees(backend, reduce(backend.tensor(x), axis), expected)


def test_shapes(backend: Any) -> None:
    x = backend.tensor(X)
    agrees(backend, backend.squeeze(x[:1, :1]), X[0, 0])
    agrees(backend, backend.swapaxes(x, 0, 2), X.swapaxes(0, 2))
    agrees(backend, backend.diagonal(x, axis1=0, axis2=1), X.diagonal())
    assert backend.linspace(0, 1).shape == (50,)
    agrees(backend, backend.array([1.0, 2.0]), [1, 2])


def test_splitting(backend: Any) -> None:
    x = backend.tensor(X)
    for sections in (2, [1, 3]):
        parts = backend.split(x, sections, axis=2)
        for part, expected in zip(parts, np.split(X, sections, 2), strict=True):
            agrees(backend, part, expected)
    with pytest.raises(ValueError, match=r"equal|divi"):
        backend.split(x, 2, axis=1)


def test_where_a_condition_holds(backend: Any) -> None:
    x = backend.tensor(X)
    for part, expected in zip(backend.where(x > 0), np.where(X > 0), strict=True):
        agrees(backend, part, expected)


def test_products(backend: Any) -> None:
    x = backend.tensor(X)
    agrees(backend, backend.dot(x[0], x[1].T), X[0] @ X[1].T)
    agrees(backend, backend.dot(x[0, 0], x[1, 0]), X[0, 0] @ X[1, 0])
    agrees(backend, backend.outer(x[0, 0], x[0, 1]), np.outer(X[0, 0], X[0, 1]))
    agrees(backend, backend.kron(x[0], x[1]), np.kron(X[0], X[1]))
    agrees(backend, backend.cumsum(x, axis=1), X.cumsum(1))
    agrees(backend, backend.cumsum(x), X.cumsum())
    agrees(backend, backend.power(backend.abs(x), 0.5), np.abs(X) ** 0.5)
    agrees(backend, backend.mod(x, 3.0), np.mod(X, 3))
