"""Elementwise functions, on expressions with and without indices."""

from typing import Any

import numpy as np
import pytest

import funfact as ff

from ..compare import given
from .cases import Case, Notation, row, rows, uniform
from .words import FUNCTIONS

# Where a function is not defined on [0.5, 1.5], an argument that it takes.
ARGUMENTS = {
    "asin": "{} / 2",
    "acos": "{} / 2",
    "atanh": "{} / 2",
    "acosh": "{} + 1",
    "relu": "{} - 1",
    "celu": "{} - 1",
    "abs": "{} - 1",
    "erf": "{} - 1",
    "erfc": "{} - 1",
    "sigmoid": "4 * {} - 4",
}

NAMES = tuple(FUNCTIONS)


class ElementwiseFunctions(Notation):
    """Functions of expressions."""

    @pytest.mark.parametrize("name", NAMES)
    def test_on_tensors_without_indices(self, name: str, backend: Any) -> None:
        """`ff.exp(expr)` ...: elementwise."""
        argument = ARGUMENTS.get(name, "{}").format("a")
        data = uniform(np.random.default_rng(1), (3, 4))
        expr = ff.tensor("a", data)
        assert not getattr(ff, name)(expr).live_indices
        self.check(Case(f"ff.{name}({argument})", None, {"a": data}), backend)

    @pytest.mark.parametrize("name", NAMES)
    def test_on_indexed_expressions(self, name: str, backend: Any) -> None:
        """`ff.exp(expr)` ...: indexed if `expr` is."""
        argument = ARGUMENTS.get(name, "{}").format("a[i, j]")
        rng = np.random.default_rng(2)
        data = {"a": uniform(rng, (3, 4)), "b": uniform(rng, (4, 2))}
        self.check(Case(f"ff.{name}({argument}) * b[j, k]", None, data), backend)

    @rows(
        row("ff.exp(a[i, j] * b[j, k])", "np.exp(a @ b)", a=(2, 3), b=(3, 4)),
        row("ff.log(a @ b)", "np.log(a @ b)", a=(2, 3), b=(3, 4)),
        row("ff.exp(-(a[i] - b[j]) ** 2)", "np.exp(-(a[:, None] - b) ** 2)", a=(3,), b=(4,)),
        row(
            "ff.sin(ff.cos(a[i])) * ff.tanh(b[i])", "np.sin(np.cos(a)) @ np.tanh(b)", a=(3,), b=(3,)
        ),
        row("ff.exp(c[[]]) * a[i]", "np.exp(c) * a", a=(3,), c=()),
        row("ff.exp(c)", "np.exp(c)", c=()),
        row("ff.sqrt(a & b)", "np.sqrt(np.kron(a, b))", a=(2, 2), b=(2, 3)),
        row(
            "ff.relu(a - 1) + ff.celu(a - 1)",
            "np.where(a > 1, 2 * a - 2, np.exp(a - 1) - 1)",
            a=(3, 4),
        ),
    )
    def test_functions_of_expressions(self, case: Case, backend: Any) -> None:
        """`ff.exp(expr)` ...: elementwise on what `expr` is, whatever it is."""
        self.check(case, backend)

    @pytest.mark.parametrize("name", ["sigmoid", "erf", "erfc", "tanh", "celu", "relu"])
    def test_functions_are_stable_far_out(self, name: str, backend: Any) -> None:
        """`relu celu sigmoid erf erfc`: stable, on every backend, NumPy included."""
        data = np.array([-90.0, -30.0, -8.0, 0.0, 8.0, 30.0, 90.0], np.float32)
        model = ff.Factorization.from_tsrex(
            getattr(ff, name)(ff.tensor("a", data)),
            dtype=backend.float32,
        )
        value = backend.to_numpy(model())
        expected = FUNCTIONS[name][0](data.astype(float))
        what = f"the value of ff.{name}(a)"
        self.close(what, value, expected, np.abs(expected) + 1e-25, given({"a": data}))
