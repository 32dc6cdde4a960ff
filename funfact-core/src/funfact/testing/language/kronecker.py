"""The mark `*`: the axis of the result is the product of the two axes; and the operator `&`."""

from typing import Any

from .cases import Case, Notation, row, rows


class Kronecker(Notation):
    """The mark * and the operator &."""

    @rows(
        row("a[*i] * b[i]", "np.kron(a, b)", a=(2,), b=(3,)),
        row("a[i] * b[*i]", "np.kron(a, b)", a=(2,), b=(3,)),
        row("a[[*i]] * b[[*i]]", "np.kron(a, b)", a=(2,), b=(3,)),
        row("a[[*i, *j]] * b[i, j]", "np.kron(a, b)", a=(2, 3), b=(4, 2)),
        row("a[i, j] * b[*i, *j]", "np.kron(a, b)", a=(2, 3), b=(4, 2)),
        row(
            "a[[*i, ~j]] * b[i, j]",
            "np.einsum('ij,kj->ikj', a, b).reshape(-1, 3)",
            a=(2, 3),
            b=(4, 3),
        ),
        row(
            "a[[~j, *i]] * b[i, j]",
            "np.einsum('ji,kj->jik', a, b).reshape(3, -1)",
            a=(3, 2),
            b=(4, 3),
        ),
        row("a[[*i, j]] * b[i, j]", "np.einsum('ij,kj->ik', a, b).ravel()", a=(2, 3), b=(4, 3)),
        row(
            "a[[*i, j]] * b[i, k]",
            "np.einsum('ij,lk->jilk', a, b).reshape(3, 8, 5)",
            a=(2, 3),
            b=(4, 5),
        ),
    )
    def test_a_star_makes_the_axis_a_product(self, case: Case, backend: Any) -> None:
        """`*` on either side makes the index a Kronecker one: the axis of the result is the product
        of the two axes; element (p, q) is at p·(size on the right) + q, as in `np.kron`."""
        self.check(case, backend)

    @rows(
        row("a[*i] + b[i]", "(a[:, None] + b).ravel()", a=(2,), b=(3,)),
        row("a[*i] - b[i]", "(a[:, None] - b).ravel()", a=(2,), b=(3,)),
        row("a[*i] / b[i]", "(a[:, None] / b).ravel()", a=(2,), b=(3,)),
        row("a[*i] ** b[i]", "(a[:, None] ** b).ravel()", a=(2,), b=(3,)),
        row("a[*i, j] - b[i, j]", "(a[:, None] - b).sum(-1).ravel()", a=(2, 4), b=(3, 4)),
    )
    def test_a_star_with_other_operations(self, case: Case, backend: Any) -> None:
        """`*` makes the index a Kronecker one: also with `+ - / **`."""
        self.check(case, backend)

    @rows(
        row("a[*i] * b[~i]", "np.kron(a, b)", a=(2,), b=(3,)),
        row("a[~i] * b[*i]", "np.kron(a, b)", a=(3,), b=(3,)),
        row("a[*i, ~j] * b[~i, *j]", "np.kron(a, b)", a=(2, 2), b=(3, 2)),
    )
    def test_star_beats_tilde(self, case: Case, backend: Any) -> None:
        """`*` on one side beats `~` on the other."""
        self.check(case, backend)

    @rows(
        row("a[[*(~i)]] * b[i]", "np.kron(a, b)", a=(3,), b=(3,)),
        row("a[[~k for k in i]] * b[i]", "a * b", a=(3,), b=(3,)),
    )
    def test_the_last_mark_written_wins(self, case: Case, backend: Any) -> None:
        """On one occurrence the last mark written wins."""
        self.check(case, backend)

    @rows(
        row("a[*i] * b[i]", "np.kron(a, b)", a=(1,), b=(3,)),
        row("a[*i] * b[i]", "np.kron(a, b)", a=(3,), b=(1,)),
        row("a[*i, *j] * b[i, j]", "np.kron(a, b)", a=(1, 3), b=(2, 1)),
        row("a[*i] * b[i]", "np.kron(a, b)", a=(1,), b=(1,)),
    )
    def test_size_1_axes_multiply(self, case: Case, backend: Any) -> None:
        """Size-1 axes multiply, they do not broadcast."""
        self.check(case, backend)

    @rows(
        row("a[[*i]] * b[i] * c[[*i]]", "np.kron(np.kron(a, b), c)", a=(2,), b=(3,), c=(2,)),
        row("a[[*i]] * b[[*i]] * c[i]", "np.kron(a, b) @ c", a=(2,), b=(3,), c=(6,)),
        row("a[[*i]] * (b[[*i]] * c[i])", "np.kron(a, np.kron(b, c))", a=(2,), b=(3,), c=(2,)),
        row("a[[*i]] * b[i] * c[~i]", "np.kron(a, b) * c", a=(2,), b=(3,), c=(6,)),
    )
    def test_a_third_factor_needs_its_own_mark(self, case: Case, backend: Any) -> None:
        """A third factor needs its own mark: `a[[*i]] * b[i] * c[[*i]]`."""
        self.check(case, backend)

    @rows(
        row(
            "a[*i] * b[j] * c[i]",
            "np.einsum('i,j,k->jik', a, b, c).reshape(3, 8)",
            a=(2,),
            b=(3,),
            c=(4,),
        ),
        row("ff.exp(a[*i]) * b[i]", "np.kron(np.exp(a), b)", a=(2,), b=(3,)),
        row("(-2 * a[*i])[k] * b[k]", "np.kron(-2 * a, b)", a=(2,), b=(3,)),
    )
    def test_a_lone_star_survives(self, case: Case, backend: Any) -> None:
        """A lone mark survives functions, unary minus, numbers, pairings without its partner, and
        renaming."""
        self.check(case, backend)

    @rows(
        row(
            "a[l, *i] * b[*j, i, *j]",
            "np.einsum('li,jkj->likj', a, b).reshape(2, 12, 2)",
            a=(2, 3),
            b=(2, 4, 2),
        ),
        row(
            "a[*j, *i, k] * b[i, l, j]",
            "np.einsum('jik,plq->kjqipl', a, b).reshape(2, 6, 8, 3)",
            a=(2, 4, 2),
            b=(2, 3, 3),
        ),
        row(
            "a[j, i] * b[*i, *j]",
            "np.einsum('ji,kl->ikjl', a, b).reshape(6, 8)",
            a=(2, 3),
            b=(2, 4),
        ),
    )
    def test_kronecker_axes_stand_where_kept_ones_do(self, case: Case, backend: Any) -> None:
        """Kept indices: those marked on the left, in the left's order, then those marked only on
        the right, in the right's."""
        self.check(case, backend)

    @rows(
        row("a & b", "np.kron(a, b)", a=(2, 3), b=(4, 2)),
        row("a & b", "np.kron(a, b)", a=(2,), b=(3,)),
        row("a & b", "np.kron(a, b)", a=(2, 1, 3), b=(1, 2, 2)),
        row("a & b & c", "np.kron(np.kron(a, b), c)", a=(2, 2), b=(1, 3), c=(3, 1)),
        row("a & (b & c)", "np.kron(a, np.kron(b, c))", a=(2, 2), b=(1, 3), c=(3, 1)),
        row("ff.eye(2) & a", "np.kron(np.eye(2), a)", a=(2, 3)),
        row("(a & b) @ c", "np.kron(a, b) @ c", a=(2, 2), b=(2, 3), c=(6, 2)),
        row("(a & b)[i, j] * c[j]", "np.kron(a, b) @ c", a=(2, 2), b=(2, 3), c=(6,)),
        row("a @ b & c", "np.kron(a @ b, c)", a=(2, 3), b=(3, 2), c=(2, 2)),
    )
    def test_ampersand_is_the_kronecker_product(self, case: Case, backend: Any) -> None:
        """`&` is `np.kron` for equal ndim >= 1."""
        self.check(case, backend)
