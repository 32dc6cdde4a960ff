"""`Autodiff` and `Linearize`: derivatives against finite differences in NumPy's doubles."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from ..compare import fault, same_value, told
from ..fits.differences import differences
from ..group import needs
from .calls import Calls

GRADIENT = "ab.value_and_grad(f)(params)"
STABLE = ["log_sum_exp", "relu", "celu", "sigmoid", "erf", "erfc"]
RNG = np.random.default_rng(0)
A, B, TARGET = RNG.normal(size=(3, 2)), RNG.normal(size=(4, 2)), RNG.normal(size=(3, 4))


def loss(xp: Any, a: Any, b: Any, target: Any) -> Any:
    """A sum of squared errors."""
    return xp.sum((xp.exp(a) @ b.T - target) ** 2)


class Derivatives(Calls):
    """Derivatives."""

    @needs("Autodiff")
    def test_gradient_against_finite_differences(self, backend: Any) -> None:
        """The value, what else `f` returns, and a gradient for each parameter in their order."""

        def f(params: list[Any], target: Any) -> tuple[Any, Any]:
            product = backend.einsum("ir,jr->ij", backend.exp(params[0]), params[1])
            error = product - target
            return backend.sum(error * error), {"product": product, "rest": [None, 3]}

        params = [backend.tensor(x, "float32") for x in (A, B)]
        with told(GRADIENT):
            (value, aux), gradients = backend.value_and_grad(f)(
                params, backend.tensor(TARGET, "float32")
            )
        expected = loss(np, A, B, TARGET)
        same_value(f"the value of {GRADIENT}", float(value), expected, 1e-5 * expected)
        product = np.exp(A) @ B.T
        same_value(f"aux of {GRADIENT}", backend.to_numpy(aux["product"]), product, 1e-4)
        if aux["rest"] != [None, 3]:
            raise fault(f"aux of {GRADIENT}", expected="[None, 3]", got=str(aux["rest"]))
        by = [
            differences(lambda x: loss(np, x, B, TARGET), A),
            differences(lambda x: loss(np, A, x, TARGET), B),
        ]
        for n, (found, expected) in enumerate(zip(gradients, by, strict=True)):
            what = f"the gradient by params[{n}] of {GRADIENT}"
            self.named(backend, what, found, "float32")
            same_value(what, backend.to_numpy(found), expected, 1e-3 * np.abs(expected).max())

    @needs("Autodiff")
    def test_complex_gradient_is_steepest_ascent(self, backend: Any) -> None:
        """Of ``abs(z)**2`` it is ``2 * z``, and of the real part of ``w * z`` it is ``conj(w)``."""
        z = np.array([1 + 2j, -3j], np.complex64)
        w = np.array([2 - 1j, 0.5j], np.complex64)
        native = backend.tensor(w)

        def square(p: Any) -> Any:
            return backend.sum(backend.real(p[0] * backend.conj(p[0]))), ()

        def linear(p: Any) -> Any:
            return backend.sum(backend.real(native * p[0])), ()

        cases = [
            ("sum(abs(z)**2)", square, 14.0, 2 * z),
            ("sum(real(w * z))", linear, float(np.sum(w * z).real), w.conj()),
        ]
        for formula, f, value, gradient in cases:
            with told(GRADIENT, f"f = {formula}"):
                (found, _), (grad,) = backend.value_and_grad(f)([backend.tensor(z)])
            same_value(f"the value of {GRADIENT}", float(found), value, 1e-5)
            what = f"the gradient of f = {formula} in {GRADIENT}"
            same_value(what, backend.to_numpy(grad), gradient, 1e-5)

    @needs("Autodiff")
    def test_a_parameter_that_does_not_matter(self, backend: Any) -> None:
        """Its gradient is zero, even where `f` is a constant."""
        x = backend.tensor([1.0, 2.0])
        with told(GRADIENT, "an f that does not use params[1]"):
            _, gradients = backend.value_and_grad(lambda p: (backend.sum(p[0]), None))([x, x])
        zero = "the gradient by a parameter that f does not use, in " + GRADIENT
        same_value(zero, backend.to_numpy(gradients[1]), [0.0, 0.0], 0)
        with told(GRADIENT, "an f that is a constant"):
            _, (none,) = backend.value_and_grad(lambda p: (backend.sum(x), None))([x])
        same_value(zero, backend.to_numpy(none), [0.0, 0.0], 0)

    @needs("Autodiff")
    def test_what_is_returned_tracks_nothing(self, backend: Any) -> None:
        """All of it can be read, and used outside."""
        x = backend.tensor([1.0, 2.0])

        def f(params: Any) -> Any:
            return backend.sum(params[0]), [params[0] * 2]

        (value, aux), gradients = backend.value_and_grad(f)([x])
        results = {"value": value, "aux": aux[0], "gradient": gradients[0], "parameter": x}
        for what, result in results.items():
            with told(f"ab.to_numpy of the {what} of {GRADIENT}"):
                backend.to_numpy(result)
            if getattr(result, "requires_grad", False):
                raise fault(GRADIENT, expected=f"a {what} that tracks nothing", got="requires_grad")

    @needs("Autodiff")
    @pytest.mark.parametrize("name", STABLE)
    def test_stable_functions_have_finite_gradients(self, backend: Any, name: str) -> None:
        """Far out too."""
        x = backend.tensor([-1e4, -80.0, -1.0, 0.5, 80.0, 1e4])
        g = backend.value_and_grad(lambda p: (backend.sum(getattr(backend, name)(p[0])), None))
        with told(f"the gradient of ab.{name}(x)"):
            found = backend.to_numpy(g([x])[1][0])
        if not np.all(np.isfinite(found)):
            raise fault(f"the gradient of ab.{name}(x)", expected="finite numbers", got=found)

    @needs("Autodiff")
    @pytest.mark.parametrize("of", ["real", "complex"])
    def test_gradients_of_squared_norms(self, backend: Any, of: str) -> None:
        """``2 * x``, at zero too, whether replicas are kept or not."""
        z: Any = np.array([[1.0, 0.0], [-2.0, 3.0]], np.float32)
        z = z * np.complex64(1 + 2j) if of == "complex" else z
        x, zero = backend.tensor(z), backend.tensor(np.zeros(2, z.dtype))
        for call, f in {
            "ab.squared_norm(x)": lambda p: backend.squared_norm(p[0]),
            "ab.squared_norm(x, 1)": lambda p: backend.sum(backend.squared_norm(p[0], 1)),
            "ab.squared_distance(x, 0 * x[0])": lambda p: backend.squared_distance(p[0], zero),
        }.items():
            with told(f"the gradient of {call}"):
                found = backend.value_and_grad(lambda p, f=f: (f(p), None))([x])[1][0]
            same_value(f"the gradient of {call}", backend.to_numpy(found), 2 * z, 1e-5)

    @needs("Autodiff")
    def test_gradient_of_unpacked_arrays(self, backend: Any) -> None:
        """It is one vector again."""
        x, call = np.arange(8, dtype=np.float32), "ab.unpack(x, [(2, 3), (2,)])"

        def f(params: list[Any]) -> Any:
            one, two = backend.unpack(params[0], [(2, 3), (2,)])
            return backend.sum(one * one) + 3 * backend.sum(two), None

        with told(f"a gradient through {call}"):
            found = backend.value_and_grad(f)([backend.tensor(x)])[1][0]
        expected = np.append(2 * x[:6], [3, 3])
        same_value(f"a gradient through {call}", backend.to_numpy(found), expected, 1e-6)

    @needs("Autodiff")
    def test_gradient_of_blocks(self, backend: Any) -> None:
        """Of an array made block by block, each of the parameters and of a part of them."""
        x, call = np.arange(10, dtype=np.float32).reshape(5, 2), "ab.in_blocks(block, 5, 2, 0)"

        def f(params: list[Any]) -> Any:
            y, z = params
            made = backend.in_blocks(lambda start, stop: y[start:stop, ...] * z, 5, 2, 0)
            return backend.sum(made * made), None

        params = [backend.tensor(x), backend.tensor(x[1])]
        with told(f"a gradient through {call}"):
            by_y, by_z = backend.value_and_grad(f)(params)[1]
        for found, expected in ((by_y, 2 * x * x[1] ** 2), (by_z, 2 * (x**2).sum(0) * x[1])):
            same_value(f"a gradient through {call}", backend.to_numpy(found), expected, 1e-3)

    @needs("Linearize")
    def test_products_with_a_jacobian(self, backend: Any) -> None:
        """``push`` and ``pull`` are the Jacobian and its transpose, any number of times."""

        def f(params: list[Any]) -> Any:
            return backend.einsum("ir,jr->ij", backend.exp(params[0]), params[1])

        def oracle(a: Any, b: Any) -> Any:
            return np.exp(a) @ b.T

        def weighted(w: Any, x: Any, by: int) -> float:
            return float(np.sum(w * (oracle(x, B) if by == 0 else oracle(A, x))))

        params = [backend.tensor(x, "float32") for x in (A, B)]
        call = "ab.linearize(f, params)"
        with told(call):
            value, push, pull = backend.linearize(f, params)
        same_value(f"the value of {call}", backend.to_numpy(value), oracle(A, B), 1e-4)
        for n in range(2):
            da, db, w = (np.roll(x, n, 0) for x in (0.5 * A, -B, TARGET))
            step = 1e-6
            slope = oracle(A + step * da, B + step * db) - oracle(A - step * da, B - step * db)
            pushed = push([backend.tensor(x, "float32") for x in (da, db)])
            what = f"push(tangents) of {call}"
            same_value(what, backend.to_numpy(pushed), slope / (2 * step), 1e-3)
            by = [
                differences(partial(weighted, w, by=0), A),
                differences(partial(weighted, w, by=1), B),
            ]
            what = f"pull(cotangent) of {call}"
            for found, expected in zip(pull(backend.tensor(w, "float32")), by, strict=True):
                same_value(what, backend.to_numpy(found), expected, 1e-3 * np.abs(expected).max())
