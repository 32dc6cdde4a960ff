"""The default functions against SciPy's definitions, written in NumPy and `math`."""

import math

import numpy as np
import pytest
from samples import Plain

from funfact.backends import erf, functions
from funfact.errors import DtypeError

X = np.concatenate([-np.logspace(2, -8, 200), [0.0], np.logspace(-8, 2, 200)])
INF = float("inf")


def test_erf_to_the_last_digits() -> None:
    np.testing.assert_allclose(erf.erf(np, X), [math.erf(x) for x in X], rtol=4e-16 * 4, atol=0)


def test_erfc_to_the_last_digits() -> None:
    expected = np.array([math.erfc(x) for x in X])
    representable = expected > 1e-300
    result = erf.erfc(np, X)
    np.testing.assert_allclose(result[representable], expected[representable], rtol=2e-15, atol=0)
    assert np.all(result[~representable] < 1e-300)


def test_erf_of_infinity_and_nan() -> None:
    x = np.array([-INF, INF, np.nan, 1e300])
    np.testing.assert_array_equal(erf.erf(np, x), [-1, 1, np.nan, 1])
    np.testing.assert_array_equal(erf.erfc(np, x), [2, 0, np.nan, 0])


def test_erf_keeps_float32() -> None:
    assert erf.erf(np, X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1), (1, 0), ()])
def test_log_sum_exp_over_axes(axis: int | tuple[int, ...] | None) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4))
    expected = np.log(np.sum(np.exp(x), axis=axis))
    np.testing.assert_allclose(Plain().log_sum_exp(x, axis), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([1000.0, 1000.0], 1000.0 + math.log(2)),
        ([-1000.0, -1000.0], -1000.0 + math.log(2)),
        ([-INF, 0.0], 0.0),
        ([-INF, -INF], -INF),
        ([INF, 1000.0], INF),
        ([INF, -INF], INF),
        ([np.nan, 1000.0], np.nan),
        ([], -INF),
    ],
)
def test_log_sum_exp_at_the_ends(x: list[float], expected: float) -> None:
    np.testing.assert_allclose(Plain().log_sum_exp(np.array(x)), expected, rtol=1e-15)


def test_sigmoid_does_not_overflow() -> None:
    x = np.array([-INF, -1e4, -1.0, 0.0, 1.0, 1e4, INF])
    expected = [0, 0, 1 / (1 + math.e), 0.5, math.e / (1 + math.e), 1, 1]
    np.testing.assert_allclose(Plain().sigmoid(x), expected, rtol=1e-15)


def test_sigmoid_of_complex_numbers() -> None:
    z = np.array([1 + 2j, -3 + 0.5j, 1e4 + 1j, -1e4 + 1j])
    expected = [*(1 / (1 + np.exp(-z[:2]))), 1, 0]
    np.testing.assert_allclose(Plain().sigmoid(z), expected, rtol=1e-14)


def test_relu_and_celu() -> None:
    x = np.array([-1e4, -1.0, 0.0, 2.0, 1e4])
    np.testing.assert_array_equal(Plain().relu(x), [0, 0, 0, 2, 1e4])
    np.testing.assert_allclose(Plain().celu(x), [-1, math.expm1(-1), 0, 2, 1e4])
    np.testing.assert_allclose(Plain().celu(x, 2.0), [-2, 2 * math.expm1(-0.5), 0, 2, 1e4])
    np.testing.assert_array_equal(Plain().relu(np.array([-1, 3])), [0, 3])


def test_integers_become_the_float_of_the_backend() -> None:
    for name in ("log_sum_exp", "celu", "sigmoid", "erf", "erfc"):
        assert getattr(Plain(), name)(np.array([1, 2])).dtype == np.float64


@pytest.mark.parametrize("name", ["log_sum_exp", "relu", "celu", "erf", "erfc"])
def test_complex_numbers_are_refused_where_they_mean_nothing(name: str) -> None:
    with pytest.raises(DtypeError, match="needs real numbers and got complex128") as caught:
        getattr(Plain(), name)(np.array([1j]))
    assert str(caught.value).startswith(name)
    assert "abs(x), real(x) or imag(x)" in str(caught.value)


def test_floating_leaves_a_float_alone() -> None:
    x = np.ones(2, np.float32)
    assert functions.floating(Plain(), x, "erf") is x
