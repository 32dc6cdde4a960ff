"""Gradients of losses and conditions against finite differences, taken in NumPy's doubles."""

import numpy as np
import pytest

import funfact as ff
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
from funfact.testing.fits.differences import differences, draw, is_close, widest

NUMPY = load("numpy")


@pytest.fixture
def gradient(fit, backend):
    """Of ``f(x, ab)``, on the backend, in the widest precision it has."""

    def of(f, x):
        native = backend.tensor(x, widest(backend, str(x.dtype)))
        (_, _), (grad,) = backend.value_and_grad(lambda p: (f(p[0], backend), ()))([native])
        return backend.to_numpy(grad)

    return of


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [(kind, "float64") for kind in (MSE, L1, KLDivergence, PhaseInvariantMSE, PhaseInvariantL1)]
    + [(kind, "complex128") for kind in (MSE, L1, PhaseInvariantMSE, PhaseInvariantL1)],
)
def test_losses(backend, gradient, kind, dtype):
    x, target = draw(dtype, 2, 3, 4), draw(dtype, 3, 4, low=0.2, high=2.0)[::-1].copy()

    def f(x, ab):
        return ab.sum(per_replica(kind(), x, ab.astype(ab.tensor(target), x.dtype), ab))

    is_close(backend, gradient(f, x), differences(lambda y: f(y, NUMPY), x))


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
def test_conditions(backend, gradient, kind, elementwise, dtype, shape):
    x = draw(dtype, *shape, low=0.2) * np.where(np.arange(shape[-1]) % 2, 1, -1)

    def f(x, ab):
        return ab.sum(violation(kind(elementwise=elementwise), x, ab, 1))

    is_close(backend, gradient(f, x), differences(lambda y: f(y, NUMPY), x))


def test_a_view_of_a_replica_is_differentiated(fit, backend):
    i, j = ff.indices("i, j")
    model = ff.Factorization.from_tsrex(ff.tensor("u", 3)[i] * ff.tensor("v", 4)[j], vec_size=2)
    first, second = model.factors

    def total(params):
        model.factors = [params[0], second]
        return backend.sum(ff.view(model, 1)()), ()

    (grad,) = backend.value_and_grad(total)([first])[1]
    expected = np.outer([0, 1], np.ones(3)) * backend.to_numpy(second)[1].sum()
    np.testing.assert_allclose(backend.to_numpy(grad), expected, rtol=1e-5)
