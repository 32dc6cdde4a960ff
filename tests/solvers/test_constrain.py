"""What is imposed on factors, `constrain=`: who keeps it, and what the others say."""

import numpy as np
import pytest
from methods import STEPS, able, single, widest
from nearest import NEAREST, distance, nearest

import funfact as ff
from funfact.backends import Autodiff
from funfact.errors import OptionError

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


def test_methods_that_do_not_keep_it_say_so(fit, backend):
    with pytest.raises(OptionError, match=r"NonNegative is imposed on u \(constrain=\).*'Adam'"):
        fit(model(), target, optimizer=Mine, max_steps=2)


def test_a_stored_model_remembers_it(backend, tmp_path):
    fac = ff.Factorization.from_tsrex(ff.tensor("u", 6, 2, constrain=ff.conditions.NonNegative))
    fac.save(tmp_path / "model.ff")
    (tensor,) = ff.load(tmp_path / "model.ff").tsrex.tensors
    assert tensor.constrain is ff.conditions.NonNegative


# --- every set, by every method: exact, and at an optimum that is known


def least_squares(name, dtype):
    """min |A u - B| over u of a set: A, B, and u."""
    rng = np.random.default_rng(3)
    n, m = (4, 4) if name in ("Unitary", "Symmetric", "PositiveDefinite") else (5, 3)

    def draw(*shape):
        x = rng.normal(size=shape)
        return (x + 1j * rng.normal(size=shape) if "complex" in dtype else x).astype(dtype)

    u = ff.tensor("u", n, m, constrain=name)
    return draw(8, n) + 2 * np.eye(8, n, dtype=dtype), draw(8, m), u


CASES = [(method, "real", 0) for method in STEPS]
CASES += [(method, "complex", -1) for method in STEPS if method != "Adam"]


def assert_at_the_best(backend, name, method, vec_axis, dtype, rounding, small):
    """What the descent leads to from there is the same: the best, where the set is convex."""
    if not able(backend, method):
        pytest.skip(f"{backend!r} does not declare what {method} needs")
    a, b, u = least_squares(name, dtype)
    options = {"vec_size": 2, "vec_axis": vec_axis, "returns": "all", "dtype": dtype, "tol": 0}
    if method == "Adam":  # whose steps do not shorten
        options, small = {**options, "lr": 0.01}, 3e-2
    backend.seed(0)
    found = ff.factorize(
        *(ff.tensor(a)[i, r] * u[r, j], b, method),
        **{"max_steps": STEPS[method], "progress": False, **options},
    )
    step = 1 / np.linalg.norm(a, 2) ** 2
    for x in (backend.to_numpy(fac["u"]) for fac in found):
        assert distance(name, x) < rounding
        descended = x - step * (a.conj().T @ (a @ x - b))
        assert np.abs(nearest(name, descended) - x).max() < small


@pytest.mark.thinned
@pytest.mark.parametrize(("method", "kind", "vec_axis"), CASES)
@pytest.mark.parametrize("name", NEAREST)
def test_least_squares_over_each_set(backend, name, method, kind, vec_axis):
    assert_at_the_best(backend, name, method, vec_axis, *widest(backend, kind))


@pytest.mark.thinned
@pytest.mark.parametrize(("method", "kind", "vec_axis"), CASES[::-1])  # others for each set
@pytest.mark.parametrize("name", NEAREST)
def test_least_squares_over_each_set_in_single_precision(backend, name, method, kind, vec_axis):
    if widest(backend, kind) == single(kind):
        pytest.skip("it is the widest that there is")
    assert_at_the_best(backend, name, method, vec_axis, *single(kind))


@pytest.mark.parametrize("name", NEAREST)
def test_every_set_is_kept_in_half_precision(fit, backend, name):
    """Matrices are decomposed in single precision, which libraries have."""
    a, b, u = least_squares(name, "float32")
    eps = 2.0**-11
    fac = ff.Factorization.from_tsrex(u, dtype="float16", vec_size=2)
    given = np.random.default_rng(0).normal(size=fac["u"].shape).astype("float16")
    found = backend.to_numpy(fac.nearest("u", given))
    assert found.dtype == np.float16
    for x, y in zip(found, given.astype("float32"), strict=True):
        np.testing.assert_allclose(x, nearest(name, y), atol=20 * eps)
    if isinstance(backend, Autodiff):
        fac = fit(ff.tensor(a)[i, r] * u[r, j], b, dtype="float16", lr=0.01, max_steps=100)
        assert distance(name, backend.to_numpy(fac["u"]).astype("float32")) < 20 * eps
        assert fac.history.loss < fac.history.losses[0]


def test_the_fourier_transform_from_three_unitary_blocks(backend):
    """Of three qubits, the first the most significant, in natural order; by what `auto` takes."""
    if not able(backend, "LM"):
        pytest.skip(f"{backend!r} does not declare what LM needs")
    dtype, rounding, _ = widest(backend, "complex")
    places = {"A": (0, 1), "B": (1, 2), "C": (0, 1)}
    gates = [ff.tensor(name, 4, 4, constrain="Unitary") for name in places]
    blocks = [ff.quantum.gate(x) @ at for x, at in zip(gates, places.values(), strict=True)]
    n = np.arange(8)
    fourier = np.exp(2j * np.pi * np.outer(n, n) / 8) / np.sqrt(8)
    backend.seed(0)
    found = ff.factorize(
        *(ff.quantum.Circuit(3, blocks).to_tsrex(), fourier),
        vec_size=24,
        max_steps=40,
        returns="all",
        dtype=dtype,
        tol=0,
        progress=False,
    )
    assert found[0].history.method == "LM"
    overlaps = [abs(np.vdot(backend.to_numpy(fac()), fourier)) / 8 for fac in found]
    assert np.mean(np.abs(1 - np.array(overlaps)) < 5 * rounding) >= 0.4
    for name in places:
        assert max(distance("Unitary", backend.to_numpy(fac[name])) for fac in found) < rounding
