"""What is imposed on factors, `constrain=`: who keeps it, and what the others say."""

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Linearize
from funfact.errors import OptionError, UnknownNameError

i, j, r = ff.indices("i, j, r")
target = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")


def model():
    return ff.tensor("u", 6, 2, constrain="NonNegative")[i, r] * ff.tensor("v", 5, 2)[j, r]


@pytest.mark.parametrize("optimizer", ["Adam", "RMSprop"])
def test_gradient_methods_project_after_every_step(fit, backend, optimizer):
    fac = fit(model(), target, optimizer=optimizer, vec_size=3, max_steps=50)
    assert np.min(backend.to_numpy(fac["u"])) == 0
    assert np.min(backend.to_numpy(fac["v"])) < 0
    assert fac.history.loss < np.mean(target**2)


def test_the_chosen_method_keeps_it(backend):
    history = ff.factorize(model(), target, max_steps=20, progress=False).history
    assert history.method == "ALS"
    assert history.reason == "the model is linear in each factor, and the loss is the squared error"
    preferred = ff.tensor("u", 6, 5, prefer="NonNegative")
    history = ff.factorize(preferred, target, max_steps=20, progress=False).history
    assert history.reason.endswith("; what is preferred nonnegative is so exactly")


@pytest.mark.parametrize("optimizer", ["auto", "Adam"])
def test_the_same_model_without_it_is_another_one(fit, backend, optimizer):
    for constrain in (None, "NonNegative", None):
        u = ff.tensor("u", 6, 2, constrain=constrain)
        expr = u[i, r] * ff.tensor("v", 5, 2)[j, r]
        fac = fit(expr, target, optimizer=optimizer, max_steps=40)
        assert bool(np.min(backend.to_numpy(fac["u"])) >= 0) is (constrain is not None)


class Mine(ff.optim.Optimizer):
    def step(self, grad):
        pass


@pytest.mark.parametrize("optimizer", [Mine, "LM"])
def test_methods_that_do_not_keep_it_say_so(fit, backend, optimizer):
    if optimizer == "LM" and not isinstance(backend, Linearize):
        pytest.skip(f"{backend!r} does not declare Linearize")
    with pytest.raises(OptionError, match=r"NonNegative is imposed on u \(constrain=\).*'Adam'"):
        fit(model(), target, optimizer=optimizer, max_steps=2)


def test_what_cannot_be_imposed(backend):
    for spec, error, message in (
        (ff.conditions.Unitary, OptionError, r"Unitary is not a condition that can be imposed: it"),
        ("Positive", UnknownNameError, r"no condition 'Positive'"),
    ):
        with pytest.raises(error, match=message):
            ff.Factorization.from_tsrex(ff.tensor("u", 3, 3, constrain=spec))


def test_a_stored_model_remembers_it(backend, tmp_path):
    fac = ff.Factorization.from_tsrex(ff.tensor("u", 6, 2, constrain=ff.conditions.NonNegative))
    fac.save(tmp_path / "model.ff")
    (tensor,) = ff.load(tmp_path / "model.ff").tsrex.tensors
    assert tensor.constrain is ff.conditions.NonNegative
