"""Steps of a fit against the same steps written out in NumPy."""

from functools import partial

import numpy as np
import pytest

import funfact as ff
from funfact.conditions import Condition
from funfact.errors import OptionError
from funfact.loss import Loss
from funfact.optim import Adam, Optimizer
from funfact.testing.fits.steps import adam

# A fit of x to a target, elementwise: the gradient of the mean squared error is known.
RNG = np.random.default_rng(1)
STARTS = RNG.normal(size=(3, 5))
TARGET = RNG.normal(size=5)


def data(dtype):
    if "complex" in dtype:
        turn = np.exp(1j * RNG.normal(size=5))
        return (STARTS * turn).astype(dtype), (TARGET * turn[::-1]).astype(dtype)
    return STARTS.astype(dtype), TARGET.astype(dtype)


def replicas(starts, **kwargs):
    """A tensor whose replicas start from the rows of an array."""
    rows = iter(starts)
    return ff.tensor("x", 5, initializer=lambda shape: next(rows), **kwargs)


def stacked(facs, backend):
    """The factor x of each replica, in the order of the replicas."""
    facs = sorted(facs, key=lambda fac: fac.history.replica)
    return np.stack([backend.to_numpy(fac["x"]) for fac in facs])


EACH = {"vec_size": 3, "returns": "all", "tol": 0, "checkpoint_freq": 1000}


class Descent(Optimizer):
    """A user's own, with a state that is not an array."""

    def __init__(self, factors, lr=1.0, decay=1.0):
        super().__init__(factors)
        self.lr, self.decay = lr, decay

    def step(self, grad):
        for n, g in enumerate(grad):
            self.factors[n] = self.factors[n] - self.lr * g
        self.lr *= self.decay


class DuckTyped:
    """The same without the base class."""

    def __init__(self, X, lr):
        self.X, self.lr = X, lr

    def step(self, grad):
        self.X[:] = [x - self.lr * g for x, g in zip(self.X, grad, strict=True)]


@pytest.mark.parametrize("optimizer", [Descent, DuckTyped, partial(Descent, decay=1.0)])
@pytest.mark.parametrize("dtype", ["float32", "complex64"])
def test_an_optimizer_of_ones_own(fit, backend, optimizer, dtype):
    starts, target = data(dtype)
    facs = fit(replicas(starts), target, optimizer=optimizer, lr=0.5, max_steps=7, **EACH)
    x = starts.astype(complex)
    for _ in range(7):
        x = x - 0.5 * 2 * (x - target) / 5
    np.testing.assert_allclose(stacked(facs, backend), x, rtol=1e-4, atol=1e-5)


def test_a_class_derived_from_adam_steps_its_own_way(fit, backend):
    class Backwards(Adam):
        def step(self, grad):
            super().step([-g for g in grad])

    starts, target = data("float32")
    facs = fit(replicas(starts), target, optimizer=Backwards, max_steps=5, **EACH)
    first = fit(replicas(starts), target, max_steps=5, **EACH)
    assert max(fac.history.losses[-1].min() for fac in facs) > first[-1].history.losses[-1].max()


def test_what_makes_no_optimizer(fit):
    with pytest.raises(OptionError, match=r"which has no method `step\(grad\)`"):
        fit(ff.tensor("x", 5), TARGET, optimizer=lambda factors, lr: factors)


# --- what a plug-in sees


def test_a_plugin_sees_loss_and_gradient(fit, backend):
    starts, target = data("float32")
    states = []

    @ff.gradient_descent_plugin(at=[0, 10, 25])
    def note(state):
        factors, grad = (backend.to_numpy(x[0]).copy() for x in (state.factors, state.grad))
        states.append((state.step, state.loss, factors, grad))

    fit(replicas(starts), target, optimizer="Adam", max_steps=30, plugins=[note], **EACH)
    assert [step for step, *_ in states] == [0, 10, 25]
    for step, loss, factors, grad in states:
        expected = adam(starts.astype(float), target, step)
        np.testing.assert_allclose(factors, expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(loss, np.mean((factors - target) ** 2, axis=1), rtol=1e-4)
        np.testing.assert_allclose(grad, 2 * (factors - target) / 5, rtol=1e-4, atol=1e-6)


def test_a_plugin_changes_nothing(fit, backend):
    starts, target = data("float32")
    plain = fit(replicas(starts), target, max_steps=30, **EACH)
    every = ff.gradient_descent_plugin(every=1)(lambda state: None)
    watched = fit(replicas(starts), target, max_steps=30, plugins=[every], **EACH)
    np.testing.assert_allclose(stacked(plain, backend), stacked(watched, backend), rtol=1e-6)


# --- losses, conditions and penalties


def test_a_loss_of_ones_own_is_traced_once_however_many_stretches(fit, backend):
    from funfact.backends import Repeat

    calls = []

    class Quartic(Loss):
        def elementwise(self, model, target, ab):
            calls.append(model.shape)
            return ab.abs(model - target) ** 4

    def count(max_steps):
        calls.clear()
        fit(ff.tensor("x", 5), TARGET, loss=Quartic, tol=0, max_steps=max_steps, vec_size=2)
        return len(calls)

    assert count(60) == count(600) if isinstance(backend, Repeat) else count(60) > 60
    assert set(calls) == {(2, 5)}


class SumsToOne(Condition):
    def residual(self, x, ab):
        return ab.sum(x, axis=-1) - 1


@pytest.mark.parametrize("vec_axis", [0, -1])
def test_penalties_pull(fit, backend, vec_axis):
    target = np.full(5, 0.5, "float32")
    free = fit(ff.tensor("x", 5, prefer=SumsToOne), target, penalty_weight=0, vec_axis=vec_axis)
    # In small steps from below: the best loss, which has no penalty in it, is then the last.
    bound = fit(
        ff.tensor("x", 5, prefer=SumsToOne, initializer=ff.initializers.Zeros),
        target,
        vec_size=3,
        tol=0,
        lr=1e-3,
        max_steps=1500,
        penalty_weight=2,
        vec_axis=vec_axis,
    )
    assert float(backend.to_numpy(free["x"]).sum()) == pytest.approx(2.5, rel=1e-2)
    # the gradient of mean((x - 0.5)**2) + 2 (sum(x) - 1)**2 vanishes at
    x = (0.1 + 2) / (0.2 + 10)
    np.testing.assert_allclose(backend.to_numpy(bound["x"]), x, rtol=1e-2)
    # what is reported is the loss, without the penalty
    assert bound.history.loss == pytest.approx((x - 0.5) ** 2, rel=2e-2)


def test_data_is_not_changed(fit, backend):
    scale = np.arange(1.0, 6.0).astype("float32")
    x, s = ff.tensor("x", 5), ff.tensor("s", scale)
    fac = fit(x * s, TARGET.astype("float32"), vec_size=4, max_steps=400)
    np.testing.assert_array_equal(backend.to_numpy(fac["s"]), scale)
    np.testing.assert_allclose(backend.to_numpy(fac["x"]), TARGET / scale, atol=5e-3)
    assert fac.history.outcome is ff.fit.Outcome.CONVERGED


def test_optimised_data_starts_from_that_data(fit, backend):
    target = TARGET.astype("float32")
    fac = fit(ff.tensor("x", target, optimizable=True), target, vec_size=2)
    assert fac.history.steps[-1] == 0
    np.testing.assert_array_equal(backend.to_numpy(fac["x"]), target)


def test_replicas_do_not_disturb_one_another(fit, backend):
    rng = np.random.default_rng(3)
    starts = {s: rng.normal(size=(3, 4, 2)).astype("float32") for s in "uv"}
    target = rng.normal(size=(4, 4)).astype("float32")
    i, j, r = ff.indices("i, j, r")

    def run(rows):
        it = {s: iter(starts[s][rows]) for s in "uv"}
        u, v = (ff.tensor(s, 4, 2, initializer=lambda shape, s=s: next(it[s])) for s in "uv")
        return fit(u[i, r] * v[j, r], target, vec_size=len(starts["u"][rows]), returns="all",
                   max_steps=40, tol=0)  # fmt: skip

    together = {fac.history.replica: fac for fac in run(slice(None))}
    for n in range(3):
        (alone,) = run(slice(n, n + 1))
        assert alone.history.loss == pytest.approx(together[n].history.loss, rel=1e-4)


@pytest.mark.parametrize("optimizer", ["Adam", "RMSprop"])
@pytest.mark.parametrize("vec_axis", [0, -1])
def test_steps_of_many_factors_are_those_of_each(fit, backend, monkeypatch, optimizer, vec_axis):
    """Where nothing is compiled, a rule is applied to all factors at once, as one vector."""
    from funfact.fit.programs import forget
    from funfact.fit.solvers import gradient

    i, j, r, s = ff.indices("i, j, r, s")
    target = np.random.default_rng(3).normal(size=(4, 6)).astype("float32")

    def run():
        forget()
        u, m, v = ff.tensor("u", 4, 2), ff.tensor("m", 2, 3), ff.tensor("v", 6, 3)
        expr = u[i, r] * m[r, s] * v[j, s]
        options = {"optimizer": optimizer, "vec_axis": vec_axis, "lr": 0.01, "seed": 4}
        found = fit(expr, target, vec_size=2, max_steps=20, tol=0, **options)
        return [backend.to_numpy(x) for x in found.factors]

    together = run()
    monkeypatch.setattr(gradient, "_shapes", lambda problem: ())
    for x, y in zip(together, run(), strict=True):
        np.testing.assert_array_equal(x, y)
