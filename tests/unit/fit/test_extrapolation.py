"""Sweeps from where the last ones lead, and what a sweep leaves of the target."""

import numpy as np
import pytest
from problems import AB, problem_of

import funfact as ff
from funfact.fit.solvers.als import ALS
from funfact.fit.solvers.extrapolation import begun, extrapolated

i, j, k, p, q, s, r = ff.indices("i, j, k, p, q, s, r")
t = ff.tensor
a, b, c = t("a", 5, 2), t("b", 4, 2), t("c", 3, 2)
mask = np.random.default_rng(2).uniform(size=(5, 4, 3))
positive = [t(n, m, 2, constrain="NonNegative") for n, m in zip("abc", (5, 4, 3), strict=True)]


def cp(a, b, c):
    return (a[i, ~r] * b[j, ~r]) * c[k, r]


KNOWN = {
    "matrix": (a[i, r] * b[j, r], "nir,njr->nij", []),
    "CP": (cp(a, b, c), "nir,njr,nkr->nijk", []),
    "CP, masked": (cp(a, b, c) * t(mask)[i, j, k] >> [i, j, k], "nir,njr,nkr,ijk->nijk", [mask]),
    "CP, nonnegative": (cp(*positive), "nir,njr,nkr->nijk", []),
    "Tucker, core last": (
        a[i, p] * b[j, q] * c[k, s] * t("g", 2, 2, 2)[p, q, s],
        "nip,njq,nks,npqs->nijk",
        [],
    ),
    "ring": (
        t("a", 2, 5, 2)[r, i, p] * t("b", 2, 4, 2)[p, j, q] * t("c", 2, 3, 2)[q, k, r],
        "nrip,npjq,nqkr->nijk",
        [],
    ),
}


def begin(expr, dtype, rng):
    """A solver, a target, and starts for two replicas."""
    solver = ALS.of(problem_of(expr, [x.data for x in data_of(expr)], dtype=dtype))
    shapes = [(2, *x.shape) for x in expr.tensors if x.optimizable]

    def draw(shape):
        x = rng.normal(size=shape)
        return x + 1j * rng.normal(size=shape) if dtype == "complex128" else np.abs(x)

    return solver, draw(expr.shape), [draw(shape) for shape in shapes]


def data_of(expr):
    return [x for x in expr.tensors if not x.optimizable]


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("name", KNOWN)
def test_a_sweep_knows_the_squared_error(name, dtype):
    expr, subscripts, data = KNOWN[name]
    solver, target, factors = begin(expr, dtype, np.random.default_rng(0))
    inputs = solver.inputs(target, [AB.tensor(x) for x in data])
    carry = solver.init(factors)
    for _ in range(12):  # five of them are plain
        carry = solver.step(carry, *inputs)
    made = np.einsum(subscripts, *solver.factors(carry), *data)
    wanted = np.sum(np.abs(made - target) ** 2, axis=tuple(range(1, made.ndim)))
    np.testing.assert_allclose(carry[2], wanted, rtol=1e-11)


APART = {
    "a term without the last factor": a[i, r] * b[j, r] - 2.5,
    "a set that is not simple": cp(t("a", 5, 2, constrain="Orthonormal"), b, c),
}


@pytest.mark.parametrize("name", APART)
def test_plain_sweeps_where_the_error_is_not_known(name):
    solver, _, factors = begin(APART[name], "float64", np.random.default_rng(0))
    assert solver.nearest is None
    assert solver.init(factors) is factors


def step(carry, swept, explained, square=10.0, append=False):
    """One step with a sweep that is given; the carry after it, and from where it began."""
    seen = []

    def sweep(factors):
        seen.extend(factors)
        return swept, lambda: np.array(explained, float)

    return extrapolated(carry, sweep, list, np.array(square), append, AB), seen


@pytest.mark.parametrize("append", [False, True])
def test_each_replica_goes_back_where_it_was_led_astray(append):
    def placed(x):
        return np.moveaxis(np.array(x, float), 0, -1 if append else 0)

    now, before = placed([[1, 2], [3, 4], [5, 6]]), placed([[0, 2], [3, 1], [5, 5]])
    new = placed([[7, 7], [8, 8], [9, 9]])
    carry = [now], [before], np.array([4.0, 4.0, 4.0]), np.array([7.0, 7.0, 4.0])
    # the errors are 3, 5 and 5: the last replica takes a plain sweep, which is taken as it comes
    (factors, old, error, count), (ahead,) = step(carry, [new], [7, 5, 5], append=append)
    np.testing.assert_allclose(ahead, placed([[1.5, 2], [3, 5.5], [5, 6]]))  # by 3 / (3 + 3)
    np.testing.assert_array_equal(factors[0], placed([[7, 7], [3, 4], [9, 9]]))
    np.testing.assert_array_equal(old[0], now)
    np.testing.assert_array_equal(error, [3, 4, 5])
    np.testing.assert_array_equal(count, [8, 0, 5])


def test_a_sweep_to_no_number_is_taken_back_unless_it_was_a_plain_one():
    x = np.ones((2, 3))
    carry = [x], [x], np.array([4.0, 4.0]), np.array([6.0, 1.0])
    (factors, _, _, count), _ = step(carry, [x * np.nan], [np.nan, np.nan])
    np.testing.assert_array_equal(np.isnan(factors[0]), [[False] * 3, [True] * 3])
    assert count[0] == 0


def test_plain_sweeps_where_the_error_is_rounding():
    x = np.ones((1, 3))
    carry = [x], [x], np.array([1e-13]), np.array([20.0])
    (_, _, error, count), _ = step(carry, [x], [10 - 5e-14])
    assert error[0] < 1e-13
    assert count[0] == 0


def test_the_arrays_of_a_carry_are_its_own():
    x = np.ones((2, 3), dtype=complex)
    factors, before, error, count = begun([x], append=False, ab=AB)
    assert factors[0] is x
    assert not np.shares_memory(before[0], x)
    assert error.dtype == count.dtype == np.float64
