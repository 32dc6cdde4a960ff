"""`Linalg`: decompositions and linear systems, in batches, against NumPy's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ..compare import same_value, told
from ..group import needs
from .calls import Calls


def stack(dtype: str) -> tuple[Any, Any]:
    """Two wide matrices, and two that are positive definite."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(2, 3, 4)) + (1j * rng.normal(size=(2, 3, 4)) if "c" in dtype else 0)
    return a, a @ a.conj().swapaxes(-1, -2) + np.eye(3)


class LinearAlgebra(Calls):
    """Decompositions and linear systems."""

    @needs("Linalg")
    @pytest.mark.parametrize("dtype", ["float32", "complex64"])
    @pytest.mark.parametrize("name", ["cholesky", "solve", "eigh", "qr", "svd"])
    def test_linear_algebra_in_batches(self, backend: Any, name: str, dtype: str) -> None:
        """Each multiplies back to what it decomposes."""
        a, square = stack(dtype)
        x, gram = backend.tensor(a, dtype), backend.tensor(square, dtype)
        function, what = getattr(backend.xp.linalg, name), f"ab.xp.linalg.{name}"
        arguments = (gram, x) if name == "solve" else (gram,) if name in "cholesky eigh" else (x,)
        with told(what, f"{dtype} matrices in a stack of 2"):
            made = function(*arguments, **({"full_matrices": False} if name == "svd" else {}))
            parts = made if name in ("eigh", "qr", "svd") else [made]
            found = [np.asarray(backend.to_numpy(part)) for part in parts]
        off = 100 * self.tolerance("float32") * np.abs(square).max()
        same_value(what, _product(name, found), _expected(name, a, square), off)


def _expected(name: str, a: Any, square: Any) -> Any:
    """What was decomposed; NumPy's eigenvalues and solutions."""
    if name == "eigh":
        return np.linalg.eigvalsh(square)
    if name == "solve":
        return np.linalg.solve(square, a)
    return square if name == "cholesky" else a


def _product(name: str, parts: list[Any]) -> Any:
    """The product of the parts; eigenvalues and solutions as they are."""
    if name == "cholesky":
        return parts[0] @ parts[0].conj().swapaxes(-1, -2)
    if name == "qr":
        return parts[0] @ parts[1]
    if name == "svd":
        return (parts[0] * parts[1][:, None, :]) @ parts[2]
    return parts[0]
