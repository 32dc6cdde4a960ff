"""The stable functions, against `math` in double precision."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from funfact.errors import DtypeError

from ..group import Group

INF = float("inf")

X = np.array([-80.0, -5.0, -1.0, -0.1, 0.0, 0.1, 1.0, 5.0, 80.0], np.float32)


def close(backend: Any, result: Any, expected: Any) -> None:
    assert backend.is_native(result)
    np.testing.assert_allclose(backend.to_numpy(result), expected, rtol=2e-6, atol=1e-30)


DEFINITIONS: dict[str, Callable[[float], float]] = {
    "erf": math.erf,
    "relu": lambda x: max(x, 0.0),
    "celu": lambda x: x if x > 0 else math.expm1(x),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
}


class Functions(Group):
    """The stable functions."""

    @pytest.mark.parametrize("name", DEFINITIONS)
    def test_elementwise(self, backend: Any, name: str) -> None:
        close(backend, getattr(backend, name)(backend.tensor(X)), [DEFINITIONS[name](x) for x in X])

    def test_erfc_does_not_cancel(self, backend: Any) -> None:
        x = np.array([-2.0, 0.0, 0.3, 1.0, 4.0, 8.0], np.float32)
        expected = [math.erfc(v) for v in x]
        result = backend.to_numpy(backend.erfc(backend.tensor(x)))
        np.testing.assert_allclose(result, expected, rtol=2e-5)

    def test_sigmoid_at_the_ends(self, backend: Any) -> None:
        x = backend.tensor([-INF, -1e4, 1e4, INF])
        close(backend, backend.sigmoid(x), [0, 0, 1, 1])

    def test_sigmoid_of_complex_numbers(self, backend: Any) -> None:
        z = np.array([1 + 2j, -3 + 0.5j, 0], np.complex64)
        close(backend, backend.sigmoid(backend.tensor(z)), 1 / (1 + np.exp(-z)))

    def test_celu_with_alpha(self, backend: Any) -> None:
        close(backend, backend.celu(backend.tensor([-1.0, 2.0]), 2.0), [2 * math.expm1(-0.5), 2])

    @pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1), (0, 2), ()])
    def test_log_sum_exp_over_axes(self, backend: Any, axis: Any) -> None:
        x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
        close(backend, backend.log_sum_exp(backend.tensor(x), axis), np.log(np.exp(x).sum(axis)))

    @pytest.mark.parametrize(
        ("x", "expected"),
        [
            ([1000.0, 1000.0], 1000 + math.log(2)),
            ([-1000.0, -1000.0], -1000 + math.log(2)),
            ([-INF, 1.0], 1.0),
            ([-INF, -INF], -INF),
            ([INF, 0.0], INF),
        ],
    )
    def test_log_sum_exp_at_the_ends(self, backend: Any, x: list[float], expected: float) -> None:
        for axis in (None, 0, (0,)):
            close(backend, backend.log_sum_exp(backend.tensor(x), axis=axis), expected)

    def test_log_sum_exp_of_nothing(self, backend: Any) -> None:
        close(backend, backend.log_sum_exp(backend.zeros((2, 0)), axis=1), [-INF, -INF])
        close(backend, backend.log_sum_exp(backend.zeros((2, 0)), axis=0), np.zeros(0))

    def test_integers_become_floats(self, backend: Any) -> None:
        x = backend.tensor([1, 2])
        for name in ("log_sum_exp", "celu", "sigmoid", "erf", "erfc"):
            assert getattr(backend, name)(x).dtype == backend.default_dtype

    @pytest.mark.parametrize("name", ["log_sum_exp", "relu", "celu", "erf", "erfc"])
    def test_complex_numbers_are_refused(self, backend: Any, name: str) -> None:
        with pytest.raises(DtypeError, match=f"{name} needs real numbers and got complex64"):
            getattr(backend, name)(backend.tensor([1j], dtype="complex64"))
