"""`>>`: the result's indices after a pairing, a permutation after anything else."""

from typing import Any

from .cases import Case, Notation, row, rows


class Lists(Notation):
    """The operator >>."""

    @rows(
        row("a[i, j] * b[j, k] >> [k, i]", "np.einsum('ij,jk->ki', a, b)", a=(2, 3), b=(3, 4)),
        row("a[i, j] * b[j, k] >> [i, j, k]", "np.einsum('ij,jk->ijk', a, b)", a=(2, 3), b=(3, 4)),
        row("a[i, j] * b[j, k] >> [j]", "np.einsum('ij,jk->j', a, b)", a=(2, 3), b=(3, 4)),
        row("a[i, j] * b[j, k] >> [k, j]", "np.einsum('ij,jk->kj', a, b)", a=(2, 3), b=(3, 4)),
        row("a[i, j] * b[j, k] >> []", "(a @ b).sum()", a=(2, 3), b=(3, 4)),
        row("a[i] * b[j] >> [j, i]", "np.outer(b, a)", a=(2,), b=(3,)),
        row("a[i] * b[j] >> [j]", "a.sum() * b", a=(2,), b=(3,)),
        row("a[i] - b[i] >> [i]", "a - b", a=(3,), b=(3,)),
        row("a[i, j] + b[j, i] >> [i, j]", "a + b.T", a=(2, 3), b=(3, 2)),
        row("a[i, j] - b[j] >> [i]", "(a - b).sum(1)", a=(2, 3), b=(3,)),
        row("a[i] / b[j] >> [j]", "(a[:, None] / b).sum(0)", a=(2,), b=(3,)),
        row("a[i] ** b[j] >> [j]", "(a[:, None] ** b).sum(0)", a=(2,), b=(3,)),
        row("a[i] + b[j] >> [j]", "(a[:, None] + b).sum(0)", a=(2,), b=(3,)),
        row(
            "(a[i, j] * b[j, k]) * c[k, i] >> [i]",
            "np.einsum('ij,jk,ki->i', a, b, c)",
            a=(2, 3),
            b=(3, 4),
            c=(4, 2),
        ),
    )
    def test_on_a_pairing_the_list_is_the_result(self, case: Case, backend: Any) -> None:
        """Directly on a pairing, the list is any subset of both sides' indices: shared and listed
        is kept, unlisted is reduced with the pairing's own reduction."""
        self.check(case, backend)

    @rows(
        row("2 * a[i, j] >> [i]", "2 * a.sum(1)", a=(2, 3)),
        row("2 + a[i, j] >> [i]", "(2 + a).sum(1)", a=(2, 3)),
        row("a[i, j] - 1 >> [j, i]", "(a - 1).T", a=(2, 3)),
        row("a[i, j] ** 2 >> [j]", "(a ** 2).sum(0)", a=(2, 3)),
        row("1 / a[i, j] >> []", "(1 / a).sum()", a=(2, 3)),
    )
    def test_a_number_beside_an_expression_is_a_pairing(self, case: Case, backend: Any) -> None:
        """`2 * a[i,j] >> [i]` is a pairing."""
        self.check(case, backend)

    @rows(
        row("a[i, ~j] * b[j, k] >> [k, j, i]", "np.einsum('ij,jk->kji', a, b)", a=(2, 3), b=(3, 4)),
        row(
            "a[i, *j] * b[j, k] >> [j, k, i]",
            "np.einsum('ij,pk->jpki', a, b).reshape(6, 4, 3)",
            a=(3, 2),
            b=(3, 4),
        ),
        row(
            "a[*i, ~j] * b[i, j] >> [j, i]",
            "np.einsum('ij,kj->jik', a, b).reshape(3, 8)",
            a=(2, 3),
            b=(4, 3),
        ),
        row(
            "a[*i, j] * b[i, j] >> [j, i]",
            "np.einsum('ij,kj->jik', a, b).reshape(3, 8)",
            a=(2, 3),
            b=(4, 3),
        ),
    )
    def test_marked_indices_are_listed_and_placed(self, case: Case, backend: Any) -> None:
        """`>>` gives the result's indices, in that order; a marked one stays what it was."""
        self.check(case, backend)

    @rows(
        row(
            "(a[i, j] * b[j, k] >> [i, ~j, k]) * c[j]",
            "np.einsum('ij,jk,j->ikj', a, b, c)",
            a=(2, 3),
            b=(3, 4),
            c=(3,),
        ),
        row(
            "(a[i, ~j] * b[j, k] >> [i, j, k]) * c[j]",
            "np.einsum('ij,jk,j->ik', a, b, c)",
            a=(2, 3),
            b=(3, 4),
            c=(3,),
        ),
        row("(a[i] * b[i] >> [*i]) * c[i]", "np.kron(a * b, c)", a=(3,), b=(3,), c=(2,)),
        row("(a[*i] * b[i] >> [i]) * c[i]", "np.kron(a, b) @ c", a=(2,), b=(3,), c=(6,)),
        row(
            "(a[~i, j] * b[k] >> [i, j, k]) * c[i]",
            "np.einsum('ij,k,i->jk', a, b, c)",
            a=(2, 3),
            b=(4,),
            c=(2,),
        ),
        row("(a[i, j] >> [~j, i]) * b[j]", "np.einsum('ij,j->ij', a, b)", a=(2, 3), b=(3,)),
        row("(a[~i, j] >> [j, i]) * b[i]", "np.einsum('ij,i->j', a, b)", a=(2, 3), b=(2,)),
        row(
            "(ff.exp(a[~i, j]) >> [j, i]) * b[i]",
            "np.einsum('ij,i->j', np.exp(a), b)",
            a=(2, 3),
            b=(2,),
        ),
    )
    def test_after_it_the_marks_are_those_in_its_list(self, case: Case, backend: Any) -> None:
        """After `>>` the marks are exactly those in its list, and act on the next pairing, not this
        one."""
        self.check(case, backend)

    @rows(
        row("a[i, j] >> [j, i]", "a.T", a=(2, 3)),
        row("a[i, j, k] >> [k, i, j]", "a.transpose(2, 0, 1)", a=(2, 3, 4)),
        row("a[i, j] >> [i, j]", "a", a=(2, 3)),
        row("ff.exp(a[i, j]) >> [j, i]", "np.exp(a).T", a=(2, 3)),
        row("-a[i, j] >> [j, i]", "-a.T", a=(2, 3)),
        row("(a[i, j] * b[j, k])[m, n] >> [n, m]", "(a @ b).T", a=(2, 3), b=(3, 4)),
        row("a[i, j] * b[j, k] >> [i, k] >> [k, i]", "(a @ b).T", a=(2, 3), b=(3, 4)),
    )
    def test_on_anything_else_it_permutes(self, case: Case, backend: Any) -> None:
        """On anything else (a function, `-e`, a rename, `a[i,j]`) it permutes."""
        self.check(case, backend)

    @rows(
        row("a[i, j] >> [j]", "a.sum(0)", a=(2, 3)),
        row("a[i, j] >> []", "a.sum()", a=(2, 3)),
        row("ff.exp(a[i, j]) >> [i]", "np.exp(a).sum(1)", a=(2, 3)),
        row("ff.exp(a[i, j] * b[j, k]) >> [k]", "np.exp(a @ b).sum(0)", a=(2, 3), b=(3, 4)),
        row("-a[i, j] >> [i]", "-a.sum(1)", a=(2, 3)),
        row("(a[i, j] * b[j, k])[m, n] >> [n]", "(a @ b).sum(0)", a=(2, 3), b=(3, 4)),
        row("a[i, j] * b[j, k] >> [i, j, k] >> [k]", "(a @ b).sum(0)", a=(2, 3), b=(3, 4)),
        row(
            "-ff.minplus(a[i, j], b[j, k]) >> [i]",
            "-(a[:, :, None] + b).min(1).sum(1)",
            a=(2, 3),
            b=(3, 4),
        ),
        row(
            "ff.minplus(a[i, j], b[j, k]) >> [i, k] >> [i]",
            "(a[:, :, None] + b).min(1).sum(1)",
            a=(2, 3),
            b=(3, 4),
        ),
    )
    def test_on_anything_else_what_is_left_out_is_summed(self, case: Case, backend: Any) -> None:
        """On anything else it permutes, and indices left out are summed."""
        self.check(case, backend)

    @rows(
        row("a[i, i] >> []", "np.trace(a)", a=(3, 3)),
        row("a[i, i, j] >> [j]", "np.einsum('iij->j', a)", a=(3, 3, 2)),
        row("a[i, j, i] >> [j, i]", "np.einsum('iji->ji', a)", a=(3, 2, 3)),
        row("(a @ b)[i, i] >> []", "np.trace(a @ b)", a=(3, 2), b=(2, 3)),
    )
    def test_a_trace(self, case: Case, backend: Any) -> None:
        """So `a[i,i] >> []` is the trace."""
        self.check(case, backend)

    @rows(
        row("a[i, j, k] >> [k, ...]", "a.transpose(2, 0, 1)", a=(2, 3, 4)),
        row("a[i, j, k] >> [..., i]", "a.transpose(1, 2, 0)", a=(2, 3, 4)),
        row("a[i, j, k] >> [...]", "a", a=(2, 3, 4)),
        row("a[i, j, k] >> [j, ..., i]", "a.transpose(1, 2, 0)", a=(2, 3, 4)),
        row("a[i, j] * b[j, k] >> [k, ...]", "(a @ b).T", a=(2, 3), b=(3, 4)),
        row("a[i, j] * b[j, k] >> [...]", "a @ b", a=(2, 3), b=(3, 4)),
        row("a[i, j] * b[j, k] >> [j, ...]", "np.einsum('ij,jk->jik', a, b)", a=(2, 3), b=(3, 4)),
        row(
            "a[i, ...] * b[i, j] >> [j, ...]",
            "np.einsum('ikl,ij->jkl', a, b)",
            a=(3, 2, 4),
            b=(3, 5),
        ),
    )
    def test_an_ellipsis_stands_for_the_live_indices_not_named(
        self, case: Case, backend: Any
    ) -> None:
        """`...` stands, in a `>>` list, for the live indices not named."""
        self.check(case, backend)

    @rows(
        row("a[i] + b[j] * c[j, k] >> [k, i]", "a + (b @ c)[:, None]", a=(2,), b=(3,), c=(3, 4)),
        row("a[i] * b[i] + c[j] * d[j] >> []", "a @ b + c @ d", a=(2,), b=(2,), c=(3,), d=(3,)),
        row("a[i, j] * (b[j, k] >> [k, j])", "np.einsum('ij,jk->ik', a, b)", a=(2, 3), b=(3, 4)),
        row("-a[i] * b[j] >> [j, i]", "-np.outer(b, a)", a=(2,), b=(3,)),
    )
    def test_it_binds_looser_than_arithmetic(self, case: Case, backend: Any) -> None:
        """Python binds `*` and `+` tighter than `>>`."""
        self.check(case, backend)
