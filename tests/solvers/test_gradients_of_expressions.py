"""Gradients of every operator, function and semiring against finite differences.

In doubles where the backend has them (on JAX with JAX_ENABLE_X64=1), away from kinks and ties.
"""

import numpy as np
import pytest
from differences import differences, draw, is_close, widest

import funfact as ff

i, j, k, r = ff.indices("i, j, k, r")
REAL, COMPLEX = "float64", "complex128"
BELOW_ONE = {"asin", "acos", "atanh"}
ABOVE_ONE = {"acosh"}
ONLY_REAL = {"erf", "erfc", "relu", "celu"}
FUNCTIONS = list(ff.language.functions.__all__)


def check(backend, build, *factors):
    """The gradient of a weighted sum of the value, for each factor."""
    dtype = COMPLEX if any(np.iscomplexobj(x) for x in factors) else REAL
    expression = build(*(ff.tensor(*x.shape) for x in factors))
    weights = draw(dtype, *expression.shape, seed=7)

    def objective(ab, name):
        with ff.using(ab):
            fac = ff.Factorization.from_tsrex(expression, dtype=name, initialize=False)
        tensors = [fac.tsrex.tensors.index(t) for t in fac.tsrex.tensors]
        native = fac.backend.tensor(weights, name)

        def value(arrays):
            out = fac.forward([arrays[n] for n in tensors])
            # Re <w, out>: the conjugate's real part, written so that real models stay real
            product = fac.backend.conj(native) * out
            return fac.backend.sum(fac.backend.real(product))

        return value, fac.backend

    plain, _ = objective("numpy", dtype)
    value, ab = objective(backend.name, widest(backend, dtype))
    native = [ab.tensor(x, widest(backend, dtype)) for x in factors]
    _, grads = ab.value_and_grad(lambda arrays: (value(arrays), ()))(native)
    for n, (x, grad) in enumerate(zip(factors, grads, strict=True)):

        def one(y, n=n):
            return float(plain([*factors[:n], y, *factors[n + 1 :]]))

        is_close(backend, ab.to_numpy(grad), differences(one, x.astype(dtype)))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [REAL, COMPLEX])
def test_functions(fit, backend, name, dtype):
    if dtype == COMPLEX and name in ONLY_REAL:
        with pytest.raises(ff.errors.DtypeError):
            ff.Factorization.from_tsrex(
                getattr(ff, name)(ff.tensor(2)), dtype=widest(backend, COMPLEX)
            )()
        return
    low, high = (0.1, 0.8) if name in BELOW_ONE else (1.2, 2.0) if name in ABOVE_ONE else (0.5, 1.5)
    x = draw(dtype, 2, 3, low=low, high=high)
    if dtype == REAL and name in {"abs", "relu", "celu", "sigmoid", "erf", "sin"}:
        x[0] *= -1
    check(backend, lambda t: getattr(ff, name)(t[i, j]), x)


@pytest.mark.parametrize("dtype", [REAL, COMPLEX])
@pytest.mark.parametrize(
    "build",
    [
        lambda a, b: a[i, r] + b[j, r],
        lambda a, b: a[i, ~r] - b[j, r],
        lambda a, b: a[i, r] * b[j, r],
        lambda a, b: a[[*i, ~r]] * b[i, r],
        lambda a, b: a[i, r] / b[j, r],
        lambda a, b: a[i, ~r] ** b[j, r],
        lambda a, b: a[i, r] ** 2 * b[j, r],
        lambda a, b: -a[i, r] * 2 + 3 * b[i, r] >> [r],
        lambda a, b: a & b,
        lambda a, b: (a * 2 - b / a + 1) ** 3,
        lambda a, b: (a[i, r] * b[j, r])[i, i] >> [],
    ],
    ids=["+", "-", "*", "kron", "/", "**", "**2", "numbers", "&", "elementwise", "trace"],
)
def test_operators(fit, backend, build, dtype):
    check(backend, build, draw(dtype, 2, 3), draw(dtype, 2, 3, seed=5))


@pytest.mark.parametrize("dtype", [REAL, COMPLEX])
def test_one_tensor_that_stands_several_times(fit, backend, dtype):
    check(backend, lambda v: v @ v, draw(dtype, 3, 3))
    check(backend, lambda a: a[i, ~r] * a[j, r] * a[k, r], draw(dtype, 3, 2))


@pytest.mark.parametrize("name", ["minplus", "viterbi", "logsumexp"])
def test_semirings(fit, backend, name):
    check(
        backend,
        lambda a, b: getattr(ff, name)(a[i, r], b[j, r]),
        draw(REAL, 3, 4),
        draw(REAL, 2, 4, seed=5),
    )


@pytest.mark.parametrize("name", ["minplus", "viterbi", "logsumexp"])
def test_semirings_of_large_values(fit, backend, name):
    """Stable for values of 1e4: the gradient is a distribution over what is reduced."""
    expression = getattr(ff, name)(ff.tensor(3, 4)[i, r], ff.tensor(2, 4)[j, r])
    fac = ff.Factorization.from_tsrex(expression)
    arrays = [
        backend.tensor(1e4 * draw(REAL, *s, seed=n), fac.dtype)
        for n, s in enumerate([(3, 4), (2, 4)])
    ]
    _, grads = backend.value_and_grad(lambda p: (backend.sum(fac.forward(p)), ()))(arrays)
    for grad in grads:
        found = backend.to_numpy(grad)
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found.sum(), 6, rtol=1e-5)


def test_replicas_do_not_mix(fit, backend):
    check(
        backend,
        lambda a, b: ff.exp(-((a[i, ~r] - b[j, r]) ** 2)),
        draw(REAL, 2, 3),
        draw(REAL, 4, 3, seed=5),
    )
