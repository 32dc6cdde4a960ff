"""Levenberg-Marquardt: exact fits from any start, as far as the precision goes."""

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Linearize
from funfact.errors import OptionError

i, j, k, r = ff.indices("i, j, k, r")


@pytest.fixture
def lm(fit, backend):
    """A fit by Levenberg-Marquardt that goes all its steps."""
    if not isinstance(backend, Linearize):
        pytest.skip(f"{backend!r} does not declare Linearize")
    return lambda *args, **kw: fit(*args, **{"optimizer": "LM", "tol": 0, **kw})


def multiplication(m, n, p):
    """The tensor of the product of an m x n and an n x p matrix."""
    tensor = np.zeros((m, n, n, p, m, p))
    for a, b, c in np.ndindex(m, n, p):
        tensor[a, b, b, c, a, c] = 1
    return tensor.reshape(m * n, n * p, m * p)


def cp(shape, rank):
    a, b, c = (ff.tensor(name, size, rank) for name, size in zip("abc", shape, strict=True))
    return a[i, ~r] * b[j, ~r] * c[k, r]


def relative_error(fac, target):
    return np.linalg.norm(fac.backend.to_numpy(fac()) - target) / np.linalg.norm(target)


def test_strassen_is_found_from_nearly_every_start(lm):
    # Strassen 1969: seven multiplications do for two 2 x 2 matrices
    target = multiplication(2, 2, 2)
    found = lm(
        cp(target.shape, 7), target.astype("float32"), vec_size=10, max_steps=220, returns="all"
    )
    errors = np.array([relative_error(fac, target) for fac in found])
    assert np.mean(errors < 1e-5) >= 0.9


def test_starts_do_not_end_in_valleys_towards_infinity(lm):
    # Hopcroft & Kerr 1971: eleven for 2 x 2 by 2 x 3; ten do so in the limit alone
    target = multiplication(2, 2, 3).astype("float32")
    found = lm(cp(target.shape, 11), target, vec_size=10, max_steps=150, returns="all")
    assert np.mean([relative_error(fac, target) < 1e-4 for fac in found]) >= 0.9


@pytest.mark.parametrize("vec_axis", [0, -1])
def test_a_nonlinear_model_to_single_precision(lm, vec_axis):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 2)), rng.normal(size=(2, 9))
    target = np.tanh(x @ y).astype("float32")
    u, v = ff.tensor("u", 8, 2), ff.tensor("v", 2, 9)
    fac = lm(ff.tanh(u[i, r] * v[r, j]), target, vec_size=4, max_steps=100, vec_axis=vec_axis)
    assert relative_error(fac, target) < 3e-6


def test_complex_factors(lm):
    rng = np.random.default_rng(0)
    parts = rng.normal(size=(2, 3, 6, 2)) + 1j * rng.normal(size=(2, 3, 6, 2))
    target = np.einsum("ir,jr,kr->ijk", *parts[0]).astype("complex64")
    fac = lm(cp(target.shape, 2), target, vec_size=4, max_steps=100)
    assert relative_error(fac, target) < 1e-5


def test_a_real_target_of_a_complex_model(lm):
    target = np.cos(np.arange(5.0))[:, None] * np.arange(1.0, 4.0)
    u, v = ff.tensor("u", 5, 1), ff.tensor("v", 3, 1)
    fac = lm(u[i, r] * v[j, r], target.astype("float32"), dtype="complex64", max_steps=50)
    assert relative_error(fac, target) < 1e-5


def test_penalties_that_are_squares_are_residuals(lm, backend):
    target = np.array([[1.0, 2.0], [2.0, 1.0]], "float32")
    # from zeros: the best factors have the lowest loss, in which penalties do not count
    start = {"initializer": ff.initializers.Zeros}
    u = ff.tensor("u", 2, 2, prefer=ff.conditions.Diagonal(weight=1e4), **start)
    fac = lm(u + 0.0, target, max_steps=40)
    # the mean of the squares of what is off the diagonal, against that of the error
    expected = 2.0 / (1 + 1e4)
    off = backend.to_numpy(fac["u"])[[0, 1], [1, 0]]
    np.testing.assert_allclose(off, expected, rtol=1e-2)


def test_the_jacobian_may_be_too_large_to_form(lm, monkeypatch):
    monkeypatch.setattr("funfact.fit.solvers.gauss_newton._ROOM", 0)
    rng = np.random.default_rng(1)
    target = np.einsum("ir,jr,kr->ijk", *rng.normal(size=(3, 7, 2))).astype("float32")
    fac = lm(cp(target.shape, 2), target, vec_size=4, max_steps=120)
    assert relative_error(fac, target) < 1e-5


def test_other_losses_are_refused(lm):
    said = r"LM.*does not apply here: the loss is L1, not a sum of squares"
    with pytest.raises(OptionError, match=said):
        lm(cp((2, 2, 2), 1), np.ones((2, 2, 2)), loss="L1")
