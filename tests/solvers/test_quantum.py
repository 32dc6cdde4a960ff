"""Circuits fitted to unitaries, and their gradients against finite differences."""

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Compile
from funfact.compiler.lower import lower
from funfact.errors import DtypeError
from funfact.quantum import (
    CX,
    RX,
    RY,
    RZ,
    U2,
    U4,
    Circuit,
    H,
    adjoint,
    controlled,
    gate,
    phase,
)


def random_unitary(size, seed):
    rng = np.random.default_rng(seed)
    q, r = np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))
    return (q * (np.diag(r) / abs(np.diag(r)))).astype("complex64")


def fourier(n):
    x = np.arange(2**n)
    return (np.exp(2j * np.pi * np.outer(x, x) / 2**n) / 2 ** (n / 2)).astype("complex64")


def squared_errors(models, target, backend):
    return np.array([np.sum(abs(backend.to_numpy(m()) - target) ** 2) for m in models])


# --- gradients


def differences(f, x, step=1e-6):
    grad = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        grad[place] = (f(up) - f(down)) / (2 * step)
    return grad


def widest(backend):
    """Double precision, where the backend has it as it was set up."""
    try:
        backend.dtype("complex128")
    except DtypeError:
        return "float32", "complex64"
    return "float64", "complex128"


def every_gate():
    t = ff.tensor("t", real=True)
    first = [RX(t) @ 2, RY(-2 * t) @ 0, RZ("b") @ 1, phase("c") @ 0, H @ 2]
    second = [controlled(RY("d")) @ (2, 0), adjoint(U2("e")) @ 1, CX @ (0, 2), U4("f") @ (2, 1)]
    return Circuit(3, [*first, *second])


@pytest.mark.parametrize("what", ["matrix", "state", "replicas"])
def test_gradients(what, fit, backend):
    """Of the squared distance to a random target, by every angle of every kind of gate."""
    circuit = every_gate()
    expr = circuit.to_state() if what == "state" else circuit.to_tsrex()
    expr = ff.vectorize(expr, 2) if what == "replicas" else expr
    rng = np.random.default_rng(2)
    target = rng.normal(size=expr.shape) + 1j * rng.normal(size=expr.shape)
    start = [rng.uniform(0, 6, t.full_shape) for t in expr.tensors if t.optimizable]
    assert [x.size for x in start] == [n * (1 + (what == "replicas")) for n in (1, 1, 1, 1, 4, 16)]
    with ff.using("numpy"):
        reference = ff.Factorization.from_tsrex(expr, dtype="complex128")

    def loss(x, position):
        reference.factors = [*start[:position], x, *start[position + 1 :]]
        return float(np.sum(abs(reference() - target) ** 2))

    single, double = widest(backend)
    model = ff.Factorization.from_tsrex(expr, dtype=double)
    forward = lower(expr.ir, expr.tensors, backend, backend.dtype(double))
    native = backend.tensor(target, double)
    free = [n for n, tensor in enumerate(expr.tensors) if tensor.optimizable]

    def objective(factors):
        arrays = list(model.all_factors)
        for n, factor in zip(free, factors, strict=True):
            arrays[n] = factor
        return backend.sum(backend.abs(forward(arrays) - native) ** 2), ()

    values = [backend.tensor(x, single) for x in start]
    gradient = backend.value_and_grad(objective)
    compiled = backend.compile(gradient) if isinstance(backend, Compile) else gradient
    _, found = compiled(values)
    for position, grad in enumerate(found):
        expected = differences(lambda x, p=position: loss(x, p), start[position])
        error = abs(backend.to_numpy(grad) - expected).max()
        assert error <= (1e-6 if single == "float64" else 1e-4) * max(1, abs(expected).max())


# --- fits


@pytest.mark.parametrize(("free", "size"), [(U2, 2), (U4, 4)])
def test_free_gates_reach_any_unitary(free, size, fit, backend):
    for seed in range(2):
        target = random_unitary(size, seed)
        best = fit(free("V").matrix, target, lr=0.1, max_steps=400, vec_size=8, tol=1e-8, seed=seed)
        assert squared_errors([best], target, backend)[0] < 1e-3


def test_shared_angle_is_found(fit, backend):
    """RX(t) RX(t) is RX(1) for t = 1/2, and no other t that gives the same matrix."""
    t = ff.tensor("t", real=True, initializer=ff.initializers.Zeros)
    circuit = Circuit(1, [RX(t) @ 0, RX(t) @ 0])
    c, s = np.cos(0.5), np.sin(0.5)
    target = np.array([[c, -1j * s], [-1j * s, c]], "complex64")
    found = fit(circuit.to_tsrex(), target, lr=0.05, max_steps=500, tol=0)
    assert float(backend.to_numpy(found["t"])) == pytest.approx(0.5, abs=1e-3)


def fourier_circuit(of):
    circuit = Circuit(3)
    for name, qubits in [("A", (0, 1)), ("B", (1, 2)), ("C", (0, 1))]:
        circuit.append(of(name) @ qubits)
    return circuit.to_tsrex()


def preferred(name):
    return gate(ff.tensor(name, 4, 4, prefer=ff.conditions.Unitary))


@pytest.mark.parametrize(("of", "share"), [(U4, 0.4), (preferred, 0.8)])
def test_the_fourier_transform_from_three_blocks(of, share, fit, backend):
    """Three free gates on neighbouring qubits make the 3-qubit Fourier transform."""
    target = fourier(3)
    options = {"loss": ff.loss.MSE(reduction="sum"), "lr": 0.1, "max_steps": 800}
    found = fit(fourier_circuit(of), target, vec_size=16, tol=0, returns="all", **options)
    errors = squared_errors(found, target, backend)
    assert np.mean(errors < 1e-3) >= share
