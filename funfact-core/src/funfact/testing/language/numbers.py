"""Numbers, constants, and tensors without indices beside one another and beside indexed ones."""

import operator
from typing import Any

import numpy as np
import pytest

import funfact as ff

from . import oracle
from .cases import Case, Notation, computed, row, rows, written

COMPLEX = {
    "z": np.array([[1 + 2j, 0.5 - 1j, -0.7j], [2, 1.5 + 0.5j, -1 + 1j]], np.complex64),
    "w": np.array([0.5 + 1j, 1.5 - 0.5j, -1 + 0.25j], np.complex64),
    "a": np.array([0.5, 1.25, 1.0], np.float32),
}


class Numbers(Notation):
    """Numbers, constants and tensors without indices."""

    @rows(
        row("a + b", "a + b", a=(2, 3), b=(2, 3)),
        row("a - b", "a - b", a=(2, 3), b=(3,)),
        row("a * b", "a * b", a=(2, 1), b=(1, 3)),
        row("a / b", "a / b", a=(3,), b=(2, 3)),
        row("a ** b", "a ** b", a=(4, 2, 3), b=(2, 1)),
        row("-a", "-a", a=(2, 3)),
        row("-a ** 2", "-(a ** 2)", a=(2, 3)),
        row("a * c", "a * c", a=(2, 3), c=()),
        row("a + b * a - a / b", "a + b * a - a / b", a=(3,), b=(3,)),
    )
    def test_without_indices_elementwise(self, case: Case, backend: Any) -> None:
        """`a + b`, `-`, `*`, `/`, `**`, unary `-` on tensors without indices: elementwise, NumPy
        broadcasting."""
        self.check(case, backend)

    @rows(
        row("a @ b", "a @ b", a=(2, 3), b=(3, 4)),
        row("a @ b", "a @ b", a=(3,), b=(3, 4)),
        row("a @ b", "a @ b", a=(2, 3), b=(3,)),
        row("a @ b", "a @ b", a=(3,), b=(3,)),
        row("a @ b", "a @ b", a=(5, 2, 3), b=(3, 4)),
        row("a @ b", "a @ b", a=(2, 3), b=(5, 3, 4)),
        row("a @ b", "a @ b", a=(5, 2, 3), b=(5, 3, 4)),
        row("a @ b", "a @ b", a=(5, 1, 2, 3), b=(4, 3, 2)),
        row("a @ b", "a @ b", a=(5, 2, 3), b=(3,)),
        row("a @ b", "a @ b", a=(3,), b=(5, 3, 2)),
        row("a @ b @ c", "a @ b @ c", a=(2, 3), b=(3, 4), c=(4, 2)),
        row("a @ a", "a @ a", a=(3, 3)),
        row("a @ (b + c)", "a @ (b + c)", a=(2, 3), b=(3, 4), c=(4,)),
        row("a @ b", "a @ b", a=(1, 1), b=(1, 1)),
    )
    def test_matmul(self, case: Case, backend: Any) -> None:
        """`@` is `np.matmul` (vectors, batch axes too)."""
        self.check(case, backend)

    @rows(
        row("2 * a[i, j] * b[j]", "2 * a @ b", a=(2, 3), b=(3,)),
        row("(a[i, j] + 1) * b[j]", "(a + 1) @ b", a=(2, 3), b=(3,)),
        row("(1 - a[i, j]) * b[j]", "(1 - a) @ b", a=(2, 3), b=(3,)),
        row("(1 / a[i, j]) * b[j]", "(1 / a) @ b", a=(2, 3), b=(3,)),
        row("(a[i, j] / 2) * b[j]", "a @ b / 2", a=(2, 3), b=(3,)),
        row("(a[i, j] ** 2) * b[j]", "a ** 2 @ b", a=(2, 3), b=(3,)),
        row("(2 ** a[i, j]) * b[j]", "2 ** a @ b", a=(2, 3), b=(3,)),
        row("np.float32(2) * a[i]", "2 * a", a=(3,)),
        row("np.float64(2) + a[i]", "2 + a", a=(3,)),
        row("a[i] - np.int64(2)", "a - 2", a=(3,)),
        row("ff.pi * a[i]", "np.pi * a", a=(3,)),
        row("a[i] / ff.pi", "a / np.pi", a=(3,)),
        row("(2 * ff.pi) * a[i, j] * b[j]", "2 * np.pi * a @ b", a=(2, 3), b=(3,)),
        row("2 * a", "2 * a", a=(2, 3)),
        row("a ** 2 - ff.pi", "a ** 2 - np.pi", a=(2, 3)),
        row("np.float32(2) ** a", "2 ** a", a=(2, 3)),
        row("1 - a", "1 - a", a=(2, 3)),
        row("1 / a", "1 / a", a=()),
    )
    def test_numbers_are_literals(self, case: Case, backend: Any) -> None:
        """A number next to an indexed expression leaves it indexed. A number is a Python or NumPy
        scalar, or `ff.pi`."""
        self.check(case, backend)

    @rows(
        row("a[i, j] * b", "a * b", a=(2, 3), b=(3,)),
        row("b * a[i, j]", "a * b", a=(2, 3), b=(3,)),
        row("a[i, j] + b", "a + b", a=(2, 3), b=(2, 3)),
        row("(a[i, j] * b[j, k]) / c", "a @ b / c", a=(2, 3), b=(3, 4), c=(4,)),
        row("c - a[i, j] * b[j, k]", "c - a @ b", a=(2, 3), b=(3, 4), c=(5, 2, 4)),
        row("a[i, i] ** b", "np.diag(a) ** b", a=(3, 3), b=(3,)),
        row("a[i, j] * c", "a * c", a=(2, 3), c=()),
        row("(a[i, j] * c)[i, j] * b[j]", "(a * c) @ b", a=(2, 3), b=(3,), c=()),
        row("(a[i, j] + b) @ c", "(a + b) @ c", a=(2, 3), b=(3,), c=(3, 2)),
        row("(a[i, j] >> [j, i]) + b", "a.T + b", a=(2, 3), b=(2,)),
    )
    def test_a_tensor_without_indices_makes_it_elementwise(self, case: Case, backend: Any) -> None:
        """A tensor without indices next to an indexed expression makes the operation elementwise
        and the result unindexed; a 0-d `ff.tensor('c')` is a tensor."""
        self.check(case, backend)

    @rows(
        row("ff.eye(3) @ a", "a", a=(3, 2)),
        row("ff.eye(3)[i, j] * a[j, k]", "a", a=(3, 2)),
        row("ff.eye(2, 3) @ a", "np.eye(2, 3) @ a", a=(3, 2)),
        row("ff.eye(2, 3)[i, j] * a[j]", "np.eye(2, 3) @ a", a=(3,)),
        row("ff.ones(2, 3) * a", "np.ones((2, 3)) * a", a=(3,)),
        row("ff.ones(3)[i] * a[i]", "a.sum()", a=(3,)),
        row("ff.zeros(2, 3) + a", "np.zeros((2, 3)) + a", a=(3,)),
        row("ff.zeros(3)[i] * a[j]", "np.zeros((3, 2))", a=(2,)),
        row("a - ff.eye(3)", "a - np.eye(3)", a=(3, 3)),
        row("ff.eye(3) & a", "np.kron(np.eye(3), a)", a=(2, 2)),
        row("ff.eye(3)[i, i] * a[i]", "a.sum()", a=(3,)),
    )
    def test_constants(self, case: Case, backend: Any) -> None:
        """`ff.zeros`, `ff.ones`, `ff.eye`; `eye(n, m)` with n != m is a constant like any other."""
        self.check(case, backend)

    @rows(
        row("c[[]]", "c", c=()),
        row("c[()]", "c", c=()),
        row("c[[]] * a[i] * b[i]", "c * (a @ b)", a=(3,), b=(3,), c=()),
        row("c[[]] * c[[]]", "c * c", c=()),
        row("(a @ b)[[]] * c[i]", "(a @ b) * c", a=(3,), b=(3,), c=(2,)),
        row("c[[]] + 1 >> []", "c + 1", c=()),
        row("(a[i] * b[i])[[]] * c[j]", "(a @ b) * c", a=(3,), b=(3,), c=(2,)),
    )
    def test_scalars_as_indexed_expressions(self, case: Case, backend: Any) -> None:
        """`c[[]]`, `c[()]`: a scalar, as an indexed expression."""
        self.check(case, backend)

    @pytest.mark.parametrize(
        ("text", "numpy"),
        [
            ("z[i, j] * w[j]", "z @ w"),
            ("z[i, ~j] * w[j]", "z * w"),
            ("z[i, j] + w[j]", "(z + w).sum(1)"),
            ("z[i, ~j] / w[j]", "z / w"),
            ("ff.conj(z[i, j]) * z[k, j]", "z.conj() @ z.T"),
            ("z[i, j] * a[j]", "z @ a"),
            ("2j * z[i, j] >> [j]", "2j * z.sum(0)"),
            ("(1 + 1j) * a[i]", "(1 + 1j) * a"),
            ("ff.exp(1j * a[i])", "np.exp(1j * a)"),
            ("ff.abs(z[i, j]) * a[j]", "abs(z) @ a"),
            ("ff.real(z)", "z.real"),
            ("ff.imag(z[i, j]) * a[j]", "z.imag @ a"),
            ("z @ w", "z @ w"),
            ("w & w", "np.kron(w, w)"),
            ("w[*i] * w[i]", "np.kron(w, w)"),
        ],
    )
    def test_complex_data(self, text: str, numpy: str, backend: Any) -> None:
        """The model's dtype is complex if any data is; every operation takes complex data."""
        used = {name: data for name, data in COMPLEX.items() if name in numpy}
        expected = written(text, used, oracle)
        double = {k: np.asarray(v, np.result_type(v, np.float64)) for k, v in used.items()}
        np.testing.assert_allclose(expected.x, eval(numpy, double | {"np": np}), rtol=1e-12)
        model = ff.Factorization.from_tsrex(written(text, used), dtype=backend.complex64)
        value = backend.to_numpy(model())
        # abs, real and imag of complex data may come back as either: the value is what counts.
        if not text.startswith(("ff.abs", "ff.real", "ff.imag")):
            assert value.dtype == np.complex64
        self.close(f"the value of {text}", value, expected.x.astype(value.dtype), expected.mag)

    @pytest.mark.parametrize("op", ["add", "sub", "mul", "truediv", "pow"])
    def test_operators_agree_with_python_on_either_side(self, op: str, backend: Any) -> None:
        """Numbers are literals, on the left and on the right."""
        apply = getattr(operator, op)
        data = np.array([0.5, 1.5, 1.0], np.float32)
        a, i = ff.tensor("a", data), ff.index("i")
        for expr in (a, a[i]):
            for operands, order in (((expr, 2.5), "right"), ((2.5, expr), "left")):
                numbers = [data.astype(float) if x is expr else x for x in operands]
                what = f"operator.{op} with 2.5 on the {order}"
                value = computed(apply(*operands), backend)
                self.close(what, value, apply(*numbers), np.abs(apply(*numbers)) + 1)
