"""The same pairing with (min, +), (logsumexp, +) and (max, +)."""

from typing import Any

import numpy as np
import pytest

import funfact as ff

from .cases import Case, Notation, row, rows

NUMPY = {
    "minplus": "({}).min({})",
    "viterbi": "({}).max({})",
    "logsumexp": "np.log(np.exp({}).sum({}))",
}


class Semirings(Notation):
    """Pairings with (min, +), (logsumexp, +) and (max, +)."""

    @pytest.mark.parametrize("name", sorted(NUMPY))
    @pytest.mark.parametrize(
        ("operands", "paired", "axis"),
        [
            ("(a[i, j], b[j, k])", "a[:, :, None] + b", 1),
            ("(a[i, j], b[k, j])", "a[:, :, None] + b.T", 1),
            ("(a[i, j], b[k, j]) >> [k, i]", "a[:, :, None] + b.T", (1, "T")),
            ("(a[i, j], b[j, k]) >> [j]", "a[:, :, None] + b", (0, 2)),
            ("(a[i, j], b[j, k]) >> []", "a[:, :, None] + b", (0, 1, 2)),
            ("(a[i, j], 2 * b[k, j])", "a[:, :, None] + 2 * b.T", 1),
            ("(a[i, j] * a[k, j], -b[i, k])", "a @ a.T - b", (0, 1)),
        ],
    )
    def test_the_same_pairing(
        self, name: str, operands: str, paired: str, axis: Any, backend: Any
    ) -> None:
        """`ff.minplus(x, y)`, `ff.logsumexp(x, y)`, `ff.viterbi(x, y)`: the same pairing with
        (min, +), (logsumexp, +), (max, +)."""
        rng = np.random.default_rng(3)
        data = {name: rng.uniform(0.5, 1.5, (3, 3)).astype(np.float32) for name in "ab"}
        transpose = isinstance(axis, tuple) and "T" in axis
        numpy = NUMPY[name].format(paired, 1 if transpose else axis) + (".T" if transpose else "")
        self.check(Case(f"ff.{name}{operands}", numpy, data), backend)

    @pytest.mark.parametrize("name", sorted(NUMPY))
    @pytest.mark.parametrize(
        "operands",
        [
            "(a[i, ~j], b[j, k])",
            "(a[i, j], b[~j, k])",
            "(a[*i, j], b[i, j])",
            "(a[*i, ~j], b[i, j])",
            "(a[*i, j], b[j, i]) >> [i]",
            "(a[~i, j], b[j, k]) * c[i]",
            "(a[i, j] * b[j, k], c[k])",
            "(a[i, i], b[i, j])",
            "(a[j, ~i], b[i, ~j])",
        ],
    )
    def test_marks_and_lists_hold_as_in_any_pairing(
        self, name: str, operands: str, backend: Any
    ) -> None:
        """A pairing is one binary operation or semiring call: marks, diagonals and `>>` hold."""
        rng = np.random.default_rng(4)
        shapes = {"a": (3, 3), "b": (3, 3), "c": (3,)}
        data = {k: rng.uniform(0.5, 1.5, s).astype(np.float32) for k, s in shapes.items()}
        self.check(Case(f"ff.{name}{operands}", None, data), backend)

    @rows(
        row(
            "ff.minplus(a[i, j], b[j, k]) >> [i]",
            "(a[:, :, None] + b).min((1, 2))",
            a=(2, 3),
            b=(3, 4),
        ),
        row("ff.viterbi(a[i], b[j]) >> [j]", "(a[:, None] + b).max(0)", a=(2,), b=(3,)),
        row(
            "ff.logsumexp(a[i], b[j]) >> []", "np.log(np.exp(a[:, None] + b).sum())", a=(2,), b=(3,)
        ),
    )
    def test_unlisted_indices_take_the_own_reduction(self, case: Case, backend: Any) -> None:
        """Unlisted is reduced with the pairing's own reduction."""
        self.check(case, backend)

    @rows(
        row(
            "ff.minplus(ff.minplus(a[i, j], b[j, k]), c[k, l])",
            "((a[:, :, None] + b).min(1)[:, :, None] + c).min(1)",
            a=(2, 3),
            b=(3, 4),
            c=(4, 2),
        ),
        row(
            "ff.minplus(a[i, j], b[j, k]) * c[k]",
            "(a[:, :, None] + b).min(1) @ c",
            a=(2, 3),
            b=(3, 4),
            c=(4,),
        ),
        row("ff.logsumexp(a[i, j], -b[j])", "np.log(np.exp(a - b).sum(1))", a=(2, 3), b=(3,)),
    )
    def test_semirings_nest(self, case: Case, backend: Any) -> None:
        """A semiring's result is an indexed expression like any other."""
        self.check(case, backend)

    @rows(
        row(
            "ff.logsumexp(a[i], b[i])",
            "1000 + np.log(1 + np.exp(-1))",
            a=np.array([600.0, 500.0], np.float32),
            b=np.array([400.0, 499.0], np.float32),
        ),
        row(
            "ff.logsumexp(a[i], b[i])",
            "-999 + np.log(1 + np.exp(-1))",
            a=np.array([-600.0, -500.0], np.float32),
            b=np.array([-400.0, -499.0], np.float32),
        ),
        row(
            "ff.logsumexp(a[i, j], b[j, k])",
            "np.array([[300.0 + np.log(2)]])",
            a=np.array([[100.0, 200.0]], np.float32),
            b=np.array([[200.0], [100.0]], np.float32),
        ),
    )
    def test_logsumexp_is_stable(self, case: Case, backend: Any) -> None:
        """`logsumexp` is stable."""
        self.check(case, backend)

    def test_logsumexp_takes_probabilities_of_zero(self, backend: Any) -> None:
        """`logsumexp` is stable: a log-probability of -inf takes no part, or is the result."""
        a = ff.tensor("a", np.array([[-np.inf, 1.0], [-np.inf, -np.inf]], np.float32))
        b = ff.tensor("b", np.array([2.0, 3.0], np.float32))
        i, j = ff.indices("i, j")
        model = ff.Factorization.from_tsrex(ff.logsumexp(a[i, j], b[j]))
        value = backend.to_numpy(model())
        what = "the value of ff.logsumexp(a[i, j], b[j]), where a has -inf,"
        self.close(what, value, [4.0, -np.inf], np.ones(2))

    @pytest.mark.parametrize("name", ["minplus", "viterbi", "logsumexp"])
    def test_complex_numbers_have_no_order(self, backend: Any, name: str) -> None:
        """Never a quiet wrong answer: libraries order complex numbers each their own way."""
        i, j, k = ff.indices("i, j, k")
        x = ff.tensor(np.ones((2, 3)) * 1j)
        expr = getattr(ff, name)(x[i, j], x[k, j])
        with pytest.raises(ff.errors.DtypeError, match="no order"):
            ff.Factorization.from_tsrex(expr)
