"""The mark `~`: a shared index that is kept instead of summed."""

from typing import Any

from .cases import Case, Notation, row, rows


class Kept(Notation):
    """The mark ~."""

    @rows(
        row("a[i, ~r] * b[j, r]", "np.einsum('ir,jr->irj', a, b)", a=(2, 3), b=(4, 3)),
        row("a[i, r] * b[j, ~r]", "np.einsum('ir,jr->irj', a, b)", a=(2, 3), b=(4, 3)),
        row("a[i, ~r] * b[j, ~r]", "np.einsum('ir,jr->irj', a, b)", a=(2, 3), b=(4, 3)),
        row("a[i, ~r] + b[j, r]", "a[:, :, None] + b.T", a=(2, 3), b=(4, 3)),
        row("a[i, ~r] - b[j, r]", "a[:, :, None] - b.T", a=(2, 3), b=(4, 3)),
        row("a[i, ~r] / b[j, r]", "a[:, :, None] / b.T", a=(2, 3), b=(4, 3)),
        row("a[i, ~r] ** b[j, r]", "a[:, :, None] ** b.T", a=(2, 3), b=(4, 3)),
        row("a[~i] * b[i]", "a * b", a=(3,), b=(3,)),
        row("a[~i] - b[i]", "a - b", a=(3,), b=(3,)),
        row("a[~i, k] * b[i, k]", "(a * b).sum(1)", a=(2, 3), b=(2, 3)),
    )
    def test_a_tilde_on_either_side_keeps_a_shared_index(self, case: Case, backend: Any) -> None:
        """`~` on either side keeps a shared index: no sum over it."""
        self.check(case, backend)

    @rows(
        row("a[i, ~r, j] * b[r, k]", "np.einsum('irj,rk->ijrk', a, b)", a=(2, 3, 4), b=(3, 5)),
        row("a[~r, i] * b[k, r]", "np.einsum('ri,kr->irk', a, b)", a=(3, 2), b=(5, 3)),
        row("a[r, i] * b[k, ~r]", "np.einsum('ri,kr->irk', a, b)", a=(3, 2), b=(5, 3)),
        row("a[~j, ~i] * b[i, j]", "a * b.T", a=(3, 2), b=(2, 3)),
    )
    def test_left_then_kept_then_right(self, case: Case, backend: Any) -> None:
        """Indices of a result: those only on the left, then the kept ones, then those only on the
        right."""
        self.check(case, backend)

    @rows(
        row("a[j, ~i] * b[i, ~j]", "np.einsum('ji,ij->ij', a, b)", a=(3, 2), b=(2, 3)),
        row("a[j, i] * b[~i, ~j]", "np.einsum('ji,ij->ij', a, b)", a=(3, 2), b=(2, 3)),
        row("a[~j, ~i] * b[~i, ~j]", "np.einsum('ji,ij->ji', a, b)", a=(3, 2), b=(2, 3)),
        row(
            "a[k, j, ~i] * b[~k, i, ~j]",
            "np.einsum('kji,kij->ikj', a, b)",
            a=(4, 3, 2),
            b=(4, 2, 3),
        ),
        row(
            "a[j, k, ~i, l] * b[~k, i, m, ~j]",
            "np.einsum('jkil,kimj->likjm', a, b)",
            a=(3, 2, 2, 4),
            b=(2, 2, 5, 3),
        ),
    )
    def test_kept_indices_stand_in_this_order(self, case: Case, backend: Any) -> None:
        """Those marked on the left, in the left's order, then those marked only on the right, in
        the right's. `a[j, ~i] * b[i, ~j]` has i, j."""
        self.check(case, backend)

    @rows(
        row(
            "a[i, ~r] * b[j, ~r] * c[k, r]",
            "np.einsum('ir,jr,kr->ijk', a, b, c)",
            a=(2, 3),
            b=(4, 3),
            c=(5, 3),
        ),
        row(
            "a[i, ~r] * b[j, ~r] * c[k, ~r]",
            "np.einsum('ir,jr,kr->ijrk', a, b, c)",
            a=(2, 3),
            b=(4, 3),
            c=(5, 3),
        ),
        row("a[~i] + b[i] + c[i]", "(a + b + c).sum()", a=(3,), b=(3,), c=(3,)),
        row("a[~i] + b[~i] + c[~i]", "a + b + c", a=(3,), b=(3,), c=(3,)),
        row(
            "a[i, ~r] * b[j, ~r] * c[k, ~r] * d[l, r]",
            "np.einsum('ir,jr,kr,lr->ijkl', a, b, c, d)",
            a=(2, 3),
            b=(4, 3),
            c=(3, 3),
            d=(2, 3),
        ),
    )
    def test_a_mark_is_spent_when_its_index_meets_its_partner(
        self, case: Case, backend: Any
    ) -> None:
        """A `~` or `*` is spent when its index meets its partner: in
        `a[i,~r] * b[j,~r] * c[k,r]` the last pairing sums r."""
        self.check(case, backend)

    @rows(
        row("a[i, ~r]", "a", a=(2, 3)),
        row(
            "a[i, ~r] * b[j] * c[r]", "np.einsum('ir,j,r->ijr', a, b, c)", a=(2, 3), b=(4,), c=(3,)
        ),
        row(
            "b[j] * a[i, ~r] * c[r]", "np.einsum('ir,j,r->jir', a, b, c)", a=(2, 3), b=(4,), c=(3,)
        ),
        row(
            "a[i, ~r] * b[i, j] * c[r]",
            "np.einsum('ir,ij,r->jr', a, b, c)",
            a=(2, 3),
            b=(2, 4),
            c=(3,),
        ),
        row(
            "c[r] * (b[j] * a[i, ~r])",
            "np.einsum('ir,j,r->rji', a, b, c)",
            a=(2, 3),
            b=(4,),
            c=(3,),
        ),
    )
    def test_a_tilde_waits_for_its_partner(self, case: Case, backend: Any) -> None:
        """A `~` on an index that is not shared stays with it until it meets its partner."""
        self.check(case, backend)

    @rows(
        row("ff.exp(a[~i]) * b[i]", "np.exp(a) * b", a=(3,), b=(3,)),
        row("(-a[~i]) * b[i]", "-a * b", a=(3,), b=(3,)),
        row("2 * a[~i] * b[i]", "2 * a * b", a=(3,), b=(3,)),
        row("(a[~i] - 0.5) * b[i]", "(a - 0.5) * b", a=(3,), b=(3,)),
        row("(3 ** a[~i]) * b[i]", "3 ** a * b", a=(3,), b=(3,)),
        row("a[~i, j] * b[j] * c[i]", "a @ b * c", a=(2, 3), b=(3,), c=(2,)),
        row("a[~i, j][k, l] * b[k]", "np.einsum('kl,k->lk', a, b)", a=(2, 3), b=(2,)),
        row("ff.sqrt(-(-a[~i] * 4)) * b[i]", "2 * np.sqrt(a) * b", a=(3,), b=(3,)),
    )
    def test_a_lone_mark_survives(self, case: Case, backend: Any) -> None:
        """A lone mark survives functions, unary minus, numbers, pairings without its partner, and
        renaming."""
        self.check(case, backend)

    @rows(
        row("a[i, j][i, ~j] * b[j]", "a * b", a=(2, 3), b=(3,)),
        row("a[i, ~j][~k, l] * b[k, l]", "a * b", a=(2, 3), b=(2, 3)),
        row("(a[i, j] * b[j, k])[l, ~m] * c[m]", "a @ b * c", a=(2, 3), b=(3, 4), c=(4,)),
        row("a[~i][*k] * b[k]", "np.kron(a, b)", a=(3,), b=(2,)),
        row("a[*i][~k] * b[k]", "a * b", a=(3,), b=(3,)),
    )
    def test_marks_of_a_rename_list_are_added(self, case: Case, backend: Any) -> None:
        """Marks written in a rename list are added; the last mark written wins."""
        self.check(case, backend)

    @rows(
        row("(a[i, ~r] + c) * b", "(a + c) * b", a=(2, 3), b=(3,), c=(3,)),
        row("(a[i, ~r] + c)[i, r] * b[r]", "(a + c) @ b", a=(2, 3), b=(3,), c=(3,)),
    )
    def test_marks_go_with_the_indices(self, case: Case, backend: Any) -> None:
        """A tensor without indices next to an indexed expression makes the result unindexed: marks
        go too."""
        self.check(case, backend)
