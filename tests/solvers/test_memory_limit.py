"""Fits whose gradient is taken piece by piece, so that a step stays within a limit of memory."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Autodiff, Linalg, Linearize
from funfact.errors import DtypeError, FitError, OptionError
from funfact.loss import Loss

i, j, k, r = ff.indices("i, j, k, r")


def bells():
    x, y, w = ff.tensor("x", 13, 3), ff.tensor("y", 11, 3), ff.tensor("w", 3)
    return ff.exp(-((x[i, ~r] - y[j, ~r]) ** 2)) * w[r]


def paths():
    a, b = ff.tensor("a", 13, 7), ff.tensor("b", 7, 11, prefer=ff.conditions.NonNegative())
    return ff.minplus(a[i, k], b[k, j])


def cp():
    a, b, c = ff.tensor("a", 13, 2), ff.tensor("b", 5, 2), ff.tensor("c", np.ones((4, 2)))
    return a[i, ~r] * b[j, ~r] * c[k, r]


class Quartic(Loss):
    """Of all elements, as far as anybody knows."""

    def elementwise(self, model, target, ab):
        return ab.abs(model - target) ** 4


class OfEach(Quartic):
    """The same, and it says that each element stands alone."""

    separable = True


def target_of(expr):
    return np.random.default_rng(0).uniform(0.5, 1.5, expr.shape)


@pytest.mark.thinned
@pytest.mark.parametrize("make", [bells, paths, cp])
@pytest.mark.parametrize("loss", ["MSE", "L1", ff.loss.MSE(reduction="sum"), OfEach])
@pytest.mark.parametrize("method", ["Adam", "LBFGS"])
def test_pieces_lead_where_the_whole_leads(fit, make, loss, method):
    expr, options = make(), {"loss": loss, "tol": 0, "max_steps": 40, "returns": "all"}
    options |= {"vec_size": 2, "checkpoint_freq": 5, "optimizer": method, "dtype": "float32"}
    whole = fit(expr, target_of(expr), **options)
    # along the first axis of the model: a limit that one replica alone does not meet
    pieces = fit(expr, target_of(expr), memory_limit="3 kB", **options)
    for one, other in zip(whole, pieces, strict=True):
        np.testing.assert_allclose(other.history.losses[:5], one.history.losses[:5], rtol=2e-3)


@pytest.mark.thinned
@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("loss", ["PhaseInvariantMSE", Quartic])
def test_replicas_are_pieces_whatever_the_loss(fit, axis, loss):
    expr, options = bells(), {"vec_size": 5, "vec_axis": axis, "returns": "all", "loss": loss}
    options |= {"optimizer": "Adam", "tol": 0, "max_steps": 40, "checkpoint_freq": 5}
    options |= {"dtype": "float32"}
    whole = fit(expr, target_of(expr), **options)
    pieces = fit(expr, target_of(expr), memory_limit="25 kB", **options)
    for one, other in zip(whole, pieces, strict=True):
        np.testing.assert_allclose(other.history.losses[:5], one.history.losses[:5], rtol=2e-3)


def test_complex_models_are_cut_too(fit):
    a, b = ff.tensor("a", 13, 2), ff.tensor("b", 2, 11)
    expr = ff.exp(0.1 * a[i, r] * b[r, j])
    target = target_of(expr) + 1j
    options = {"optimizer": "Adam", "tol": 0, "max_steps": 40, "checkpoint_freq": 5}
    options |= {"dtype": "complex64"}
    whole = fit(expr, target, **options)
    pieces = fit(expr, target, memory_limit="3 kB", **options)
    np.testing.assert_allclose(pieces.history.losses, whole.history.losses, rtol=2e-3)


class Root(Loss):
    """No number below the target."""

    separable = True

    def elementwise(self, model, target, ab):
        return ab.sqrt(model - target)


@pytest.mark.parametrize("limit", [None, "3 kB"])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # some libraries say so too
def test_what_is_no_number_is_put_down_to_the_loss_or_the_expression(fit, limit):
    options = {"vec_size": 2, "memory_limit": limit, "optimizer": "Adam", "dtype": "float32"}
    with pytest.raises(FitError, match=r"The model is finite there, and the loss Root is not"):
        fit(bells(), target_of(bells()) + 100, loss=Root, **options)
    expr = ff.log(-1 - bells() ** 2)
    with pytest.raises(FitError, match=r"The expression is not finite there"):
        fit(expr, target_of(expr), **options)


def test_a_limit_that_is_no_limit_changes_nothing(fit):
    expr = bells()
    fac = fit(expr, target_of(expr), memory_limit="1 GB", tol=0, max_steps=5)
    assert fac.history.method == fit(expr, target_of(expr), tol=0, max_steps=5).history.method


def test_a_limit_without_room_is_refused_before_anything_is_made(fit):
    small = ff.exp(ff.tensor("a", 50)[i] * ff.tensor("b", 40)[j])
    with pytest.raises(OptionError, match=r"memory_limit=64 bytes: a step .* at least [\d,]+"):
        fit(small, np.ones((50, 40)), memory_limit=64, dtype="float32")
    with pytest.raises(OptionError, match=r"apart: the loss Quartic .*separable = True"):
        fit(small, np.ones((50, 40)), loss=Quartic, memory_limit="1 kB", vec_size=2)
    with pytest.raises(OptionError, match="memory_limit='much': expected a whole number of bytes"):
        fit(small, np.ones((50, 40)), memory_limit="much")


def test_a_limit_is_enough_wherever_replicas_stand(fit):
    expr, options = bells(), {"vec_size": 5, "loss": "PhaseInvariantMSE", "dtype": "float32"}
    options |= {"optimizer": "Adam", "tol": 0, "max_steps": 1}
    with pytest.raises(OptionError, match=r"at least [\d,]+ beside") as caught:
        fit(expr, target_of(expr), memory_limit=64, **options)
    need = int(re.search(r"at least ([\d,]+)", str(caught.value))[1].replace(",", ""))
    for axis in (0, -1):
        fit(expr, target_of(expr), memory_limit=need, vec_axis=axis, **options)


def test_half_precision_takes_as_much_as_single(fit, backend):
    """Its losses are of single precision, and so is what they keep."""
    needs = []
    for dtype in ("float16", "float32"):
        try:
            backend.dtype(dtype)
        except DtypeError as error:
            pytest.skip(str(error))
        with pytest.raises(OptionError, match=r"at least [\d,]+ .*Allow as much\.") as caught:
            fit(bells(), target_of(bells()), optimizer="Adam", memory_limit=64, dtype=dtype)
        needs.append(re.search(r"at least ([\d,]+)", str(caught.value))[1])
    assert needs[0] == needs[1]


def test_methods_that_need_the_whole_say_so(fit, backend, caplog):
    if not isinstance(backend, Linalg) or not isinstance(backend, Linearize):
        pytest.skip(f"{backend!r} lacks what ALS or LM needs")
    expr = cp()
    for method in ("ALS", "LM"):
        with pytest.raises(OptionError, match=rf"{method}.*[\d,]+ bytes at once.*memory_limit="):
            fit(expr, target_of(expr), optimizer=method, memory_limit="2 kB")
    with caplog.at_level("INFO", logger="funfact"):
        fac = fit(expr, target_of(expr), memory_limit="2 kB", max_steps=5, tol=0)
    assert "memory_limit=" in fac.history.reason
    assert "ALS would be taken, and its steps hold" in caplog.text
    # LM is what the limit rules out; that ALS takes no functions says nothing of that
    bent = fit(ff.exp(expr), target_of(expr), memory_limit="2 kB", max_steps=5, tol=0)
    assert bent.history.reason.startswith("LM does not apply: its steps hold")


@pytest.mark.parametrize("limit", [64, "2 kB"])
def test_without_gradients_what_is_told_to_allow_is_enough(backend, limit):
    """No piece is made there, so that what one would need is no matter."""
    if isinstance(backend, Autodiff):
        pytest.skip("gradients are made in pieces")
    expr = cp()
    with pytest.raises(OptionError, match=r"ALS would be taken, and its steps hold") as caught:
        ff.factorize(expr, target_of(expr), memory_limit=limit, progress=False)
    assert "Allow as much or leave the limit out: <backend" in str(caught.value)
    need = int(re.search(r"hold ([\d,]+) bytes", str(caught.value))[1].replace(",", ""))
    fac = ff.factorize(expr, target_of(expr), memory_limit=need, max_steps=5, progress=False)
    assert fac.history.method == "ALS"


PEAK = """
import sys
import numpy as np
import funfact as ff

name, limit = sys.argv[1:]
i, j, k = ff.indices("i, j, k")
ff.use(name)
expr = ff.minplus(ff.tensor("a", 160, 160)[i, k], ff.tensor("b", 160, 160)[k, j])
target = np.random.default_rng(0).random((160, 160), dtype="float32")
options = {"optimizer": "Adam", "tol": 0, "max_steps": 32, "progress": False}


def peak():
    # in MiB; what getrusage tells is at least what the process that started this one had
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


ff.factorize(ff.tensor("u", 3)[i] * ff.tensor("v", 4)[j], np.ones((3, 4)), **options)
before = peak()
ff.factorize(expr, target, memory_limit=None if limit == "none" else limit, **options)
print(peak() - before)
"""


def grown(name: str, limit: str) -> float:
    command = [sys.executable, "-W", "ignore", "-c", PEAK, name, limit]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not Path("/proc").exists(), reason="counts memory as Linux does")
def test_a_limit_saves_memory(fit, backend_name):
    # the pairs alone, which are kept for the gradient, are 16 MiB
    assert grown(backend_name, "none") - grown(backend_name, "2 MiB") > 16
