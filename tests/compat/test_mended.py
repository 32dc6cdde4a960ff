"""What was wrong in 1.0.3 and is right here.

A line or two each where the backends, losses and fits have tests of their own.
"""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

import funfact as ff
from funfact.errors import (
    FitError,
    FunFactError,
    OptionError,
    RangeError,
    TargetError,
    UnknownNameError,
)

i, j, k = ff.indices("i, j, k")
ROWS = np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]], dtype=np.float32)


@pytest.mark.parametrize("name", ["sum", "min", "max"])
@pytest.mark.parametrize("axis", [0, 1])
def test_reductions_take_an_axis(name, axis, backend):
    found = getattr(ff.active_backend, name)(backend.tensor(ROWS), axis=axis)
    np.testing.assert_array_equal(backend.to_numpy(found), getattr(ROWS, name)(axis=axis))


@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_random_numbers_in_single_precision(kind, backend):
    found = getattr(ff.active_backend, kind)(0.0, 1.0, (3, 2), dtype=ff.active_backend.float32)
    assert backend.dtype_name(found) == "float32"


def test_no_grad_is_a_context_everywhere(backend):
    with ff.active_backend.no_grad():
        doubled = 2 * backend.tensor(ROWS)
    np.testing.assert_array_equal(backend.to_numpy(doubled), 2 * ROWS)


def test_inside_no_grad_torch_follows_nothing(backend_name):
    if backend_name != "torch":
        pytest.skip("only PyTorch follows what is computed outside of value_and_grad")
    with ff.using("torch"):
        x = ff.active_backend.ones(3, requires_grad=True)
        with ff.active_backend.no_grad():
            assert not (2 * x).requires_grad
        assert (2 * x).requires_grad


def test_gradients_are_switched_off_for_a_while(backend):
    from funfact.backends import Autodiff

    follows = isinstance(backend, Autodiff)
    assert ff.is_grad_on() == follows
    with ff.enable_grad(False):
        assert not ff.is_grad_on()
        with ff.enable_grad(True):
            assert ff.is_grad_on() == follows
        assert not ff.is_grad_on()
    assert ff.is_grad_on() == follows


@pytest.mark.parametrize("append", [False, True])
def test_an_instance_of_vectorised_factors_is_put_into_a_model(append, backend):
    u, v = ff.tensor("u", 3, 2), ff.tensor("v", 4, 2)
    expr = u[i, k] * v[j, k]
    many = ff.Factorization.from_tsrex(ff.vectorize(expr, 5, append=append))
    one = ff.Factorization.from_tsrex(expr)
    assert ff.view(many.factors, one, 2, append) is one
    all_of_them = backend.to_numpy(many())
    expected = all_of_them[..., 2] if append else all_of_them[2]
    np.testing.assert_allclose(backend.to_numpy(one()), expected, rtol=1e-5)
    np.testing.assert_array_equal(backend.to_numpy(one()), backend.to_numpy(ff.view(many, 2)()))


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((5,), RangeError, "instance 5 was asked for, and there are 5"),
        ((None,), OptionError, r"view\(vectorised.factors, model, 0\)"),
        (("0",), OptionError, "an instance '0'"),
    ],
)
def test_an_instance_that_is_not_there(arguments, kind, message, backend):
    expr = ff.tensor("u", 3) * 1.0
    many = ff.Factorization.from_tsrex(ff.vectorize(expr, 5))
    with pytest.raises(kind, match=message):
        ff.view(many.factors, ff.Factorization.from_tsrex(expr), *arguments)


def kingma_and_ba(x, grads, lr=0.1, b1=0.9, b2=0.999, epsilon=1e-8):
    """Algorithm 1 of the paper, in double precision: the factor after each step."""
    m = v = np.zeros_like(x)
    for t, g in enumerate(grads, 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        x = x - lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + epsilon)
        yield x


def drawn():
    rng = np.random.default_rng(4)
    return rng.normal(size=5), rng.normal(size=(200, 5)) * [1e-3, 0.1, 1.0, 10.0, 1e3]


def test_adam_corrects_its_bias_as_the_paper_does(backend):
    x, grads = drawn()
    factors = [backend.tensor(x.astype("float32"))]
    adam = ff.optim.Adam(factors, lr=0.1)
    for g, expected in zip(grads, kingma_and_ba(x, grads), strict=True):
        adam.step([backend.tensor(g.astype("float32"))])
        # single precision, 200 steps of a tenth
        np.testing.assert_allclose(backend.to_numpy(factors[0]), expected, atol=2e-5)


def test_adam_is_that_of_optax_step_by_step(backend_name):
    if backend_name != "jax":
        pytest.skip("optax is for JAX")
    import optax

    x, grads = drawn()
    with ff.using("jax"):
        ab = ff.active_backend
        factors, theirs = [ab.tensor(x.astype("float32"))], ab.tensor(x.astype("float32"))
        ours, adam = ff.optim.Adam(factors, lr=0.1), optax.adam(0.1)
        state = adam.init(theirs)
        for g in grads.astype("float32"):
            before = ab.to_numpy(theirs)
            ours.step([ab.tensor(g)])
            update, state = adam.update(ab.tensor(g), state)
            theirs = optax.apply_updates(theirs, update)
            ahead = ab.to_numpy(theirs) - before
            np.testing.assert_allclose(ab.to_numpy(factors[0]) - before, ahead, atol=1e-6)
            # each step on its own: roundings of one are not carried into the next
            factors[0] = ours.factors[0] = theirs


def test_kullback_leibler_is_zero_only_at_equality(backend):
    target = np.array([0.2, 1.0, 3.0], dtype=np.float32)
    divergence = [float(ff.loss.kl_divergence(s * target, target)) for s in (0.25, 0.5, 1, 2, 4)]
    assert divergence[2] == pytest.approx(0, abs=1e-7)
    assert min(divergence[:2] + divergence[3:]) > 0.1


def product():
    u, v = ff.tensor("u", 2, 1), ff.tensor("v", 3, 1)
    return u[i, k] * v[j, k]


@pytest.mark.parametrize("make", [ff.zeros, ff.ones, ff.eye])
def test_constants_may_be_factors(make, program):
    start = make(2, 3, optimizable=True, dtype=ff.active_backend.float32)
    assert start.tensors[0].optimizable
    fac = ff.factorize(2 * start, ROWS, max_steps=1000)
    np.testing.assert_allclose(program.to_numpy(fac()), ROWS, atol=1e-2)


def test_a_target_with_nan_is_refused(program):
    with pytest.raises(TargetError, match="1 of 6 elements of the target are NaN"):
        ff.factorize(product(), np.where(ROWS == 5, np.nan, ROWS))


def test_if_all_replicas_are_nan_it_says_so(program):
    below = ff.tensor("x", 2, initializer=lambda shape: np.full(shape, -1.0))
    with pytest.raises(FitError, match=r"the loss of every replica \(3\) is NaN or infinite"):
        ff.factorize(ff.log(below), np.zeros(2), vec_size=3)


def test_all_are_sorted(program):
    options = {"vec_size": 6, "max_steps": 30, "returns": "all", "optimizer": "Adam"}
    every = ff.factorize(product(), ROWS, **options)
    errors = [np.mean((program.to_numpy(fac()) - ROWS) ** 2) for fac in every]
    assert len(every) == 6
    assert errors == sorted(errors)


def test_a_tensor_used_twice_is_one_factor(program):
    a = ff.tensor("a", 3)
    target = np.outer([1, 2, 3], [1, 2, 3]).astype("float32")
    fac = ff.factorize(a[i] * a[j], target, vec_size=4, max_steps=1000, tol=1e-8)
    assert len(fac.factors) == 1
    np.testing.assert_allclose(np.abs(program.to_numpy(fac["a"])), [1, 2, 3], atol=1e-3)


LATER = """
import funfact as ff

ff.use("jax")
assert ff.active_backend.ones(2).device.id == 0
ff.use("jax", device="cpu:1")
assert ff.active_backend.ones(2).device.id == 1
a = ff.tensor("a", 2)
assert ff.Factorization.from_tsrex(2 * a)().device.id == 1
"""


def test_a_device_asked_for_later_is_honoured(backend_name):
    if backend_name != "jax":
        pytest.skip("JAX makes itself two devices on any machine")
    two = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", LATER], env=os.environ | two, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_an_unknown_backend_names_the_choices():
    with pytest.raises(UnknownNameError, match="nope") as caught:
        ff.use("nope")
    for name in ff.available_backends:
        assert name in str(caught.value)


u = ff.tensor("u", 2, 3)
BAD = {
    "nope as a backend": lambda: ff.use("nope"),
    "an unknown option": lambda: ff.use("numpy", nope=1),
    "too many indices": lambda: u[i, j, k],
    "too few indices": lambda: u[i],
    "sizes that disagree": lambda: u[i, j] * u[j, i],
    "a summed index": lambda: (u[i, j] * u[i, j]) >> [k],
    "an index twice": lambda: u[i, j] >> [i, i],
    "a raw array": lambda: u[i, j] * np.ones(3),
    "a matrix product of indexed": lambda: u[i, j] @ u[i, j],
    "a semiring of unindexed": lambda: ff.minplus(u, u),
    "shapes that do not broadcast": lambda: u + ff.tensor("w", 4, 5),
    "no shape": lambda: ff.tensor("T", -1),
    "no symbol": lambda: ff.tensor("2x", 3),
    "not indices": lambda: ff.indices(-1),
    "no loss": lambda: ff.factorize(u, ROWS, loss="nope"),
    "no optimizer": lambda: ff.factorize(u, ROWS, optimizer="nope"),
    "no replicas": lambda: ff.factorize(u, ROWS, vec_size=0),
    "no steps": lambda: ff.factorize(u, ROWS, max_steps=-1),
    "no such returns": lambda: ff.factorize(u, ROWS, returns="most"),
    "no such stop": lambda: ff.factorize(u, ROWS, stop_by="last"),
    "a negative rate": lambda: ff.factorize(u, ROWS, lr=-1),
    "another shape": lambda: model().__setitem__("u", np.ones(3)),
    "no such factor": lambda: model()["nope"],
    "a model of no expression": lambda: ff.Factorization.from_tsrex(3),
    "no distribution": lambda: ff.initializers.VarianceScaling(distribution="nope"),
    "no reduction": lambda: ff.conditions.Unitary(reduction="nope"),
    "no such dtype": lambda: ff.active_backend.tensor([1.0], dtype="nope"),
    "nothing behind": lambda: ff.active_backend.nope,
}


def model():
    return ff.Factorization.from_tsrex(u)


@pytest.mark.parametrize("call", BAD.values(), ids=BAD)
def test_messages_are_formatted(call, backend):
    """A name or an expression in braces would be a placeholder that nobody filled."""
    with pytest.raises((FunFactError, AttributeError)) as caught:
        call()
    message = str(caught.value)
    assert len(message) > 20
    assert not re.search(r"\{[\w.!:\[\]()]*\}|%[sdr]", message), message
