"""Which solver `optimizer='auto'` takes, and how it says so."""

import re
from functools import partial

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Autodiff, Linearize, Repeat
from funfact.errors import CapabilityError, DtypeError, OptionError, UnknownNameError

i, j, r = ff.indices("i, j, r")
u, v = ff.tensor("u", 6, 2), ff.tensor("v", 5, 2)
rng = np.random.default_rng(0)
target = rng.normal(size=(6, 2)) @ rng.normal(size=(2, 5))
linear, other = u[i, r] * v[j, r], ff.exp(u[i, r] * v[j, r])


def fitted(expr, backend, **kwargs):
    backend.seed(0)
    return ff.factorize(expr, target, **{"progress": False, "max_steps": 40, **kwargs})


def test_a_linear_model_by_least_squares(backend):
    history = fitted(linear, backend, tol=1e-10, checkpoint_freq=5).history
    assert history.method == "ALS"
    assert history.reason == "the model is linear in each factor, and the loss is the squared error"
    assert history.loss < 1e-10
    assert "steps of ALS in" in repr(history)


def test_what_is_asked_for_has_no_reason(backend):
    history = fitted(linear, backend, optimizer="als").history
    assert (history.method, history.reason) == ("ALS", "")


DESCENT = {
    "rate": (linear, {"lr": 0.1}, r"a learning rate was given \(lr=\)"),
    "loss": (linear, {"loss": "L1"}, r"the loss is L1, and least squares are solved"),
}


@pytest.mark.parametrize("name", DESCENT)
def test_gradients_where_they_are_called_for(backend, name):
    expr, options, reason = DESCENT[name]
    if not isinstance(backend, Autodiff):
        with pytest.raises(CapabilityError, match=r"needs automatic differentiation"):
            fitted(expr, backend, **options)
        return
    history = fitted(expr, backend, **options).history
    assert history.method == "Adam"
    assert re.search(reason, history.reason)


def test_a_small_problem_of_squares_by_solving_each_step(backend):
    if not isinstance(backend, Linearize):
        pytest.skip(f"{backend!r} does not declare Linearize")
    history = fitted(other, backend).history
    assert history.method == "LM"
    assert re.search(r"squared error, and the problem small enough", history.reason)


def test_a_larger_one_by_products_where_they_are_looped(backend):
    if not isinstance(backend, Linearize):
        pytest.skip(f"{backend!r} does not declare Linearize")
    bells = ff.exp(-((ff.tensor("x", 90, 4)[i, ~r] - ff.tensor("y", 90, 4)[j, ~r]) ** 2))
    target = np.random.default_rng(0).random((90, 90))
    history = ff.factorize(bells >> [i, j], target, vec_size=3, max_steps=2, tol=0).history
    looped = isinstance(backend, Repeat)
    assert history.method == ("LM" if looped else "Adam")
    told = "meet each step by products" if looped else "; LM applies, and its steps would take long"
    assert told in history.reason


def test_half_precision_by_a_method_without_linear_systems(backend):
    try:
        backend.dtype("float16")
    except DtypeError as error:
        pytest.skip(str(error))
    reason = r"it solves linear systems, which libraries do not in float16"
    with pytest.raises(OptionError, match=reason + r"\. Give dtype='float32'"):
        fitted(linear, backend, optimizer="ALS", dtype="float16")
    if isinstance(backend, Autodiff):
        for dtype in ("float16", "bfloat16"):
            history = fitted(linear, backend, dtype=dtype, max_steps=100).history
            assert history.method == "Adam"
            assert history.loss < 0.5 * history.losses[0, 0]


@pytest.mark.parametrize("method", ["Adam", "LBFGS"])
@pytest.mark.parametrize("limit", [None, "100 kB"])
def test_losses_are_summed_in_single_precision(backend, method, limit):
    if not isinstance(backend, Autodiff):
        pytest.skip(f"{backend!r} has no gradients")
    try:
        backend.dtype("float16")
    except DtypeError as error:
        pytest.skip(str(error))
    x, y = rng.normal(size=(200, 2)), rng.normal(size=(2, 500))
    left, right = ff.tensor("u", 200, 2), ff.tensor("v", 500, 2)
    backend.seed(0)
    # the squares of 100,000 numbers add up to more than float16 holds
    fac = ff.factorize(
        left[i, r] * right[j, r], x @ y, dtype="float16", optimizer=method, max_steps=50,
        loss=ff.loss.MSE(), tol=0, memory_limit=limit, progress=False,
    )  # fmt: skip
    exact = backend.to_numpy(backend.tensor(x @ y, "float16")).astype(float)
    u, v = (backend.to_numpy(f).astype(float) for f in fac.factors)
    # the model's own rounding, of three digits
    np.testing.assert_allclose(fac.history.loss, np.mean((u @ v.T - exact) ** 2), rtol=0.1)
    assert fac.history.loss < 0.5 * fac.history.losses[0, 0]


def test_single_steps_are_watched_with_their_gradients(backend):
    noisy = target + np.random.default_rng(1).normal(size=target.shape)
    left, right = (ff.tensor(n, initializer=ff.initializers.Ones) for n in (6, 5))
    seen = []

    @ff.gradient_descent_plugin(every=1)
    def watch(state):
        x, y = (backend.to_numpy(each)[0] for each in state.factors)
        expected = 2 * (np.outer(x, y) - noisy) @ y / noisy.size
        np.testing.assert_allclose(backend.to_numpy(state.grad[0])[0], expected, atol=1e-5)
        seen.append(np.linalg.norm(expected))

    options = {"plugins": [watch], "tol": 0, "max_steps": 3, "progress": False}
    history = ff.factorize(left[i] * right[j], noisy, **options).history
    assert history.method == "ALS"
    assert len(seen) == 3
    assert seen[0] > 1e-3


def test_without_gradients_it_says_why_there_is_no_other_way(backend):
    if isinstance(backend, Autodiff):
        assert fitted(other, backend, loss="L1").history.method == "Adam"
        return
    with pytest.raises(
        CapabilityError,
        match=r"fitting this model \(ALS does not apply: u stands inside the function 'exp'.*\) "
        r"needs automatic differentiation, which .* does not have\.",
    ):
        fitted(other, backend)


def test_the_bar_says_what_was_chosen(backend, capsys):
    fitted(linear, backend, progress=True)
    assert "ALS: the model is linear in each factor" in capsys.readouterr().err


def test_names_and_rates():
    with pytest.raises(UnknownNameError, match=r"no optimizer 'ASL'. Did you mean 'ALS'\? Known"):
        ff.factorize(linear, target, optimizer="ASL")
    with pytest.raises(OptionError, match=r"lr=0.1, and optimizer='ALS' takes no learning rate"):
        ff.factorize(linear, target, optimizer="ALS", lr=0.1)


def test_a_fit_ends_where_nothing_falls_any_further(backend):
    noisy = target + 0.1 * np.random.default_rng(1).normal(size=target.shape)
    backend.seed(0)
    history = ff.factorize(linear, noisy, vec_size=2, progress=False).history
    assert history.outcome is ff.fit.Outcome.SETTLED
    assert history.steps[-1] < 2000
    every = fitted(linear, backend, tol=0, max_steps=300).history
    assert every.outcome is ff.fit.Outcome.MAX_STEPS


def of_three(constrain):
    """An exact CP model of middle size, one factor of which is in a set, and its target."""
    a = ff.tensor("a", 20, 4, constrain=constrain)
    b, c = ff.tensor("b", 20, 4), ff.tensor("c", 20, 4)
    k, rng = ff.index("k"), np.random.default_rng(1)
    factors = rng.uniform(0.2, 1, (20, 4)), rng.normal(size=(20, 4)), rng.normal(size=(20, 4))
    if constrain == "Orthonormal":
        factors = np.linalg.qr(factors[0])[0], *factors[1:]
    return (a[i, ~r] * b[j, ~r]) * c[k, r], np.einsum("ir,jr,kr->ijk", *factors)


def test_a_set_in_which_alternating_steps_get_stuck(backend):
    ab = backend

    def project(x):
        return ab.clip(x, 0.2, 1.0)

    def tangent(x, gradient, v):
        free = ((x > 0.2) | (gradient < 0)) & ((x < 1) | (gradient > 0))
        return ab.where(free, v, ab.zeros_like(v))

    expr, target = of_three((project, tangent))
    backend.seed(0)
    history = ff.factorize(expr, target, max_steps=100, tol=1e-9, progress=False).history
    if not isinstance(backend, Linearize):
        assert history.method == "ALS"
        lacks = r"imposed on a, and LM, which goes on there, needs products with a Jacobian"
        assert re.search(lacks, history.reason)
        return
    assert history.method == "LM"
    assert re.search(r"get stuck where \(project, tangent\) is imposed on a$", history.reason)
    assert history.explained > 0.9999


def test_a_set_in_which_they_do_not(backend):
    expr, target = of_three("Orthonormal")
    backend.seed(0)
    history = ff.factorize(expr, target, max_steps=200, tol=1e-9, progress=False).history
    assert history.method == "ALS"
    assert history.explained > 0.999


def test_an_optax_transformation_is_taken_as_it_is(backend):
    optax = pytest.importorskip("optax")
    if backend.name != "jax":
        pytest.skip("optax goes with jax")
    fac = fitted(linear, backend, optimizer=optax.adam(0.1), max_steps=400)
    assert fac.history.loss < 1e-3
    assert fac.history.method == "optax.chain"  # which is what `optax.adam` makes


@pytest.mark.parametrize("axis", [0, -1])
def test_a_transformation_sees_one_replica(backend, axis):
    """A gradient is clipped by the norm of its own replica."""
    optax = pytest.importorskip("optax")
    if backend.name != "jax":
        pytest.skip("optax goes with jax")
    seen = []

    class Look:
        @ff.fit.hookimpl
        def checkpoint(self, point):
            arrays = [backend.to_numpy(x).astype(float) for x in point.factors]
            seen.append([np.moveaxis(x, axis, 0) for x in arrays])

    y = np.array([[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]])
    p, q = ff.tensor("p", 3, 1), ff.tensor("q", 2, 1)
    backend.seed(0)
    ff.factorize(
        p[i, r] * q[j, r], y, optax.chain(optax.clip_by_global_norm(0.5), optax.sgd(1.0)), tol=0,
        vec_size=4, vec_axis=axis, max_steps=1, checkpoint_freq=1, plugins=[Look()], progress=False,
    )  # fmt: skip
    before, after = seen
    for n in range(4):
        a, b = before[0][n], before[1][n]
        off = 2 * (a @ b.T - y) / y.size
        gradient = [off @ b, off.T @ a]
        size = np.sqrt(sum(np.sum(g**2) for g in gradient))
        for x, g, new in zip((a, b), gradient, (after[0][n], after[1][n]), strict=True):
            np.testing.assert_allclose(new, x - g * min(1, 0.5 / size), rtol=1e-4, atol=1e-5)


def test_a_transformation_for_another_library_says_so(backend):
    optax = pytest.importorskip("optax")
    if backend.name != "torch":
        pytest.skip("optax takes arrays of the others")
    with pytest.raises(OptionError, match=r"cannot start from a list of Tensor .*optax goes with"):
        fitted(linear, backend, optimizer=optax.adam(0.1), max_steps=2)


def test_a_transformation_that_needs_more_says_so(backend):
    optax = pytest.importorskip("optax")
    if backend.name != "jax":
        pytest.skip("optax goes with jax")
    message = r"update of optax.chain failed .*'value_fn'. A fit hands over .*optimizer='LBFGS'"
    with pytest.raises(OptionError, match=message):
        fitted(linear, backend, optimizer=optax.lbfgs())
    with pytest.raises(OptionError, match=r"the update of optax.lookahead failed on .*'fast'"):
        fitted(linear, backend, optimizer=optax.lookahead(optax.sgd(0.1), 5, 0.5))


def test_a_transformation_may_keep_the_factors_that_it_starts_from(backend):
    if backend.name != "jax":
        pytest.skip("optax goes with jax")

    class FromTheStart:
        """A step of a tenth of the way from the start along minus the gradient."""

        @staticmethod
        def init(factors):
            return factors

        @staticmethod
        def update(grads, start, factors):
            return [s - x - 0.1 * g for s, x, g in zip(start, factors, grads, strict=True)], start

    fac = fitted(linear, backend, optimizer=FromTheStart())
    assert fac.history.method == "FromTheStart"
    assert fac.history.loss < fac.history.losses[0, 0]


def of_other_libraries(backend):
    """Methods of a library that goes with the backend; of squared gradients."""
    if backend.name == "jax":
        optax = pytest.importorskip("optax")
        return [optax.adam(0.1), optax.rmsprop(0.01)]
    if backend.name == "torch":
        import torch

        return [partial(torch.optim.Adam, lr=0.1), partial(torch.optim.RMSprop, lr=0.01)]
    pytest.skip("no other library goes with it")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("which", [0, 1])
def test_methods_of_other_libraries_step_half_precision_in_single(backend, which, dtype):
    """Their epsilon, 1e-8, is zero in float16, as are squares of small gradients: 0 / 0."""
    method = of_other_libraries(backend)[which]
    fac = fitted(linear, backend, optimizer=method, dtype=dtype, max_steps=400)
    assert fac.history.lost == ()
    assert backend.dtype_name(fac.factors[0]) == dtype
    single = fitted(linear, backend, optimizer=method, dtype="float32", max_steps=400)
    assert fac.history.loss < max(2 * single.history.loss, 1e-3)


def test_what_torch_cannot_step_says_so(backend):
    if backend.name != "torch":
        pytest.skip("torch.optim goes with torch")
    import torch

    with pytest.raises(OptionError, match=r"replicas are a dimension more \(Muon only.*Adam, for"):
        fitted(linear, backend, optimizer=torch.optim.Muon)
    with pytest.raises(OptionError, match=r"SparseAdam.step\(\) failed: .*dense gradients"):
        fitted(linear, backend, optimizer=torch.optim.SparseAdam)
    made = torch.optim.Adam([torch.zeros(2, requires_grad=True)])
    with pytest.raises(OptionError, match=r"an instance of Adam, .*Give the class, optimizer=Adam"):
        fitted(linear, backend, optimizer=made)


def test_a_class_of_torch_is_taken_as_it_is(backend):
    if backend.name != "torch":
        pytest.skip("torch.optim goes with torch")
    import torch

    fac = fitted(linear, backend, optimizer=torch.optim.Adam, lr=0.1, max_steps=400)
    assert fac.history.loss < 1e-3
    assert fac.history.method == "Adam"
    with pytest.raises(OptionError, match=r"optimizer=LBFGS evaluates the loss itself"):
        fitted(linear, backend, optimizer=torch.optim.LBFGS)


def test_components_that_outnumber_rows_by_solving_each_step(backend):
    """The product of matrices 2x2 and 2x2 takes seven multiplications, which few sweeps find."""
    one = np.eye(2)
    product = np.einsum("ai,bj,ck->abjcki", one, one, one).reshape(4, 4, 4)
    a, b, c = (ff.tensor(4, 7) for _ in range(3))
    k = ff.index("k")
    backend.seed(0)
    fac = ff.factorize(
        a[i, ~r] * b[j, ~r] * c[k, r],
        product,
        vec_size=10,
        stop_by=None,
        tol=1e-9,
        max_steps=300,
        progress=False,
    )
    if not isinstance(backend, Linearize):
        assert fac.history.method == "ALS"
        return
    assert fac.history.method == "LM"
    assert re.search(r"small enough.*; alternating steps get stuck", fac.history.reason)
    assert sum(fac.history.converged) >= 9
