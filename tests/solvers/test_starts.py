"""Starts from the target's singular vectors: exact where the model can be."""

import numpy as np
import pytest

import funfact as ff

i, j, k, l, p, q, r, s = ff.indices("i, j, k, l, p, q, r, s")
t = ff.tensor

MODELS = {
    "matrix": (t(9, 3)[i, r] * t(7, 3)[j, r], "ir,jr->ij"),
    "Tucker": (
        t(2, 3, 4)[p, q, s] * t(6, 2)[i, p] * t(7, 3)[j, q] * t(8, 4)[k, s],
        "pqs,ip,jq,ks->ijk",
    ),
    "train": (
        t(6, 3)[i, p] * t(3, 5, 4)[p, j, q] * t(4, 6, 2)[q, k, s] * t(2, 7)[s, l],
        "ip,pjq,qks,sl->ijkl",
    ),
    "CP": ((t(9, 4)[i, ~r] * t(8, 4)[j, ~r]) * t(5, 4)[k, r], "ir,jr,kr->ijk"),
    "CP of order four": (
        t(6, 4)[i, ~r] * t(3, 4)[j, ~r] * t(5, 4)[k, ~r] * t(4, 4)[l, r],
        "ir,jr,kr,lr->ijkl",
    ),
}


def made(name, kind):
    """A target that the model makes, of factors from NumPy."""
    expr, subscripts = MODELS[name]
    rng = np.random.default_rng(4)
    shapes = [tensor.shape for tensor in expr.tensors]
    factors = [rng.normal(size=shape) for shape in shapes]
    if kind == "complex":
        factors = [x + 1j * rng.normal(size=x.shape) for x in factors]
    return expr, np.einsum(subscripts, *factors)


@pytest.mark.thinned
@pytest.mark.parametrize(("size", "vec_axis"), [(1, 0), (3, -1)])
@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("name", MODELS)
def test_an_exact_target_is_met_before_the_first_step(backend, name, kind, size, vec_axis):
    expr, target = made(name, kind)
    backend.seed(0)
    options = {"vec_size": size, "vec_axis": vec_axis, "max_steps": 1, "progress": False}
    fac = ff.factorize(expr, target, tol=0, **options)
    relative = np.sqrt(fac.history.losses[0, 0] / np.mean(np.abs(target) ** 2))
    single = backend.dtype_name(fac.dtype) in ("float32", "complex64")
    assert relative < (2e-3 if single else 1e-9)


def test_starts_that_were_asked_for_are_kept(backend):
    _, target = made("matrix", "real")
    u, v = t(9, 3, initializer=ff.initializers.Ones), t(7, 3, initializer=ff.initializers.Ones)
    history = ff.factorize(u[i, r] * v[j, r], target, max_steps=1, progress=False).history
    assert history.losses[0, 0] == pytest.approx(np.mean((3 - target) ** 2), rel=1e-4)


def truncated(target, ranks):
    """TT-SVD (Oseledets 2011, algorithm 1), in NumPy."""
    shape, cores, rest = target.shape, [], target.reshape(target.shape[0], -1)
    for n, rank in enumerate(ranks):
        u, values, vh = np.linalg.svd(rest, full_matrices=False)
        cores.append(u[:, :rank].reshape(-1, shape[n], rank))
        rest = (values[:rank, None] * vh[:rank]).reshape(rank * shape[n + 1], -1)
    cores.append(rest.reshape(ranks[-1], -1, 1))
    value = cores[0]
    for core in cores[1:]:
        value = np.tensordot(value, core, 1)
    return value.reshape(shape)


def test_a_train_is_no_worse_than_by_singular_values(backend):
    target = np.random.default_rng(0).normal(size=(6, 5, 6, 7))
    expr, _ = MODELS["train"]
    fac = ff.factorize(expr, target, max_steps=20, checkpoint_freq=1, tol=0, progress=False)
    bound = np.mean((truncated(target, (3, 4, 2)) - target) ** 2)
    assert fac.history.losses[0, 0] == pytest.approx(bound, rel=1e-4)
    assert fac.history.loss < bound


def iterated(target, ranks, sweeps):
    """The error of HOSVD and higher-order orthogonal iteration, in NumPy."""

    def unfolded(x, n):
        return np.moveaxis(x, n, 0).reshape(x.shape[n], -1)

    def leading(x, n):
        return np.linalg.svd(unfolded(x, n), full_matrices=False)[0][:, : ranks[n]]

    def projected(x, bases, leave_out=None):
        for n, u in enumerate(bases):
            if n != leave_out:
                x = np.moveaxis(np.tensordot(u.T, x, (1, n)), 0, n)
        return x

    bases = [leading(target, n) for n in range(3)]
    for _ in range(sweeps):
        for n in range(3):
            bases[n] = leading(projected(target, bases, n), n)
    return (np.sum(target**2) - np.sum(projected(target, bases) ** 2)) / target.size


def test_tucker_is_no_worse_than_by_orthogonal_iteration(backend):
    expr, _ = MODELS["Tucker"]
    for seed in range(4):
        target = np.random.default_rng(seed).normal(size=(6, 7, 8))
        fac = ff.factorize(expr, target, max_steps=100, tol=0, progress=False)
        assert fac.history.loss <= iterated(target, (2, 3, 4), 100) * (1 + 1e-5)


def test_a_target_of_zeros(backend):
    for name in ("CP", "Tucker"):
        expr, _ = MODELS[name]
        fac = ff.factorize(expr, np.zeros(expr.shape), max_steps=2, progress=False)
        assert fac.history.loss < 1e-12
