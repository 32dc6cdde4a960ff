"""The loopback backends let nothing through that a backend need not have."""

import copy
import operator
import pickle
from typing import Any

import numpy as np
import pytest

from funfact.errors import DeviceError, DtypeError
from funfact.testing.loopback import OpaqueBackend, StrictBackend
from funfact.testing.loopback.strict import StrictOptions

X = np.arange(6.0).reshape(2, 3)


@pytest.fixture
def opaque() -> OpaqueBackend:
    return OpaqueBackend()


@pytest.fixture
def strict() -> StrictBackend:
    pytest.importorskip("array_api_strict", reason="needs array-api-strict")
    return StrictBackend()


# --- opaque ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("asarray", np.asarray),
        ("asarray", lambda x: np.asarray([x, x])),
        ("asarray", lambda x: X.__setitem__(0, x)),
        ("sin", np.sin),
        ("add", lambda x: X + x),
        ("multiply", lambda x: np.float64(2) * x),
        ("sum", np.sum),
        ("einsum", lambda x: np.einsum("ij->i", x)),
        ("shape", np.shape),
    ],
)
def test_numpy_on_opaque_arrays(opaque: OpaqueBackend, name: str, call: Any) -> None:
    with pytest.raises(TypeError, match=f"numpy.{name} was called on an OpaqueArray") as caught:
        call(opaque.tensor(X))
    assert "Call the backend's function, or take to_numpy of the array first" in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x + X,
        lambda x: x * np.float64(2),
        lambda x: x[np.array([0, 1])],
        lambda x: OpaqueBackend().matmul(x, X.T),
        lambda x: OpaqueBackend().xp.stack([x, X]),
    ],
)
def test_arrays_of_numpy_among_opaque_ones(opaque: OpaqueBackend, call: Any) -> None:
    with pytest.raises(TypeError, match="an OpaqueArray meets NumPy's") as caught:
        call(opaque.tensor(X))
    assert "Make a tensor of that first" in str(caught.value)


def test_an_opaque_array_is_not_changed(opaque: OpaqueBackend) -> None:
    x = opaque.tensor(X)
    with pytest.raises(TypeError, match="cannot be changed"):
        x[0, 0] = 1.0
    before = x
    x += 1
    np.testing.assert_array_equal(opaque.to_numpy(before), X)


def test_neither_iteration_nor_methods(opaque: OpaqueBackend) -> None:
    x = opaque.tensor(X)
    with pytest.raises(TypeError, match="not iterable"):
        iter(x)
    assert not hasattr(x, "sum")
    assert not hasattr(opaque.xp, "random")


def test_opaque_data_types(opaque: OpaqueBackend) -> None:
    native = opaque.tensor(X).dtype
    assert native == opaque.float64 != opaque.float32
    assert hash(native) == hash(opaque.float64)
    assert opaque.dtype_name(native) == "float64"
    with pytest.raises(TypeError):
        np.zeros(2, native)
    assert opaque.result_type("float32", opaque.tensor(X)) == native
    assert opaque.finfo("float32").eps == np.finfo("float32").eps


def test_operators_compute(opaque: OpaqueBackend) -> None:
    x, to_numpy = opaque.tensor(X), opaque.to_numpy
    for operate in (operator.add, operator.sub, operator.mul, operator.pow, operator.lt):
        np.testing.assert_array_equal(to_numpy(operate(x, 2)), operate(X, 2))
        np.testing.assert_array_equal(to_numpy(operate(2, x)), operate(2, X))
    np.testing.assert_array_equal(to_numpy(x @ x.mT), X @ X.T)
    np.testing.assert_array_equal(to_numpy(-x[..., 0]), -X[:, 0])
    assert float(x[1, 2]) == 5
    assert [bool(x[0, 0]), int(x[1, 0]), complex(x[0, 1])] == [False, 3, 1]
    values, vectors = opaque.linalg.eigh(x @ x.mT)
    assert opaque.is_native(values)
    assert opaque.is_native(vectors)
    assert to_numpy(copy.deepcopy(x)).tolist() == to_numpy(pickle.loads(pickle.dumps(x))).tolist()
    assert repr(x[0, ...]) == "OpaqueArray([0.0, 1.0, 2.0], dtype=float64)"


# --- strict ------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        np.asarray,
        lambda x: x[0],
        lambda x: x * np.float64(2),
        lambda x: StrictBackend().sum(x, 0),
        lambda x: x + StrictBackend().xp.zeros(3),  # on another device
    ],
)
def test_what_the_standard_does_not_promise(strict: StrictBackend, call: Any) -> None:
    with pytest.raises((TypeError, IndexError, ValueError, RuntimeError)):
        call(strict.tensor(X))


def test_pretended_devices(strict: StrictBackend) -> None:
    assert strict.device == "device2"
    for name in strict.devices():
        ab = StrictBackend(StrictOptions(device=name))
        for made in (ab.tensor([1.0]), ab.zeros(2), ab.normal(0, 1, 2), ab.asarray([1, 2])):
            assert made.device == ab._native_device
    with pytest.raises(DtypeError, match="device 'no_x64' has no float64"):
        StrictBackend(StrictOptions(device="no_x64")).tensor([1.0], "float64")
    with pytest.raises(DeviceError, match=r"has no device 'abacus' here\. It has cpu, device1"):
        StrictBackend(StrictOptions(device="abacus"))
