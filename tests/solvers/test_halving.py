"""Losers that are given up early: the others go on as if nothing had happened."""

import numpy as np
import pytest

import funfact as ff
from funfact.errors import OptionError
from funfact.fit import hookimpl
from funfact.optim import Optimizer

i, j, k, r = ff.indices("i, j, k, r")
TARGET = np.random.default_rng(0).normal(size=(5, 4, 3)).astype("float32")


def cp():
    a, b, c = (ff.tensor(s, n, 2) for s, n in zip("abc", TARGET.shape, strict=True))
    return (a[i, ~r] * b[j, ~r]) * c[k, r]


def run(backend, **options):
    backend.seed(3)
    every = {"tol": 0, "vec_size": 9, "max_steps": 50, "checkpoint_freq": 10, "returns": "all"}
    return ff.factorize(cp(), TARGET, progress=False, **{**every, **options})


class Shapes:
    """How many replicas a plug-in sees, and how many of them run."""

    def __init__(self):
        self.seen = []

    @hookimpl
    def checkpoint(self, point):
        shapes = {x.shape for x in point.factors}
        self.seen.append((len(point.losses), len(shapes), int(point.running.sum())))


def compare(backend, method, axis):
    watch = Shapes()
    found = run(backend, optimizer=method, vec_axis=axis, halving=2, plugins=[watch])
    whole = run(backend, optimizer=method, vec_axis=axis)
    history, expected = found[0].history, whole[0].history
    # checkpoints 1, 2 and 4 leave 4, 2 and 2 of them
    assert [running for *_, running in watch.seen] == [9, 9, 4, 2, 2, 2]
    assert {(n, shapes) for n, shapes, _ in watch.seen} == {(9, 3)}
    order = np.argsort(expected.losses[1])
    assert set(order[4:]) <= set(history.stopped)
    assert len(history.stopped) == 7
    assert history.lost == ()
    survivors = [n for n in range(9) if n not in history.stopped]
    np.testing.assert_allclose(
        history.losses[:, survivors], expected.losses[:, survivors], rtol=2e-3, atol=1e-6
    )
    assert np.isnan(history.losses[2:, order[4:]]).all()
    assert len(found) == 9
    by_replica = {fac.history.replica: fac for fac in whole}
    for fac in found:
        assert fac.history.loss == pytest.approx(np.nanmin(history.losses[:, fac.history.replica]))
        if fac.history.replica in survivors:
            other = by_replica[fac.history.replica]
            for x, y in zip(fac.factors, other.factors, strict=True):
                np.testing.assert_allclose(
                    backend.to_numpy(x), backend.to_numpy(y), rtol=0.05, atol=0.01
                )
        value = backend.to_numpy(fac())
        assert np.mean((value - TARGET) ** 2) == pytest.approx(fac.history.loss, rel=1e-3)


@pytest.mark.thinned
@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("method", ["Adam", "RMSprop", "LBFGS", "LM"])
def test_survivors_go_on_as_before(fit, backend, method, axis):
    compare(backend, method, axis)


@pytest.mark.parametrize("axis", [0, -1])
def test_survivors_of_least_squares(backend, axis):
    compare(backend, "ALS", axis)


TRANSFORMATIONS = {
    "Adam": lambda optax: optax.adam(0.1),
    "momentum": lambda optax: optax.sgd(0.1, momentum=0.9),
    "clipped": lambda optax: optax.chain(optax.clip_by_global_norm(0.5), optax.rmsprop(0.05)),
    "factored": lambda optax: optax.adafactor(0.05, min_dim_size_to_factor=2),
    "rate in the state": lambda optax: optax.inject_hyperparams(optax.adam)(learning_rate=0.1),
}


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_survivors_of_a_transformation(backend, name, axis):
    optax = pytest.importorskip("optax", reason="what transformations are from")
    if backend.name != "jax":
        pytest.skip("optax goes with jax")
    compare(backend, TRANSFORMATIONS[name](optax), axis)


def test_fewer_replicas_are_stepped(backend):
    """What is given up is no longer computed."""
    sizes = []

    class Own(ff.loss.Loss):
        def elementwise(self, model, target, ab):
            sizes.append(model.shape[0])
            return ab.abs(model - target) ** 2

    from funfact.backends import Autodiff

    if not isinstance(backend, Autodiff):
        pytest.skip("a loss of one's own needs gradients")
    run(backend, optimizer="Adam", loss=Own, halving=1, vec_size=8)
    assert {8, 4, 2, 1} <= set(sizes)


def test_plugins_see_gradients_of_those_that_run(fit, backend):
    seen = []

    @ff.gradient_descent_plugin(at=35)
    def look(state):
        seen.append((state.loss, [backend.to_numpy(x) for x in state.grad]))

    run(backend, optimizer="Adam", halving=2, vec_size=8, plugins=[look])
    ((loss, grad),) = seen
    running = np.isfinite(loss)
    assert running.sum() == 2
    for x in grad:
        np.testing.assert_array_equal(np.isfinite(x).all(axis=(1, 2)), running)


def test_a_plugin_gives_up_replicas(backend):
    class First:
        @hookimpl
        def give_up(self, point):
            return np.arange(9) == 0 if point.step == 10 else None

    history = run(backend, optimizer="ALS", plugins=[First()])[0].history
    assert history.stopped == (0,)
    np.testing.assert_array_equal(np.isnan(history.losses[:, 0]), [False] * 2 + [True] * 4)
    assert np.isfinite(history.losses[:, 1:]).all()


@pytest.mark.filterwarnings("ignore:the fit stopped after:funfact.fit.FitWarning")
def test_those_that_have_converged_stay(backend):
    # the best four of nine have converged at the first checkpoint, the last of which stays
    losses = run(backend, optimizer="ALS")[0].history.losses[1]
    tol = float(np.sort(losses)[3:5].mean())
    options = {"tol": tol, "stop_by": 9, "halving": 1, "max_steps": 20}
    history = run(backend, optimizer="ALS", **options)[0].history
    assert set(np.argsort(losses)[:4]).isdisjoint(history.stopped)
    assert history.stopped


def test_an_optimiser_of_ones_own_cannot_give_up(fit, backend):
    class Own(Optimizer):
        def __init__(self, factors, lr=0.1):
            super().__init__(factors)

        def step(self, grad):
            pass

    with pytest.raises(OptionError, match=r"halving=2 gives up replicas, and optimizer='Own'"):
        run(backend, optimizer=Own, halving=2)


@pytest.mark.parametrize("halving", [0, -1, 1.5, 10])
def test_how_many_are_left(backend, halving):
    with pytest.raises(OptionError, match=r"halving="):
        run(backend, optimizer="ALS", halving=halving)
