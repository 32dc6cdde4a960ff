"""CP rank 3 of an exact 20x20x20 tensor, 16 replicas, and what is returned of them."""

import numpy as np
import pytest

import funfact as ff

i, j, k, r = ff.indices("i, j, k, r")


def exact(dtype):
    rng = np.random.default_rng(0)

    def draw():
        x = rng.normal(size=(20, 3))
        return x + 1j * rng.normal(size=(20, 3)) if "complex" in dtype else x

    return np.einsum("ir,jr,kr->ijk", draw(), draw(), draw()).astype(dtype)


def cp():
    a, b, c = (ff.tensor(symbol, 20, 3) for symbol in "abc")
    return a[i, ~r] * b[j, ~r] * c[k, r]


def relative_error(fac, target):
    value = fac.backend.to_numpy(fac())
    return np.linalg.norm(value - target) / np.linalg.norm(target)


@pytest.mark.parametrize("dtype", ["float32", "complex64"])
def test_the_best_is_close(fit, dtype):
    target = exact(dtype)
    fac = fit(cp(), target, vec_size=16, tol=0, max_steps=2000)
    assert fac.backend.dtype_name(fac.dtype) == dtype
    assert relative_error(fac, target) < 1e-3
    assert fac.history.steps[-1] == 2000
    assert fac.shape == (20, 20, 20)


@pytest.fixture
def short(fit):
    """A fit that is far from done, so that replicas differ."""
    expr, target = cp(), exact("float32")

    def run(**kwargs):
        options = {"optimizer": "Adam", "vec_size": 6, "tol": 0, "max_steps": 130, **kwargs}
        return fit(expr, target, **options), target

    return run


def test_all_are_sorted_and_the_best_is_the_first(short):
    every, target = short(returns="all")
    best, _ = short(returns="best")
    three, _ = short(returns=3)
    losses = [fac.history.loss for fac in every]
    assert losses == sorted(losses)
    assert len(set(losses)) == 6
    assert best.history.loss == losses[0] == min(losses)
    assert [fac.history.loss for fac in three] == losses[:3]
    assert sorted(fac.history.replica for fac in every) == list(range(6))
    for ours, theirs in zip(best.factors, every[0].factors, strict=True):
        np.testing.assert_array_equal(best.backend.to_numpy(ours), best.backend.to_numpy(theirs))
    for fac in every:
        value = fac.backend.to_numpy(fac())
        assert np.mean((value - target) ** 2) == pytest.approx(fac.history.loss, rel=1e-4)


def test_the_history_has_every_checkpoint(short):
    fac, _ = short(checkpoint_freq=50)
    history = fac.history
    np.testing.assert_array_equal(history.steps, [0, 50, 100, 130])
    assert history.losses.shape == (4, 6)
    assert history.best == pytest.approx(history.losses.min(axis=0))
    assert history.outcome is ff.fit.Outcome.MAX_STEPS
    assert "replica" in repr(fac)


def test_the_replica_axis_may_be_the_last(short):
    first, _ = short(returns="all", max_steps=20)
    last, _ = short(returns="all", max_steps=20, vec_axis=-1)
    for a, b in zip(first, last, strict=True):
        assert a.history.replica == b.history.replica
        assert a.shape == b.shape == (20, 20, 20)
        assert a.history.loss == pytest.approx(b.history.loss, rel=1e-3)


def test_starts_have_the_norm_of_the_target(fit, backend):
    target = 1e3 * exact("float32")
    norms = []

    @ff.gradient_descent_plugin(at=0)
    def note(state):
        a, b, c = map(backend.to_numpy, state.factors)
        models = np.einsum("nir,njr,nkr->nijk", a, b, c)
        norms.extend(np.linalg.norm(m) / np.linalg.norm(target) for m in models)

    fit(cp(), target, vec_size=10, max_steps=1, plugins=[note])
    np.testing.assert_allclose(norms, np.ones(10), rtol=1e-3)
