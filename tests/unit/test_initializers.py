"""Where factors start."""

import numpy as np
import pytest

import funfact as ff
from funfact.backends import load
from funfact.errors import DtypeError, OptionError, ShapeError, UnknownNameError
from funfact.initializers import (
    STANDARD,
    Eye,
    Initializer,
    Normal,
    Ones,
    Uniform,
    VarianceScaling,
    Zeros,
    as_initializer,
)

SHAPE = (400, 300)


@pytest.fixture
def ab():
    backend = load("numpy")
    backend.seed(0)
    return backend


def drawn(initializer, ab, shape=SHAPE, dtype="float64", lead=()):
    return initializer.draw(shape, ab, ab.dtype(dtype), lead)


@pytest.mark.parametrize(
    ("initializer", "expected"),
    [
        (Zeros(), np.zeros((3, 4))),
        (Ones(), np.ones((3, 4))),
        (Eye(), np.eye(3, 4)),
    ],
)
def test_constant(initializer, expected, ab):
    np.testing.assert_array_equal(drawn(initializer, ab, (3, 4)), expected)
    replicas = drawn(initializer, ab, (3, 4), "complex64", lead=(2,))
    np.testing.assert_array_equal(replicas, np.stack([expected, expected]))
    assert replicas.dtype == np.complex64


def test_eye_is_for_matrices(ab):
    with pytest.raises(ShapeError, match=r"Eye starts a matrix, and the tensor has shape \(2,\)"):
        drawn(Eye(), ab, (2,))


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_normal_has_its_standard_deviation(dtype, ab):
    x = drawn(Normal(std=0.5), ab, dtype=dtype)
    assert x.dtype == dtype
    assert abs(np.mean(x)) < 0.01
    assert np.mean(np.abs(x) ** 2) == pytest.approx(0.25, rel=0.02)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_truncated_normal_ends_at_two_standard_deviations(dtype, ab):
    x = np.abs(drawn(Normal(std=0.5, truncation=True), ab, dtype=dtype))
    assert 0.98 < x.max() <= 1.0
    # clipping instead would pile up what lies outside at the ends
    assert np.mean(x > 0.99) < 0.01


def test_uniform_is_between_zero_and_scale(ab):
    x = drawn(Uniform(scale=3), ab)
    assert 0 <= x.min() < 0.01
    assert 2.99 < x.max() < 3
    assert x.mean() == pytest.approx(1.5, rel=0.02)
    z = drawn(Uniform(scale=3), ab, dtype="complex128")
    assert z.imag.min() >= 0
    assert z.imag.max() < 3


@pytest.mark.parametrize("distribution", ["normal", "truncated", "truncated_normal", "uniform"])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize(("axis", "fan"), [(0, 400), (-1, 300), ((0, 1), 120_000)])
def test_variance_scaling_has_its_variance(distribution, dtype, axis, fan, ab):
    x = drawn(VarianceScaling(2.0, distribution, axis), ab, dtype=dtype)
    assert abs(np.mean(x)) < 0.01 * np.sqrt(2.0 / fan) * 3
    tolerance = 0.02 if dtype == "float64" or distribution != "truncated" else 0.5
    if "truncated" in distribution and dtype == "complex128":
        tolerance = 0.15  # cut off by modulus, at which less is lost
    assert np.mean(np.abs(x) ** 2) == pytest.approx(2.0 / fan, rel=tolerance)


def test_variance_scaling_refuses_what_it_does_not_know(ab):
    with pytest.raises(OptionError, match=r"no distribution 'cauchy'. It knows 'normal'"):
        VarianceScaling(1.0, "cauchy")
    with pytest.raises(ShapeError, match=r"no such axis. Give an axis from -2 to 1"):
        drawn(VarianceScaling(axis=2), ab)


@pytest.mark.parametrize("kind", [Normal, Uniform, VarianceScaling])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_is_positive(kind, value):
    with pytest.raises(OptionError, match=r"expected a positive, finite number"):
        kind(value)


def test_replicas_are_independent(ab):
    x = drawn(Normal(), ab, (5,), lead=(3,))
    assert x.shape == (3, 5)
    assert len(np.unique(x)) == 15


def test_called_with_a_shape_on_the_active_backend():
    with ff.using("numpy"):
        assert Normal()((2, 3)).shape == (2, 3)
        assert Ones(dtype="complex64")(4).dtype == np.complex64


class Counting:
    """A user's own callable on a shape."""

    def __init__(self):
        self.calls = 0

    def __call__(self, shape):
        self.calls += 1
        return np.full(shape, self.calls)


def test_a_callable_is_called_once_a_replica(ab):
    x = drawn(as_initializer(Counting()), ab, (2,), lead=(3,))
    np.testing.assert_array_equal(x, [[1, 1], [2, 2], [3, 3]])
    np.testing.assert_array_equal(drawn(as_initializer(Counting), ab, (2,)), [1, 1])


def test_a_function_of_another_shape_is_refused(ab):
    with pytest.raises(ShapeError, match=r"has shape \(3,\), and the tensor it starts has shape"):
        drawn(as_initializer(lambda shape: np.ones(3)), ab, (2,))


def test_data_is_copied_to_every_replica(ab):
    data = np.arange(6.0).reshape(2, 3)
    x = drawn(as_initializer(data), ab, (2, 3), lead=(4,))
    np.testing.assert_array_equal(x, np.stack([data] * 4))
    x[0, 0, 0] = 7
    assert data[0, 0] == 0
    assert x[1, 0, 0] == 0


def test_complex_data_do_not_start_a_real_factor(ab):
    with pytest.raises(DtypeError, match=r"imaginary part would be lost"):
        drawn(as_initializer(np.array([1j])), ab, (1,))


def test_what_an_initializer_may_be():
    assert as_initializer(None) is STANDARD
    assert as_initializer(Normal) == Normal()
    assert as_initializer(Normal(2.0)) == Normal(2.0)
    assert issubclass(Eye, Initializer)
    assert as_initializer("Ones") == Ones()
    with pytest.raises(UnknownNameError, match=r"no initializer 'normal'. Did you mean 'Normal'"):
        as_initializer("normal")


@pytest.mark.parametrize("std", ["a", "1", True, None, 0, float("nan")])
def test_a_scale_is_a_positive_number(std):
    with pytest.raises(OptionError, match=r"Normal\(std=.*\): expected a positive, finite number"):
        Normal(std)


class ShapeAlone(Initializer):
    def draw(self, shape):
        return np.ones(shape)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (lambda: 0, r"the initializer <lambda> is called as f\(shape\), and takes \(\)"),
        (lambda shape, x: 0, r"takes \(shape, x\)"),
        (Initializer, "initializer=Initializer makes no instance without arguments"),
        (ShapeAlone, r"ShapeAlone.draw is called as f\(shape, ab, dtype, lead\)"),
    ],
)
def test_an_initializer_of_other_arguments_is_refused(spec, message):
    with pytest.raises(OptionError, match=message):
        as_initializer(spec)


def test_what_a_function_returns_is_named(ab):
    with pytest.raises(DtypeError, match="what the initializer <lambda> returned is no start"):
        drawn(as_initializer(lambda shape: None), ab, (2,))


def test_rows_of_unequal_lengths_are_no_start(ab):
    with pytest.raises(ShapeError, match=r"given as initializer is no start .* unequal lengths"):
        drawn(as_initializer([[1], [2, 3]]), ab, (2, 2))


class Transposed(Initializer):
    def draw(self, shape, ab, dtype, lead=()):
        return ab.ones(shape[::-1], dtype=dtype)


class Listed(Initializer):
    def draw(self, shape, ab, dtype, lead=()):
        return [1.0, 2.0]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Transposed, r"Transposed.draw made shape \(3, 2\), and an array of .* of shape \(2, 3\)"),
        (Listed, "Listed.draw made a list, and an array of"),
    ],
)
def test_what_a_class_draws_is_checked(kind, message):
    with ff.using("numpy"), pytest.raises(ShapeError, match=message):
        ff.Factorization.from_tsrex(ff.tensor("u", 2, 3, initializer=kind))


@pytest.mark.parametrize("shape", ["23", None, (2, -3), (2, 1.5)])
def test_an_initializer_is_called_with_a_shape(shape):
    with ff.using("numpy"), pytest.raises(ShapeError, match="Ones was called with"):
        Ones()(shape)


@pytest.mark.parametrize("axis", ["0", 0.5, (0, None)])
def test_an_axis_is_an_integer(axis):
    with pytest.raises(OptionError, match=r"VarianceScaling\(axis="):
        VarianceScaling(axis=axis)
