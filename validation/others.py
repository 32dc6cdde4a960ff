"""The same problems, solved by TensorLy, pyttb, SciPy and scikit-learn."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from validation.ledger import Attempt

__all__ = [
    "Other",
    "attempted",
    "pyttb_apr",
    "pyttb_cp",
    "pyttb_hosvd",
    "pyttb_tucker",
    "scipy_cp",
    "scipy_minimize",
    "scipy_squares",
    "sklearn_nmf",
    "tensorly_cp",
    "tensorly_hals",
    "tensorly_train",
    "tensorly_tucker",
]


@dataclass(frozen=True, eq=False)
class Other:
    """What another library found: factors, a core first where there is one, and the time."""

    solver: str
    factors: list[Any]
    seconds: float


def attempted(case: str, other: Other, result: float) -> Attempt:
    """A line of the ledger."""
    return Attempt(case, other.solver, result, other.seconds)


def timed(solver: str, call: Callable[[], Sequence[Any]]) -> Other:
    """The factors that a call returns, and how long it took."""
    begin = time.perf_counter()
    factors = call()
    return Other(solver, list(factors), time.perf_counter() - begin)


# --- TensorLy


def tensorly_cp(
    target: Any, rank: int, *, init: str = "svd", seed: int = 0, error: float = 0.0
) -> Other:
    """CP by alternating least squares, until its errors settle or are below `error`."""
    from tensorly.decomposition import parafac

    def enough(cp: Any, found: float) -> bool:
        return bool(found < error)

    def call() -> list[Any]:
        weights, factors = parafac(
            target,
            rank,
            n_iter_max=1000,
            init=init,
            tol=1e-15 if error else 1e-10,
            random_state=seed,
            callback=enough if error else None,
        )
        return [factors[0] * weights, *factors[1:]]

    return timed(f"TensorLy parafac, {init}", call)


def tensorly_hals(target: Any, rank: int, *, init: str, seed: int = 0) -> Other:
    """Nonnegative CP by hierarchical alternating least squares."""
    from tensorly.decomposition import non_negative_parafac_hals

    def call() -> list[Any]:
        weights, factors = non_negative_parafac_hals(
            target, rank, n_iter_max=2000, init=init, tol=1e-9, random_state=seed
        )
        return [factors[0] * weights, *factors[1:]]

    return timed(f"TensorLy HALS, {init}", call)


def tensorly_tucker(
    target: Any, ranks: tuple[int, ...], *, steps: int, init: str = "svd", tol: float = 0
) -> Other:
    """Tucker by higher-order orthogonal iteration, from HOSVD."""
    from tensorly.decomposition import tucker

    def call() -> list[Any]:
        core, factors = tucker(target, list(ranks), n_iter_max=steps, init=init, tol=tol)
        return [core, *factors]

    return timed(f"TensorLy tucker, {init}", call)


def tensorly_train(target: Any, bonds: tuple[int, ...], *, svd: str = "truncated_svd") -> Other:
    """A tensor train by TT-SVD."""
    from tensorly.decomposition import tensor_train

    return timed(
        f"TensorLy tensor_train, {svd}", lambda: tensor_train(target, [1, *bonds, 1], svd=svd)
    )


# --- pyttb


def pyttb_cp(target: Any, rank: int, *, init: str = "random", seed: int = 0) -> Other:
    """CP by alternating least squares."""
    import pyttb

    np.random.seed(seed)  # pyttb draws from the global generator
    tensor = pyttb.tensor(np.asfortranarray(target))

    def call() -> list[Any]:
        found, *_ = pyttb.cp_als(tensor, rank, stoptol=1e-10, maxiters=1000, init=init, printitn=0)
        return _columns(found)

    return timed(f"pyttb cp_als, {init}", call)


def pyttb_apr(target: Any, rank: int, *, seed: int = 0) -> Other:
    """Nonnegative CP for the Kullback-Leibler divergence, by alternating Poisson regression."""
    import pyttb

    np.random.seed(seed)
    tensor = pyttb.tensor(np.asfortranarray(target))

    def call() -> list[Any]:
        found, *_ = pyttb.cp_apr(tensor, rank, stoptol=1e-4, maxiters=200, printitn=0)
        return _columns(found)

    return timed("pyttb cp_apr", call)


def pyttb_tucker(target: Any, ranks: tuple[int, ...], *, steps: int) -> Other:
    """Tucker by higher-order orthogonal iteration, from singular vectors."""
    import pyttb

    tensor, sizes = pyttb.tensor(np.asfortranarray(target)), np.array(ranks)

    def call() -> list[Any]:
        found, *_ = pyttb.tucker_als(
            tensor, sizes, stoptol=0, maxiters=steps, init="nvecs", printitn=0
        )
        return [found.core.double(), *found.factor_matrices]

    return timed("pyttb tucker_als, nvecs", call)


def pyttb_hosvd(target: Any, ranks: tuple[int, ...]) -> Other:
    """Tucker by sequentially truncated HOSVD."""
    import pyttb

    tensor, sizes = pyttb.tensor(np.asfortranarray(target)), np.array(ranks)

    def call() -> list[Any]:
        found = pyttb.hosvd(tensor, tol=0.0, verbosity=0, ranks=sizes)
        return [found.core.double(), *found.factor_matrices]

    return timed("pyttb hosvd", call)


def _columns(found: Any) -> list[Any]:
    first, *others = found.factor_matrices
    return [first * found.weights, *others]


# --- SciPy: the generic solvers, given a derivative by hand


def scipy_squares(
    residual: Any, jacobian: Any, start: Any, *, steps: int = 200
) -> tuple[Any, float]:
    """The minimum of a sum of squares by a trust region, and the seconds it took."""
    from scipy.optimize import least_squares

    begin = time.perf_counter()
    found = least_squares(
        residual, start, jacobian, xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=steps
    )
    return found.x, time.perf_counter() - begin


def scipy_minimize(value_and_gradient: Any, start: Any, *, steps: int = 2000) -> tuple[Any, float]:
    """The minimum of a function by L-BFGS-B, and the seconds it took."""
    from scipy.optimize import minimize

    begin = time.perf_counter()
    options = {"maxiter": steps, "maxfun": 2 * steps, "ftol": 1e-15, "gtol": 1e-12}
    found = minimize(value_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
    return found.x, time.perf_counter() - begin


def scipy_cp(target: Any, rank: int, *, seed: int, dense: bool) -> Other:
    """CP of three dimensions by `least_squares` (`dense`) or by `minimize`."""
    rng, shape = np.random.default_rng(seed), target.shape
    ends = np.cumsum([n * rank for n in shape])[:-1]

    def factors(x: Any) -> list[Any]:
        return [f.reshape(-1, rank) for f in np.split(x, ends)]

    def residual(x: Any) -> Any:
        return (np.einsum("ir,jr,kr->ijk", *factors(x)) - target).ravel()

    def jacobian(x: Any) -> Any:
        a, b, c = factors(x)
        one = [np.eye(n) for n in shape]
        parts = ("il,jr,kr->ijklr", "jl,ir,kr->ijklr", "kl,ir,jr->ijklr")
        pairs = ((b, c), (a, c), (a, b))
        made = [np.einsum(s, e, *p) for s, e, p in zip(parts, one, pairs, strict=True)]
        return np.hstack([block.reshape(target.size, -1) for block in made])

    def value_and_gradient(x: Any) -> tuple[float, Any]:
        a, b, c = factors(x)
        rest = residual(x).reshape(shape)
        parts = (("ijk,jr,kr->ir", b, c), ("ijk,ir,kr->jr", a, c), ("ijk,ir,jr->kr", a, b))
        slopes = [np.einsum(s, rest, *p, optimize=True).ravel() for s, *p in parts]
        return float(np.sum(rest**2)), 2 * np.concatenate(slopes)

    start = rng.normal(size=sum(n * rank for n in shape))
    start *= (np.linalg.norm(target) / np.linalg.norm(residual(start) + target.ravel())) ** (1 / 3)
    if dense:
        x, seconds = scipy_squares(residual, jacobian, start)
        return Other("SciPy least_squares", factors(x), seconds)
    x, seconds = scipy_minimize(value_and_gradient, start)
    return Other("SciPy minimize, L-BFGS-B", factors(x), seconds)


# --- scikit-learn


def sklearn_nmf(target: Any, rank: int, loss: str, *, init: str, seed: int = 0) -> Other:
    """Nonnegative matrix factorisation, by coordinate descent or multiplicative updates."""
    from sklearn.decomposition import NMF

    solver = {"frobenius": "cd", "kullback-leibler": "mu"}[loss]

    def call() -> list[Any]:
        model = NMF(
            rank,
            init=init,
            solver=solver,
            beta_loss=loss,
            tol=1e-6,
            max_iter=2000,
            random_state=seed,
        )
        return [model.fit_transform(target), model.components_.T]

    return timed(f"scikit-learn NMF ({solver}), {init}", call)
