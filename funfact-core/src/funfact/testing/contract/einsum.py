"""Sums of products agree with NumPy's, at the full precision of the dtype."""

from typing import Any

import numpy as np
import pytest

from ..group import Group

SIZES = {"a": 2, "b": 3, "c": 4, "d": 1, "e": 5}

PATTERNS = [
    *("ab->ba", "ab->", "ab->b", "aa->a", "aa->", "aab->b", "abab->ab", "->"),
    *("ab,bc->ac", "ab,cb->ca", "ba,bc->ca", "ab,ab->ab", "ab,ab->", "ab,ab->a", "a,b->ba"),
    *("eab,ebc->eac", "abe,bce->ace", "aeb,ebc->eac", "abc,cd->dab", "ab,c->a", "aab,bb->ab"),
    *(",ab->ba", "a,->a", "abcde,edc->ba"),
]


def drawn(pattern: str, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    terms = pattern.split("->")[0].split(",")
    return [rng.uniform(0.5, 1.5, [SIZES[x] for x in term]).astype(np.float32) for term in terms]


class Einsum(Group):
    """Sums of products."""

    @pytest.mark.parametrize("pattern", PATTERNS)
    def test_real(self, backend: Any, pattern: str) -> None:
        operands = drawn(pattern)
        result = backend.einsum(pattern, *map(backend.tensor, operands))
        expected = np.einsum(pattern, *operands)
        assert backend.is_native(result)
        assert backend.dtype_name(result) == "float32"
        np.testing.assert_allclose(backend.to_numpy(result), expected, rtol=1e-5)

    @pytest.mark.parametrize("pattern", PATTERNS)
    def test_complex(self, backend: Any, pattern: str) -> None:
        operands = [
            (x + 1j * y).astype(np.complex64)
            for x, y in zip(drawn(pattern), drawn(pattern, 1), strict=True)
        ]
        result = backend.einsum(pattern, *map(backend.tensor, operands))
        expected = np.einsum(pattern, *operands)
        scale = np.einsum(pattern, *map(np.abs, operands))
        assert np.all(np.abs(backend.to_numpy(result) - expected) <= 1e-5 * scale)

    def test_integers(self, backend: Any) -> None:
        a = np.arange(6).reshape(2, 3)
        result = backend.einsum("ab,cb->ac", backend.tensor(a), backend.tensor(a))
        np.testing.assert_array_equal(backend.to_numpy(result), a @ a.T)

    def test_two_dtypes_are_promoted(self, backend: Any) -> None:
        a, b = drawn("ab,bc->ac")
        z = (1j * b).astype(np.complex64)
        result = backend.einsum("ab,bc->ac", backend.tensor(a), backend.tensor(z))
        np.testing.assert_allclose(backend.to_numpy(result), a @ z, rtol=1e-5)

    def test_float32_products_are_exact_where_fewer_bits_are_not(self, backend: Any) -> None:
        # 4097 has 13 significant bits: TensorFloat-32 keeps 11, bfloat16 8
        a = backend.full((8, 8), 4097.0, dtype="float32")
        for product in (backend.einsum("ab,bc->ac", a, a), backend.matmul(a, a)):
            assert np.all(backend.to_numpy(product) == np.float32(8 * 4097.0**2))

    def test_empty_axes(self, backend: Any) -> None:
        a, b = backend.ones((2, 0)), backend.ones((0, 3))
        np.testing.assert_array_equal(
            backend.to_numpy(backend.einsum("ab,bc->ac", a, b)), np.zeros((2, 3))
        )
