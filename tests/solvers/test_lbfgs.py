"""L-BFGS: curvature from gradients, for any loss."""

import numpy as np
import pytest
from scipy.optimize import minimize

import funfact as ff

i, j, k, r = ff.indices("i, j, k, r")


@pytest.fixture
def lbfgs(fit):
    return lambda *args, **kw: fit(*args, **{"optimizer": "LBFGS", "tol": 0, **kw})


def relative_error(fac, target):
    return np.linalg.norm(fac.backend.to_numpy(fac()) - target) / np.linalg.norm(target)


@pytest.mark.thinned
@pytest.mark.parametrize("dtype", ["float32", "complex64"])
@pytest.mark.parametrize("vec_axis", [0, -1])
def test_an_exact_tensor(lbfgs, dtype, vec_axis):
    rng = np.random.default_rng(0)
    parts = rng.normal(size=(3, 6, 2))
    if "complex" in dtype:
        parts = parts + 1j * rng.normal(size=(3, 6, 2))
    target = np.einsum("ir,jr,kr->ijk", *parts).astype(dtype)
    a, b, c = (ff.tensor(name, 6, 2) for name in "abc")
    model = a[i, ~r] * b[j, ~r] * c[k, r]
    fac = lbfgs(model, target, vec_size=6, vec_axis=vec_axis, max_steps=400)
    assert relative_error(fac, target) < 1e-4


def test_the_divergence_of_a_poisson_model_as_scipy_has_it(lbfgs):
    rng = np.random.default_rng(0)
    counts = rng.poisson(np.exp(rng.normal(size=(7, 1)) + rng.normal(size=(1, 5)))).astype(float)

    def divergence(x):
        m = np.exp(x[:7, None] + x[None, 7:])
        log = np.log(np.where(counts > 0, counts, 1))
        return np.mean(counts * (log - np.log(m)) - counts + m)

    best = minimize(divergence, np.zeros(12), method="BFGS", tol=1e-10).fun
    u, v = ff.tensor("u", 7, 1), ff.tensor("v", 1, 5)
    model = ff.exp(u + v)
    fac = lbfgs(model, counts.astype("float32"), loss="KLDivergence", max_steps=200)
    assert fac.history.loss == pytest.approx(best, rel=1e-4)


def test_as_far_as_scipy_with_as_many_gradients(lbfgs):
    # L-BFGS-B searches along each line for a strong Wolfe point, at the price of gradients
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 3)), rng.normal(size=(3, 10))
    target = np.tanh(x @ y) + 0.05 * rng.normal(size=(12, 10))
    starts = rng.normal(size=(12, 2)), rng.normal(size=(10, 2))

    def loss(x):
        u, v = x[:24].reshape(12, 2), x[24:].reshape(10, 2)
        model = np.tanh(u @ v.T)
        slope = 2 / 120 * (model - target) * (1 - model**2)
        return np.mean((model - target) ** 2), np.concatenate(
            [(slope @ v).ravel(), (slope.T @ u).ravel()]
        )

    start = np.concatenate([x.ravel() for x in starts])
    options = {"maxiter": 200, "maxfun": 200, "ftol": 0, "gtol": 0}
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).fun
    u, v = (ff.tensor(x.astype("float32"), optimizable=True) for x in starts)
    fac = lbfgs(ff.tanh(u[i, r] * v[j, r]), target.astype("float32"), max_steps=200)
    assert fac.history.loss < 1.05 * best


def test_penalties_count(lbfgs, backend):
    target = np.array([[1.0, 2.0], [2.0, 1.0]], "float32")
    u = ff.tensor("u", 2, 2, prefer=ff.conditions.Diagonal(weight=100.0))
    fac = lbfgs(u + 0.0, target, max_steps=100)
    off = backend.to_numpy(fac["u"])[[0, 1], [1, 0]]
    # values in single precision, 1e-7 of 2, tell points apart to the root of that over 100
    np.testing.assert_allclose(off, 2.0 / 101, atol=5e-5)
