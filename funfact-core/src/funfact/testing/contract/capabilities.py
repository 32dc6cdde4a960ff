"""What a backend declares, it does: gradients, loops, compilation, vectorisation, devices."""

from typing import Any

import numpy as np
import pytest

from ..group import Group, needs


class Capabilities(Group):
    """What a backend declares, it does."""

    @needs("Autodiff")
    def test_gradient_against_finite_differences(self, backend: Any) -> None:
        rng = np.random.default_rng(0)
        a, b = rng.normal(size=(3, 2)), rng.normal(size=(4, 2))
        target = rng.normal(size=(3, 4))

        def loss(xp: Any, a: Any, b: Any) -> Any:
            return xp.sum((xp.exp(a) @ b.T - target) ** 2)

        def f(params: list[Any], target: Any) -> tuple[Any, Any]:
            product = backend.einsum("ir,jr->ij", backend.exp(params[0]), params[1])
            error = product - target
            return backend.sum(error * error), {"product": product, "rest": [None, 3]}

        g = backend.value_and_grad(f)
        params = [backend.tensor(x, "float32") for x in (a, b)]
        (value, aux), gradients = g(params, backend.tensor(target, "float32"))
        np.testing.assert_allclose(float(value), loss(np, a, b), rtol=1e-5)
        np.testing.assert_allclose(backend.to_numpy(aux["product"]), np.exp(a) @ b.T, rtol=1e-5)
        assert aux["rest"] == [None, 3]
        for position, x in enumerate((a, b)):
            expected = np.zeros_like(x)
            for index in np.ndindex(x.shape):
                step = np.zeros_like(x)
                step[index] = 1e-6
                moved = [(a + s * step, b) if position == 0 else (a, b + s * step) for s in (1, -1)]
                expected[index] = (loss(np, *moved[0]) - loss(np, *moved[1])) / 2e-6
            np.testing.assert_allclose(backend.to_numpy(gradients[position]), expected, rtol=1e-3)

    @needs("Linearize")
    def test_products_with_a_jacobian(self, backend: Any) -> None:
        rng = np.random.default_rng(0)
        a, b = rng.normal(size=(3, 2)), rng.normal(size=(2,))
        da, db = rng.normal(size=(3, 2)), rng.normal(size=(2,))
        cotangent = rng.normal(size=(3,))
        given = [backend.tensor(x, "float32") for x in (a, b, da, db, cotangent)]
        value, push, pull = backend.linearize(
            lambda params: backend.exp(backend.einsum("ij,j->i", *params)), given[:2]
        )
        y = np.exp(a @ b)
        pushed, pulled = push(given[2:4]), pull(given[4])
        for got, expected in (
            (value, y),
            (pushed, y * (da @ b + a @ db)),
            (pulled[0], np.outer(cotangent * y, b)),
            (pulled[1], a.T @ (cotangent * y)),
        ):
            np.testing.assert_allclose(backend.to_numpy(got), expected, rtol=1e-4, atol=1e-5)
        again = backend.to_numpy(pull(given[4])[1])
        np.testing.assert_array_equal(again, backend.to_numpy(pulled[1]), "pull, called twice")

    @needs("Autodiff")
    def test_complex_gradient_is_steepest_ascent(self, backend: Any) -> None:
        z = np.array([1 + 2j, -3j], np.complex64)
        g = backend.value_and_grad(
            lambda p: (backend.sum(backend.real(p[0] * backend.conj(p[0]))), ())
        )
        (value, _), (gradient,) = g([backend.tensor(z)])
        np.testing.assert_allclose(float(value), 14, rtol=1e-6)
        np.testing.assert_allclose(backend.to_numpy(gradient), 2 * z, rtol=1e-6)

    @needs("Autodiff")
    def test_a_parameter_that_does_not_matter(self, backend: Any) -> None:
        x = backend.tensor([1.0, 2.0])
        _, gradients = backend.value_and_grad(lambda p: (backend.sum(p[0]), None))([x, x])
        np.testing.assert_array_equal(backend.to_numpy(gradients[1]), [0, 0])
        _, (none,) = backend.value_and_grad(lambda p: (backend.sum(x), None))([x])
        np.testing.assert_array_equal(backend.to_numpy(none), [0, 0])

    @needs("Autodiff")
    def test_what_is_returned_tracks_nothing(self, backend: Any) -> None:
        x = backend.tensor([1.0, 2.0])
        (value, aux), gradients = backend.value_and_grad(lambda p: (backend.sum(p[0]), [p[0] * 2]))(
            [x]
        )
        for result in (value, aux[0], gradients[0], x):
            assert not getattr(result, "requires_grad", False)

    @pytest.mark.parametrize("name", ["log_sum_exp", "relu", "celu", "sigmoid", "erf", "erfc"])
    @needs("Autodiff")
    def test_stable_functions_have_finite_gradients(self, backend: Any, name: str) -> None:
        x = backend.tensor([-1e4, -80.0, -1.0, 0.5, 80.0, 1e4])
        g = backend.value_and_grad(lambda p: (backend.sum(getattr(backend, name)(p[0])), None))
        _, (gradient,) = g([x])
        assert np.all(np.isfinite(backend.to_numpy(gradient)))

    @needs("Repeat")
    def test_repeat_any_number_of_times_with_one_compilation(self, backend: Any) -> None:
        traced: list[None] = []

        def step(carry: dict[str, Any], rate: Any) -> dict[str, Any]:
            traced.append(None)
            return {"x": carry["x"] * rate, "steps": carry["steps"] + 1}

        run = backend.repeated(step)
        for n in (3, 0, 5):
            carry = {"x": backend.ones(2), "steps": backend.tensor(0)}
            carry = run(carry, n, backend.tensor(2.0))
            np.testing.assert_array_equal(backend.to_numpy(carry["x"]), [2.0**n] * 2)
            assert int(carry["steps"]) == n
        assert len(traced) <= 2

    @needs("Compile")
    def test_compile(self, backend: Any) -> None:
        f = backend.compile(lambda tree: {"sum": tree["a"] + tree["b"][0], "none": None})
        x = backend.tensor([1.0, 2.0])
        result = f({"a": x, "b": [x]})
        np.testing.assert_array_equal(backend.to_numpy(result["sum"]), [2, 4])
        assert result["none"] is None

    @needs("Compile")
    def test_random_numbers_while_compiling_leave_the_seed_usable(self, backend: Any) -> None:
        backend.seed(0)
        backend.compile(lambda x: x + backend.normal(0, 1, 2))(backend.zeros(2))
        assert np.all(np.isfinite(backend.to_numpy(backend.normal(0, 1, 2))))

    @needs("Vmap")
    def test_vmap(self, backend: Any) -> None:
        x, y = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
        f = backend.vmap(lambda a, b: backend.sum(a * b), in_axes=(0, None))
        result = f(backend.tensor(x), backend.tensor(y[0]))
        np.testing.assert_allclose(backend.to_numpy(result), x @ y[0], rtol=1e-5)
        last = backend.vmap(lambda a: a * 2, in_axes=1, out_axes=1)(backend.tensor(x))
        np.testing.assert_allclose(backend.to_numpy(last), 2 * x)

    @pytest.mark.parametrize("dtype", ["float32", "complex64"])
    @needs("Linalg")
    def test_linear_algebra_in_batches(self, backend: Any, dtype: str) -> None:
        rng = np.random.default_rng(0)
        a = rng.normal(size=(2, 3, 4)) + (1j * rng.normal(size=(2, 3, 4)) if "c" in dtype else 0)
        square = a @ a.conj().swapaxes(-1, -2) + np.eye(3)
        x, gram = backend.tensor(a, dtype), backend.tensor(square, dtype)
        linalg, to_numpy = backend.xp.linalg, backend.to_numpy

        lower = to_numpy(linalg.cholesky(gram))
        np.testing.assert_allclose(lower @ lower.conj().swapaxes(-1, -2), square, rtol=1e-4)
        np.testing.assert_allclose(
            to_numpy(linalg.solve(gram, x)), np.linalg.solve(square, a), rtol=1e-3, atol=1e-4
        )
        values = to_numpy(linalg.eigh(gram)[0])
        np.testing.assert_allclose(values, np.linalg.eigvalsh(square), rtol=1e-4)
        q, r = (to_numpy(part) for part in linalg.qr(x))
        np.testing.assert_allclose(q @ r, a, rtol=1e-3, atol=1e-4)
        u, s, vh = (to_numpy(part) for part in linalg.svd(x, full_matrices=False))
        np.testing.assert_allclose((u * s[:, None, :]) @ vh, a, rtol=1e-3, atol=1e-4)
