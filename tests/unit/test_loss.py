"""Losses against formulas in NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funfact as ff
from funfact.backends import load
from funfact.errors import DtypeError, OptionError, ShapeError, TargetError, UnknownNameError
from funfact.loss import (
    L1,
    MSE,
    KLDivergence,
    Loss,
    PhaseInvariantL1,
    PhaseInvariantMSE,
    as_loss,
    kl_divergence,
    l1,
    mse,
    per_replica,
)

AB = load("numpy")
SHAPE = (3, 4)


def sample(seed, *lead, dtype="float64"):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.1, 2.0, size=(*lead, *SHAPE))
    return x * np.exp(2j * np.pi * rng.uniform(size=x.shape)) if "complex" in dtype else x


def aligned(m, t):
    """`m` turned by the phase that brings it closest to `t`, found by search."""
    if not np.iscomplexobj(m):
        return min((m, -m), key=lambda x: np.sum((x - t) ** 2))
    low, high = -np.pi, np.pi
    for _ in range(6):
        phases = np.linspace(low, high, 401)
        costs = [np.sum(np.abs(m * np.exp(1j * p) - t) ** 2) for p in phases]
        best, width = phases[np.argmin(costs)], (high - low) / 100
        low, high = best - width, best + width
    return m * np.exp(1j * best)


FORMULAS = {
    MSE: lambda m, t: np.abs(m - t) ** 2,
    L1: lambda m, t: np.abs(m - t),
    KLDivergence: lambda m, t: t * np.log(t / m) - t + m,
    PhaseInvariantMSE: lambda m, t: np.abs(aligned(m, t) - t) ** 2,
    PhaseInvariantL1: lambda m, t: np.abs(aligned(m, t) - t),
}


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [(kind, "float64") for kind in FORMULAS]
    + [(kind, "complex128") for kind in FORMULAS if kind is not KLDivergence],
)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_each_loss(kind, dtype, reduction):
    model, target = sample(0, 5, dtype=dtype), sample(1, dtype=dtype)
    reduce = np.mean if reduction == "mean" else np.sum
    expected = [reduce(FORMULAS[kind](m, target)) for m in model]
    found = per_replica(kind(reduction=reduction), model, target, AB)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(
        per_replica(kind(reduction=reduction), model[0], target, AB), expected[0], rtol=1e-6
    )


def test_a_scalar_target_with_replicas():
    found = per_replica(MSE(), np.array([1.0, 2.0, 3.0]), np.array(2.0), AB)
    np.testing.assert_array_equal(found, [1, 0, 1])


def test_called_on_the_active_backend():
    model, target = sample(0, 5), sample(1)
    each = np.mean((model - target) ** 2, axis=(1, 2))
    last = np.moveaxis(model, 0, -1)
    with ff.using("numpy"):
        assert mse(model, target) == pytest.approx(each.sum())
        np.testing.assert_allclose(mse(model, target, sum_vec=False), each)
        np.testing.assert_allclose(
            mse(last, target, sum_vec=False, vectorized_along_last=True), each
        )
        assert l1([1, 2], [1, 4]) == 1
        assert kl_divergence([1.0], [1.0]) == 0


# --- Kullback-Leibler


@given(
    st.floats(-1024, 1024, width=32, allow_subnormal=False),
    st.one_of(st.just(0.0), st.floats(2.0**-40, 1024, width=32)),
    st.sampled_from(["float32", "float64"]),
)
def test_divergence_is_bounded_below_and_zero_only_at_equality(m, t, dtype):
    model, target = np.array([m], dtype), np.array([t], dtype)
    (value,) = KLDivergence().elementwise(model, target, AB)
    assert np.isfinite(value)
    eps = np.finfo(dtype).eps
    close = np.abs(model - target) <= 4 * eps * target
    if close:
        assert abs(value) <= 100 * eps**2 * t
        assert (value == 0) or m != t
    else:
        assert value > 0


def test_divergence_against_the_formula_where_the_model_is_small():
    t, m = np.array([1.0, 1.0, 3.0, 0.0]), np.array([1e-5, 1e-6, 1e-3, 0.7])
    with np.errstate(all="ignore"):
        expected = np.where(t > 0, t * np.log(t / m) - t + m, m)
    np.testing.assert_allclose(KLDivergence().elementwise(m, t, AB), expected, rtol=1e-9)


def test_divergence_falls_as_a_negative_model_rises():
    m = np.linspace(-5, 1, 61)
    for t in (0.0, 1e-8, 0.5, 1.0):
        below = m[m <= t]
        values = KLDivergence().elementwise(below, np.full_like(below, t), AB)
        assert np.all(np.diff(values) < 0)


@pytest.mark.parametrize(
    ("target", "kind"),
    [(np.array([1.0, -0.1]), "negative"), (np.array([1.0 + 0j]), "complex")],
)
def test_divergence_refuses_targets(target, kind):
    with pytest.raises(TargetError, match=f"nonnegative numbers, and the target has {kind}"):
        KLDivergence().check(target, AB)


def test_divergence_refuses_a_complex_model():
    with pytest.raises(DtypeError, match=r"the model is complex. Take ff.abs or ff.real"):
        per_replica(KLDivergence(), np.array([1j]), np.array([1.0]), AB)


# --- phases


@pytest.mark.parametrize("kind", [PhaseInvariantMSE, PhaseInvariantL1])
def test_a_phase_of_each_replica_is_free(kind):
    target = sample(1, dtype="complex128")
    phases = np.exp(1j * np.array([0.0, 1.0, -2.5]))
    model = phases[:, None, None] * target
    np.testing.assert_allclose(per_replica(kind(), model, target, AB), 0, atol=1e-15)
    np.testing.assert_allclose(per_replica(kind(), -target.real, target.real, AB), 0)


@pytest.mark.parametrize("kind", [PhaseInvariantMSE, PhaseInvariantL1])
def test_orthogonal_to_the_target_there_is_no_phase(kind):
    model, target = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert per_replica(kind(), model, target, AB) == 1
    assert per_replica(kind(), np.zeros(2), target, AB) == 0.5


# --- the base class, names


def test_one_of_ones_own():
    class Huber(Loss):
        def __init__(self, delta=1.0, reduction="mean"):
            super().__init__(reduction)
            self.delta = delta

        def elementwise(self, model, target, ab):
            r = ab.abs(model - target)
            return ab.where(r < self.delta, r**2 / 2, self.delta * (r - self.delta / 2))

    model, target = np.array([0.0, 5.0]), np.zeros(2)
    assert per_replica(Huber(2.0, "sum"), model, target, AB) == 8
    assert as_loss(Huber).delta == 1.0


def test_a_loss_returns_one_real_number_an_element():
    class Reduced(Loss):
        def elementwise(self, model, target, ab):
            return ab.mean(model - target)

    class Complex(Loss):
        def elementwise(self, model, target, ab):
            return (model - target) ** 2

    with pytest.raises(ShapeError, match=r"Reduced.elementwise returned shape \(\) for a model"):
        per_replica(Reduced(), np.ones(3), np.ones(3), AB)
    with pytest.raises(DtypeError, match=r"Complex.elementwise returned complex128. A loss is"):
        per_replica(Complex(), np.ones(3) * 1j, np.ones(3), AB)


@pytest.mark.parametrize(("model", "target"), [((3, 4), (4, 3)), ((4,), (3, 4)), ((3, 4), (3, 1))])
def test_nothing_is_broadcast(model, target):
    with pytest.raises(ShapeError, match=r"element by element, without broadcasting"):
        per_replica(MSE(), np.ones(model), np.ones(target), AB)


@pytest.mark.parametrize("name", ["MSE", "mse", "L1", "kl_divergence", "KLDivergence"])
def test_names(name):
    assert type(as_loss(name)).__name__.lower() == name.replace("_", "").lower()
    assert as_loss("MSE") == MSE()


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        UnknownNameError, match=r"no loss 'MES'. Did you mean 'MSE'\? Known are MSE,"
    ):
        as_loss("MES")
    with pytest.raises(UnknownNameError, match=r"no loss 'KL'. Did you mean 'KLDivergence'\?"):
        as_loss("KL")
    with pytest.raises(UnknownNameError, match=r"no loss 'crossentropy'. Known are MSE, L1, KLDiv"):
        as_loss("crossentropy")


def test_what_is_no_loss():
    with pytest.raises(OptionError, match=r"is not a loss. Give a name"):
        as_loss(3)
    with pytest.raises(OptionError, match=r"L1\(reduction='max'\): expected 'mean' or 'sum'"):
        L1("max")


def test_a_loss_that_returns_nothing():
    class Forgot(Loss):
        def elementwise(self, model, target, ab):
            ab.abs(model - target)

    with pytest.raises(OptionError, match=r"Forgot.elementwise returned a NoneType.*`return`"):
        Forgot()([1.0], [2.0])


class Unfinished(Loss):
    pass


class TwoArguments(Loss):
    def elementwise(self, model, target):
        return model - target


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (lambda: 0, r"loss function <lambda> is called as f\(model, target\), and takes \(\)"),
        (lambda m, t, x: 0, r"takes \(m, t, x\)"),
        (Unfinished, "loss=Unfinished makes no instance without arguments"),
        (TwoArguments, r"TwoArguments.elementwise is called as f\(model, target, ab\)"),
    ],
)
def test_a_loss_of_other_arguments_is_refused(spec, message):
    with pytest.raises(OptionError, match=message):
        as_loss(spec)


@pytest.mark.parametrize("lead", [(), (2,)])
@pytest.mark.parametrize(
    ("function", "kind", "message"),
    [
        (lambda m, t: None, OptionError, "the loss function <lambda> returned a NoneType"),
        (lambda m, t: m.sum(), ShapeError, r"<lambda> returned shape \(\) for a model of shape"),
        (lambda m, t: m * 1j, DtypeError, "<lambda> returned complex128. A loss is real"),
        (lambda m, t: m > t, DtypeError, "<lambda> returned bool, which has no gradient"),
        (lambda m, t: (m > t) * 2, DtypeError, "<lambda> returned int64, which has no gradient"),
    ],
)
def test_what_a_loss_function_returns_is_checked(lead, function, kind, message):
    with pytest.raises(kind, match=message):
        per_replica(as_loss(function), np.ones((*lead, 3)), np.zeros(3), AB)


def test_the_slope_of_the_divergence():
    """By differences; where the logarithm is continued by a line, or the target is zero, too."""
    model = np.array([2.0, 1e-9, -1.0, 0.5, -0.5, 3.0])
    target = np.array([1.0, 1.0, 2.0, 0.0, 0.0, 3.0])
    ends = [kl_divergence.elementwise(model + h, target, AB) for h in (1e-10, -1e-10)]
    slope = kl_divergence.slope(model, target, AB)
    np.testing.assert_allclose(slope, (ends[0] - ends[1]) / 2e-10, rtol=1e-4, atol=1e-4)
