"""Alternating least squares: each factor's update is the least squares solution, for any model."""

import operator
from functools import reduce

import numpy as np
import pytest

import funfact as ff
from funfact.errors import OptionError

i, j, k, l, p, q, r, s = ff.indices("i, j, k, l, p, q, r, s")
t = ff.tensor


def data(*shape):
    return t("d", np.random.default_rng(3).uniform(0.5, 1.5, shape))


def models():
    """Expressions of many kinds, and how many elements of a target of theirs there are."""
    u, v = t("u", 4), t("v", 4)
    a, b, c = t("a", 5, 2), t("b", 4, 2), t("c", 3, 2)
    return {
        "a tensor": t("x", 3, 4),
        "matrix": a[i, r] * b[j, r],
        "CP": (a[i, ~r] * b[j, ~r]) * c[k, r],
        "CP, masked": (a[i, ~r] * b[j, ~r] * c[k, r]) * data(5, 4, 3)[i, j, k] >> [i, j, k],
        "Tucker": t("g", 2, 3, 2)[p, q, s] * a[i, p] * t("b", 4, 3)[j, q] * c[k, s],
        "train": t("a", 3, 2)[i, p] * t("b", 2, 4, 3)[p, j, q] * t("c", 3, 3)[q, k],
        "ring": t("a", 2, 4, 2)[r, i, p] * t("b", 2, 4, 2)[p, j, q] * t("c", 2, 4, 2)[q, k, r],
        "sum with an offset": (a[i, r] * b[j, r] + u[j] * t("w", 5)[i] >> [i, j]) - 2.5,
        "a factor in two terms": a[i, r] * b[j, r] + a[i, r] * data(4, 2)[j, r] >> [i, j],
        "on other axes in each term": u[i] * v[j] + u[j] * t("w", 4)[i] >> [i, j],
        "weights inside": a[i, ~r] * data(5, 2)[~i, ~r] * b[j, r] >> [i, j],
        "Kronecker": t("a", 3, 2) & t("b", 2, 2),
        "Kronecker products": (t("a", 3, 2) & t("b", 2, 2)) + (t("e", 3, 2) & t("f", 2, 2)),
        "broadcast": t("m", 5, 1) + t("n", 1, 4),
        "scalar": t("c") * t("m", 3, 4),
        "summed alone": t("m", 5, 3)[i, r] * v[j] >> [i, j],
        "quotient": a[i, r] * b[j, r] / 3 / data(5, 4)[i, j] >> [i, j],
        "negative": -(a @ t("b", 2, 4)),
    }


@pytest.fixture
def als(backend):
    """Fits by alternating least squares in doubles, where the backend has them."""

    def fit(expr, target, **kwargs):
        backend.seed(0)
        options = {"optimizer": "ALS", "tol": 0, "progress": False, **kwargs}
        return ff.factorize(expr, target, **options)

    return fit


def close(backend):
    """How close rounding lets numbers come."""
    exact = backend.dtype_name(backend.tensor(np.zeros(1)).dtype) == "float64"
    return 1e-9 if exact else 2e-3


def error(fac, target):
    value = fac.backend.to_numpy(fac())
    return np.linalg.norm(value - target) / np.linalg.norm(target)


def last_is_least_squares(fac, target, symbol, backend):
    """Whether no other value of one factor makes the error smaller: found by numpy.linalg.lstsq."""
    value = backend.to_numpy(fac[symbol]).copy()
    there = error(fac, target)
    fac[symbol] = np.zeros_like(value)
    base = backend.to_numpy(fac()).ravel()
    columns = []
    for n in range(value.size):
        unit = np.zeros(value.size)
        unit[n] = 1
        fac[symbol] = unit.reshape(value.shape)
        columns.append(backend.to_numpy(fac()).ravel() - base)
    a, b = np.stack(columns, axis=1), target.ravel() - base
    best = np.linalg.norm(a @ np.linalg.lstsq(a, b, rcond=1e-6)[0] - b) / np.linalg.norm(target)
    return there <= best + close(backend)


@pytest.mark.thinned
@pytest.mark.parametrize("kind", ["float", "complex"])
@pytest.mark.parametrize("name", models())
def test_the_last_factor_solves_its_least_squares_problem(als, backend, name, kind):
    expr = models()[name]
    rng = np.random.default_rng(1)
    target = rng.normal(size=expr.shape)
    if kind == "complex":
        target = target + 1j * rng.normal(size=expr.shape)
    fac = als(expr, target, max_steps=1, checkpoint_freq=1)
    last = [tensor for tensor in fac.tsrex.tensors if tensor.optimizable][-1]
    assert last_is_least_squares(fac, target, last.symbol, backend)


@pytest.mark.thinned
@pytest.mark.parametrize("vec_axis", [0, -1])
@pytest.mark.parametrize("name", models())
def test_a_target_that_the_model_makes_is_found(als, backend, name, vec_axis):
    expr = models()[name]
    backend.seed(7)
    made = ff.Factorization.from_tsrex(expr, dtype=backend.tensor(np.zeros(1)).dtype)
    target = backend.to_numpy(made()).copy()
    fac = als(expr, target, vec_size=6, vec_axis=vec_axis, max_steps=200)
    assert error(fac, target) < max(1e-7, close(backend))


def test_a_real_factor_of_a_complex_model(als, backend):
    rng = np.random.default_rng(0)
    b = rng.normal(size=(7, 2)) + 1j * rng.normal(size=(7, 2))
    target = rng.normal(size=(8, 2)) @ b.T
    expr = t("a", 8, 2, real=True)[i, r] * t("b", 7, 2)[j, r]
    fac = als(expr, target, vec_size=3, max_steps=50)
    assert error(fac, target) < max(1e-7, close(backend))
    assert not backend.is_complex(fac["a"])


def test_the_error_never_grows(als):
    target = np.random.default_rng(0).normal(size=(6, 5, 4))
    expr = (t("a", 6, 4)[i, ~r] * t("b", 5, 4)[j, ~r]) * t("c", 4, 4)[k, r]
    fac = als(expr, target, vec_size=5, max_steps=100, checkpoint_freq=1)
    losses = fac.history.losses
    assert np.all(np.diff(losses, axis=0) <= 1e-6 * losses[:-1])


def collinear(size, rank, congruence):
    """A tensor whose components are nearly collinear in every dimension: sweeps from most starts
    swamp (Tomasi & Bro 2006)."""
    rng = np.random.default_rng(0)
    gram = np.full((rank, rank), congruence) + (1 - congruence) * np.eye(rank)
    root = np.linalg.cholesky(gram).T
    factors = [np.linalg.qr(rng.normal(size=(size, rank)))[0] @ root for _ in range(3)]
    return np.einsum("ir,jr,kr->ijk", *factors)


def plain_sweeps(target, factors, tol):
    """How many sweeps of alternating least squares, by numpy.linalg.lstsq, reach a mean square."""
    a, b, c = factors
    for n in range(1, 1000):
        a = np.linalg.lstsq(np.einsum("jr,kr->jkr", b, c).reshape(-1, b.shape[1]),
                            target.reshape(len(a), -1).T)[0].T  # fmt: skip
        b = np.linalg.lstsq(np.einsum("ir,kr->ikr", a, c).reshape(-1, a.shape[1]),
                            target.transpose(0, 2, 1).reshape(-1, len(b)))[0].T  # fmt: skip
        c = np.linalg.lstsq(np.einsum("ir,jr->ijr", a, b).reshape(-1, a.shape[1]),
                            target.reshape(-1, len(c)))[0].T  # fmt: skip
        if np.mean((np.einsum("ir,jr,kr->ijk", a, b, c) - target) ** 2) < tol:
            return n
    return n


def test_swamps_take_a_fraction_of_the_sweeps(als, backend):
    target = collinear(10, 4, 0.9)
    left, share = (1e-6, 0.25) if close(backend) == 1e-9 else (5e-5, 0.6)
    tol = left * np.mean(target**2)
    plain = ours = 0
    for seed in range(2, 6):
        rng = np.random.default_rng(seed)
        starts = [rng.normal(size=(10, 4)) for _ in range(3)]
        a, b, c = (t("abc"[n], 10, 4, initializer=x) for n, x in enumerate(starts))
        fac = als((a[i, ~r] * b[j, ~r]) * c[k, r], target, tol=tol, checkpoint_freq=1)
        plain += plain_sweeps(target, starts, tol)
        ours += fac.history.steps[-1]
        assert fac.history.converged.all()
    assert plain > 100
    assert ours < share * plain


@pytest.mark.parametrize("vec_axis", [0, -1])
def test_the_error_never_grows_in_a_swamp(als, backend, vec_axis):
    target = collinear(10, 4, 0.9)
    a, b, c = (t(name, 10, 4) for name in "abc")
    losses = als(
        (a[i, ~r] * b[j, ~r]) * c[k, r], target, vec_size=5, vec_axis=vec_axis, max_steps=100,
        checkpoint_freq=1,
    ).history.losses  # fmt: skip
    exact = close(backend) == 1e-9
    rounding = (1e-14 if exact else 1e-5) * np.mean(target**2)
    assert np.all(np.diff(losses, axis=0) <= 1e-6 * losses[:-1] + rounding)
    assert np.all(losses[-1] < 1e-3 * losses[1] + rounding)


def test_a_factor_times_zero_stays_as_it_was(als, backend):
    target = np.random.default_rng(0).random((5, 4))
    a, b, w = t("a", 5, 2), t("b", 4, 2), t("w", np.ones((5, 4)), optimizable=True)
    fac = als(a[i, r] * b[j, r] + 0 * w[i, j] >> [i, j], target, max_steps=300)
    best = np.linalg.norm(np.linalg.svd(target, compute_uv=False)[2:]) / np.linalg.norm(target)
    assert error(fac, target) == pytest.approx(best, rel=close(backend))
    assert np.array_equal(backend.to_numpy(fac["w"]), np.ones((5, 4)))


def test_zeros_are_no_trouble(als, backend):
    expr = (t("a", 6, 2)[i, ~r] * t("b", 5, 2)[j, ~r]) * t("c", 4, 2)[k, r]
    fac = als(expr, np.zeros((6, 5, 4)), vec_size=2, max_steps=5)
    assert np.max(np.abs(backend.to_numpy(fac()))) < 1e-15


v = t("v", 4)
REFUSED = {
    "twice": (v[i] * v[j], "MSE", r"v stands twice in a product, so the model is not linear in it"),
    "function": (ff.exp(t("u", 4)[i]) * v[j], "MSE", r"u stands inside the function 'exp'"),
    "semiring": (ff.minplus(t("u", 4, 2)[i, r], t("w", 2, 4)[r, j]), "MSE", r"inside minplus"),
    "diagonal": (t("z", 4, 4)[i, i] * v[j], "MSE", r"only a diagonal of z matters"),
    "loss": (t("z", 4, 4), "L1", r"the loss is L1, and least squares are solved. .*'Adam'"),
    "chain": (reduce(operator.matmul, [t(4, 4) for _ in range(50)]), "MSE", r"50 tens"),
    "condition": (t("z", 4, 4, prefer=ff.conditions.Unitary), "MSE", r"Unitary is asked of z, wh"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_apply_says_why(als, name):
    expr, loss, message = REFUSED[name]
    with pytest.raises(OptionError, match=r"optimizer='ALS' does not apply here: .*" + message):
        als(expr, np.ones((4, 4)), loss=loss)


def test_equations_that_would_be_too_large(als):
    expr = t("z", 20000)[r] * data(20000, 2)[r, i]
    with pytest.raises(
        OptionError, match=r"the normal equations of z would hold 400000000 numbers"
    ):
        als(expr, np.ones(2))


# --- nonnegative factors


def positive(**kwargs):
    a, b, c = (t(name, size, 3, **kwargs) for name, size in (("a", 7), ("b", 6), ("c", 5)))
    return (a[i, ~r] * b[j, ~r]) * c[k, r]


def nonnegative_target(dtype=float):
    rng = np.random.default_rng(5)
    factors = [np.maximum(rng.normal(size=(n, 3)), 0) for n in (7, 6, 5)]
    return np.einsum("ir,jr,kr->ijk", *factors).astype(dtype)


IMPOSED = {
    "imposed": {"constrain": "NonNegative"},
    "imposed by class": {"constrain": ff.conditions.NonNegative},
    "preferred": {"prefer": ff.conditions.NonNegative},
}


@pytest.mark.parametrize("name", IMPOSED)
def test_nonnegative_factors_are_so_exactly(als, backend, name):
    target = nonnegative_target()
    fac = als(positive(**IMPOSED[name]), target, vec_size=6, max_steps=400)
    for symbol in "abc":
        assert np.min(backend.to_numpy(fac[symbol])) >= 0
    assert error(fac, target) < 2e-3


def test_a_nonnegative_matrix_factor_meets_the_optimality_conditions(als, backend):
    rng = np.random.default_rng(2)
    target, b = rng.normal(size=(6, 5)), rng.normal(size=(5, 3))
    fac = als(t("a", 6, 3, constrain="NonNegative")[i, r] * t(b)[j, r], target, max_steps=500)
    a = backend.to_numpy(fac["a"]).astype(float)
    slope = (a @ b.T - target) @ b
    assert np.min(a) == 0
    assert np.min(slope) > -100 * close(backend)
    assert np.max(np.abs(slope * (a > 0))) < 100 * close(backend)


def test_a_large_nonnegative_core_goes_along_its_gradient(als, backend):
    rng = np.random.default_rng(2)
    core = np.maximum(rng.normal(size=(4, 4, 4)), 0)
    sides = [np.maximum(rng.normal(size=(n, 4)), 0) for n in (7, 6, 5)]
    target = np.einsum("pqs,ip,jq,ks->ijk", core, *sides)
    a, b, c = map(t, sides)
    expr = t("g", 4, 4, 4, constrain="NonNegative")[p, q, s] * a[i, p] * b[j, q] * c[k, s]
    fac = als(expr, target, max_steps=300)
    assert np.min(backend.to_numpy(fac["g"])) == 0
    assert error(fac, target) < 1e-2


def test_nonnegative_in_a_complex_model(als, backend):
    rng = np.random.default_rng(2)
    b = rng.normal(size=(6, 2)) + 1j * rng.normal(size=(6, 2))
    target = np.maximum(rng.normal(size=(7, 2)), 0) @ b.T
    fac = als(t("a", 7, 2, constrain="NonNegative")[i, r] * t("b", 6, 2)[j, r], target, vec_size=4)
    a = backend.to_numpy(fac["a"])
    assert np.min(a.real) >= 0
    assert not np.any(a.imag)
    assert error(fac, target) < 1e-2


def test_a_start_that_was_asked_for_meets_what_is_imposed(backend):
    x = t("x", 2, initializer=np.array([-1.0, 2.0]), constrain="NonNegative")
    fac = ff.Factorization.from_tsrex(x)
    np.testing.assert_array_equal(backend.to_numpy(fac["x"]), [0, 2])
