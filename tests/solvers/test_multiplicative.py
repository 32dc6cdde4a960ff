"""Multiplicative updates: the divergence of any nonnegative multilinear model falls."""

import numpy as np
import pytest

import funfact as ff
from funfact.errors import CapabilityError, OptionError
from funfact.fit import FitWarning

i, j, k, p, q, r, s = ff.indices("i, j, k, p, q, r, s")


def t(name, *shape, **kwargs):
    return ff.tensor(name, *shape, **{"constrain": "NonNegative", **kwargs})


def data(*shape):
    return ff.tensor("d", np.random.default_rng(3).uniform(0.5, 1.5, shape))


def models():
    a, b, c = t("a", 6, 3), t("b", 5, 3), t("c", 4, 3)
    return {
        "matrix": a[i, r] * b[j, r],
        "CP": (a[i, ~r] * b[j, ~r]) * c[k, r],
        "CP, masked": (a[i, ~r] * b[j, ~r] * c[k, r]) * data(6, 5, 4)[i, j, k] >> [i, j, k],
        "Tucker": t("g", 3, 2, 3)[p, q, s] * a[i, p] * t("e", 5, 2)[j, q] * c[k, s],
        "train": t("a", 6, 2)[i, p] * t("b", 2, 5, 3)[p, j, q] * t("c", 3, 4)[q, k],
        "sum": (a[i, r] * b[j, r] + t("u", 5)[j] * t("w", 6)[i] >> [i, j]) + 0.5,
        "a factor in two terms": a[i, r] * b[j, r] + a[i, r] * data(5, 3)[j, r] >> [i, j],
        "Kronecker": t("a", 3, 2) & t("b", 2, 2),
        "summed alone": t("m", 6, 3)[i, r] * t("v", 5)[j] >> [i, j],
    }


def divergence(target, model):
    some = target > 0
    logs = target[some] * np.log(target[some] / model[some])
    return (np.sum(logs) - np.sum(target) + np.sum(model)) / target.size


def exact(backend):
    return backend.dtype_name(backend.tensor(np.zeros(1)).dtype) == "float64"


@pytest.mark.thinned
@pytest.mark.parametrize("vec_axis", [0, -1])
@pytest.mark.parametrize("name", models())
def test_the_divergence_falls_and_is_what_is_reported(backend, name, vec_axis):
    expr = models()[name]
    target = np.random.default_rng(1).poisson(2.0, size=expr.shape).astype(float)
    backend.seed(0)
    options = {"vec_size": 3, "vec_axis": vec_axis, "stop_by": None, "tol": 0}
    fac = ff.factorize(
        expr,
        target,
        loss="KLDivergence",
        max_steps=40,
        checkpoint_freq=1,
        progress=False,
        **options,
    )
    assert fac.history.method == "MU"
    losses = fac.history.losses
    assert np.all(np.diff(losses, axis=0) <= 1e-6 * losses[:-1])
    assert np.all(losses[-1] < losses[0])
    assert all(np.min(backend.to_numpy(x)) >= 0 for x in fac.factors)
    found = divergence(target, backend.to_numpy(fac()).astype(float))
    assert fac.history.loss == pytest.approx(found, rel=1e-4)


def lee_seung(x, w, h, steps):
    """The updates of Lee & Seung (2001), equation 5, in NumPy."""
    for _ in range(steps):
        w = w * ((x / (w @ h)) @ h.T) / np.sum(h, axis=1)
        h = h * (w.T @ (x / (w @ h))) / np.sum(w, axis=0)[:, None]
    return w, h


def given(x, steps, **options):
    """A nonnegative matrix factorisation from a given start, and that start."""
    rng = np.random.default_rng(5)
    w, h = rng.uniform(size=(x.shape[0], 3)), rng.uniform(size=(3, x.shape[1]))
    expr = t("w", *w.shape, initializer=w)[i, r] * t("h", *h.shape, initializer=h)[r, j]
    fac = ff.factorize(
        expr, x, loss="KLDivergence", max_steps=steps, tol=0, progress=False, **options
    )
    return fac, w, h


def test_the_first_step_is_that_of_lee_and_seung(backend):
    x = np.random.default_rng(2).poisson(3.0, size=(8, 7)).astype(float)
    fac, w, h = given(x, 1)
    w, h = lee_seung(x, w, h, 1)
    np.testing.assert_allclose(backend.to_numpy(fac["w"]), w, rtol=1e-4)
    np.testing.assert_allclose(backend.to_numpy(fac["h"]), h, rtol=1e-4)


def test_going_on_the_same_way_gets_further(backend):
    x = np.random.default_rng(2).poisson(3.0, size=(12, 9)).astype(float)
    fac, w, h = given(x, 200)
    w, h = lee_seung(x, w, h, 200)
    assert fac.history.loss <= divergence(x, w @ h) * (1 + 1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_where_nothing_moves_any_more_it_goes_no_further(backend, dtype):
    # NumPy warns of an overflow, and warnings are errors
    rng = np.random.default_rng(0)
    target = (rng.random((8, 2)) @ rng.random((2, 6))).astype(dtype)
    backend.seed(0)
    options = {"tol": 0, "max_steps": 1500, "vec_size": 4, "progress": False}
    model = t("w", 8, 2)[i, r] * t("h", 6, 2)[j, r]
    fac = ff.factorize(model, target, loss="KLDivergence", **options)
    assert fac.history.loss < 1e-12


def test_no_element_falls_below_a_share_of_the_mean_which_fades(backend):
    x = np.random.default_rng(2).poisson(3.0, size=(8, 7)).astype(float)
    x[:2] = 0
    fac, w, h = given(x, 1)
    # the update of Lee & Seung makes these rows zero at once, for good
    expected = w * ((x / (w @ h)) @ h.T) / np.sum(h, axis=1)
    expected[:2] = 1e-4 * np.mean(w)
    np.testing.assert_allclose(backend.to_numpy(fac["w"]), expected, rtol=1e-4)
    later, _, _ = given(x, 500)
    w = backend.to_numpy(later["w"])
    np.testing.assert_allclose(w[:2], 1e-4 * 0.99**499 * np.mean(w), rtol=1e-3)


def test_zeros_of_a_start_stay_zeros(backend):
    x = np.random.default_rng(2).poisson(3.0, size=(8, 7)).astype(float)
    start = np.random.default_rng(5).uniform(size=(8, 3)) * (np.arange(24).reshape(8, 3) % 4 > 0)
    expr = t("w", 8, 3, initializer=start)[i, r] * t("h", 3, 7)[r, j]
    fac = ff.factorize(expr, x, loss="KLDivergence", max_steps=50, progress=False)
    assert np.all((backend.to_numpy(fac["w"]) == 0) == (start == 0))


@pytest.mark.parametrize(("zeros", "count"), [(slice(None), 56), (slice(2, 3), 7)])
def test_zeros_of_a_start_where_counts_are_positive_are_told(backend, zeros, count):
    x = 1.0 + np.random.default_rng(2).poisson(3.0, size=(8, 7))
    start = np.random.default_rng(5).uniform(1, 2, size=(8, 3))
    start[zeros] = 0
    expr = t("w", 8, 3, initializer=start)[i, r] * t("h", 3, 7)[r, j]
    message = (
        rf"zero, negative or tiny at {count} of the 56 elements .* Start from factors above zero"
    )
    with pytest.warns(FitWarning, match=message):
        ff.factorize(expr, x, loss="KLDivergence", max_steps=3000, progress=False)


def test_one_factor_meets_the_optimality_conditions(backend):
    rng = np.random.default_rng(4)
    b, target = rng.uniform(size=(6, 3)), rng.poisson(2.0, size=(5, 6)).astype(float)
    expr = t("a", 5, 3)[i, r] * ff.tensor("b", b)[j, r]
    fac = ff.factorize(expr, target, loss="KLDivergence", tol=0, max_steps=2000, progress=False)
    a = backend.to_numpy(fac["a"]).astype(float)
    slope = (1 - target / (a @ b.T)) @ b
    close = 1e-4 if exact(backend) else 2e-2
    assert np.min(slope) > -close
    assert np.max(np.abs(slope * a)) < close


v = t("v", 4)
REFUSED = {
    "another loss": (t("z", 4)[i] * v[j], "MSE", r"the loss is MSE, and the updates are those"),
    "a sign": (ff.tensor("z", 4)[i] * v[j], "KLDivergence", r"z may be negative.*constrain='NonN"),
    "a difference": (v[i] - t("z", 4)[i] >> [i], "KLDivergence", r"negative numbers stand in the"),
    "data": (v[i] * ff.tensor(-np.ones(4))[i] >> [i], "KLDivergence", r"negative numbers stand"),
    "twice": (v[i] * v[j], "KLDivergence", r"v stands twice in a product"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_apply_says_why(backend, name):
    expr, loss, message = REFUSED[name]
    with pytest.raises(OptionError, match=r"optimizer='MU' does not apply here: .*" + message):
        ff.factorize(expr, np.ones(expr.shape), optimizer="MU", loss=loss)


def test_a_factor_that_may_be_negative_is_why_it_is_not_taken(backend):
    """That it is not linear least squares says less."""
    x = np.random.default_rng(2).poisson(3.0, size=(8, 7)).astype(float)
    expr = t("w", 8, 3, constrain=None)[i, r] * t("h", 3, 7)[r, j]

    def reason():
        fac = ff.factorize(expr, x, loss="KLDivergence", max_steps=2, progress=False)
        return fac.history.reason

    said = "MU does not apply: w may be negative, as nothing is imposed on it"
    if isinstance(backend, ff.backends.Autodiff):
        assert reason().startswith(said)
        assert "optimizer=" not in reason()
    else:
        with pytest.raises(
            CapabilityError, match=said + ".* Give constrain='NonNegative' for each"
        ):
            reason()
