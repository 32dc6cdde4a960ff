"""Systems of a Gauss-Newton step: blocks from the expression, and what they save."""

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Linearize
from funfact.fit.factorize import _build
from funfact.fit.options import checked
from funfact.fit.solvers.conjugate import conjugate_gradients
from funfact.fit.solvers.gauss_newton import Local
from funfact.fit.solvers.levenberg_marquardt import LM

i, j, k, p, q, r, s = ff.indices("i, j, k, p, q, r, s")
rng = np.random.default_rng(0)


def cp(a, b, c):
    return a[i, ~r] * b[j, ~r] * c[k, r]


def tucker(g, a, b, c):
    return g[p, q, s] * a[i, p] * b[j, q] * c[k, s]


def tensors(*shapes):
    return [ff.tensor(*shape) for shape in shapes]


three = tensors(*[(5, 3)] * 3)
four = tensors((2, 2, 2), *[(5, 2)] * 3)
u, v, w = ff.tensor("u", 6, 2), ff.tensor("v", 5, 2), ff.tensor("w", 2)
other, real, constant = ff.tensor("o", 6, 2), ff.tensor("x", 6, 2, real=True), ff.tensor("b")
bumps = ff.exp(-((u[i, ~r] - v[j, ~r]) ** 2)) * w[r]

MODELS = {
    "CP": (cp(*three), "float32"),
    "CP of complex numbers": (cp(*three), "complex64"),
    "Tucker": (tucker(*four), "float32"),
    "radial functions": (bumps, "float32"),
    "radial functions and a constant": (bumps + constant[[]], "float32"),
    "a function of a product": (ff.tanh(u[i, r] * v[j, r]), "float32"),
    "a function of complex numbers": (ff.sin(0.3 * u[i, r] * v[j, r]), "complex64"),
    "real numbers in a complex model": (real[i, r] * v[j, r], "complex64"),
    "elementwise": (ff.exp(u[~i, ~r] * other[i, r]), "float32"),
}


@pytest.fixture
def near(backend):
    """``near(expr, target, dtype)``: the solver, the problem, and the system at a random start."""
    if not isinstance(backend, Linearize):
        pytest.skip(f"{backend!r} does not declare Linearize")

    def made(expr, target, dtype, **kw):
        options = checked(
            **{
                "optimizer": "LM",
                "loss": "MSE",
                "lr": None,
                "tol": 0,
                "max_steps": 1,
                "vec_size": 2,
                "vec_axis": 0,
                "stop_by": None,
                "returns": "all",
                "checkpoint_freq": 1,
                "penalty_weight": 1.0,
                "halving": None,
                "memory_limit": None,
                **kw,
            }
        )
        model, problem = _build(expr, target.astype(dtype), None, options, backend)
        solver = LM.of(problem)
        x = solver.layout.pack(model.factors)
        residual, (target, data) = solver.residual, problem.args
        value, push, pull = backend.linearize(lambda x: residual(x[0], target, data), [x])
        local = Local(backend, lambda t: push([t]), lambda y: pull(y)[0], x, value)
        return solver, problem, local

    return made


@pytest.mark.parametrize("vec_axis", [0, -1])
@pytest.mark.parametrize("name", MODELS)
def test_each_block_is_inverted_exactly(near, backend, name, vec_axis):
    expr, dtype = MODELS[name]
    target = rng.normal(size=expr.shape)
    solver, problem, local = near(expr, target, dtype, vec_axis=vec_axis)
    damping, right = np.array([0.5, 0.1]), rng.normal(size=local.x.shape)
    at = solver.preconditioner(local, problem.target, problem.data)
    inverse = at(backend.tensor(damping, local.x.dtype))
    found = backend.to_numpy(inverse(backend.tensor(right, local.x.dtype)))
    jacobian = backend.to_numpy(local.jacobian()).astype(float)
    normal = np.einsum("zij,zik->zjk", jacobian, jacobian)
    begin = 0
    for part in solver.layout.parts:
        own = slice(begin, begin + part.size)
        begin += part.size
        for z in range(2):
            block = normal[z, own, own] + damping[z] * np.eye(part.size)
            expected = np.linalg.solve(block, right[z, own])
            np.testing.assert_allclose(found[z, own], expected, rtol=2e-3, atol=2e-4)


def test_a_penalty_counts_on_average(near, backend):
    tied = ff.tensor("u", 3, 3, prefer=ff.conditions.Diagonal(weight=100.0))
    solver, problem, local = near(tied + 0.0, np.ones((3, 3)), "float32")
    at = solver.preconditioner(local, problem.target, problem.data)
    inverse = at(backend.zeros((2,), dtype=local.x.dtype))
    found = backend.to_numpy(inverse(backend.ones_like(local.x)))
    jacobian = backend.to_numpy(local.jacobian())
    expected = 1 / np.mean(np.sum(jacobian**2, axis=1), axis=1)
    np.testing.assert_allclose(found, np.broadcast_to(expected[:, None], found.shape), rtol=1e-4)


def collinear(n, rank, congruence):
    """Columns of unit norm, every two of which have that inner product."""
    gram = (1 - congruence) * np.eye(rank) + congruence
    q = np.linalg.qr(rng.normal(size=(n, rank)))[0]
    return q @ np.linalg.cholesky(gram).T


SYSTEMS = {
    "collinear factors": (cp, [collinear(12, 4, 0.9) for _ in range(3)], "ir,jr,kr->ijk"),
    "factors of several sizes": (
        cp,
        [size * rng.normal(size=(12, 4)) for size in (30, 1, 0.1)],
        "ir,jr,kr->ijk",
    ),
    "Tucker": (
        tucker,
        [30 * rng.normal(size=(3, 3, 3)), *(rng.normal(size=(8, 3)) for _ in range(3))],
        "pqs,ip,jq,ks->ijk",
    ),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_two_iterations_do_what_four_do_without_blocks(near, backend, name):
    model, factors, subscripts = SYSTEMS[name]
    own = np.random.default_rng(1)
    close = [x + 0.01 * own.normal(size=x.shape) for x in factors]
    expr = model(*(ff.tensor(x, optimizable=True) for x in close))
    target = np.einsum(subscripts, *factors)
    solver, problem, local = near(expr, target, "float32")
    scale = backend.to_numpy(backend.sum(local.push(local.x) ** 2, axis=1)).max()
    mu = 1e-4 * scale * backend.ones_like(local.x[:, 0])
    blocks = solver.preconditioner(local, problem.target, problem.data)(mu)
    plain = error_after(4, local, mu, lambda v: v + 0, backend)
    better = error_after(2, local, mu, blocks, backend)
    assert np.all(better < plain)


def error_after(iterations, local, mu, inverse, backend):
    """Of the step, in the norm of its system, as a share of the step that NumPy solves for."""

    def normal(v):
        return local.pull(local.push(v)) + mu[:, None] * v

    right = -local.pull(local.r)
    jacobian = backend.to_numpy(local.jacobian()).astype(float)
    matrix = np.einsum("zij,zik->zjk", jacobian, jacobian)
    matrix += backend.to_numpy(mu)[:, None, None] * np.eye(matrix.shape[-1])
    exact = np.linalg.solve(matrix, backend.to_numpy(right).astype(float)[:, :, None])[:, :, 0]
    found = conjugate_gradients(normal, inverse, right, 0.0, iterations, backend)
    error = backend.to_numpy(found) - exact
    size, off = (np.einsum("zi,zij,zj->z", x, matrix, x) for x in (exact, error))
    return np.sqrt(off / size)


def test_many_small_systems_in_one_program_come_to_an_end(backend):
    """Two factors whose blocks are solved for, and one with eigenvectors, of 16 replicas."""
    if not isinstance(backend, Linearize):
        pytest.skip(f"{backend!r} does not declare Linearize")
    x, y = ff.tensor("x", 64, 6), ff.tensor("y", 64, 6)
    bumps = ff.exp(-((x[i, ~r] - y[j, ~r]) ** 2)) * ff.tensor("w", 6)[r]
    image = np.random.default_rng(0).random((64, 64)).astype("float32")
    fac = ff.factorize(bumps, image, optimizer="LM", vec_size=16, max_steps=6, progress=False)
    assert fac.history.loss < fac.history.losses[0].min()
