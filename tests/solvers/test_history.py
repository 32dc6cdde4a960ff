"""What a fit remembers of each replica: losses, norms of gradients, steps and seconds."""

from functools import partial

import numpy as np
import pytest

import funfact as ff
from funfact.fit import hookimpl

i, j, k, r = ff.indices("i, j, k, r")
SHAPE = (5, 4, 3)


def cp(**options):
    a, b, c = (ff.tensor(s, n, 2, **options) for s, n in zip("abc", SHAPE, strict=True))
    return (a[i, ~r] * b[j, ~r]) * c[k, r]


class Seen:
    """The factors of all replicas at each checkpoint, replicas first."""

    def __init__(self, append=False):
        self.append, self.factors = append, []

    @hookimpl
    def checkpoint(self, point):
        arrays = [ff.active_backend.to_numpy(x) for x in point.factors]
        wide = np.result_type(arrays[0], np.float64)
        axis = -1 if self.append else 0
        self.factors.append([np.moveaxis(x, axis, 0).astype(wide) for x in arrays])


def gradient_norm(objective, factors):
    """By central differences in doubles; the real and the imaginary parts of complex factors."""
    total = 0.0
    for n, x in enumerate(factors):
        for place in np.ndindex(x.shape):
            for unit in (1, 1j) if np.iscomplexobj(x) else (1,):
                step = np.zeros_like(x)
                step[place] = 1e-5 * unit
                ends = [objective([*factors[:n], x + s * step, *factors[n + 1 :]]) for s in (1, -1)]
                total += ((ends[0] - ends[1]) / 2e-5) ** 2
    return np.sqrt(total)


def error(target):
    def of(factors):
        residual = np.einsum("ir,jr,kr->ijk", *factors) - target
        return np.mean(np.abs(residual) ** 2)

    return of


UNCOMPILED = [(method, 20) for method in ("Adam", "LM", "LBFGS", "ALS")]
COMPILED = [(method, 40) for method in ("Adam", "RMSprop")]
"""Fits that are long enough, whose norms are taken from a step that goes nowhere."""


@pytest.mark.parametrize(("method", "steps"), UNCOMPILED + COMPILED)
@pytest.mark.parametrize("append", [False, True])
def test_norms_of_gradients(fit, method, steps, append):
    target = np.random.default_rng(0).normal(size=SHAPE).astype("float32")
    seen, axis = Seen(append), -1 if append else 0
    options = {"max_steps": steps, "checkpoint_freq": 10, "tol": 0, "vec_size": 3}
    history = fit(cp(), target, optimizer=method, vec_axis=axis, plugins=[seen], **options).history
    expected = [
        [gradient_norm(error(target), [x[n] for x in factors]) for n in range(3)]
        for factors in seen.factors
    ]
    assert history.gradient_norms.shape == history.losses.shape == (steps // 10 + 1, 3)
    np.testing.assert_allclose(history.gradient_norms, expected, rtol=1e-3, atol=1e-5)


def test_norms_of_complex_factors(fit):
    rng = np.random.default_rng(0)
    target = (rng.normal(size=SHAPE) + 1j * rng.normal(size=SHAPE)).astype("complex64")
    seen = Seen()
    history = fit(
        cp(), target, optimizer="Adam", max_steps=10, checkpoint_freq=10, tol=0, plugins=[seen]
    ).history
    expected = [gradient_norm(error(target), [x[0] for x in f]) for f in seen.factors]
    np.testing.assert_allclose(history.gradient_norms[:, 0], expected, rtol=1e-3)


def test_penalties_are_part_of_the_gradient(fit):
    target = np.ones(SHAPE, "float32")
    expr = cp(prefer=ff.conditions.NonNegative(weight=3.0), initializer=ff.initializers.Normal(1.0))
    seen = Seen()
    history = fit(
        expr, target, optimizer="Adam", max_steps=10, checkpoint_freq=10, tol=0, plugins=[seen]
    ).history

    def objective(factors):
        negative = sum(3 * np.mean(np.minimum(x, 0) ** 2) for x in factors)
        return error(target)(factors) + negative

    expected = [gradient_norm(objective, [x[0] for x in f]) for f in seen.factors]
    np.testing.assert_allclose(history.gradient_norms[:, 0], expected, rtol=1e-3)


def test_the_norm_is_that_of_a_large_model_too(fit):
    """One whose gradient is taken without the model."""
    rng = np.random.default_rng(0)
    target = rng.normal(size=(80, 90)).astype("float32")
    u, v = ff.tensor("u", 80, 3), ff.tensor("v", 90, 3)
    seen = Seen()
    history = fit(
        u[i, r] * v[j, r], target, optimizer="Adam", max_steps=10, checkpoint_freq=10, tol=0,
        vec_size=2, plugins=[seen],
    ).history  # fmt: skip
    for norms, (a, b) in zip(history.gradient_norms, seen.factors, strict=True):
        residual = np.einsum("zir,zjr->zij", a, b) - target
        by_a = np.einsum("zij,zjr->zir", residual, b) * 2 / target.size
        by_b = np.einsum("zij,zir->zjr", residual, a) * 2 / target.size
        expected = np.sqrt((by_a**2).sum((1, 2)) + (by_b**2).sum((1, 2)))
        np.testing.assert_allclose(norms, expected, rtol=1e-3)


@pytest.mark.parametrize(
    ("options", "rate"),
    [
        ({"optimizer": "ALS"}, None),
        ({"optimizer": "LM"}, None),
        ({"optimizer": "LBFGS"}, None),
        ({"optimizer": "Adam"}, 0.1),
        ({"optimizer": partial(ff.optim.RMSprop, lr=0.2)}, 0.2),
        ({"lr": 0.05}, 0.05),
    ],
)
def test_the_learning_rate_of_methods_that_have_one(fit, options, rate):
    history = fit(cp(), np.ones(SHAPE), max_steps=2, tol=0, **options).history
    assert history.lr == rate
    assert ("lr" in repr(history)) is (rate is not None)


def test_where_looks_are_close_together_no_gradient_is_taken(fit):
    target = np.ones(SHAPE, "float32")
    history = fit(cp(), target, optimizer="Adam", max_steps=20, checkpoint_freq=5, tol=0).history
    assert history.gradient_norms is None
    assert history.gradient_norm is None


def test_what_is_explained_of_the_target(backend):
    rng = np.random.default_rng(0)
    target = rng.normal(size=(6, 5)).astype("float32")
    u, v = ff.tensor("u", 6, 2), ff.tensor("v", 5, 2)
    for loss in ("MSE", ff.loss.MSE(reduction="sum")):
        fac = ff.factorize(u[i, r] * v[j, r], target, loss=loss, max_steps=100, progress=False)
        singular = np.linalg.svd(target.astype(float), compute_uv=False)
        error = np.sum(singular[2:] ** 2)
        assert fac.history.squared_error == pytest.approx(error, rel=1e-4)
        expected = 1 - np.sqrt(error / np.sum(singular**2))
        assert fac.history.explained == pytest.approx(expected, rel=1e-4)
        assert fac.history.loss_name == "MSE"


def test_other_losses_say_nothing_of_squares(fit):
    history = fit(cp(), np.ones(SHAPE), loss="L1", max_steps=10).history
    assert (history.loss_name, history.squared_error, history.explained) == ("L1", None, None)
    assert np.isfinite(history.gradient_norm)
