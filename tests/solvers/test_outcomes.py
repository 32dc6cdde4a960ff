"""How fits end, and what they refuse before they begin."""

import warnings
from functools import partial

import numpy as np
import pytest

import funfact as ff
from funfact.errors import DtypeError, FitError, OptionError, ShapeError, TargetError
from funfact.fit import FitWarning, Outcome, hookimpl
from funfact.optim import Optimizer

TARGET = np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4)
i, j, r = ff.indices("i, j, r")


def low_rank(rank=4, initializer=None):
    u = ff.tensor("u", 3, rank, initializer=initializer)
    return u[i, r] * ff.tensor("v", 4, rank, initializer=initializer)[j, r]


@pytest.mark.parametrize(("stop_by", "least"), [("first", 1), (3, 3), (None, 6)])
def test_stop_by(fit, stop_by, least):
    expr = low_rank(initializer=ff.initializers.Normal)  # no start is exact
    fac = fit(expr, TARGET, vec_size=6, stop_by=stop_by, tol=1e-4, checkpoint_freq=10)
    assert fac.history.outcome is Outcome.CONVERGED
    assert fac.history.converged.sum() >= least
    before = fac.history.losses[:-1].min(axis=0) < 1e-4
    assert before.sum() < least


def test_a_tolerance_of_zero_never_stops(fit):
    fac = fit(low_rank(), np.zeros((3, 4)), tol=0, max_steps=300, vec_size=2)
    assert fac.history.steps[-1] == 300


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        (np.full((3, 4), np.nan), TargetError, r"12 of 12 elements of the target are NaN or inf"),
        (
            np.ones(4),
            ShapeError,
            r"shape \(3, 4\) and the target \(4,\).*a target is not broadcast",
        ),
        (np.ones((4, 3)), ShapeError, r"a target is not broadcast"),
        (np.ones((1, 3, 4)), ShapeError, r"a target is not broadcast"),
        ("data", TargetError, r"the target, a str, cannot be made a tensor"),
    ],
)
def test_bad_targets(fit, target, error, message):
    with pytest.raises(error, match=message):
        fit(low_rank(), target)


def test_bad_dtypes(fit):
    with pytest.raises(DtypeError, match=r"the target is complex64 and dtype=float32"):
        fit(low_rank(), TARGET * np.complex64(1j), dtype="float32")
    with pytest.raises(DtypeError, match=r"complex, and the model.* float32"):
        fit(low_rank() * 1j, TARGET)
    with pytest.raises(DtypeError, match=r"dtype=int32: the factors of a model are floating"):
        fit(low_rank(), TARGET, dtype="int32")
    with pytest.raises(TargetError, match=r"nonnegative numbers, and the target has negative"):
        fit(low_rank(), TARGET, loss="KLDivergence")


@pytest.mark.parametrize(
    ("target", "dtype", "expected"),
    [
        (TARGET.astype("int32"), None, float),
        (TARGET, None, "float32"),
        (TARGET, "complex64", "complex64"),
        (TARGET * np.complex64(1j), None, "complex64"),
        (TARGET.tolist(), None, float),  # the backend's own
    ],
)
def test_dtype_of_the_factors(fit, target, dtype, expected):
    fac = fit(low_rank(), target, dtype=dtype, max_steps=2)
    ab = fac.backend
    assert {ab.dtype_name(x) for x in fac.factors} == {ab.dtype_name(expected)}


def test_moduli_of_complex_factors_fit_real_data(fit, backend):
    target = np.abs(np.random.default_rng(0).normal(size=5)).astype("float32")
    fac = fit(ff.abs(ff.tensor("z", 5)), target, dtype="complex64", vec_size=3)
    assert fac.history.outcome is Outcome.CONVERGED
    np.testing.assert_allclose(np.abs(backend.to_numpy(fac["z"])), target, atol=5e-3)


# --- replicas that are lost


def logarithm(starts):
    """log(x), fitted from starts of which some have no logarithm."""
    rows = iter(starts)
    return ff.log(ff.tensor("x", 2, initializer=lambda shape: np.full(shape, next(rows))))


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # some libraries say so too
def test_a_lost_replica_is_reported_and_never_the_answer(fit):
    with pytest.warns(
        FitWarning, match=r"the loss of 2 of 4 replicas became NaN or infinite \(rep"
    ):
        every = fit(
            logarithm([1.0, -1.0, 2.0, -2.0]), np.zeros(2), vec_size=4, returns="all", max_steps=300
        )
    assert [fac.history.replica for fac in every if np.isfinite(fac.history.loss)] == [0, 2]
    assert len(every) == 2
    assert every[0].history.lost == (1, 3)
    assert np.isfinite(every[0].backend.to_numpy(every[0]())).all()


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_with_all_lost_there_is_no_answer(fit):
    with pytest.raises(
        FitError, match=r"the loss of every replica \(2\) is NaN or infinite at the start.*NonNeg"
    ):
        fit(logarithm([-1.0, -2.0]), np.zeros(2), vec_size=2)


def test_a_small_target_is_not_fitted_because_its_loss_is_small(fit):
    with pytest.warns(
        FitWarning, match=r"below tol=1e-06, which is not small .*zeros has the loss.* tol=0 or"
    ):
        fac = fit(low_rank(), 1e-3 * TARGET, optimizer="Adam")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(low_rank(), TARGET, vec_size=4)
        fit(low_rank(), 1e-3 * TARGET, tol=1e-6 * float(np.mean((1e-3 * TARGET) ** 2)))
    assert fac.history.outcome is Outcome.CONVERGED


def test_a_huge_target_asks_for_scale(fit):
    with pytest.warns(
        FitWarning, match=r"after 1000 steps the loss, .*no better than .* zeros.*scale the data"
    ):
        fit(low_rank(), 1e8 * TARGET, optimizer="Adam", max_steps=1000)


@pytest.mark.parametrize("loss", ["MSE", ff.loss.MSE("sum"), "PhaseInvariantMSE"])
@pytest.mark.parametrize("scale", ["1e-25", "1e-20", "1e19", "1e20"])
def test_a_target_whose_squares_its_dtype_does_not_hold_is_refused(fit, scale, loss):
    """Every model has the loss zero, or none is finite: no fit can tell one from another."""
    name = loss if isinstance(loss, str) else "MSE"
    size = scale.replace("e1", r"e\+1").replace("e2", r"e\+2")
    message = (
        rf"the largest element of the target is {size}, and the loss {name} adds up squares, which "
        rf"float32 holds from 1e-38 to 3e\+38. .* target / {size}, .*dtype='float64'"
    )
    target = np.float32(scale) * TARGET
    with pytest.raises(TargetError, match=message):
        fit(low_rank(), target, loss=loss)
    with pytest.raises(TargetError, match=message):
        fit(low_rank(), target.astype("complex64"), loss=loss)


@pytest.mark.parametrize("scale", [1e-18, 1e-9, 1e9, 1e17])
def test_what_its_dtype_holds_is_fitted(fit, backend, scale):
    exact = np.outer([1.0, -2.0, 0.5], [1.0, 0.2, -1.0, 3.0]) * scale
    fac = fit(low_rank(1), exact.astype("float32"), tol=0, max_steps=20)
    np.testing.assert_allclose(backend.to_numpy(fac()), exact, rtol=1e-5)
    fit(low_rank(1), 0 * TARGET)  # nothing is lost of zeros


@pytest.mark.parametrize(("scale", "loss"), [(1e-18, "MSE"), (1e20, "L1")])
def test_a_rate_that_is_nothing_to_the_size_of_the_target(fit, scale, loss):
    target = np.float32(scale) * TARGET
    norm = f"{np.linalg.norm(target.astype(float)):.2g}".replace("+", r"\+")
    with pytest.warns(FitWarning, match=rf"or the target, of norm {norm}, far from order one\?"):
        fit(low_rank(), target, loss=loss, optimizer="Adam", max_steps=20, tol=0)


def upside_down(model, target):
    return -((model - target) ** 2)


def test_a_loss_below_zero_says_so(fit):
    with pytest.warns(FitWarning, match=r"the loss is below zero, -\S+, .* Is its sign right\?"):
        fit(low_rank(), TARGET, loss=upside_down)


def test_no_tolerance_is_met_by_a_loss_below_zero(fit):
    def shifted(model, target):
        return (model - target) ** 2 - 1

    fac = fit(low_rank(), TARGET, loss=shifted, tol=0, max_steps=300, optimizer="Adam", lr=0.05)
    assert fac.history.outcome is Outcome.MAX_STEPS
    assert fac.history.loss < -0.99


def test_a_loss_that_branches_on_values_tells_how_to_write_it(fit):
    def branching(model, target):
        return (model - target) ** 2 if model[0, 0] > 0 else abs(model - target)

    with pytest.raises(Exception, match=r".") as caught:  # a library's own
        fit(low_rank(), TARGET, loss=branching, vec_size=2, optimizer="Adam")
    assert any("choose with ff.active_backend.where" in note for note in caught.value.__notes__)


class GivesUpAll:
    @hookimpl
    def give_up(self, point):
        return np.full(len(point.running), True)


def test_giving_up_all_replicas_is_no_loss_of_them(fit):
    fac = fit(low_rank(), TARGET, optimizer="Adam", vec_size=2, tol=0, plugins=[GivesUpAll()])
    assert fac.history.outcome is Outcome.PLUGIN


@pytest.mark.parametrize("method", ["auto", "Adam"])
def test_factors_that_all_start_at_zero_do_not_move(fit, method):
    with pytest.warns(
        FitWarning, match=r"u, v are zero in every element .* \(initializer="
    ) as seen:
        fit(low_rank(initializer=ff.initializers.Zeros), TARGET, optimizer=method, max_steps=100)
    assert len(seen) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(low_rank(initializer=ff.initializers.Zeros), 0 * TARGET, optimizer=method)
        fit(ff.tensor("u", 3, 4, initializer=ff.initializers.Zeros), TARGET, optimizer=method)
        u, v = (ff.tensor(n, initializer=ff.initializers.Zeros) for n in TARGET.shape)
        waves = np.outer([1.0, -2.0, 1.0], [1.0, -1.0, -1.0, 1.0])  # zero is the best sum of two
        fit(u[i] + v[j], waves.astype("float32"), optimizer=method)


@pytest.mark.parametrize("method", ["auto", "LBFGS", "Adam"])
def test_a_start_without_a_gradient_is_told(fit, method):
    """The root has no slope at zero, though a value."""
    root = ff.sqrt(ff.tensor(np.zeros(4), optimizable=True)[i])
    message = r"gradient of the loss is NaN or infinite where 1 of 1 replicas .* \(initializer="
    if method == "Adam":  # steps along it
        with pytest.raises(FitError, match=message):
            fit(root, np.arange(4.0), optimizer=method)
        return
    with pytest.warns(FitWarning, match=message) as seen:
        fac = fit(root, np.arange(4.0), optimizer=method)
    assert len(seen) == 1
    np.testing.assert_array_equal(fac.backend.to_numpy(fac()), np.zeros(4))


class Descent(Optimizer):
    def __init__(self, factors, lr):
        super().__init__(factors)
        self.rate = lr

    def step(self, grad):
        self.factors[:] = [x - self.rate * g for x, g in zip(self.factors, grad, strict=True)]


class Forgets(Descent):
    def step(self, grad):
        [x - self.rate * g for x, g in zip(self.factors, grad, strict=True)]


@pytest.mark.parametrize("steps", [3, 100])
@pytest.mark.parametrize("method", [partial(Descent, lr=1e-30), Forgets])
def test_steps_that_go_nowhere_are_told(fit, method, steps):
    message = rf"none of {steps} steps changed the loss .*: \w+ leaves the factors as they are"
    with pytest.warns(FitWarning, match=message) as seen:
        fit(low_rank(), TARGET, optimizer=method, vec_size=3, max_steps=steps, tol=0)
    assert len(seen) == 1


class Nowhere:
    """A transformation of gradients, as those of optax are."""

    def init(self, factors):
        return ()

    def update(self, grads, state, factors):
        return [0 * g for g in grads], state


def test_a_transformation_that_goes_nowhere_is_told(fit):
    with pytest.warns(FitWarning, match=r"none of 20 steps .*Nowhere leaves the factors"):
        fit(low_rank(), TARGET, optimizer=Nowhere(), max_steps=20, tol=0)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_at_an_optimum_there_is_nowhere_to_go(fit, scale):
    values = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32") * scale
    u, v = (ff.tensor("uv"[n], x, optimizable=True) for n, x in enumerate(values))
    exact = values[0] @ values[1].T
    fit(u[i, r] * v[j, r], exact, optimizer=Forgets, max_steps=20, tol=0)  # but for rounding
    # of data that no such model meets: the residual of the mean is orthogonal to ones
    off = np.array([1.0, -1.0, 1.0, -1.0], dtype="float32") * scale
    mean = ff.tensor("m", np.full(1, scale / 3, dtype="float32"), optimizable=True)
    fit(mean[i] * ff.ones(4, 1)[j, i], off + np.float32(scale / 3), optimizer=Forgets, tol=0,
        max_steps=20)  # fmt: skip


def test_in_a_set_of_one_point_there_is_nowhere_to_go(fit):
    sign = ff.tensor("s", np.ones(1), optimizable=True, constrain="UnitNorm")
    fit(sign[i] * ff.ones(4, 1)[j, i], np.full(4, 3.0), optimizer=Nowhere(), tol=0, max_steps=20)


class GivesUpIndices:
    @hookimpl
    def give_up(self, point):
        return [1]


def test_giving_up_takes_truth_values(fit):
    with pytest.raises(
        OptionError, match=r"give_up .* returned \[1\]: .* array of 4 booleans, .*isin"
    ):
        fit(low_rank(), TARGET, optimizer="Adam", vec_size=4, tol=0, plugins=[GivesUpIndices()])


def test_a_model_that_is_nowhere_positive_is_no_matter_of_scale(fit):
    expr = -1 * ff.exp(ff.tensor("u", 6, 2)[i, r] * ff.tensor("v", 5, 2)[j, r])
    message = (
        r"zero, negative or tiny at 30 of the 30 elements .* write a model that can be positive"
    )
    with pytest.warns(FitWarning, match=message) as caught:
        fit(expr, np.ones((6, 5)), loss="KLDivergence", max_steps=1000)
    assert len(caught) == 1


def test_a_step_that_stores_a_numpy_array(fit, backend):
    if backend.is_native(TARGET):
        pytest.skip("the tensors of this backend are NumPy arrays")

    class Wrong(Optimizer):
        def step(self, grad):
            self.factors[0] = np.asarray(backend.to_numpy(grad[0]))

    with pytest.raises(OptionError, match=r"Wrong.step stored a ndarray of numpy as a factor"):
        fit(low_rank(), TARGET, optimizer=Wrong, max_steps=2)


def test_a_partial_of_an_own_method_keeps_its_rate(fit):
    rates = []

    class Noted(Optimizer):
        def __init__(self, factors, lr):
            super().__init__(factors)
            rates.append(lr)

        def step(self, grad):
            self.factors[:] = [x - 0.1 * g for x, g in zip(self.factors, grad, strict=True)]

    for given in (None, 0.2):
        fit(low_rank(), TARGET, optimizer=partial(Noted, lr=0.5), lr=given, max_steps=2)
    assert rates == [0.5, 0.2]


def test_diverging_after_a_good_while_keeps_the_best(fit, backend):
    class Blow(Optimizer):
        """Goes well for 60 steps."""

        def __init__(self, factors, lr):
            super().__init__(factors)
            self.steps = 0

        def step(self, grad):
            self.steps += 1
            factor = 0.9 if self.steps < 60 else float("inf")
            self.factors[:] = [x * factor for x in self.factors]

    with pytest.warns(FitWarning, match=r"what they found before that is kept"):
        fac = fit(ff.tensor("x", 3), np.zeros(3), optimizer=Blow, vec_size=2, tol=0)
    assert fac.history.outcome is Outcome.LOST
    assert fac.history.loss < 1e-3
    assert np.isfinite(backend.to_numpy(fac())).all()


# --- interrupts and plug-ins


class Interrupt:
    def __init__(self, step):
        self.step = step

    @hookimpl
    def checkpoint(self, point):
        if point.step >= self.step:
            raise KeyboardInterrupt


def test_an_interrupt_returns_the_best_so_far(fit):
    expr = low_rank(initializer=ff.initializers.Normal)  # no start is exact
    with pytest.warns(
        FitWarning, match=r"interrupted after \d+ steps; the best factors until then"
    ):
        fac = fit(expr, TARGET, tol=0, plugins=[Interrupt(200)])
    assert fac.history.outcome is Outcome.INTERRUPTED
    assert fac.history.loss < fac.history.losses[0].min()


def test_an_early_interrupt_is_an_interrupt(fit):
    with pytest.raises(KeyboardInterrupt):
        fit(low_rank(), TARGET, plugins=[Interrupt(0)])


def test_the_bar(backend, capsys):
    from funfact.backends import Autodiff

    if isinstance(backend, Autodiff):
        ff.factorize(low_rank(), TARGET, vec_size=3, progress=True, max_steps=100, tol=0)
        shown = capsys.readouterr().err
        assert "100/100" in shown
        assert "converged 0/3" in shown
