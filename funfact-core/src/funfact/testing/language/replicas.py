"""`ff.vectorize`: its replica r equals the expression with replica r's tensors."""

from typing import Any

import numpy as np
import pytest

import funfact as ff

from . import oracle
from .cases import INDICES, Notation, computed

SHAPES = {"a": (2, 3), "b": (3, 4), "c": (2, 3), "v": (3,), "s": ()}

CASES = [
    "a",
    "s",
    "a[i, j]",
    "a + v",
    "v + a",
    "s * a",
    "a @ b",
    "v @ b",
    "a @ v",
    "v @ v",
    "a & c",
    "v & v",
    "(a & c) @ (b & b)",
    "a * c - 2 * a",
    "a[i, j] * b[j, k]",
    "a[i, j] * b[j, k] >> [k, i]",
    "a[i, j] * b[j, k] >> [k, j]",
    "a[i, j] * b[j, k] >> []",
    "a[i, ~j] * c[k, ~j] * v[j]",
    "a[*i, ~j] * c[i, j]",
    "a[*i, *j] * c[i, j]",
    "a[i, j] - c[k, j]",
    "a[i, j] * v",
    "v - a[i, j]",
    "ff.exp(a[i, j] * v[j]) >> []",
    "ff.exp(-(a[i, k] - c[j, k]) ** 2)",
    "(a @ b)[i, j] * b[k, j]",
    "(a[i, j] * c[k, j])[m, m] >> [m]",
    "ff.viterbi(a[i, j], b[j, k])",
    "ff.logsumexp(a[i, ~j], c[i, j])",
    "s[[]] * v[i]",
    "ff.eye(2) @ a + ff.ones(3)",
    "ff.eye(3)[i, j] * v[j]",
    "ff.pi * v",
    "v[i] - v[i]",
]


def both_worlds(world: Any, tensors: dict[str, Any]) -> dict[str, Any]:
    return {name: world.index(name) for name in INDICES} | tensors | {"ff": world}


def expr_tensors(text: str, tensors: dict[str, Any]) -> list[Any]:
    words = "".join(c if c.isalnum() or c in "._" else " " for c in text).split()
    return [tensor for name, tensor in tensors.items() if name in words]


class Replicas(Notation):
    """Independent copies."""

    @pytest.mark.parametrize("append", [False, True])
    @pytest.mark.parametrize("text", CASES)
    def test_each_replica_is_the_expression(self, text: str, append: bool, backend: Any) -> None:
        """`vectorize(e, n)` is defined by: its replica r equals e with replica r's tensors.

        The replica axis is no language axis: `>> @ & ~` and broadcasting do not touch it.
        """
        tensors = {name: ff.tensor(name, *shape) for name, shape in SHAPES.items()}
        expr = eval(text, both_worlds(ff, tensors))  # the notation is Python's
        many = ff.vectorize(expr, 3, append=append)
        axis = -1 if append else 0
        assert many.shape == ((*expr.shape, 3) if append else (3, *expr.shape))
        assert not many.live_indices
        model = ff.Factorization.from_tsrex(many, dtype=backend.float32)
        value = np.moveaxis(backend.to_numpy(model()), axis, 0)
        assert value.shape == (3, *expr.shape)
        used = [name for name in SHAPES if tensors[name] in expr_tensors(text, tensors)]
        factors = {name: np.moveaxis(backend.to_numpy(model[name]), axis, 0) for name in used}
        for r in range(3):
            data = {name: oracle.tensor(name, factors[name][r]) for name in used}
            expected = eval(text, both_worlds(oracle, data))
            self.close(f"replica {r} of {text}", value[r], expected.x, expected.mag)

    def test_random_tensors_become_independent_ones(self, backend: Any) -> None:
        """Random tensors become n independent ones."""
        model = ff.Factorization.from_tsrex(ff.vectorize(ff.tensor("a", 4, 4), 3))
        a = backend.to_numpy(model["a"])
        assert a.shape == (3, 4, 4)
        assert not np.allclose(a[0], a[1])
        assert not np.allclose(a[1], a[2])

    @pytest.mark.parametrize("append", [False, True])
    def test_data_is_shared(self, append: bool, backend: Any) -> None:
        """Data and non-optimised constants are shared."""
        x = np.random.default_rng(0).uniform(0.5, 1.5, (3, 3)).astype(np.float32)
        i, j = ff.indices("i, j")
        X = ff.tensor("X", x)
        many = ff.vectorize(X[i, j] * ff.eye(3)[i, j] + X[i, j] >> [j], 4, append=append)
        value = np.moveaxis(computed(many, backend), -1 if append else 0, 0)
        expected = (np.trace(x) + x).sum(0)
        self.close("replicas of data", value, np.broadcast_to(expected, (4, 3)), expected)
        model = ff.Factorization.from_tsrex(many)
        assert [backend.to_numpy(f).shape for f in model.all_factors] == [(3, 3)]
        assert list(model.factors) == []

    @pytest.mark.parametrize("append", [False, True])
    def test_optimised_data_become_copies_from_one_start(self, append: bool, backend: Any) -> None:
        """Optimised data become n copies from one start."""
        x = np.random.default_rng(0).uniform(0.5, 1.5, (2, 3)).astype(np.float32)
        many = ff.vectorize(ff.tensor("X", x, optimizable=True), 4, append=append)
        model = ff.Factorization.from_tsrex(many, dtype=backend.float32)
        factor = np.moveaxis(backend.to_numpy(model.factors[0]), -1 if append else 0, 0)
        self.close("copies of X", factor, np.broadcast_to(x, (4, 2, 3)), 0)

    def test_each_call_makes_new_tensors(self, backend: Any) -> None:
        """Each call makes new tensors."""
        a = ff.tensor("a", 2, 3)
        first, second = ff.vectorize(a, 3), ff.vectorize(a, 3)
        model = ff.Factorization.from_tsrex(first + second)
        assert len(model.factors) == 2
        left, right = (backend.to_numpy(f) for f in model.factors)
        assert not np.allclose(left, right)
        self.close("a + a", backend.to_numpy(model()), left + right, abs(left) + abs(right))

    def test_one_tensor_stays_one_in_each_replica(self, backend: Any) -> None:
        """One tensor object is one factor however often it stands: replicas too."""
        V = ff.tensor("V", 3, 3)
        model = ff.Factorization.from_tsrex(ff.vectorize(V @ V, 2))
        assert len(model.factors) == 1
        v = backend.to_numpy(model["V"])
        self.close("V @ V", backend.to_numpy(model()), v @ v, abs(v) @ abs(v))

    def test_the_result_is_an_ordinary_expression(self, backend: Any) -> None:
        """The result is an ordinary unindexed expression of shape `(n, *shape)`."""
        x = np.random.default_rng(0).uniform(0.5, 1.5, (2, 3)).astype(np.float32)
        r, i, j = ff.indices("r, i, j")
        a = ff.tensor("a", 2, 3)
        many = ff.vectorize(a[i, j] * ff.tensor("x", x)[i, j] >> [i, j], 3)
        summed = many[r, i, j] * ff.tensor("w", np.ones(3, np.float32))[r]
        model = ff.Factorization.from_tsrex(summed, dtype=backend.float32)
        factor = backend.to_numpy(model["a"])
        expected = (factor * x).sum(0)
        size = abs(factor * x).sum(0)
        self.close(
            "vectorize(a[i, j] * x[i, j]) summed", backend.to_numpy(model()), expected, size + 1
        )
        again = ff.vectorize(many, 2)
        assert again.shape == (2, 3, 2, 3)
        twice = ff.Factorization.from_tsrex(again, dtype=backend.float32)
        value = backend.to_numpy(twice())
        assert value.shape == (2, 3, 2, 3)
        a_x = backend.to_numpy(twice["a"]) * x
        self.close("vectorize(vectorize(a * x))", value, a_x, abs(a_x))

    def test_model_replicas_are_the_same_thing(self, backend: Any) -> None:
        """`Factorization.from_tsrex(expr, vec_size=, vec_axis=)`: replicas as an axis."""
        a, b = ff.tensor("a", 2, 3), ff.tensor("b", 3, 4)
        for vec_axis in (0, -1):
            model = ff.Factorization.from_tsrex(a @ b, vec_size=3, vec_axis=vec_axis)
            value = np.moveaxis(backend.to_numpy(model()), vec_axis, 0)
            x, y = (np.moveaxis(backend.to_numpy(model[n]), vec_axis, 0) for n in "ab")
            self.close(f"a @ b, vec_axis={vec_axis}", value, x @ y, abs(x) @ abs(y))
