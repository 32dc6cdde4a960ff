"""Index lists on an indexed expression rename; one index twice in a list is a diagonal."""

from typing import Any

from .cases import Case, Notation, row, rows


class Rename(Notation):
    """Index lists on an indexed expression."""

    @rows(
        row("a[i, j][m, n] * b[n, k]", "a @ b", a=(2, 3), b=(3, 4)),
        row("(a[i, j] * b[j, k])[m, n] * c[n]", "a @ b @ c", a=(2, 3), b=(3, 4), c=(4,)),
        row(
            "(a[i, j] * b[j, k])[m, n] * c[k]",
            "np.einsum('ik,l->ikl', a @ b, c)",
            a=(2, 3),
            b=(3, 4),
            c=(5,),
        ),
        row("ff.exp(a[i, j])[j, k] * b[j]", "b @ np.exp(a)", a=(2, 3), b=(2,)),
        row("(a[i, j] >> [j, i])[i, j] * b[j]", "a.T @ b", a=(2, 3), b=(2,)),
        row("(2 * a[i, j])[k, l] >> [l, k]", "2 * a.T", a=(2, 3)),
    )
    def test_an_indexed_expression_is_renamed_in_order(self, case: Case, backend: Any) -> None:
        """`expr[m, n]` on an indexed expression renames its indices in order."""
        self.check(case, backend)

    @rows(
        row("a[i, j][j, i] * b[i]", "a @ b", a=(2, 3), b=(3,)),
        row("(a[i, j] * b[j, k])[k, i] * c[k]", "c @ (a @ b)", a=(2, 3), b=(3, 4), c=(2,)),
        row("(a[i, j] * b[j, k])[j, k] * c[j]", "c @ (a @ b)", a=(2, 3), b=(3, 4), c=(2,)),
        row("(a[i, j] * b[j, k])[j, l] >> [l, j]", "(a @ b).T", a=(2, 3), b=(3, 4)),
        row("a[i, j] * a[i, j][j, i]", "np.einsum('ij,ji->', a, a)", a=(3, 3)),
        row("(a[i, j] * b[i, j][k, j])[j, i] * c[j]", "c @ (a @ b.T)", a=(2, 3), b=(4, 3), c=(2,)),
        row(
            "ff.exp(a[i] * b[j])[j, i] * (a[j] * b[i])",
            "np.sum(np.exp(np.outer(a, b)) * np.outer(a, b))",
            a=(3,),
            b=(2,),
        ),
    )
    def test_without_capture(self, case: Case, backend: Any) -> None:
        """Renames without capture: an index summed inside is not the one written outside."""
        self.check(case, backend)

    @rows(
        row("a[i, j, k][m, ...] * b[m]", "np.einsum('ijk,i->jk', a, b)", a=(2, 3, 4), b=(2,)),
        row("a[i, j, k][..., m] * b[m]", "a @ b", a=(2, 3, 4), b=(4,)),
        row("a[i, j, k][..., m] * b[m, j]", "np.einsum('ijk,kj->i', a, b)", a=(2, 3, 4), b=(4, 3)),
        row("a[i, j][...] * b[j]", "a @ b", a=(2, 3), b=(3,)),
    )
    def test_an_ellipsis_leaves_the_others_alone(self, case: Case, backend: Any) -> None:
        """`...` stands, in a rename list, for the live indices not named."""
        self.check(case, backend)

    @rows(
        row("a[i, i]", "np.diag(a)", a=(3, 3)),
        row("a[i, i] * b[i]", "np.diag(a) @ b", a=(3, 3), b=(3,)),
        row("a[i, i] * b[i, j]", "np.diag(a) @ b", a=(3, 3), b=(3, 2)),
        row("a[~i, ~i] * b[i, i]", "np.diag(a) * np.diag(b)", a=(3, 3), b=(3, 3)),
        row("a[*i, *i] * b[i]", "np.kron(np.diag(a), b)", a=(3, 3), b=(2,)),
        row("ff.exp(a[i, i])", "np.exp(np.diag(a))", a=(3, 3)),
        row("(a @ b)[i, i] * c[i]", "np.diag(a @ b) @ c", a=(3, 2), b=(2, 3), c=(3,)),
        row("a[i, i] - b[i, i]", "np.trace(a - b)", a=(3, 3), b=(3, 3)),
        row("a[i, i] * a[i, j]", "np.diag(a) @ a", a=(3, 3)),
        row("2 * a[i, i]", "2 * np.diag(a)", a=(1, 1)),
    )
    def test_an_index_twice_is_the_diagonal(self, case: Case, backend: Any) -> None:
        """`a[i, i]`: the diagonal along `i`, before any pairing."""
        self.check(case, backend)

    @rows(
        row("a[i, j, i]", "np.einsum('iji->ij', a)", a=(3, 2, 3)),
        row("a[j, i, i]", "np.einsum('jii->ji', a)", a=(2, 3, 3)),
        row("a[i, j, i, j]", "np.einsum('ijij->ij', a)", a=(3, 2, 3, 2)),
        row("a[i, j, j, i]", "np.einsum('ijji->ij', a)", a=(3, 2, 2, 3)),
        row("a[i, i, i]", "np.einsum('iii->i', a)", a=(3, 3, 3)),
        row("a[i, ..., i]", "np.einsum('ijki->ijk', a)", a=(3, 2, 4, 3)),
    )
    def test_the_diagonal_stands_at_the_first_occurrence(self, case: Case, backend: Any) -> None:
        """Equal indices in one list take the diagonal at that place, at the first occurrence."""
        self.check(case, backend)

    @rows(
        row("a[i, j][k, k]", "np.diag(a)", a=(3, 3)),
        row("(a[i, j] * b[j, k])[m, m] >> []", "np.trace(a @ b)", a=(3, 2), b=(2, 3)),
        row(
            "ff.exp(a[i, j, k])[m, n, m] * b[n]",
            "np.einsum('iji,j->i', np.exp(a), b)",
            a=(3, 2, 3),
            b=(2,),
        ),
    )
    def test_a_rename_list_is_an_index_list(self, case: Case, backend: Any) -> None:
        """Equal indices in one list take the diagonal: also in a list that renames."""
        self.check(case, backend)
