"""A backend without gradients says so, and evaluates all the same."""

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Autodiff
from funfact.errors import CapabilityError


def test_fitting_needs_gradients(backend):
    x, target = ff.tensor("x", 3), np.ones(3, "float32")
    if isinstance(backend, Autodiff):
        assert ff.factorize(x, target, max_steps=3, progress=False).shape == (3,)
        return
    with pytest.raises(CapabilityError, match=r"fitting with Adam needs automatic differentiation"):
        ff.factorize(x, target, optimizer="Adam")


@pytest.mark.parametrize("append", [False, True])
def test_models_evaluate(backend, append):
    i, j, r = ff.indices("i, j, r")
    u, v = ff.tensor("u", 3, 2), ff.tensor("v", 4, 2)
    fac = ff.Factorization.from_tsrex(u[i, r] * v[j, r], vec_size=5, vec_axis=-1 if append else 0)
    a, b = (np.moveaxis(backend.to_numpy(fac[x]), -1 if append else 0, 0) for x in (u, v))
    value = np.moveaxis(backend.to_numpy(fac()), -1 if append else 0, 0)
    np.testing.assert_allclose(value, np.einsum("nir,njr->nij", a, b), rtol=1e-5, atol=1e-6)
    one = backend.to_numpy(ff.view(fac, 2)())
    np.testing.assert_allclose(one, value[2], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "complex64"])
@pytest.mark.parametrize("other", ff.available_backends)
def test_a_model_is_ported_on_request(backend, other, dtype):
    fac = ff.Factorization.from_tsrex(
        ff.tensor("a", 4, 3) @ ff.tensor("b", 3, 5), dtype=dtype, vec_size=2
    )
    value = backend.to_numpy(fac())
    ported = fac.to(other)
    assert ported.backend.name == other
    assert ported.backend.dtype_name(ported.dtype) == dtype
    found = ported.backend.to_numpy(ported())
    np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6)
    for ours, theirs in zip(fac.factors, ported.factors, strict=True):
        np.testing.assert_array_equal(backend.to_numpy(ours), ported.backend.to_numpy(theirs))


@pytest.mark.parametrize("other", ff.available_backends)
def test_a_model_stays_where_it_was_built(backend, other):
    fac = ff.Factorization.from_tsrex(
        ff.exp(ff.tensor("a", 4, 3, prefer=ff.conditions.NonNegative)) @ ff.tensor("b", 3, 5)
    )
    value, penalty = backend.to_numpy(fac()), float(fac.penalty())
    with ff.using(other):
        assert fac.backend is backend
        assert backend.is_native(fac())
        np.testing.assert_array_equal(backend.to_numpy(fac()), value)
        assert float(fac.penalty()) == penalty
        fac["b"] = np.zeros((3, 5))
        assert backend.is_native(fac["b"])


def test_double_precision_where_the_other_has_none(backend, caplog):
    fac = ff.Factorization.from_tsrex(ff.tensor("a", 4, 3, initializer=ff.initializers.Ones))
    for other in ff.available_backends:
        ported = fac.to(other)
        np.testing.assert_allclose(ported.backend.to_numpy(ported()), np.ones((4, 3)), rtol=1e-6)
        same = ported.backend.dtype_name(ported.dtype) == backend.dtype_name(fac.dtype)
        assert same or "the model becomes float32" in caplog.text
