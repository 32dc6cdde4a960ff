"""Gradients of every operator, function and semiring against finite differences of the oracle.

In doubles where the backend has them (on JAX with JAX_ENABLE_X64=1), away from kinks and ties.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funfact as ff

from ..compare import same_value, told
from ..group import Group, needs
from ..language import oracle
from ..language.cases import written
from ..language.words import FUNCTIONS, SEMIRINGS
from .differences import differences, draw, is_close, widest

REAL, COMPLEX = "float64", "complex128"
BELOW_ONE = {"asin", "acos", "atanh"}
ABOVE_ONE = {"acosh"}
ONLY_REAL = {"erf", "erfc", "relu", "celu"}
KINKED = {"abs", "relu", "celu", "sigmoid", "erf", "sin"}  # tried on both sides of zero
OPERATIONS = [
    "a[i, r] + b[j, r]",
    "a[i, ~r] - b[j, r]",
    "a[i, r] * b[j, r]",
    "a[[*i, ~r]] * b[i, r]",
    "a[i, r] / b[j, r]",
    "a[i, ~r] ** b[j, r]",
    "a[i, r] ** 2 * b[j, r]",
    "-a[i, r] * 2 + 3 * b[i, r] >> [r]",
    "a & b",
    "(a * 2 - b / a + 1) ** 3",
    "(a[i, r] * b[j, r])[i, i] >> []",
]


def check(backend: Any, text: str, **factors: Any) -> None:
    """The gradient of a weighted sum of the value, for each factor."""
    dtype = COMPLEX if any(np.iscomplexobj(x) for x in factors.values()) else REAL
    name = widest(backend, dtype)
    expression = written(text, {key: x.shape for key, x in factors.items()})
    fac = ff.Factorization.from_tsrex(expression, dtype=name, initialize=False)
    weights = draw(dtype, *expression.shape, seed=7)
    native = backend.tensor(weights, name)
    order = [str(tensor.symbol) for tensor in fac.tsrex.tensors]

    def value(arrays: Any) -> Any:
        # Re <w, value>: the conjugate's real part, written so that real models stay real
        product = backend.conj(native) * fac.forward(arrays)
        return backend.sum(backend.real(product)), ()

    what = f"ab.value_and_grad of {text}"
    with told(what):
        _, grads = backend.value_and_grad(value)([backend.tensor(factors[n], name) for n in order])
    for key, grad in zip(order, grads, strict=True):

        def oracles(x: Any, key: str = key) -> float:
            out = written(text, {**factors, key: x}, oracle).x
            return float(np.sum(np.real(np.conj(weights) * out)))

        expected = differences(oracles, factors[key].astype(dtype))
        is_close(backend, backend.to_numpy(grad), expected, f"{what} by {key}")


class Gradients(Group):
    """Gradients of every operator, function and semiring."""

    @needs("Autodiff")
    @pytest.mark.parametrize("name", FUNCTIONS)
    @pytest.mark.parametrize("dtype", [REAL, COMPLEX])
    def test_gradients_of_functions(self, backend: Any, name: str, dtype: str) -> None:
        """`ff.exp(a[i, j])` and all the others, at real and complex numbers."""
        if dtype == COMPLEX and name in ONLY_REAL:
            with pytest.raises(ff.errors.DtypeError):
                ff.Factorization.from_tsrex(
                    getattr(ff, name)(ff.tensor(2)), dtype=widest(backend, COMPLEX)
                )()
            return
        low, high = (0.5, 1.5)
        if name in BELOW_ONE | ABOVE_ONE:
            low, high = (0.1, 0.8) if name in BELOW_ONE else (1.2, 2.0)
        x = draw(dtype, 2, 3, low=low, high=high)
        if dtype == REAL and name in KINKED:
            x[0] *= -1
        check(backend, f"ff.{name}(a[i, j])", a=x)

    @needs("Autodiff")
    @pytest.mark.parametrize("dtype", [REAL, COMPLEX])
    @pytest.mark.parametrize("text", OPERATIONS)
    def test_gradients_of_operators(self, backend: Any, text: str, dtype: str) -> None:
        """Contractions, broadcasting, numbers, powers, traces."""
        check(backend, text, a=draw(dtype, 2, 3), b=draw(dtype, 2, 3, seed=5))

    @needs("Autodiff")
    @pytest.mark.parametrize("dtype", [REAL, COMPLEX])
    def test_gradient_of_one_tensor_that_stands_several_times(
        self, backend: Any, dtype: str
    ) -> None:
        """It gets the sum over the places where it stands."""
        check(backend, "a @ a", a=draw(dtype, 3, 3))
        check(backend, "a[i, ~r] * a[j, r] * a[k, r]", a=draw(dtype, 3, 2))

    @needs("Autodiff")
    @pytest.mark.parametrize("name", SEMIRINGS)
    def test_gradients_of_semirings(self, backend: Any, name: str) -> None:
        """`ff.minplus(a[i, r], b[j, r])` and the others."""
        a, b = draw(REAL, 3, 4), draw(REAL, 2, 4, seed=5)
        check(backend, f"ff.{name}(a[i, r], b[j, r])", a=a, b=b)

    @needs("Autodiff")
    @pytest.mark.parametrize("name", SEMIRINGS)
    def test_gradients_of_semirings_of_large_values(self, backend: Any, name: str) -> None:
        """Stable for values of 1e4: the gradient is a distribution over what is reduced."""
        i, j, r = ff.indices("i, j, r")
        expression = getattr(ff, name)(ff.tensor(3, 4)[i, r], ff.tensor(2, 4)[j, r])
        fac = ff.Factorization.from_tsrex(expression)
        arrays = [
            backend.tensor(1e4 * draw(REAL, *shape, seed=n), fac.dtype)
            for n, shape in enumerate([(3, 4), (2, 4)])
        ]
        _, grads = backend.value_and_grad(lambda p: (backend.sum(fac.forward(p)), ()))(arrays)
        for grad in grads:
            found = backend.to_numpy(grad)
            what = f"the sum of the gradient of ff.{name} of numbers near 1e4"
            same_value(what, found.sum(), 6, 6 * self.tolerance("float32"))

    @needs("Autodiff")
    def test_gradients_through_an_index_that_is_kept(self, backend: Any) -> None:
        """A Gaussian of differences, each component of its own."""
        a, b = draw(REAL, 2, 3), draw(REAL, 4, 3, seed=5)
        check(backend, "ff.exp(-((a[i, ~r] - b[j, r]) ** 2))", a=a, b=b)
