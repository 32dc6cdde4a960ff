"""Pairing: every element with every element, then the sum over the indices both sides share."""

from typing import Any

import numpy as np
import pytest

from .cases import Case, Notation, row, rows


class Pairing(Notation):
    """Every element with every element, then the sum over shared indices."""

    @rows(
        row("a[i, j] * b[j, k]", "np.einsum('ij,jk->ik', a, b)", a=(2, 3), b=(3, 4)),
        row("a[i, j] * b[k, j]", "np.einsum('ij,kj->ik', a, b)", a=(2, 3), b=(4, 3)),
        row("a[i, j] * b[i, j]", "np.einsum('ij,ij->', a, b)", a=(2, 3), b=(2, 3)),
        row("a[i, j] * b[j, i]", "np.einsum('ij,ji->', a, b)", a=(2, 3), b=(3, 2)),
        row("a[i] * b[j]", "np.outer(a, b)", a=(2,), b=(3,)),
        row("a[i] * b[i]", "a @ b", a=(3,), b=(3,)),
        row("a[i, j, k] * b[k, l, j]", "np.einsum('ijk,klj->il', a, b)", a=(2, 3, 4), b=(4, 2, 3)),
        row("a[j, i] * b[j, k, l]", "np.einsum('ji,jkl->ikl', a, b)", a=(3, 2), b=(3, 2, 4)),
        row("a[i, j] * a[k, j]", "a @ a.T", a=(2, 3)),
    )
    def test_a_product_is_paired_and_summed(self, case: Case, backend: Any) -> None:
        """`a[i, j] * b[j, k]`: pair every element, then sum over the indices both sides share."""
        self.check(case, backend)

    @rows(
        row("a[i, j] + b[j, k]", "(a[:, :, None] + b[None]).sum(1)", a=(2, 3), b=(3, 4)),
        row("a[i, j] - b[j, k]", "(a[:, :, None] - b[None]).sum(1)", a=(2, 3), b=(3, 4)),
        row("a[i, j] / b[j, k]", "(a[:, :, None] / b[None]).sum(1)", a=(2, 3), b=(3, 4)),
        row("a[i, j] ** b[j, k]", "(a[:, :, None] ** b[None]).sum(1)", a=(2, 3), b=(3, 4)),
        row("a[i, j] + b[i, j]", "(a + b).sum()", a=(2, 3), b=(2, 3)),
        row("a[i, j] / b[j, i]", "(a / b.T).sum()", a=(2, 3), b=(3, 2)),
        row("a[i] + b[j]", "a[:, None] + b", a=(2,), b=(3,)),
        row("a[i] - b[j]", "a[:, None] - b", a=(2,), b=(3,)),
        row("a[i] / b[j]", "a[:, None] / b", a=(2,), b=(3,)),
        row("a[i] ** b[j]", "a[:, None] ** b", a=(2,), b=(3,)),
    )
    def test_other_operations_pair_too(self, case: Case, backend: Any) -> None:
        """`a[i, j] * b[j, k]`: also with `+ - / **` in place of `*`."""
        self.check(case, backend)

    @rows(
        row("a[i] - b[i]", "(a - b).sum()", a=(4,), b=(4,)),
        row("a[i] + a[i]", "2 * a.sum()", a=(4,)),
        row("a[i] ** a[i]", "(a ** a).sum()", a=(4,)),
    )
    def test_a_difference_of_vectors_is_a_scalar(self, case: Case, backend: Any) -> None:
        """`a[i] - b[i]` is therefore a scalar."""
        self.check(case, backend)

    @rows(
        row(
            "a[i, j] * b[j, k] * c[k, l]",
            "a @ b @ c",
            a=(2, 3),
            b=(3, 4),
            c=(4, 2),
        ),
        row(
            "a[i, j] * b[j, k] * c[j, l]",  # the j of c is its own: the first pairing's is gone
            "np.einsum('ij,jk,ml->ikml', a, b, c)",
            a=(2, 3),
            b=(3, 4),
            c=(5, 2),
        ),
        row("a[i] - b[i] - c[i]", "(a - b).sum() - c", a=(3,), b=(3,), c=(4,)),
        row("a[i] - (b[i] - c[i])", "a - (b - c).sum()", a=(4,), b=(3,), c=(3,)),
        row("a[i] / b[j] / c[i]", "(a[:, None] / b / c[:, None]).sum(0)", a=(3,), b=(2,), c=(3,)),
        row("a[i] + b[i] * c[i]", "a + b @ c", a=(4,), b=(3,), c=(3,)),
    )
    def test_chains_pair_from_the_left(self, case: Case, backend: Any) -> None:
        """Chains pair from the left; an index that an earlier pairing summed is gone."""
        self.check(case, backend)

    @rows(
        row("(a @ b)[i, j] * c[j]", "a @ b @ c", a=(2, 3), b=(3, 4), c=(4,)),
        row("(a + b)[i] * c[i, j]", "(a + b) @ c", a=(3,), b=(3,), c=(3, 2)),
        row("(a * b)[i, j] * c[j]", "(a * b) @ c", a=(2, 3), b=(3,), c=(3,)),
    )
    def test_what_has_no_indices_can_be_given_some(self, case: Case, backend: Any) -> None:
        """One index an axis: also on an expression that is no tensor of its own."""
        self.check(case, backend)

    @rows(
        row("a[i, ...] * b[i, j]", "np.einsum('ikl,ij->klj', a, b)", a=(3, 2, 4), b=(3, 5)),
        row("a[..., i] * b[i, ...]", "np.einsum('kli,im->klm', a, b)", a=(2, 4, 3), b=(3, 5)),
        row("a[...] * b[...]", "np.outer(a, b)", a=(3,), b=(3,)),
        row("a[i, ..., j] * b[j, i]", "np.einsum('iklj,ji->kl', a, b)", a=(2, 3, 4, 2), b=(2, 2)),
        row("a[i, j, ...] * b[j]", "a @ b", a=(2, 3), b=(3,)),
    )
    def test_an_ellipsis_stands_for_private_indices(self, case: Case, backend: Any) -> None:
        """`...` stands, in an index list, for a fresh private index per unnamed axis."""
        self.check(case, backend)

    @pytest.mark.parametrize("op", ["+", "-", "*", "/", "**"])
    def test_scalars_pair_as_well(self, op: str, backend: Any) -> None:
        """`c[[]]`, `c[()]`: a scalar, as an indexed expression."""
        a = np.array([0.7, 1.2, 1.4], np.float32)
        c = np.float32(1.25)
        for empty in ("c[[]]", "c[()]"):
            self.check(
                Case(f"a[i] {op} {empty}", f"a {op} c", {"a": a, "c": np.asarray(c)}), backend
            )
            self.check(
                Case(f"{empty} {op} a[i]", f"c {op} a", {"a": a, "c": np.asarray(c)}), backend
            )
