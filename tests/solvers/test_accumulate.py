"""Sums made term by term on the device: the same values and gradients as all at once."""

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Accumulate, Linearize
from funfact.compiler import accumulate
from funfact.compiler.lower import lower
from funfact.fit.programs import forget
from funfact.testing.fits.differences import differences, draw, is_close, widest

i, j, r = ff.indices("i, j, r")
X, Y, W = draw("float64", 7, 6), draw("float64", 5, 6), draw("float64", 6)
TARGET = draw("float64", 7, 5)


@pytest.fixture(autouse=True)
def term_by_term(fit, backend, monkeypatch):
    if not isinstance(backend, Accumulate):
        pytest.skip(f"{backend!r} does not declare Accumulate")
    monkeypatch.setattr(type(backend), "cache", 50.0)
    monkeypatch.setattr(accumulate, "_LEAST", 1)


def bells():
    x, y, w = ff.tensor("x", 7, 6), ff.tensor("y", 5, 6), ff.tensor("w", 6)
    return ff.exp(-((x[i, ~r] - y[j, ~r]) ** 2)) * w[r]


def loss(x, y, w):
    model = np.einsum("ijr,r->ij", np.exp(-((x[:, None] - y) ** 2)), w)
    return np.sum((model - TARGET) ** 2)


def residual(backend):
    """Model minus target, on the backend, and the arrays."""
    kind = widest(backend, "float64")
    expression = bells()
    assert accumulate.accumulated(expression.ir, backend.cache)
    model = lower(expression.ir, expression.tensors, backend, kind)
    target = backend.tensor(TARGET, kind)
    return lambda arrays: model(arrays) - target, [backend.tensor(z, kind) for z in (X, Y, W)]


def test_gradients_against_finite_differences(backend):
    rest, arrays = residual(backend)
    function = backend.value_and_grad(lambda p: (backend.sum(rest(p) ** 2), ()))
    (value, _), gradients = function(arrays)
    np.testing.assert_allclose(float(value), loss(X, Y, W), rtol=1e-5)
    by = (lambda x: loss(x, Y, W)), (lambda y: loss(X, y, W)), (lambda w: loss(X, Y, w))
    for gradient, f, at in zip(gradients, by, (X, Y, W), strict=True):
        is_close(backend, backend.to_numpy(gradient), differences(f, at))


def test_products_with_the_jacobian(backend):
    if not isinstance(backend, Linearize):
        pytest.skip(f"{backend!r} does not declare Linearize")
    rest, arrays = residual(backend)
    value, push, pull = backend.linearize(rest, arrays)
    tangents = [backend.tensor(np.roll(z, 1), arrays[0].dtype) for z in (X, Y, W)]
    moved = backend.to_numpy(push(tangents))
    back = [backend.to_numpy(z) for z in pull(value)]
    right = sum(np.sum(z * np.roll(at, 1)) for z, at in zip(back, (X, Y, W), strict=True))
    np.testing.assert_allclose(np.sum(moved * backend.to_numpy(value)), right, rtol=1e-4)
    by = differences(lambda w: loss(X, Y, w) / 2, W)
    is_close(backend, back[2], by)


def test_in_reverse_and_then_forwards(backend):
    """Of one function, as when a fit looks at a gradient before its steps take a Jacobian."""
    if not isinstance(backend, Linearize):
        pytest.skip(f"{backend!r} does not declare Linearize")
    rest, arrays = residual(backend)
    backend.value_and_grad(lambda p: (backend.sum(rest(p) ** 2), ()))(arrays)
    value, push, _ = backend.linearize(rest, arrays)
    tangents = [*(backend.zeros_like(z) for z in arrays[:2]), arrays[2]]  # it is linear in w
    target = backend.tensor(TARGET, arrays[2].dtype)
    is_close(backend, backend.to_numpy(push(tangents)), backend.to_numpy(value + target))


@pytest.mark.parametrize("solver", ["Adam", "LBFGS", "LM"])
@pytest.mark.parametrize("vec_axis", [0, -1])
def test_fits_go_the_same_way(backend, solver, vec_axis, monkeypatch):
    if solver == "LM" and not isinstance(backend, Linearize):
        pytest.skip(f"{backend!r} does not declare Linearize")

    def loss_of_fit():
        forget()  # what was compiled with another cache
        ff.active_backend.seed(0)
        options = {"vec_size": 3, "vec_axis": vec_axis, "max_steps": 40, "progress": False}
        target = TARGET.astype("float32")
        return ff.factorize(bells(), target, optimizer=solver, **options).history.loss

    one_by_one = loss_of_fit()
    monkeypatch.setattr(type(backend), "cache", float("inf"))
    np.testing.assert_allclose(one_by_one, loss_of_fit(), rtol=1e-3, atol=1e-9)
    forget()
