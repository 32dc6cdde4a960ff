"""Targets: what is refused, and what becomes of the rest."""

import numpy as np
import pytest

import funfact as ff
from funfact.backends import load
from funfact.errors import DtypeError, ShapeError, TargetError
from funfact.fit.target import model_dtype, prepare, read
from funfact.loss import MSE, KLDivergence

AB = load("numpy")


@pytest.mark.parametrize(
    ("target", "dtype", "expected"),
    [
        (np.ones(2, "float32"), None, "float32"),
        (np.ones(2, "complex64"), None, "complex64"),
        (np.ones(2, "int64"), None, "float64"),
        (np.ones(2, "bool"), None, "float64"),
        ([1, 2], None, "float64"),
        (np.ones(2, "float32"), "float64", "float64"),
        (np.ones(2, "float32"), "complex64", "complex64"),
        (np.ones(2, "complex128"), "complex64", "complex64"),
    ],
)
def test_dtype_of_the_model(target, dtype, expected):
    assert AB.dtype_name(model_dtype(read(target, AB), dtype, AB)) == expected


def test_a_real_model_of_complex_data_is_refused():
    with pytest.raises(DtypeError, match=r"the target is complex128 and dtype=float32: a real mod"):
        model_dtype(np.ones(2) * 1j, "float32", AB)


def test_a_real_target_of_a_complex_model_stays_real():
    prepared = prepare(np.ones(2), (2,), AB.dtype("complex64"), MSE(), AB)
    assert prepared.dtype == np.float32


@pytest.mark.parametrize(
    ("shape", "target"),
    [((3, 4), (4,)), ((3, 4), (4, 3)), ((3, 4), (3, 1)), ((3,), ()), ((), (1,))],
)
def test_shapes_are_equal(shape, target):
    with pytest.raises(ShapeError, match=r"the expression has shape .* a target is not broadcast"):
        prepare(np.ones(target), shape, AB.dtype("float64"), MSE(), AB)


@pytest.mark.parametrize("shape", [(), (1,), (3, 4)])
def test_an_array_keeps_its_shape_and_lies_in_order(shape):
    given = np.asfortranarray(np.ones(shape)) if shape else np.array(1.0)
    target = read(given, AB)
    assert target.shape == shape
    assert target.flags.c_contiguous


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, complex(0, np.nan)])
def test_nan_and_infinity_are_refused(bad):
    target = np.ones((3, 4), complex if isinstance(bad, complex) else float)
    target[1, 2] = target[2, 2] = bad
    with pytest.raises(TargetError, match=r"2 of 12 elements of the target are NaN.*a mask w that"):
        prepare(target, (3, 4), AB.dtype(target.dtype), MSE(), AB)


def test_a_loss_may_refuse_a_target():
    with pytest.raises(TargetError, match=r"the target has negative elements. Use loss='MSE'"):
        prepare(np.array([-1.0]), (1,), AB.dtype("float64"), KLDivergence(), AB)


def test_masked_elements_are_refused():
    target = np.ma.masked_invalid([1.0, np.nan, 2.0])
    with pytest.raises(
        TargetError, match=r"a masked array with 1 masked elements.*filled\(0\).* mask"
    ):
        read(target, AB)
    np.testing.assert_array_equal(read(np.ma.array([1.0, 2.0]), AB), [1, 2])


def test_extended_precision_is_fitted_in_double(caplog):
    wide = np.longdouble
    assert read(np.ones(2, wide), AB).dtype == np.float64
    if np.dtype(wide).itemsize == 8:  # on some platforms it is no wider
        return
    with pytest.raises(TargetError, match=r"1e\+4000 does not fit into float64, whose largest"):
        read(np.array([1.0, wide("1e4000")]), AB)


@pytest.mark.parametrize("target", [{"a": 1}, "data", [[1, 2], [3]], None, object()])
def test_what_is_no_array(target):
    with pytest.raises(TargetError, match=r"cannot be made a tensor of <backend 'NumpyBackend'>"):
        read(target, AB)


def test_an_expression_is_no_target():
    with pytest.raises(TargetError, match=r"the target is an expression, x. Expected an array"):
        read(ff.tensor("x", 3), AB)


def test_finite_numbers_that_a_narrow_dtype_does_not_hold():
    with pytest.raises(
        TargetError, match=r"2 elements of the target do not fit into float32.*Scale"
    ):
        prepare(np.array([1.0, 1e300, -1e39]), (3,), AB.dtype("float32"), MSE(), AB)


def test_finite_numbers_that_all_vanish_in_a_narrow_dtype():
    single = AB.dtype("float32")
    with pytest.raises(
        TargetError, match=r"2 elements of the target do not fit into float32.*zero\. Scale the da"
    ):
        prepare(np.array([0.0, 1e-60, -1e-50]), (3,), single, MSE(), AB)
    some = prepare(np.array([1.0, 1e-60]), (2,), single, MSE(), AB)
    np.testing.assert_array_equal(some, [1, 0])
    np.testing.assert_array_equal(prepare(np.zeros(2), (2,), single, MSE(), AB), [0, 0])


def test_a_wide_target_is_logged_once_and_refused_where_it_overflows(caplog):
    pytest.importorskip("jax")
    jax = load("jax", enable_x64=False)
    with caplog.at_level("INFO", logger="funfact"):
        assert jax.dtype_name(read(np.ones(2), jax)) == "float32"
        read(np.ones(2), jax)
    assert caplog.text.count("a target of float64 is fitted in float32") <= 1
    with pytest.raises(TargetError, match=r"1 elements of the target do not fit into float32.*x64"):
        read([1.0, 1e300], jax)
