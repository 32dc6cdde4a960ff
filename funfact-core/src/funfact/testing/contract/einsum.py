"""Sums of products agree with NumPy's, at the full precision of the dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ..compare import given, same_value
from .calls import Calls

SIZES = {"a": 2, "b": 3, "c": 4, "d": 1, "e": 5}
PATTERNS = [
    *("ab->ba", "ab->", "ab->b", "aa->a", "aa->", "aab->b", "abab->ab", "->"),
    *("ab,bc->ac", "ab,cb->ca", "ba,bc->ca", "ab,ab->ab", "ab,ab->", "ab,ab->a", "a,b->ba"),
    *("eab,ebc->eac", "abe,bce->ace", "aeb,ebc->eac", "abc,cd->dab", "ab,c->a", "aab,bb->ab"),
    *(",ab->ba", "a,->a", "abcde,edc->ba"),
]


def drawn(pattern: str, seed: int = 0) -> list[np.ndarray[Any, Any]]:
    """Operands for a pattern, from [0.5, 1.5]."""
    rng = np.random.default_rng(seed)
    terms = pattern.split("->")[0].split(",")
    return [rng.uniform(0.5, 1.5, [SIZES[x] for x in term]).astype(np.float32) for term in terms]


class Einsum(Calls):
    """Sums of products."""

    def product(self, backend: Any, pattern: str, operands: list[Any], tolerance: float) -> None:
        """One pattern agrees with NumPy, to the size of what is added up."""
        __tracebackhide__ = True
        data = dict(zip("xy", operands, strict=False))
        call = f"ab.einsum({pattern!r}, {', '.join(data)})"
        found = self.called(backend, call, data)
        self.native(backend, call, found)
        scale = np.einsum(pattern, *map(np.abs, operands))
        expected = np.einsum(pattern, *operands)
        same_value(call, backend.to_numpy(found), expected, tolerance * scale, given(data))

    @pytest.mark.parametrize("pattern", PATTERNS)
    def test_einsum_of_real_numbers(self, backend: Any, pattern: str) -> None:
        """Contractions, diagonals, traces, transposes, outer products, batches."""
        operands = drawn(pattern)
        self.product(backend, pattern, operands, self.tolerance("float32"))
        found = backend.einsum(pattern, *map(backend.tensor, operands))
        self.named(backend, f"ab.einsum({pattern!r}, ...) of float32", found, "float32")

    @pytest.mark.parametrize("pattern", PATTERNS)
    def test_einsum_of_complex_numbers(self, backend: Any, pattern: str) -> None:
        """Nothing is conjugated."""
        parts = zip(drawn(pattern), drawn(pattern, 1), strict=True)
        operands = [(x + 1j * y).astype(np.complex64) for x, y in parts]
        self.product(backend, pattern, operands, self.tolerance("complex64"))

    def test_einsum_of_integers(self, backend: Any) -> None:
        """Exact."""
        a = np.arange(6).reshape(2, 3)
        self.product(backend, "ab,cb->ac", [a, a], 0)

    def test_einsum_of_two_dtypes(self, backend: Any) -> None:
        """They are promoted as by any operation of the standard."""
        a, b = drawn("ab,bc->ac")
        z = (1j * b).astype(np.complex64)
        self.product(backend, "ab,bc->ac", [a, z], self.tolerance("complex64"))

    def test_float32_products_are_exact_where_fewer_bits_are_not(self, backend: Any) -> None:
        """4097 has 13 significant bits: TensorFloat-32 keeps 11, bfloat16 8."""
        a = np.full((8, 8), 4097, np.float32)
        for call in ("ab.einsum('ab,bc->ac', a, a)", "ab.matmul(a, a)"):
            found = backend.to_numpy(self.called(backend, call, {"a": a}))
            exact = np.full((8, 8), np.float32(8 * 4097.0**2))
            same_value(call, found, exact, 0, "a = 4097 everywhere, which needs all of float32")

    def test_einsum_of_empty_axes(self, backend: Any) -> None:
        """A sum of nothing is zero."""
        a, b = np.ones((2, 0), np.float32), np.ones((0, 3), np.float32)
        self.product(backend, "ab,bc->ac", [a, b], 0)
