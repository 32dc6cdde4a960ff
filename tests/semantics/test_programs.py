"""A value is computed by a compiled program, where the backend can; models of one form share it."""

import gc
import weakref

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Compile
from funfact.model import programs

i, j, r = ff.indices("i, j, r")


@pytest.fixture
def compiled(backend, monkeypatch):
    """How often the backend was asked to compile."""
    monkeypatch.setattr(programs, "_kept", type(programs._kept)())
    found = []
    if isinstance(backend, Compile):
        plain = backend.compile

        def noted(f):
            found.append(f)
            return plain(f)

        monkeypatch.setattr(backend, "compile", noted)
    return found


def model(rows=4, data=None):
    u = ff.tensor("u", rows, 2)
    v = ff.tensor("v", np.ones((5, 2)) if data is None else data)
    return ff.Factorization.from_tsrex(ff.exp(u[i, r] * v[j, r]))


def value(fac):
    ab = fac.backend
    u, v = (ab.to_numpy(x) for x in fac.all_factors)
    return np.exp(np.einsum("ir,jr->ij", u, v))


def test_models_of_one_form_share_a_program(backend, compiled):
    for fac in (model(), model(data=np.full((5, 2), 0.5))):
        np.testing.assert_allclose(backend.to_numpy(fac()), value(fac), rtol=2e-5)
        np.testing.assert_allclose(backend.to_numpy(fac[1]), value(fac)[[1]], rtol=2e-5)
    expected = 2 if isinstance(backend, Compile) else 0
    assert len(compiled) == expected
    model(rows=3)()
    assert len(compiled) == 3 * expected // 2


def test_a_kept_program_holds_no_data(compiled):
    fac = model()
    fac(), fac[1]
    data = weakref.ref(fac.tsrex.tensors[1])
    del fac
    gc.collect()
    assert data() is None


def test_only_the_last_ones_are_kept(backend, compiled, monkeypatch):
    monkeypatch.setattr(programs, "_KEPT", 1)
    for rows in (3, 4, 3):
        model(rows)()
    assert len(compiled) == (3 if isinstance(backend, Compile) else 0)


def test_a_function_of_ones_own_is_called_each_time(backend, compiled):
    seen = []

    def scale(theta, ab):
        seen.append(theta)
        return theta * 2

    t = ff.parametrized(scale, [1.0, 2.0, 3.0], shape=(3,))
    fac = ff.Factorization.from_tsrex(t[i] * t[i])
    for _ in range(2):
        assert float(fac()) == 56.0
    assert len(seen) >= 2
    assert compiled == []


def test_what_is_very_long_is_not_compiled(compiled):
    chain = ff.tensor("a", 2, 2)
    for _ in range(600):
        chain = chain @ ff.tensor(2, 2)
    ff.Factorization.from_tsrex(chain)()
    assert compiled == []
