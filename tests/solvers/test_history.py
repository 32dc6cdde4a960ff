"""What a fit remembers of each replica: losses, norms of gradients, steps and seconds."""

from dataclasses import replace
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
        axis = -1 if self.append else 0
        wide = [x.astype(np.result_type(x, np.float64)) for x in arrays]
        self.factors.append([np.moveaxis(x, axis, 0) for x in wide])


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


@pytest.mark.thinned
@pytest.mark.parametrize("method", ["Adam", "RMSprop", "LM", "LBFGS", "ALS"])
@pytest.mark.parametrize("append", [False, True])
def test_norms_of_gradients(fit, method, append):
    target = np.random.default_rng(0).normal(size=SHAPE).astype("float32")
    seen, axis = Seen(append), -1 if append else 0
    options = {"max_steps": 20, "checkpoint_freq": 10, "tol": 0, "vec_size": 3}
    history = fit(cp(), target, optimizer=method, vec_axis=axis, plugins=[seen], **options).history
    expected = [
        [gradient_norm(error(target), [x[n] for x in factors]) for n in range(3)]
        for factors in seen.factors
    ]
    assert history.gradient_norms.shape == history.losses.shape == (3, 3)
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


@pytest.mark.parametrize("rule", ["Adam", partial(ff.optim.RMSprop, weight_decay=1e-3)])
def test_the_norm_where_the_target_is_laid_out_anew(fit, rule):
    """As the gradient without the model reads it; by a rule that tells of its gradient, or not."""
    target = np.random.default_rng(0).normal(size=(20, 60, 20)).astype("float32")
    a, b, c = (ff.tensor(name, size, 4) for name, size in zip("abc", target.shape, strict=True))
    seen, options = Seen(), {"max_steps": 10, "checkpoint_freq": 10, "tol": 0}
    history = fit(
        a[i, ~r] * b[j, ~r] * c[k, r], target, optimizer=rule, plugins=[seen], **options
    ).history
    for norms, factors in zip(history.gradient_norms, seen.factors, strict=True):
        x, y, z = (factor[0] for factor in factors)
        rest = 2 * (np.einsum("ir,jr,kr->ijk", x, y, z) - target) / target.size
        by_each = (
            np.einsum("ijk,jr,kr->ir", rest, y, z),
            np.einsum("ijk,ir,kr->jr", rest, x, z),
            np.einsum("ijk,ir,jr->kr", rest, x, y),
        )
        expected = np.sqrt(sum((each**2).sum() for each in by_each))
        np.testing.assert_allclose(norms, [expected], rtol=1e-3)


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


def test_a_gradient_that_is_not_a_number_is_told(fit):
    history = fit(cp(), np.ones(SHAPE, "float32"), max_steps=1, tol=0).history
    norms = np.full(history.losses.shape, np.nan)
    assert np.isnan(replace(history, gradient_norms=norms).gradient_norm)


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


def looked_at(expr, target, **options):
    """A history of a few steps, and the factors at its checkpoints."""
    seen = Seen(options.get("vec_axis", 0) == -1)
    fac = ff.factorize(
        expr, target, plugins=[seen], max_steps=20, checkpoint_freq=10, tol=0, vec_size=2,
        progress=False, **options,
    )  # fmt: skip
    return fac.history, seen.factors


def assert_norms(history, points, objective, rtol=2e-3):
    """That they are those of an objective of one replica, by finite differences."""
    expected = [[gradient_norm(objective, [x[n] for x in f]) for n in range(2)] for f in points]
    np.testing.assert_allclose(history.gradient_norms, expected, rtol=rtol, atol=1e-5)


def mean_square(value, target):
    return lambda factors: np.mean(np.abs(value(*factors) - target) ** 2)


def tucker():
    g = ff.tensor("g", 2, 2, 2)
    a, b, c = (ff.tensor(s, n, 2) for s, n in zip("abc", SHAPE, strict=True))
    p, q = ff.indices("p, q")
    return ((g[p, q, r] * a[i, p]) * b[j, q]) * c[k, r]


MASK = np.random.default_rng(3).random((5, 4)) < 0.7


def masked():
    u, v, w = ff.tensor("u", 5, 2), ff.tensor("v", 4, 2), ff.tensor(MASK.astype("float32"))
    return (u[i, r] * v[j, r] * w[i, j]) >> [i, j]


def with_rest():
    """Each factor stands in one of the products alone, one of them in a broadcast axis."""
    u, v, w = ff.tensor("u", 5, 2), ff.tensor("v", 4, 2), ff.tensor("w", 5, 1)
    return (u[i, r] * v[j, r] - 3 * w[i, j]) >> [i, j]


def blocks():
    u, v = ff.tensor("u", 5, 2), ff.tensor("v", 2, 2)
    return u & v


LINEAR = {
    "tucker": (tucker, lambda g, a, b, c: np.einsum("pqr,ip,jq,kr->ijk", g, a, b, c)),
    "masked": (masked, lambda u, v: MASK * (u @ v.T)),
    "with rest": (with_rest, lambda u, v, w: u @ v.T - 3 * w),
    "blocks": (blocks, np.kron),
}


@pytest.mark.thinned
@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("name", LINEAR)
def test_norms_of_models_that_are_linear_in_each_factor(backend, name, append):
    """On a backend without automatic differentiation, too."""
    make, value = LINEAR[name]
    expr = make()
    target = np.random.default_rng(0).normal(size=expr.shape).astype("float32")
    history, points = looked_at(expr, target, optimizer="ALS", vec_axis=-append)
    assert_norms(history, points, mean_square(value, target))


def test_norms_of_a_sum(backend):
    target = np.random.default_rng(0).normal(size=SHAPE).astype("float32")
    history, points = looked_at(cp(), target, loss=ff.loss.MSE(reduction="sum"))
    assert history.method == "ALS"
    objective = mean_square(lambda *x: np.einsum("ir,jr,kr->ijk", *x), target)
    assert_norms(history, points, lambda factors: 60 * objective(factors))


def test_norms_of_complex_and_real_factors(backend):
    rng = np.random.default_rng(0)
    target = (rng.normal(size=(5, 4)) + 1j * rng.normal(size=(5, 4))).astype("complex64")
    u, v = ff.tensor("u", 5, 2), ff.tensor("v", 4, 2, real=True)
    history, points = looked_at(u[i, r] * v[j, r], target, optimizer="ALS")
    assert_norms(history, points, mean_square(lambda u, v: u @ v.T, target))


def test_norms_of_a_complex_model_of_which_a_factor_is_nonnegative(backend):
    """What is imposed is no part of the gradient: it has an imaginary part by that factor too."""
    rng = np.random.default_rng(0)
    target = (rng.normal(size=(5, 4)) + 1j * rng.normal(size=(5, 4))).astype("complex64")
    u, v = ff.tensor("u", 5, 2), ff.tensor("v", 4, 2, constrain="NonNegative")
    history, points = looked_at(u[i, r] * v[j, r], target, optimizer="ALS")
    assert_norms(history, points, mean_square(lambda u, v: u @ v.T, target))


@pytest.mark.parametrize("elementwise", ["mse", "l1"])
def test_norms_where_starts_are_outside_of_what_is_preferred(backend, elementwise):
    target = np.random.default_rng(0).random(SHAPE).astype("float32")
    wanted = ff.conditions.NonNegative(weight=3.0, elementwise=elementwise)
    expr = cp(prefer=wanted, initializer=ff.initializers.Normal(1.0))
    history, points = looked_at(expr, target, optimizer="ALS", penalty_weight=0.5)

    def objective(factors):
        power = 2 if elementwise == "mse" else 1
        negative = sum(np.mean(np.maximum(-x, 0) ** power) for x in factors)
        return error(target)(factors) + 1.5 * negative

    assert history.losses.shape == (3, 2)
    start = [gradient_norm(objective, [x[n] for x in points[0]]) for n in range(2)]
    assert min(x.min() for x in points[0]) < 0 <= min(x.min() for x in points[1])
    np.testing.assert_allclose(history.gradient_norms[0], start, rtol=1e-3)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_norms_of_a_divergence(backend, reduction):
    rng = np.random.default_rng(0)
    counts = rng.poisson(3, size=SHAPE).astype("float32")
    assert (counts == 0).any()
    expr = cp(constrain="NonNegative", initializer=ff.initializers.Uniform(2.0))
    history, points = looked_at(expr, counts, loss=ff.loss.KLDivergence(reduction=reduction))
    assert history.method == "MU"

    def objective(factors):
        m = np.einsum("ir,jr,kr->ijk", *factors)
        own = np.where(counts > 0, counts * np.log(np.maximum(counts, 1) / m), 0) - counts + m
        return own.mean() if reduction == "mean" else own.sum()

    # differences reach to the other side of an element that is nearly zero
    expected = [[gradient_norm(objective, [x[n] for x in f]) for n in range(2)] for f in points[:1]]
    np.testing.assert_allclose(history.gradient_norms[:1], expected, rtol=2e-3)


def test_no_norm_is_taken_of_a_start_that_ends_the_fit(backend):
    """Without automatic differentiation."""
    from funfact.backends import Autodiff, current

    rng = np.random.default_rng(0)
    target = (rng.normal(size=(8, 2)) @ rng.normal(size=(2, 6))).astype("float32")
    u, v = ff.tensor("u", 8, 2), ff.tensor("v", 6, 2)
    fac = ff.factorize(u[i, r] * v[j, r], target, progress=False)
    assert fac.history.steps.tolist() == [0]
    known = isinstance(current(), Autodiff)
    assert (fac.history.gradient_norms is not None) == known
    assert (fac.history.gradient_norm is not None) == known
    assert ("gradient" in repr(fac.report())) == known
