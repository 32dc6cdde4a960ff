"""What makes two things the same: the object, never the symbol."""

from typing import Any

import numpy as np
import pytest

import funfact as ff
from funfact import errors
from funfact.testing.language.cases import computed


def data(seed: int, *shape: int) -> Any:
    return np.random.default_rng(seed).uniform(0.5, 1.5, shape).astype(np.float32)


def test_two_indices_with_one_symbol_are_two(backend: object) -> None:
    """Identity is the object's, never the symbol's."""
    a, b = data(1, 3), data(2, 3)
    left, right = ff.index("i"), ff.index("i")
    value = computed(ff.tensor("a", a)[left] * ff.tensor("b", b)[right], backend)
    np.testing.assert_allclose(value, np.outer(a, b), rtol=1e-5)


def test_nameless_indices_are_all_different(backend: object) -> None:
    """`ff.index()`, `ff.indices(3)`."""
    a, b = data(1, 2, 3), data(2, 3, 4)
    i, j, k = ff.indices(3)
    other = ff.index()
    A, B = ff.tensor(a), ff.tensor(b)
    np.testing.assert_allclose(computed(A[i, j] * B[j, k], backend), a @ b, rtol=1e-5)
    outer = np.multiply.outer(a, b)
    np.testing.assert_allclose(computed(A[i, j] * B[other, k], backend), outer, rtol=1e-5)


@pytest.mark.parametrize("names", ["i, j, k", "i j k", "i,j,k", "i_1 i_2 alpha"])
def test_indices_by_name(names: str, backend: object) -> None:
    """`ff.indices('i, j, k')`, `ff.indices('i j k')`."""
    a, b = data(1, 2, 3), data(2, 3, 4)
    i, j, k = ff.indices(names)
    value = computed(ff.tensor("a", a)[i, j] * ff.tensor("b", b)[j, k], backend)
    np.testing.assert_allclose(value, a @ b, rtol=1e-5)


def test_one_tensor_object_is_one_factor(backend: object) -> None:
    """One tensor object is one factor however often it stands (`V @ V`)."""
    V = ff.tensor("V", 3, 3)
    model = ff.Factorization.from_tsrex(V @ V)
    assert len(model.factors) == 1
    v = backend.to_numpy(model["V"])  # type: ignore[attr-defined]
    value = backend.to_numpy(model())  # type: ignore[attr-defined]
    np.testing.assert_allclose(value, v @ v, rtol=1e-4, atol=1e-5)


def test_a_symmetric_model_is_one_factor(backend: object) -> None:
    """A tensor may stand in an expression any number of times (`V @ V`, symmetric models)."""
    u = ff.tensor("u", 4, 2)
    i, j, r = ff.indices("i, j, r")
    model = ff.Factorization.from_tsrex(u[i, r] * u[j, r] + ff.exp(u[i, r] * u[j, r]) >> [i, j])
    assert len(model.factors) == 1
    x = backend.to_numpy(model["u"])  # type: ignore[attr-defined]
    value = backend.to_numpy(model())  # type: ignore[attr-defined]
    np.testing.assert_allclose(value, x @ x.T + np.exp(x @ x.T), rtol=1e-4, atol=1e-5)


def test_two_tensors_with_one_symbol_are_two_factors(backend: object) -> None:
    """Two tensors with one symbol are two factors, and `fac['u']` then raises and lists both."""
    u, v = ff.tensor("u", 3, 2), ff.tensor("u", 2, 4)
    model = ff.Factorization.from_tsrex(u @ v)
    assert len(model.factors) == 2
    left, right = (backend.to_numpy(f) for f in model.factors)  # type: ignore[attr-defined]
    value = backend.to_numpy(model())  # type: ignore[attr-defined]
    np.testing.assert_allclose(value, left @ right, rtol=1e-4, atol=1e-5)
    with pytest.raises(errors.FunFactError) as caught:
        model["u"]
    message = str(caught.value)
    assert "3" in message
    assert "4" in message


def test_one_subexpression_may_stand_many_times(backend: object) -> None:
    """Sharing is free: doubling an expression sixty times is no work."""
    a = data(1, 3)
    expr = ff.tensor("a", a)
    for _ in range(60):
        expr = (expr + expr) / 2
    np.testing.assert_allclose(computed(expr, backend), a, rtol=1e-5)


def test_a_model_keeps_working(backend: object) -> None:
    """A model belongs to the backend it was built on and goes on working there after a switch,
    whatever else is written with its tensors."""
    a, b = data(1, 2, 3), data(2, 3, 2)
    A, B = ff.tensor("a", a), ff.tensor("b", b)
    i, j, k = ff.indices("i, j, k")
    expr = A[i, j] * B[j, k]
    model = ff.Factorization.from_tsrex(expr)
    before = backend.to_numpy(model())  # type: ignore[attr-defined]
    longer = expr >> [k, i]
    renamed = expr[k, j]
    assert longer.shape == renamed.shape == (2, 2)
    with ff.using("numpy"):
        other = np.asarray(ff.Factorization.from_tsrex(longer)())
        inside = backend.to_numpy(model())  # type: ignore[attr-defined]
    np.testing.assert_array_equal(inside, before)
    np.testing.assert_allclose(before, a @ b, rtol=1e-5)
    np.testing.assert_allclose(other, (a @ b).T, rtol=1e-5)


def test_writing_changes_nothing_that_was_written(backend: object) -> None:
    """An operator makes a new expression; its operands stay what they were."""
    a, b = data(1, 2, 3), data(2, 3, 2)
    i, j, k = ff.indices("i, j, k")
    left, right = ff.tensor("a", a)[i, j], ff.tensor("b", b)[j, k]
    pairing = left * right
    for _ in (pairing >> [i, j, k], pairing[k, i], pairing * 2, ff.exp(pairing), left + right):
        pass
    np.testing.assert_allclose(computed(pairing, backend), a @ b, rtol=1e-5)
    np.testing.assert_allclose(computed(left, backend), a, rtol=1e-6)
