"""What a backend gets that only gives the four required members."""

import copy
import pickle

import numpy as np
import pytest
from samples import Plain

from funfact.backends import load
from funfact.errors import DtypeError


@pytest.fixture
def ab() -> Plain:
    return Plain()


def test_repr_is_the_class(ab: Plain) -> None:
    assert repr(ab) == "<backend 'Plain'>"


def test_attributes_of_the_namespace(ab: Plain) -> None:
    assert ab.pi == np.pi
    assert ab.matmul is np.matmul
    assert {"tensor", "matmul", "pi"} <= set(dir(ab))


def test_an_attribute_that_nobody_has(ab: Plain) -> None:
    with pytest.raises(AttributeError, match="has no 'concatenat'") as caught:
        ab.concatenat
    assert "named as in the Python array API standard" in str(caught.value)
    with pytest.raises(AttributeError, match=r"has no 'norm', .*Did you mean 'linalg\.norm'\?"):
        ab.norm


def test_a_backend_without_namespace_does_not_recurse() -> None:
    class Empty(Plain):
        def __init__(self, options: object = None) -> None:
            pass

    with pytest.raises(AttributeError, match="Empty sets no 'xp' in its __init__"):
        Empty().zeros


def test_numpy_conventions(ab: Plain) -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(ab.transpose(x), x.T)
    np.testing.assert_array_equal(ab.transpose(x, (0, -1, 1)), x.transpose(0, 2, 1))
    np.testing.assert_array_equal(ab.reshape(x, [4, -1]), x.reshape(4, 6))
    np.testing.assert_array_equal(ab.reshape(x, -1), x.ravel())
    np.testing.assert_array_equal(ab.concatenate([x, x], axis=2), np.concatenate([x, x], axis=2))
    np.testing.assert_array_equal(ab.where(x > 3, x, 0.0), np.where(x > 3, x, 0.0))


def test_parts_of_real_numbers(ab: Plain) -> None:
    x = np.array([1.0, -2.0])
    assert ab.conj(x) is x
    assert ab.real(x) is x
    np.testing.assert_array_equal(ab.imag(x), [0, 0])
    z = np.array([1 + 2j])
    assert (ab.conj(z), ab.real(z), ab.imag(z)) == (1 - 2j, 1, 2)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("float32", "float32"),
        ("f4", "float32"),
        (np.float32, "float32"),
        (np.dtype("complex128"), "complex128"),
        (float, "float64"),
        (complex, "complex128"),
        (int, "int64"),
        (bool, "bool"),
        (np.ones(1, np.int16), "int16"),
    ],
)
def test_dtype_names(ab: Plain, given: object, name: str) -> None:
    assert ab.dtype_name(given) == name
    assert np.dtype(ab.dtype(given)).name == name


def test_an_unknown_dtype_lists_the_known_ones(ab: Plain) -> None:
    with pytest.raises(DtypeError, match="has no data type 'float33'") as caught:
        ab.tensor([1.0], dtype="float33")
    assert "float32, float64" in str(caught.value)


def test_creation_takes_names_and_refuses_what_is_not_there(ab: Plain) -> None:
    assert ab.zeros(2, dtype="float32").dtype == np.float32
    with pytest.raises(DtypeError, match="has no data type 'bfloat16'"):
        ab.zeros(2, dtype="bfloat16")


def test_complex_data_are_not_made_real(ab: Plain) -> None:
    for data in (np.array([1j]), [1j, 2], 1j):
        with pytest.raises(DtypeError, match="complex data do not fit into float64"):
            ab.tensor(data, dtype="float64")


def test_random_numbers_are_seeded(ab: Plain) -> None:
    ab.seed(3)
    first = ab.normal(0, 1, (2, 3)), ab.uniform(0, 1, 5)
    ab.seed(3)
    again = ab.normal(0, 1, (2, 3)), ab.uniform(0, 1, 5)
    assert all(np.array_equal(x, y) for x, y in zip(first, again, strict=True))
    assert not np.array_equal(ab.normal(0, 1, (2, 3)), first[0])


def test_moments_of_random_numbers(ab: Plain) -> None:
    ab.seed(0)
    x = ab.normal(2.0, 0.5, 20000, dtype="float32")
    assert x.dtype == np.float32
    assert abs(x.mean() - 2) < 0.02
    assert abs(x.std() - 0.5) < 0.02
    z = ab.normal(1j, 0.5, 20000, dtype="complex64")
    assert abs(z.mean() - 1j) < 0.02
    assert abs(z.std() - 0.5) < 0.02
    u = ab.uniform(-1, 3, 20000, dtype=complex)
    assert u.dtype == np.complex128
    for part in (u.real, u.imag):
        assert part.min() >= -1
        assert part.max() < 3
        assert abs(part.mean() - 1) < 0.05


def test_random_integers_are_refused(ab: Plain) -> None:
    with pytest.raises(DtypeError, match="random data cannot be of int64"):
        ab.normal(0, 1, 2, dtype=int)


def test_a_complex_mean_needs_a_complex_dtype(ab: Plain) -> None:
    with pytest.raises(DtypeError, match="mean 1j is complex and float64 is not"):
        ab.normal(1j, 1, 2)


def test_pickles_and_copies_are_the_same_backend(plain: str) -> None:
    backend = load(plain)
    assert pickle.loads(pickle.dumps(backend)) is backend
    assert copy.deepcopy(backend) is backend


def test_a_backend_made_by_hand_can_be_pickled(ab: Plain) -> None:
    assert isinstance(pickle.loads(pickle.dumps(ab)), Plain)
