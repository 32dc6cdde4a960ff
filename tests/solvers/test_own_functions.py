"""Losses and conditions that are plain functions."""

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Repeat
from funfact.errors import DtypeError, FitError, OptionError, TargetError

i, j, r = ff.indices("i, j, r")


def quartic(model, target):
    return ff.active_backend.abs(model - target) ** 4


def small(x):
    return x - 1


def test_a_loss_is_a_function_of_model_and_target(fit, backend):
    target = np.outer([1.0, 2.0, 3.0], [1.0, 2.0])
    u, v = ff.tensor("u", 3, 1), ff.tensor("v", 2, 1)
    fac = fit(u[i, r] * v[j, r], target, loss=quartic, max_steps=200, vec_size=2, tol=0)
    left = np.abs(backend.to_numpy(fac()) - target) ** 4
    np.testing.assert_allclose(fac.history.loss, left.mean(), rtol=1e-3, atol=1e-12)
    assert fac.history.loss < 1e-2


def test_a_condition_is_a_function_of_the_factor(fit, backend):
    # from there both stay positive: u * v = 2 has a second branch, which no step leaves
    u = ff.tensor("u", 3, prefer=small, initializer=np.full(3, 0.5))
    v = ff.tensor("v", 3, initializer=np.full(3, 0.5))
    fac = fit(u * v, 2 * np.ones(3), max_steps=500, vec_size=2, tol=0)
    np.testing.assert_allclose(backend.to_numpy(fac["u"]), 1, atol=1e-2)
    np.testing.assert_allclose(backend.to_numpy(fac["v"]), 2, atol=2e-2)


def test_a_function_sees_one_replica(backend):
    def sums_to_one(x):
        assert x.shape == (4,)
        return backend.sum(x) - 1

    p = ff.tensor("p", 4, prefer=sums_to_one)
    fac = ff.Factorization.from_tsrex(p * 1.0, vec_size=4)
    values = np.arange(16.0).reshape(4, 4)
    fac["p"] = values
    expected = (values.sum(1) - 1) ** 2
    np.testing.assert_allclose(backend.to_numpy(fac.penalty()), expected, rtol=1e-5)
    losses = ff.loss.per_replica(
        ff.loss.as_loss(lambda model, target: (model / backend.sum(model) - target) ** 2),
        backend.tensor(values + 1),
        backend.tensor(np.zeros(4)),
        backend,
    )
    shares = (values + 1) / (values + 1).sum(1, keepdims=True)
    np.testing.assert_allclose(backend.to_numpy(losses), (shares**2).mean(1), rtol=1e-5)


def descent(change):
    class Descent(ff.optim.Optimizer):
        def __init__(self, factors, lr=0.1):
            self.factors, self.lr = factors, lr

        def step(self, grad):
            change(self, grad)

    return Descent


def test_an_optimiser_may_replace_its_list(fit, backend):
    def rebind(self, grad):
        self.factors = [x - self.lr * g for x, g in zip(self.factors, grad, strict=True)]

    u = ff.tensor("u", 3)
    fac = fit(u * 1.0, np.ones(3), optimizer=descent(rebind), max_steps=200, tol=0)
    np.testing.assert_allclose(backend.to_numpy(fac["u"]), 1, atol=1e-3)


def test_an_optimiser_changes_values_alone(fit):
    def shrink(self, grad):
        self.factors[0] = self.factors[0][..., :1]

    with pytest.raises(OptionError, match="A step changes values alone"):
        fit(ff.tensor("u", 3) * 1.0, np.ones(3), optimizer=descent(shrink), max_steps=5)


def test_what_is_no_function():
    with pytest.raises(OptionError, match="a function of model and target"):
        ff.loss.as_loss(3)
    with pytest.raises(OptionError, match="a function of the factor"):
        ff.conditions.as_condition(3)


def test_a_comparison_is_no_loss(fit):
    with pytest.raises(DtypeError, match="<lambda> returned bool, which has no gradient"):
        fit(ff.tensor("u", 3) * 1.0, np.ones(3), loss=lambda model, target: model > target)


def test_a_loss_without_a_gradient_is_told_before_the_first_step(fit):
    def rounded(model, target):
        return ff.active_backend.round(model - target) ** 2

    with pytest.warns(ff.fit.FitWarning, match="the gradient of the loss rounded is zero"):
        fit(ff.tensor("u", 3) * 1.0, np.ones(3), loss=rounded, max_steps=2)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_loss_that_is_not_finite_is_to_blame_where_the_model_is(fit):
    def logarithmic(model, target):
        return ff.active_backend.log(model - 1e3) ** 2

    def rooted(model, target):
        return (model - target) ** 2

    u = ff.tensor("u", 3)
    with pytest.raises(FitError, match=r"The model is finite there, and the loss logarithmic is n"):
        fit(u, np.ones(3), loss=logarithmic, vec_size=2, optimizer="Adam")
    with pytest.raises(FitError, match=r"at the start.* The expression is not finite there"):
        fit(ff.log(-ff.abs(u) - 1.0), np.ones(3), loss=rooted, optimizer="Adam")


def test_a_loss_does_not_write_into_the_target(fit, backend):
    class Doubling(ff.loss.Loss):
        def elementwise(self, model, target, ab):
            target *= 2
            return (model - target) ** 2

    x = y = backend.ones(1)
    y += 1
    if x is not y:
        pytest.skip("arrays of this library cannot be written into")
    with pytest.raises(OptionError, match="the loss Doubling writes into the target"):
        fit(ff.tensor("u", 3) * 1.0, np.ones(3), loss=Doubling, max_steps=2)


def test_data_and_starts_are_numbers(fit):
    holes = np.array([1.0, np.nan, np.nan])
    u = ff.tensor("u", 3)
    with pytest.raises(TargetError, match="the data of w hold NaN, 2 of 3 elements"):
        fit(u * ff.tensor("w", holes), np.ones(3))
    with pytest.raises(TargetError, match="the data of w hold NaN, 2 of 3 elements"):
        fit(u * ff.tensor("w", holes, optimizable=True), np.ones(3))
    start = ff.tensor("v", 3, initializer=holes)
    with pytest.raises(OptionError, match="the initializer of v gave NaN, for 4 of 6 elements"):
        fit(u * start, np.ones(3), vec_size=2)


def test_infinite_data_may_be_no_edge(fit, backend):
    edges = np.array([[0.0, 1.0, np.inf], [1.0, 0.0, 2.0], [np.inf, 2.0, 0.0]])
    k = ff.index("k")
    two = ff.minplus(ff.tensor("d", edges)[i, j], ff.tensor("x", 3)[j])
    fac = fit(two[k], np.array([3.0, 2.0, 4.0]), vec_size=4, max_steps=400)
    x = backend.to_numpy(fac["x"])
    np.testing.assert_allclose(np.min(edges + x, axis=1), [3, 2, 4], atol=2e-2)


def test_infinite_data_are_named_where_nothing_is_finite(fit):
    d = ff.tensor("d", np.array([1.0, np.inf, 1.0]))
    with pytest.raises(FitError, match=r"at the start.* Infinite are data of d"):
        fit(d * ff.tensor("u", 3), np.ones(3))


# --- functions that read the values of an array: NumPy's, and `if`


class OwnLoss(ff.loss.Loss):
    def elementwise(self, model, target, ab):
        return np.asarray(model) - target


class OwnCondition(ff.conditions.Condition):
    def residual(self, x, ab):
        return np.asarray(x)


class OwnSet(ff.conditions.Constraint):
    """All of the line, as long as nothing is traced."""

    def project(self, x, ab):
        return x if bool(ab.any(x > 0)) else 1 * x

    def tangent(self, x, gradient, ab):
        return lambda v: v


def own_loss(model, target):
    return np.asarray(model) - target


def own_condition(x):
    return np.asarray(x)


def own_generator(x):
    return np.asarray(x)


def own_pairing(x, y):
    return np.asarray(x + y)


def vector(**options):
    return ff.tensor("u", 3, **options)


READERS = {
    "the loss OwnLoss": lambda: (vector(), {"loss": OwnLoss}),
    "the loss function own_loss": lambda: (vector(), {"loss": own_loss}),
    "the condition OwnCondition": lambda: (vector(prefer=OwnCondition), {}),
    "the condition own_condition": lambda: (vector(prefer=own_condition), {}),
    "constrain=OwnSet": lambda: (vector(constrain=OwnSet), {}),
    "the generator own_generator": lambda: (
        ff.parametrized(own_generator, "x", 3, shape=3) * vector(),
        {},
    ),
    "own_pairing, the pairwise(x, y) of the semiring": lambda: (
        ff.semiring("min", own_pairing)(ff.tensor("a", 3, 2)[i, r], ff.tensor("b", 2)[r]),
        {},
    ),
}


@pytest.mark.parametrize("who", READERS)
def test_a_function_that_reads_values_is_named_and_told_how_to_write_it(fit, backend, who):
    if ("OwnSet" in who or "own_pairing" in who) and not isinstance(backend, Repeat):
        pytest.skip("it is first called with values, and traced only where loops are compiled")
    expr, options = READERS[who]()
    with pytest.raises(Exception, match=r".") as caught:  # a library's own
        fit(expr, np.ones(3), optimizer="Adam", vec_size=2, max_steps=5, **options)
    notes = [note for note in caught.value.__notes__ if "ff.active_backend" in note]
    assert len(notes) == 1
    assert notes[0].startswith(who)
    assert "not of NumPy, and choose with ff.active_backend.where, not with `if`" in notes[0]


def test_errors_of_funfact_explain_themselves(fit):
    def complex_one(model, target):
        return (model - target) * 1j

    with pytest.raises(DtypeError, match=r"A loss is real") as caught:
        fit(vector(), np.ones(3), loss=complex_one, optimizer="Adam", max_steps=5)
    assert not any("ff.active_backend" in n for n in getattr(caught.value, "__notes__", []))
