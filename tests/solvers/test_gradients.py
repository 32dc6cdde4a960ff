"""Gradients of losses and conditions against finite differences, taken in NumPy's doubles."""

import numpy as np
import pytest

from funfact.backends import load
from funfact.conditions import Diagonal, NonNegative, Unitary, UpperTriangular, violation
from funfact.loss import (
    L1,
    MSE,
    KLDivergence,
    PhaseInvariantL1,
    PhaseInvariantMSE,
    per_replica,
)

NUMPY = load("numpy")
STEP = 1e-6


def draw(dtype, *shape, low=0.5, high=1.5):
    rng = np.random.default_rng(4)
    x = rng.uniform(low, high, size=shape)
    return x * np.exp(1j * rng.uniform(-3, 3, size=shape)) if "complex" in dtype else x


def differences(f, x):
    """The direction of steepest ascent of a real function of `x`."""
    grad = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        for unit in (1, 1j) if np.iscomplexobj(x) else (1,):
            up, down = x.copy(), x.copy()
            up[place] += STEP * unit
            down[place] -= STEP * unit
            grad[place] += unit * (f(up) - f(down)) / (2 * STEP)
    return grad


@pytest.fixture
def gradient(fit, backend):
    """Of ``f(x, ab)``, on the backend, in the precision it has."""

    def of(f, x):
        native = backend.tensor(x.astype("complex64" if np.iscomplexobj(x) else "float32"))
        (_, _), (grad,) = backend.value_and_grad(lambda p: (f(p[0], backend), ()))([native])
        return backend.to_numpy(grad)

    return of


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [(kind, "float64") for kind in (MSE, L1, KLDivergence, PhaseInvariantMSE, PhaseInvariantL1)]
    + [(kind, "complex128") for kind in (MSE, L1, PhaseInvariantMSE, PhaseInvariantL1)],
)
def test_losses(gradient, kind, dtype):
    x, target = draw(dtype, 2, 3, 4), draw(dtype, 3, 4, low=0.2, high=2.0)[::-1].copy()

    def f(x, ab):
        return ab.sum(per_replica(kind(), x, ab.astype(ab.tensor(target), x.dtype), ab))

    np.testing.assert_allclose(
        gradient(f, x), differences(lambda y: f(y, NUMPY), x), rtol=1e-3, atol=1e-4
    )


def test_the_divergence_where_the_model_is_negative_or_zero(gradient):
    x, target = np.array([-1.0, -1e-3, 1e-9, 0.7]), np.array([1.0, 0.5, 0.0, 0.0])

    def f(x, ab):
        return per_replica(KLDivergence("sum"), x, ab.astype(ab.tensor(target), x.dtype), ab)

    grad = gradient(f, x)
    assert np.isfinite(grad).all()
    assert (grad[:2] < 0).all()  # up, towards the target
    np.testing.assert_allclose(grad[2:], 1, rtol=1e-6)


@pytest.mark.parametrize("kind", [PhaseInvariantMSE, PhaseInvariantL1, MSE, L1])
def test_no_gradient_is_nan_where_a_phase_or_a_modulus_has_none(gradient, kind):
    for x, target in (
        (np.array([1.0, 0.0]), np.array([0.0, 1.0])),
        (np.zeros(2) * 1j, np.array([0.0, 1.0])),
        (np.ones(2) * 1j, np.ones(2) * 1j),
    ):

        def f(x, ab, target=target):
            return per_replica(kind(), x, ab.astype(ab.tensor(target), x.dtype), ab)

        assert np.isfinite(gradient(f, x)).all()


@pytest.mark.parametrize("kind", [NonNegative, Diagonal, UpperTriangular, Unitary])
@pytest.mark.parametrize("elementwise", ["mse", "l1"])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("shape", [(2, 3, 3), (2, 4, 2)])
def test_conditions(gradient, kind, elementwise, dtype, shape):
    x = draw(dtype, *shape, low=0.2) * np.where(np.arange(shape[-1]) % 2, 1, -1)

    def f(x, ab):
        return ab.sum(violation(kind(elementwise=elementwise), x, ab, 1))

    np.testing.assert_allclose(
        gradient(f, x), differences(lambda y: f(y, NUMPY), x), rtol=2e-3, atol=2e-4
    )
