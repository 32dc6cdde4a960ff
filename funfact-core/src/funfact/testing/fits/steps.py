"""Fits: steps against the same steps written out in NumPy, and solutions that are known."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import funfact as ff

from ..compare import fault, same_value, told
from ..group import Group, needs

__all__ = ["Fits", "adam"]

# A fit of x to a target, elementwise: the gradient of the mean squared error is known.
RNG = np.random.default_rng(1)
STARTS, TARGET = RNG.normal(size=(3, 5)), RNG.normal(size=5)
TURN = np.exp(1j * RNG.normal(size=5))
EACH: dict[str, Any] = {"vec_size": 3, "returns": "all", "tol": 0, "checkpoint_freq": 1000}


def data(dtype: str) -> tuple[Any, Any]:
    """Starts of three replicas, and the target."""
    if "complex" in dtype:
        return (STARTS * TURN).astype(dtype), (TARGET * TURN[::-1]).astype(dtype)
    return STARTS.astype(dtype), TARGET.astype(dtype)


def adam(x: Any, target: Any, steps: int, lr: float = 0.1) -> Any:
    """Kingma & Ba, algorithm 1, on the mean squared error of each replica."""
    beta1, beta2, epsilon = 0.9, 0.999, 1e-8
    m, v = np.zeros_like(x), np.zeros(x.shape)
    for t in range(1, steps + 1):
        g = 2 * (x - target) / target.size
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * np.abs(g) ** 2
        x = x - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
    return x


def rmsprop(x: Any, target: Any, steps: int, lr: float, alpha: float) -> Any:
    """Tieleman & Hinton, Coursera lecture 6.5, on the mean squared error of each replica."""
    v = np.zeros(x.shape)
    for _ in range(steps):
        g = 2 * (x - target) / target.size
        v = alpha * v + (1 - alpha) * np.abs(g) ** 2
        x = x - lr * g / (np.sqrt(v) + 1e-8)
    return x


class Fits(Group):
    """Fits."""

    def fitted(self, backend: Any, what: str, expr: Any, target: Any, **options: Any) -> Any:
        """What ``ff.factorize`` gives, from seed 0 unless said otherwise."""
        backend.seed(options.pop("seed", 0))
        with told(what):
            return ff.factorize(expr, target, progress=False, **options)

    def steps(self, backend: Any, what: str, dtype: str, **options: Any) -> Any:
        """The factor of each replica after a fit from `STARTS`, in their order."""
        starts, target = data(dtype)
        rows = iter(starts)
        x = ff.tensor("x", 5, initializer=lambda shape: next(rows))
        facs = self.fitted(backend, what, x, target, **options, **EACH)
        facs = sorted(facs, key=lambda fac: fac.history.replica)
        return np.stack([backend.to_numpy(fac["x"]) for fac in facs])

    @needs("Autodiff")
    @pytest.mark.parametrize("dtype", ["float32", "complex64"])
    @pytest.mark.parametrize("vec_axis", [0, -1])
    def test_steps_of_adam(self, backend: Any, dtype: str, vec_axis: int) -> None:
        """30 steps of three replicas."""
        what = f"30 steps of Adam in {dtype}, vec_axis={vec_axis}"
        found = self.steps(backend, what, dtype, optimizer="Adam", max_steps=30, vec_axis=vec_axis)
        starts, target = data(dtype)
        expected = adam(starts.astype(np.result_type(dtype, float)), target, 30)
        same_value(what, found, expected, 10 * self.tolerance(dtype) * (1 + np.abs(expected)))

    @needs("Autodiff")
    def test_steps_of_rmsprop(self, backend: Any) -> None:
        """20 steps of three replicas."""
        what = "20 steps of RMSprop"
        optimizer = partial(ff.optim.RMSprop, alpha=0.9)
        found = self.steps(backend, what, "float32", optimizer=optimizer, lr=0.01, max_steps=20)
        starts, target = data("float32")
        expected = rmsprop(starts.astype(float), target, 20, lr=0.01, alpha=0.9)
        same_value(what, found, expected, 10 * self.tolerance("float32") * (1 + np.abs(expected)))

    @needs("Autodiff")
    @pytest.mark.parametrize("optimizer", ["Adam", "RMSprop"])
    @pytest.mark.parametrize("vec_axis", [0, -1])
    def test_the_same_seed_gives_the_same_bits(
        self, backend: Any, optimizer: str, vec_axis: int
    ) -> None:
        """A fit can be repeated; another seed gives another fit."""
        i, j, k, r = ff.indices("i, j, k, r")
        a, b, c = (ff.tensor(symbol, n, 3) for symbol, n in zip("abc", (7, 6, 5), strict=True))
        target = np.random.default_rng(0).normal(size=(7, 6, 5)).astype(np.float32)
        what = f"a fit by {optimizer}, vec_axis={vec_axis}"
        options = {"optimizer": optimizer, "vec_axis": vec_axis, "max_steps": 60, **EACH}
        one, two, other = (
            self.fitted(backend, what, a[i, ~r] * b[j, ~r] * c[k, r], target, seed=n, **options)
            for n in (5, 5, 6)
        )
        for x, y, z in zip(one, two, other, strict=True):
            bits = [b"".join(backend.to_numpy(f).tobytes() for f in m.factors) for m in (x, y, z)]
            if bits[0] != bits[1]:
                raise fault(
                    f"{what} after ab.seed(5), twice", expected="the same bits", got="others"
                )
            if bits[0] == bits[2]:
                raise fault(
                    f"{what} after ab.seed(6)", expected="other bits", got="those of seed 5"
                )

    @needs("Linalg")
    @pytest.mark.parametrize("rank", [1, 3, 7])
    def test_a_matrix_comes_to_the_truncated_svd(self, backend: Any, rank: int) -> None:
        """By alternating least squares; Eckart & Young, Psychometrika 1, 1936."""
        target = np.random.default_rng(0).normal(size=(9, 8))
        values = np.linalg.svd(target)[1]
        i, j, r = ff.indices("i, j, r")
        expr = ff.tensor("u", 9, rank)[i, r] * ff.tensor("v", 8, rank)[j, r]
        what = f"the relative error of a fit of rank {rank} by ALS"
        options: dict[str, Any] = {"optimizer": "ALS", "tol": 0, "max_steps": 600, "vec_size": 2}
        fac = self.fitted(backend, what, expr, target, **options)
        error = np.linalg.norm(backend.to_numpy(fac()) - target) / np.linalg.norm(target)
        best = np.linalg.norm(values[rank:]) / np.linalg.norm(values)
        wide = backend.dtype_name(fac.dtype) == "float64"
        same_value(what, error, best, 1e-10 if wide else 10 * self.tolerance("float32"))
