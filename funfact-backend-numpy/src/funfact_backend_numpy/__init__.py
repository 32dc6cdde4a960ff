"""NumPy as a FunFact backend: forward evaluation, and whatever needs no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from funfact.backends.contract import Array, Backend
from funfact.backends.functions import floating

__all__ = ["NumpyBackend"]


class NumpyBackend(Backend):
    """NumPy, with SciPy for the error function.

    Examples
    --------
    >>> ab = NumpyBackend()
    >>> ab.tensor([1, 2], dtype='float32')
    array([1., 2.], dtype=float32)
    """

    protocol = 1
    requires = ("numpy", "scipy")

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.xp = np

    def tensor(self, data: Any, dtype: Any = None) -> Array:
        """NumPy array, a copy of `data`, in C order."""
        return np.array(data, None if dtype is None else self.checked(data, dtype), order="C")

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        """`x` itself, as an array."""
        return np.asarray(x)

    def is_native(self, x: object) -> bool:
        """Whether `x` is a NumPy array or scalar."""
        return isinstance(x, (np.ndarray, np.generic))

    def einsum(self, subscripts: str, *operands: Array) -> Array:
        """Matrix products go to BLAS; sums of elementwise products to NumPy's own einsum."""
        if len(operands) == 2 and _has_rows(subscripts):
            return super().einsum(subscripts, *operands)
        return np.einsum(subscripts, *operands)

    def erf(self, x: Array) -> Array:
        """Error function, from SciPy."""
        from scipy.special import erf  # SciPy costs more to import than NumPy

        return erf(floating(self, x, "erf"))

    def erfc(self, x: Array) -> Array:
        """``1 - erf(x)``, from SciPy."""
        from scipy.special import erfc

        return erfc(floating(self, x, "erfc"))


def _has_rows(subscripts: str) -> bool:
    """Whether an operand brings a letter of its own to the output: a product, no mere dot."""
    inputs, output = subscripts.split("->")
    left, right = inputs.split(",")
    return any((letter in left) != (letter in right) for letter in output)
