"""Steps of the gradient methods against the published recurrences, in NumPy."""

from functools import partial

import numpy as np
import pytest

import funfact as ff
from funfact.backends import load
from funfact.errors import OptionError, UnknownNameError
from funfact.fit.solvers.table import as_method
from funfact.optim import Adam, Optimizer, RMSprop, rule_of
from funfact.rules import AdamRule, RMSpropRule

AB = load("numpy")


def adam(x, gradients, lr, beta1, beta2, epsilon):
    """Kingma & Ba, algorithm 1, line by line; g**2 is abs(g)**2 for complex numbers."""
    m, v = np.zeros_like(x), np.zeros(x.shape)
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * np.abs(g) ** 2
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        x = x - lr * m_hat / (np.sqrt(v_hat) + epsilon)
    return x


def rmsprop(x, gradients, lr, alpha, epsilon, weight_decay, momentum, centered):
    """Graves, arXiv:1308.0850, with momentum and decay as PyTorch documents them."""
    v, mean, b = np.zeros(x.shape), np.zeros_like(x), np.zeros_like(x)
    for g in gradients:
        g = g + weight_decay * x
        v = alpha * v + (1 - alpha) * np.abs(g) ** 2
        mean = alpha * mean + (1 - alpha) * g
        spread = v - np.abs(mean) ** 2 if centered else v
        step = g / (np.sqrt(np.maximum(spread, 0)) + epsilon)
        b = momentum * b + step
        x = x - lr * (b if momentum else step)
    return x


def slopes(steps, dtype):
    """Gradients that are given, not fed back: near a minimum, feedback amplifies rounding."""
    rng = np.random.default_rng(7)
    g = rng.normal(size=(steps, 4)) + np.array([0.0, 0.1, 1.0, 10.0])
    return (g * np.exp(1j * rng.normal(size=g.shape)) if "complex" in dtype else g).astype(dtype)


def start(dtype):
    rng = np.random.default_rng(3)
    x = rng.normal(size=4)
    return (x + 1j * rng.normal(size=4) if "complex" in dtype else x).astype(dtype)


def stepped(rule, factors, gradients):
    """`factors` after all `gradients`, the second factor with twice the gradient of the first."""
    state = rule.init(factors, AB)
    for g in gradients:
        factors, state = rule.update(factors, [g, 2 * g][: len(factors)], state, AB)
    return factors


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize(
    "options",
    [
        {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
        {"lr": 0.01, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3},
        {"lr": 0.01, "beta1": 0.0, "beta2": 0.0, "epsilon": 1e-3},
    ],
)
def test_adam_is_the_textbook_recurrence(dtype, options):
    x, g = start(dtype), slopes(2000, dtype)
    first, second = stepped(AdamRule(**options), [x, 2 * x], g)
    np.testing.assert_allclose(first, adam(x, g, **options), rtol=1e-9)
    np.testing.assert_allclose(second, adam(2 * x, 2 * g, **options), rtol=1e-9)


def test_adam_in_single_precision():
    x, g = start("float32"), slopes(500, "float32")
    options = {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    (found,) = stepped(AdamRule(**options), [x], g)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, adam(x.astype("f8"), g.astype("f8"), **options), rtol=2e-5)
    # 0.999 is rounded in single precision; the bias correction must not suffer from it
    (found,) = stepped(AdamRule(**options), [x], g[:1])
    np.testing.assert_allclose(
        found, adam(x.astype("f8"), g[:1].astype("f8"), **options), rtol=2e-7
    )


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("momentum", [0.0, 0.8])
@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_rmsprop_is_the_published_recurrence(dtype, momentum, centered, weight_decay):
    x, g = start(dtype), slopes(300, dtype)
    options = {
        "lr": 0.01,
        "alpha": 0.95,
        "epsilon": 1e-4,
        "weight_decay": weight_decay,
        "momentum": momentum,
        "centered": centered,
    }
    (found,) = stepped(RMSpropRule(**options), [x], g)
    np.testing.assert_allclose(found, rmsprop(x, g, **options), rtol=1e-7)


def arrays(tree):
    if isinstance(tree, list | tuple):
        return [array for item in tree for array in arrays(item)]
    return [np.array(tree)]


@pytest.mark.parametrize("rule", [AdamRule(), RMSpropRule(momentum=0.5, centered=True)])
def test_a_rule_changes_neither_factors_nor_state(rule):
    factors = [start("float64")]
    state = rule.init(factors, AB)
    before = arrays([factors, state])
    rule.update(factors, [np.ones(4)], state, AB)
    for old, now in zip(before, arrays([factors, state]), strict=True):
        np.testing.assert_array_equal(old, now)


@pytest.mark.parametrize(
    ("facade", "rule"),
    [
        (
            partial(Adam, lr=0.05, beta1=0.8, beta2=0.99, epsilon=1e-6),
            AdamRule(0.05, 0.8, 0.99, 1e-6),
        ),
        (partial(RMSprop, lr=0.05, momentum=0.5), RMSpropRule(0.05, momentum=0.5)),
        (Adam, AdamRule(0.1, 0.9, 0.999, 1e-8)),
        (RMSprop, RMSpropRule(0.1, 0.99, 1e-8)),
    ],
)
def test_a_facade_replaces_the_entries_of_its_list(facade, rule):
    factors = [start("float64"), start("float64") + 1]
    gradients = slopes(5, "float64")
    expected = stepped(rule, factors, gradients)
    with ff.using("numpy"):
        optimizer = facade(factors)
        for g in gradients:
            optimizer.step([g, 2 * g])
    for found, wanted in zip(factors, expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert optimizer.factors is factors


def test_a_tuple_of_factors_is_copied():
    x = (start("float64"),)
    with ff.using("numpy"):
        optimizer = Adam(x)
        optimizer.step([np.ones(4)])
    assert optimizer.factors[0] is not x[0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AdamRule(lr=0), "lr=0: expected a positive, finite learning rate"),
        (lambda: AdamRule(lr=float("nan")), "lr=nan"),
        (lambda: AdamRule(beta1=1.0), "beta1=1.0: expected a number from 0 up to"),
        (lambda: AdamRule(beta2=-0.1), "beta2=-0.1"),
        (lambda: RMSpropRule(alpha=2), "alpha=2"),
        (lambda: RMSpropRule(momentum=1), "momentum=1"),
        (lambda: AdamRule(lr="0.1"), "lr='0.1': expected a positive, finite learning rate"),
        (lambda: AdamRule(beta1=None), "beta1=None"),
        (lambda: AdamRule(epsilon="tiny"), "epsilon='tiny': expected a finite number of at least"),
        (lambda: RMSpropRule(weight_decay=-1), "weight_decay=-1"),
        (lambda: Adam(3), "Adam got 3 as the factors: expected a list of arrays"),
        (lambda: Adam(np.ones(2)), "expected a list of arrays"),
        (lambda: Adam([]), "Adam got no factor: expected arrays of <backend"),
        (lambda: Adam([1.0]), r"Adam got 1.0: .* ff.active_backend.tensor\(data\)"),
        (lambda: Adam([np.ones(2)]).step(None), "step got None where the gradients belong"),
        (lambda: Adam([np.ones(2)]).step([]), "step got 0 arrays .* expected a list of 1"),
    ],
)
def test_options_are_checked(make, message):
    with ff.using("numpy"), pytest.raises(OptionError, match=message):
        make()


def test_names_and_classes():
    assert as_method("Adam") is as_method("adam") is as_method(Adam) is Adam
    assert as_method("RMSprop") is RMSprop
    with pytest.raises(UnknownNameError, match=r"no optimizer 'Adma'. Did you mean 'Adam'\? Known"):
        as_method("Adma")


class WithoutStep:
    def __init__(self, factors, lr):
        pass


class Unfinished(ff.optim.Optimizer):
    pass


@pytest.mark.parametrize("spec", [None, 0.1, WithoutStep, partial(WithoutStep, lr=1), Unfinished])
def test_what_is_no_optimizer(spec):
    with pytest.raises(OptionError, match=r"is not an optimizer. Give a name .*RMSprop, ALS, "):
        as_method(spec)


class WithoutRate:
    def __init__(self, factors):
        pass

    def step(self, grad):
        pass


class StepsAlone:
    def __init__(self, factors, lr):
        pass

    def step(self):
        pass


def annotated(rate: "float | list[float]", decay: float = 0.9) -> None:
    pass


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (WithoutRate, r"WithoutRate is called as f\(factors, lr=lr\), and takes \(factors\)"),
        (StepsAlone, r"StepsAlone.step is called as f\(self, grad\), and takes \(self\)"),
        (annotated, r"the optimizer annotated is called as .* takes \(rate, decay=0.9\)\. Write"),
        (annotated, r"What makes a transformation is called for it: optax.adam\(0.1\)\."),
        (lambda: None, r"the optimizer <lambda> is called as .* takes \(\)"),
    ],
)
def test_an_optimizer_of_other_arguments_is_refused(spec, message):
    with pytest.raises(OptionError, match=message):
        as_method(spec)


def test_an_instance_is_no_optimizer():
    with ff.using("numpy"):
        made = Adam([np.ones(2)])
    with pytest.raises(OptionError, match=r"is an instance of Adam, .* optimizer=Adam, with opt"):
        as_method(made)


def test_only_the_built_in_ones_have_a_rule():
    class Mine(Adam):
        def step(self, grad):
            super().step([-g for g in grad])

    class Own(Optimizer):
        def step(self, grad):
            pass

    assert rule_of(Adam, 0.2) == AdamRule(0.2)
    assert rule_of(partial(Adam, beta1=0.8), 0.2) == AdamRule(0.2, beta1=0.8)
    assert rule_of(partial(RMSprop, lr=0.3), 0.2) == RMSpropRule(0.2)
    assert rule_of(Mine, 0.2) is None
    assert rule_of(Own, 0.2) is None


def test_an_unknown_option_lists_the_known_ones():
    with pytest.raises(
        UnknownNameError, match=r"no option of Adam 'beta3'. Did you mean .*Known are lr, beta1"
    ):
        rule_of(partial(Adam, beta3=1), 0.1)


@pytest.mark.parametrize("kind", [Adam, RMSprop])
def test_an_optimizer_without_factors_says_how_options_are_given(kind):
    with pytest.raises(
        OptionError,
        match=rf"{kind.__name__}\(\) lacks the factors.*partial\(ff.optim",
    ):
        kind(lr=0.2)
