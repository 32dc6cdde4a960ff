"""Parametrised tensors on each backend: values, replicas, dtypes, gradients."""

from typing import Any

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Autodiff, load
from funfact.compiler.lower import lower
from funfact.errors import DtypeError, ShapeError

SINGLE_PRECISION = 1e-5

i, j, k = ff.indices("i, j, k")


def rotation(angle: Any, ab: Any) -> Any:
    c, s = ab.cos(angle), ab.sin(angle)
    return ab.reshape(ab.stack([c, -s, s, c]), (2, 2))


def reflection(v: Any, ab: Any) -> Any:
    """Householder's, of a complex vector too."""
    square = ab.sum(ab.real(v * ab.conj(v)))
    return ab.eye(v.shape[0], dtype=v.dtype) - 2 * v[:, None] * ab.conj(v)[None, :] / square


def with_active_backend(x: Any) -> Any:
    return ff.active_backend.exp(x)[:, None] * x[None, :]


@pytest.mark.parametrize("axis", [0, -1])
def test_each_replica_is_generated_from_its_parameters(backend: Any, axis: int) -> None:
    model = ff.Factorization.from_tsrex(
        ff.parametrized(rotation, "theta", shape=(2, 2)), vec_size=5, vec_axis=axis
    )
    theta = backend.to_numpy(model["theta"])
    c, s = np.cos(theta), np.sin(theta)
    value = np.moveaxis(backend.to_numpy(model()), axis, 0)
    expected = np.stack([c, -s, s, c], -1).reshape(5, 2, 2)
    np.testing.assert_allclose(value, expected, atol=SINGLE_PRECISION)


def test_a_generator_of_one_argument(backend: Any) -> None:
    model = ff.Factorization.from_tsrex(
        ff.parametrized(with_active_backend, "x", 3, shape=(3, 3)), vec_size=2
    )
    x = backend.to_numpy(model["x"])
    expected = np.exp(x)[:, :, None] * x[:, None, :]
    np.testing.assert_allclose(backend.to_numpy(model()), expected, rtol=SINGLE_PRECISION)


@pytest.mark.parametrize("dtype", ["float32", "complex64"])
def test_parameters_in_the_models_dtype(backend: Any, dtype: str) -> None:
    model = ff.Factorization.from_tsrex(
        ff.parametrized(reflection, "v", 4, shape=(4, 4)), dtype=dtype, vec_size=3
    )
    assert backend.dtype_name(model["v"]) == dtype
    Q = backend.to_numpy(model())
    np.testing.assert_allclose(Q @ Q.conj().swapaxes(1, 2), [np.eye(4)] * 3, atol=1e-5)


def test_real_parameters_in_a_complex_model(backend: Any) -> None:
    theta = ff.tensor("theta", 0.25, optimizable=True, real=True)
    A = ff.tensor("A", np.array([[1, 1j], [2, -1j]]))
    expr = ff.parametrized(rotation, 2 * theta, shape=(2, 2), real=True)[i, j] * A[j, k]
    model = ff.Factorization.from_tsrex(expr, dtype="complex64")
    assert backend.dtype_name(model["theta"]) == "float32"
    c, s = np.cos(0.5), np.sin(0.5)
    expected = np.array([[c, -s], [s, c]]) @ [[1, 1j], [2, -1j]]
    np.testing.assert_allclose(backend.to_numpy(model()), expected, rtol=SINGLE_PRECISION)


def test_a_real_tensor_is_contracted_with_complex_ones(backend: Any) -> None:
    weights = ff.tensor("w", 3, real=True)
    model = ff.Factorization.from_tsrex(weights @ ff.tensor("z", 3) * 1j, dtype="complex64")
    w, z = (backend.to_numpy(factor) for factor in model.factors)
    assert (w.dtype, z.dtype) == (np.float32, np.complex64)
    np.testing.assert_allclose(backend.to_numpy(model()), 1j * w @ z, rtol=1e-4)


def test_a_ported_model_keeps_its_real_parameters(backend: Any, backend_name: str) -> None:
    expr = ff.parametrized(rotation, "theta", shape=(2, 2), real=True) * 1j
    model = ff.Factorization.from_tsrex(expr, dtype="complex64")
    with ff.using("numpy"):
        ported = model.to("numpy")
    assert ported["theta"].dtype == np.float32
    np.testing.assert_allclose(ported(), backend.to_numpy(model()), rtol=SINGLE_PRECISION)


def test_another_shape_than_declared(backend: Any) -> None:
    model = ff.Factorization.from_tsrex(ff.parametrized(rotation, "theta", shape=4), vec_size=2)
    with pytest.raises(ShapeError, match=r"\(2, 2\).*\(4,\)"):
        model()


# --- gradients


def differences(f: Any, x: Any, step: float = 1e-6) -> Any:
    """The direction of steepest ascent of a real function, in NumPy's doubles."""
    grad = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        for unit in (1, 1j) if np.iscomplexobj(x) else (1,):
            up, down = x.copy(), x.copy()
            up[place] += step * unit
            down[place] -= step * unit
            grad[place] += unit * (f(up) - f(down)) / (2 * step)
    return grad


CASES = {
    "scalar": (rotation, (), (2, 2), False),
    "vector": (reflection, (3,), (3, 3), False),
    "complex vector": (reflection, (3,), (3, 3), True),
    "one argument": (with_active_backend, (2,), (2, 2), False),
}


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_is_the_one_of_finite_differences(backend: Any, case: str) -> None:
    """On every backend that has gradients, replicas included."""
    generator, size, shape, is_complex = CASES[case]
    rng = np.random.default_rng(1)
    kind = "complex" if is_complex else "float"
    draw = [rng.uniform(0.5, 1.5, s) for s in ((2, *size), (2, *size), shape, shape)]
    start, target = draw[0] + 1j * draw[1], draw[2] + 1j * draw[3]
    if not is_complex:
        start, target = start.real, target.real
    expr = ff.vectorize(ff.parametrized(generator, "x", *size, shape=shape), 2)
    if not isinstance(backend, Autodiff):
        model = ff.Factorization.from_tsrex(expr, dtype=kind)
        assert np.isfinite(backend.to_numpy(model())).all()
        return
    reference = load("numpy")

    def loss(x: Any) -> Any:
        with ff.using("numpy"):
            model = ff.Factorization.from_tsrex(expr, dtype=f"{kind}{128 if is_complex else 64}")
            model["x"] = x
            return float((np.abs(reference.to_numpy(model()) - target) ** 2).sum())

    wide = _widest(backend, kind)
    native = backend.tensor(target, wide)

    def objective(factors: Any) -> Any:
        value = lower(expr.ir, expr.tensors, backend, backend.dtype(wide))(factors)
        return backend.sum(backend.abs(value - native) ** 2), ()

    _, (grad,) = backend.value_and_grad(objective)([backend.tensor(start, wide)])
    tolerance = 1e-6 if wide in ("float64", "complex128") else 1e-4
    expected = differences(loss, start)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(backend.to_numpy(grad), expected, atol=tolerance * scale)


def _widest(backend: Any, kind: str) -> str:
    names = ("float64", "float32") if kind == "float" else ("complex128", "complex64")
    for name in names:
        try:
            backend.dtype(name)
        except DtypeError:
            continue
        return name
    raise AssertionError(names)
