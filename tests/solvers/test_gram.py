"""Fits whose gradient is taken without the model, and where they go back to the residual."""

import numpy as np
import pytest

import funfact as ff
from funfact.fit import form

i, j, k, r = ff.indices("i, j, k, r")


@pytest.fixture(autouse=True)
def as_on_a_cpu(backend, monkeypatch):
    """The models of these tests are too small for the form to pay on a GPU."""
    monkeypatch.setattr(type(backend), "device", "cpu:0", raising=False)


@pytest.fixture
def descent(fit):
    """``ff.factorize`` by Adam."""

    def by_adam(*args, **kwargs):
        return fit(*args, optimizer="Adam", **kwargs)

    return by_adam


def cp(n, rank, starts=None):
    tensors = [
        ff.tensor(x, n, rank) if starts is None else ff.tensor(x, starts[m], optimizable=True)
        for m, x in enumerate("abc")
    ]
    a, b, c = tensors
    return a[i, ~r] * b[j, ~r] * c[k, r]


@pytest.fixture
def taken(monkeypatch):
    """Which form each gradient was made for."""
    seen = []
    for name in ("gradient_of", "gradient_without_model"):
        plain = getattr(form, name)

        def noted(*args, plain=plain, name=name):
            found = plain(*args)
            seen.append((name, found is not None))
            return found

        monkeypatch.setattr(f"funfact.fit.solvers.gradient.{name}", noted)
    return seen


def without_model(taken):
    return ("gradient_without_model", True) in taken


def test_a_number_is_fitted_too(descent):
    fac = descent(ff.tensor("a", 5)[i] * ff.tensor("b", 5)[i], 3.0, max_steps=200, vec_size=2)
    assert abs(float(fac.backend.to_numpy(fac())) - 3) < 0.01


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, True),
        ({"loss": ff.loss.MSE(reduction="sum")}, True),
        ({"loss": "L1"}, False),
        ({"dtype": "complex64"}, True),
        ({"vec_axis": -1}, True),
    ],
)
def test_when_it_is_taken(descent, taken, options, expected):
    target = np.random.default_rng(0).normal(size=(48, 48, 48)).astype("float32")
    descent(cp(48, 4), target, max_steps=1, vec_size=4, **options)
    assert without_model(taken) is expected


@pytest.mark.parametrize(("n", "expected"), [(48, False), (160, True)])
def test_an_accelerator_takes_it_for_larger_models(
    descent, backend, taken, monkeypatch, n, expected
):
    """There each of its operations has to be started, which takes longer than most of them."""
    monkeypatch.setattr(type(backend), "device", "gpu:0")
    target = np.random.default_rng(0).normal(size=(n, n, n)).astype("float32")
    descent(cp(n, 32), target, max_steps=1, vec_size=4)
    assert without_model(taken) is expected


def test_a_loss_derived_from_the_squared_error_is_not_it(descent, taken):
    class Weighted(ff.loss.MSE):
        def elementwise(self, model, target, ab):
            return 2 * super().elementwise(model, target, ab)

    descent(cp(48, 4), np.ones((48, 48, 48)), loss=Weighted, max_steps=1, vec_size=4)
    assert not without_model(taken)


@pytest.mark.parametrize("options", [{}, {"vec_axis": -1}, {"dtype": "complex64"}])
def test_the_same_steps(descent, backend, taken, monkeypatch, options):
    """Far from a solution both forms make the same steps, penalties included."""
    target = np.random.default_rng(0).normal(size=(48, 48, 48)).astype("float32")
    target = target * np.complex64(1 + 2j) if "dtype" in options else target
    a, b, c = (ff.tensor(x, 48, 4, prefer=ff.conditions.NonNegative(weight=0.1)) for x in "abc")
    expr = a[i, ~r] * b[j, ~r] * c[k, r]

    def run():
        return descent(expr, target, vec_size=3, max_steps=40, lr=0.01, tol=0, **options)

    found = run()
    assert without_model(taken)
    monkeypatch.setattr(form, "_WORTH", 0.0)
    expected = run()
    np.testing.assert_allclose(found.history.losses, expected.history.losses, rtol=1e-4)
    for x, y in zip(found.factors, expected.factors, strict=True):
        x, y = backend.to_numpy(x), backend.to_numpy(y)
        assert np.linalg.norm(x - y) < 1e-3 * np.linalg.norm(y)


def test_single_precision_reaches_its_end(descent, backend, taken):
    """64^3 of rank 16 to 5e-7, which takes the residual's gradient near the end."""
    rng = np.random.default_rng(0)
    factors = [rng.normal(size=(64, 16)) for _ in range(3)]
    target = np.einsum("ir,jr,kr->ijk", *factors)
    near = [x + 0.1 * rng.normal(size=x.shape) for x in factors]
    expr = cp(64, 16, [x.astype("float32") for x in near])
    single = target.astype("float32")
    lr = 1e-2
    for _ in range(3):
        found = descent(expr, single, lr=lr, max_steps=300, vec_size=3, tol=0, checkpoint_freq=300)
        expr = cp(64, 16, [backend.to_numpy(x) for x in found.factors])
        lr /= 30
    assert without_model(taken)
    wide = [backend.to_numpy(x).astype(float) for x in found.factors]
    error = np.linalg.norm(np.einsum("ir,jr,kr->ijk", *wide) - target) / np.linalg.norm(target)
    assert error < 5e-7


def test_where_a_fit_goes_back_to_the_residual(descent, monkeypatch):
    """At the first look at which the residual is a hundredth of the target."""
    from funfact.fit import team

    changes = []
    plain = team.near

    def noted(problem, losses):
        found = plain(problem, losses)
        changes.append((found, float(np.sqrt(losses.min() * 64**3) / problem.norm)))
        return found

    monkeypatch.setattr(team, "near", noted)
    rng = np.random.default_rng(0)
    factors = [rng.normal(size=(64, 4)) for _ in range(3)]
    target = np.einsum("ir,jr,kr->ijk", *factors).astype("float32")
    starts = [(x + 0.1 * rng.normal(size=x.shape)).astype("float32") for x in factors]
    descent(
        cp(64, 4, starts), target, max_steps=1000, lr=0.01, tol=0, vec_size=4, checkpoint_freq=1000
    )
    assert [found for found, _ in changes] == [False] * (len(changes) - 1) + [True]
    assert len(changes) > 1
    assert changes[-1][1] < 0.012 < changes[-2][1]


def test_looks_at_the_losses_are_further_apart_in_long_fits(descent, monkeypatch):
    """The next one is after a hundred steps, or a quarter of those that were made."""
    from funfact.fit import team

    looks = []
    monkeypatch.setattr(team, "near", lambda *_: bool(looks.append(0)))
    target = np.random.default_rng(0).normal(size=(48, 48, 48)).astype("float32")
    descent(cp(48, 4), target, max_steps=1500, vec_size=4, tol=0, checkpoint_freq=1500)
    steps = [0, 100, 200, 300, 400, 500, 625, 781, 976, 1220]
    assert len(looks) == len(steps)
