"""Systems of a Gauss-Newton step: blocks from the expression, and what they save."""

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Compile, Linearize
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
    """``near(work, expr, target, dtype, *arrays)``: the layout, and what `work` finds, in NumPy.

    It is handed the system at a random start, its preconditioner and the arrays, and is one
    program where there are compilers, as the steps of a fit are.
    """
    if not isinstance(backend, Linearize):
        pytest.skip(f"{backend!r} does not declare Linearize")

    def found(work, expr, target, dtype, *arrays, **kw):
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

        def at(x, *arrays):
            value, push, pull = backend.linearize(lambda x: residual(x[0], target, data), [x])
            local = Local(backend, lambda t: push([t]), lambda y: pull(y)[0], x, value)
            return work(local, solver.preconditioner(local, target, data), *arrays)

        program = backend.compile(at) if isinstance(backend, Compile) else at
        results = program(x, *(backend.tensor(array, x.dtype) for array in arrays))
        return solver.layout, *map(backend.to_numpy, results)

    return found


@pytest.mark.thinned
@pytest.mark.parametrize("vec_axis", [0, -1])
@pytest.mark.parametrize("name", MODELS)
def test_each_block_is_inverted_exactly(near, backend, name, vec_axis):
    def work(local, blocks, damping, right):
        return blocks(damping)(right), local.jacobian()

    expr, dtype = MODELS[name]
    target = rng.normal(size=expr.shape)
    size = 2 if "complex" in dtype else 1  # of a number, in what is solved for
    lengths = sum(np.prod(x.shape) * (1 if x.real else size) for x in expr.tensors)
    damping, right = np.array([0.5, 0.1]), rng.normal(size=(2, int(lengths)))
    layout, found, jacobian = near(work, expr, target, dtype, damping, right, vec_axis=vec_axis)
    jacobian = jacobian.astype(float)
    normal = np.einsum("zij,zik->zjk", jacobian, jacobian)
    begin = 0
    for part in layout.parts:
        own = slice(begin, begin + part.size)
        begin += part.size
        for z in range(2):
            block = normal[z, own, own] + damping[z] * np.eye(part.size)
            expected = np.linalg.solve(block, right[z, own])
            np.testing.assert_allclose(found[z, own], expected, rtol=2e-3, atol=2e-4)


def test_a_penalty_counts_on_average(near, backend):
    def work(local, blocks):
        none = backend.zeros((2,), dtype=local.x.dtype)
        return blocks(none)(backend.ones_like(local.x)), local.jacobian()

    tied = ff.tensor("u", 3, 3, prefer=ff.conditions.Diagonal(weight=100.0))
    _, found, jacobian = near(work, tied + 0.0, np.ones((3, 3)), "float32")
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
    def work(local, blocks):
        scale = backend.max(backend.sum(local.push(local.x) ** 2, axis=1))
        mu = 1e-4 * scale * backend.ones_like(local.x[:, 0])

        def normal(v):
            return local.pull(local.push(v)) + mu[:, None] * v

        right = -local.pull(local.r)
        steps = [
            conjugate_gradients(normal, inverse, right, 0.0, iterations, backend)
            for iterations, inverse in ((4, lambda v: v + 0), (2, blocks(mu)))
        ]
        return local.jacobian(), mu, right, *steps

    model, factors, subscripts = SYSTEMS[name]
    own = np.random.default_rng(1)
    close = [x + 0.01 * own.normal(size=x.shape) for x in factors]
    expr = model(*(ff.tensor(x, optimizable=True) for x in close))
    target = np.einsum(subscripts, *factors)
    _, *system, plain, better = near(work, expr, target, "float32")
    assert np.all(error_of(better, *system) < error_of(plain, *system))


def error_of(step, jacobian, mu, right):
    """In the norm of the step's system, as a share of the step that NumPy solves for."""
    jacobian = jacobian.astype(float)
    matrix = np.einsum("zij,zik->zjk", jacobian, jacobian)
    matrix += mu[:, None, None] * np.eye(matrix.shape[-1])
    exact = np.linalg.solve(matrix, right.astype(float)[:, :, None])[:, :, 0]
    size, off = (np.einsum("zi,zij,zj->z", x, matrix, x) for x in (exact, step - exact))
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
