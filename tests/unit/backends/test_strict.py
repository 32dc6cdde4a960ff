"""The defaults of the contract need no more than the array API standard.

array-api-strict has nothing beside the standard, neither einsum nor erf.
"""

import math
from typing import Any

import numpy as np
import pytest

from funfact.testing.loopback.strict import StrictBackend, StrictOptions

pytest.importorskip("array_api_strict", reason="needs array-api-strict")
X = np.random.default_rng(0).normal(size=(3, 4))


@pytest.fixture
def ab() -> StrictBackend:
    return StrictBackend(StrictOptions(device="cpu"))  # where the default float is float64


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("log_sum_exp", np.log(np.exp(X).sum())),
        ("relu", np.maximum(X, 0)),
        ("celu", np.where(X > 0, X, np.expm1(X))),
        ("sigmoid", 1 / (1 + np.exp(-X))),
        ("erf", np.vectorize(math.erf)(X)),
        ("erfc", np.vectorize(math.erfc)(X)),
        ("conj", X),
        ("real", X),
        ("imag", 0 * X),
        ("transpose", X.T),
    ],
)
def test_functions(ab: StrictBackend, name: str, expected: Any) -> None:
    result = getattr(ab, name)(ab.tensor(X))
    assert ab.is_native(result)
    np.testing.assert_allclose(ab.to_numpy(result), expected, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize(
    "pattern", ["ij,kj->ik", "ij,kj->ijk", "ij,ij->j", "ij->", "ij->ji", "ij,jj->i", "ii->i"]
)
def test_einsum(ab: StrictBackend, pattern: str) -> None:
    shapes = {"i": 3, "j": 4, "k": 3}
    operands = [
        np.random.default_rng(1).normal(size=[shapes[x] for x in term])
        for term in pattern.split("->")[0].split(",")
    ]
    result = ab.einsum(pattern, *map(ab.tensor, operands))
    np.testing.assert_allclose(ab.to_numpy(result), np.einsum(pattern, *operands), rtol=1e-13)


def test_names_and_random_numbers(ab: StrictBackend) -> None:
    assert ab.dtype_name(ab.xp.float32) == "float32"
    assert ab.dtype_name(ab.default_dtype) == "float64"
    assert ab.uniform(0, 1, 3, dtype="complex64").dtype == ab.xp.complex64
    assert ab.reshape(ab.tensor(X), -1).shape == (12,)
    assert ab.where(ab.tensor(X) > 0, ab.tensor(X), 0.0).shape == X.shape
