"""A part of a model's value is that part of its full value, from as little as it needs."""

import time

import numpy as np
import pytest

import funfact as ff
from funfact.errors import OptionError

i, j, k, r = ff.indices("i, j, k, r")
RNG = np.random.default_rng(0)


def model(expression):
    return ff.Factorization.from_tsrex(expression)


def expressions():
    a, b, c = (ff.tensor(RNG.random((n, 3))) for n in (4, 5, 6))
    return {
        "cp": a[i, ~r] * b[j, r] * c[k, r],
        "rbf": ff.exp(-((a[i, ~r] - b[j, r]) ** 2))[i, r, j] * c[k, r],
        "kron": a & b,
        "minplus": ff.minplus(a[i, r], b[j, r]),
        "vectorized": ff.vectorize(a[i, r] * b[j, r], 3),
        "sum": a[i, r] + b[j, r],
    }


KEYS = [0, -1, ..., (slice(1, 3),), (..., 2), (0, 1), ([0, 2, -1], 1), (slice(None, None, 2), [1])]


@pytest.mark.parametrize("name", expressions())
def test_a_key_picks_what_numpy_picks(backend, name):
    fac = model(expressions()[name])
    full = backend.to_numpy(fac())
    for key in KEYS:
        entries = list(key) if isinstance(key, tuple) else [key]
        if ... not in entries:
            entries.append(...)
        place = entries.index(...)
        entries[place : place + 1] = [slice(None)] * (full.ndim - len(entries) + 1)
        choice = np.ix_(
            *(np.atleast_1d(np.arange(n)[e]) for n, e in zip(full.shape, entries, strict=True))
        )
        np.testing.assert_allclose(backend.to_numpy(fac[key]), full[choice], rtol=2e-5)


@pytest.mark.parametrize("name", expressions())
def test_points(backend, name):
    fac = model(expressions()[name])
    full = backend.to_numpy(fac())
    where = [RNG.integers(-n, n, 7) for n in full.shape]
    np.testing.assert_allclose(backend.to_numpy(fac.points(*where)), full[tuple(where)], rtol=2e-5)


def test_one_entry_of_a_large_model_takes_milliseconds(backend):
    """10^4 cubed: the full value would be 4 TB."""
    a, b, c = (ff.tensor(RNG.random((10**4, 8))) for _ in range(3))
    fac = model(a[i, ~r] * b[j, r] * c[k, r])
    fac[0, 0, 0]
    start = time.perf_counter()
    entries = [float(backend.to_numpy(fac[n, 2 * n, 9999 - n])[0, 0, 0]) for n in range(20)]
    assert (time.perf_counter() - start) / 20 < 0.02
    arrays = [tensor.data for tensor in fac.tsrex.tensors]
    n = np.arange(20)
    expected = np.einsum("nr,nr,nr->n", arrays[0][n], arrays[1][2 * n], arrays[2][9999 - n])
    np.testing.assert_allclose(entries, expected, rtol=1e-5)


@pytest.mark.parametrize("key", [1, slice(1, 3), (slice(0, 2), 1)])
def test_a_part_of_a_factor_is_a_copy(backend, key):
    """Whatever becomes of the factor, and whichever way it is written."""
    a = ff.tensor("a", RNG.random((4, 3)))
    for expression in (a, a[i, j] >> [j, i], ff.real(a[i, j])):
        fac = model(expression)
        part, full = backend.to_numpy(fac[key]), backend.to_numpy(fac())
        assert not np.shares_memory(part, backend.to_numpy(fac["a"]))
        first, second = key if isinstance(key, tuple) else (key, slice(None))
        rows = [first] if isinstance(first, int) else first
        np.testing.assert_array_equal(part, full[rows][:, [second] if second == 1 else second])


def test_no_entry_is_another_program(backend):
    fac = model(expressions()["cp"])
    made = fac._evaluation.selection.programs
    programs = {id(program) for n in range(3) for program in (fac[n, 1], made)[1].values()}
    assert len(programs) == 1


def test_a_factor_set_later_is_used(backend):
    u = ff.tensor("u", 3, 2)
    fac = model(u[i, r] * u[j, r])
    fac[0, 0]
    fac["u"] = np.ones((3, 2))
    assert float(backend.to_numpy(fac[0, 0])[0, 0]) == 2.0


def test_a_key_is_looked_up_once_and_its_part_computed_each_time(backend):
    a = ff.tensor("a", RNG.random((4, 3)))
    fac = model(a[i, r] * a[j, r])
    fac[1], fac[1, 2]
    fac["a"] = np.ones((4, 3))
    np.testing.assert_allclose(backend.to_numpy(fac[1]), np.full((1, 4), 3.0))
    np.testing.assert_allclose(backend.to_numpy(fac[1, 2]), [[3.0]])


@pytest.mark.parametrize("wrong", [True, 1.0, (1, True), (1, 2.0)])
def test_what_equals_a_known_key_is_refused_all_the_same(wrong):
    a = ff.tensor("a", RNG.random((4, 3)))
    fac = model(a[i, r] * a[j, r])
    fac[1], fac[1, 2]
    with pytest.raises(OptionError, match="asks for nothing"):
        fac[wrong]
