"""Programs as users of FunFact 1.0.3 wrote them: its names and its signatures, nothing newer.

Each is a function from a seed to fitted models. `benchmarks/compat` runs the first one with
1.0.3 itself.
"""

import numpy as np

import funfact as ff

SEQUENCE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)


def seminonnegative_cp(seed):
    """The quick start: a rank-2 model of 0, 1, ..., 59, one of its factors nonnegative.

    No best model exists: the error falls towards a limit while the two components grow and
    cancel one another.
    """
    T = SEQUENCE
    R = 2
    ff.active_backend.seed(seed)
    a = ff.tensor("a", T.shape[0], R, prefer=ff.conditions.NonNegative())
    b = ff.tensor("b", T.shape[1], R)
    c = ff.tensor("c", T.shape[2], R)
    i, j, k, r = ff.indices("i, j, k, r")
    tsrex = (a[i, ~r] * b[j, r]) * c[k, r]
    return ff.factorize(tsrex, T, max_steps=1000, vec_size=8, penalty_weight=10)


def image(n=64):
    """An image with edges and gradients: a shaded ground, a diagonal bar, a ring."""
    y, x = np.mgrid[0:n, 0:n] / (n - 1)
    bar = np.abs(x - y) < 0.08
    ring = np.abs(np.hypot(x - 0.5, y - 0.5) - 0.3) < 0.06
    return (0.5 * x * (1 - y) + 0.7 * bar + 0.5 * ring).astype(np.float32)


def low_rank(target, rank, seed, max_steps):
    """A matrix as a product of two."""
    ff.active_backend.seed(seed)
    u = ff.tensor("u", target.shape[0], rank)
    v = ff.tensor("v", target.shape[1], rank)
    i, j, k = ff.indices("i, j, k")
    tsrex = u[i, k] * v[j, k]
    return ff.factorize(tsrex, target, max_steps=max_steps, vec_size=16)


def rbf(target, rank, seed, max_steps, initializer=None):
    """A matrix as a sum of radial basis functions, and a constant."""
    ff.active_backend.seed(seed)
    u = ff.tensor("u", target.shape[0], rank, initializer=initializer)
    v = ff.tensor("v", target.shape[1], rank, initializer=initializer)
    a = ff.tensor("a", rank)
    b = ff.tensor("b")
    i, j, k = ff.indices("i, j, k")
    tsrex = ff.exp(-((u[i, ~k] - v[j, ~k]) ** 2)) * a[k] + b[[]]
    return ff.factorize(tsrex, target, max_steps=max_steps, vec_size=16)


def fourier(order="natural"):
    """The 3-qubit Fourier transform, the first qubit the most significant bit of a row.

    In natural order row and column count alike. ``'reversed'`` has the bits of the row the
    other way round, as the textbook circuit without its final swaps.
    """
    n = np.arange(8)
    matrix = np.exp(2j * np.pi * np.outer(n, n) / 8) / np.sqrt(8)
    if order == "reversed":
        matrix = matrix[[0, 4, 2, 6, 1, 5, 3, 7]]
    return matrix.astype(np.complex64)


def circuit(target, seed, max_steps):
    """Three free blocks on the qubits 0 and 1, 1 and 2, 0 and 1; all replicas."""
    ff.active_backend.seed(seed)
    U1, U2, U3 = (ff.tensor(s, 4, 4, prefer=ff.conditions.Unitary) for s in ("U1", "U2", "U3"))
    tsrex = (U1 & ff.eye(2)) @ (ff.eye(2) & U2) @ (U3 & ff.eye(2))
    return ff.factorize(
        tsrex,
        target,
        max_steps=max_steps,
        vec_size=32,
        stop_by=None,
        returns="all",
        tol=0,
        penalty_weight=0.1,
        dtype=ff.active_backend.complex64,
    )
