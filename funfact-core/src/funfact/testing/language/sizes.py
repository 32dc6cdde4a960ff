"""Axes of size 1: broadcast first, then reduce over the larger size."""

from typing import Any

from .cases import Case, Notation, row, rows


class Sizes(Notation):
    """Axes of size 1."""

    @rows(
        row("a[i, j] + b[j, k]", "5 * a + b.sum(0)", a=(3, 1), b=(5, 4)),
        row("a[i, j] * b[j, k]", "a * b.sum(0)", a=(3, 1), b=(5, 4)),
        row("a[i, j] - b[j, k]", "a.sum(1)[:, None] - 5 * b[0]", a=(3, 5), b=(1, 4)),
        row("a[i, j] / b[j, k]", "a * (1 / b).sum(0)", a=(3, 1), b=(5, 4)),
        row("a[i, j] ** b[j, k]", "(a[:, :, None] ** b).sum(1)", a=(3, 1), b=(5, 4)),
        row("a[i] * b[i]", "a[0] * b.sum()", a=(1,), b=(4,)),
        row("a[i] - b[i]", "(a - b).sum()", a=(4,), b=(1,)),
        row("a[i] - b[i]", "(a - b).sum()", a=(1,), b=(1,)),
        row("a[i, j] * b[i, j]", "(a * b).sum()", a=(1, 3), b=(4, 1)),
        row("ff.minplus(a[i, j], b[j])", "(a + b).min(1)", a=(3, 1), b=(4,)),
        row("ff.viterbi(a[i, j], b[j])", "(a + b).max(1)", a=(3, 4), b=(1,)),
        row("ff.logsumexp(a[i, j], b[j])", "np.log(np.exp(a + b).sum(1))", a=(3, 1), b=(4,)),
    )
    def test_broadcast_first_then_reduce(self, case: Case, backend: Any) -> None:
        """Two axes under one index in a pairing are equal, or one is 1.

        Broadcast first, then reduce over the larger size: `a[i,j] + b[j,k]`, a 3x1, b 5x4, is
        `5*a + b.sum(0)`.
        """
        self.check(case, backend)

    @rows(
        row("a[i, ~j] * b[j]", "a * b", a=(3, 1), b=(4,)),
        row("a[i, ~j] - b[j]", "a - b", a=(3, 4), b=(1,)),
        row("a[~i, ~j] + b[i, j]", "a + b", a=(1, 3), b=(4, 1)),
        row("a[i, j] * b[i, j] >> [j, i]", "(a * b).T", a=(1, 3), b=(4, 1)),
        row("a[i, j] + b[i, j] >> [j]", "(a + b).sum(0)", a=(1, 3), b=(4, 1)),
        row("a[i] * b[i] >> [i]", "a * b", a=(1,), b=(1,)),
    )
    def test_a_kept_axis_has_the_larger_size(self, case: Case, backend: Any) -> None:
        """An axis of size 1 broadcasts."""
        self.check(case, backend)

    @rows(
        row("a[i, ~j] * b[j] * c[j]", "a * b @ c", a=(3, 1), b=(4,), c=(4,)),
        row("a[i, ~j] * b[~j] * c[j]", "(a * b)[:, 0] * c.sum()", a=(3, 1), b=(1,), c=(4,)),
        row("a[i] * b[j] >> [i]", "a * b.sum()", a=(3,), b=(1,)),
        row("ff.exp(a[i, j]) * b[j]", "np.exp(a[:, 0]) * b.sum()", a=(3, 1), b=(4,)),
    )
    def test_sizes_of_1_in_chains(self, case: Case, backend: Any) -> None:
        """An axis of size 1 broadcasts: it stays 1 until it meets a larger partner."""
        self.check(case, backend)

    @rows(
        row("a[i] + b[j]", "a[:, None] + b", a=(1,), b=(1,)),
        row("a[i, j] * b[j]", "a @ b", a=(2, 1), b=(1,)),
        row("a[i, i]", "np.diag(a)", a=(1, 1)),
    )
    def test_an_axis_of_size_1_stays_an_axis(self, case: Case, backend: Any) -> None:
        """An index's axis is there whatever its size."""
        self.check(case, backend)
