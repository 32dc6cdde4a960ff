"""What an expression is said to cost is what it costs."""

import pytest

import funfact as ff
from funfact.compiler.report import report

i, j, k, r = ff.indices("i, j, k, r")
a, b, c = ff.tensor("a", 8, 2), ff.tensor("b", 9, 2), ff.tensor("c", 10, 2)


def test_a_matrix_product_counts_multiplications_and_additions():
    plan = (ff.tensor(20, 30) @ ff.tensor(30, 40)).plan()
    assert (plan.flops, plan.peak) == (2 * 20 * 30 * 40, 20 * 40)
    assert "ab,bc->ac" in repr(plan)
    assert "48,000 flops" in repr(plan)


def test_a_kept_product_counts_no_additions():
    assert (a[i, ~r] * b[j, r]).plan().flops == 8 * 9 * 2


def test_the_cheap_order_is_shown():
    x = ff.tensor("x", 100)
    product = ff.tensor(100, 100) @ ff.tensor(100, 100) @ x
    assert product.plan().flops == 2 * 2 * 100 * 100


def test_peak_counts_what_is_alive_at_once():
    u = ff.tensor("u", 1000)
    assert ff.exp(ff.exp(ff.exp(u))).plan().peak == 2000
    assert (ff.exp(u) + ff.sin(u)).plan().peak == 3000


@pytest.mark.parametrize(
    "expr",
    [
        ff.tanh(a[i, r] * b[j, r]),
        ff.exp(-((a[i, ~r] - b[j, ~r]) ** 2)) * ff.tensor("w", 2)[r],
        ff.minplus(a[i, r], b[j, r]),
    ],
)
def test_the_order_of_dimensions_takes_no_memory(expr):
    first, last = (report(ff.vectorize(expr, 5, append=last).ir) for last in (False, True))
    assert (first.kept, first.peak) == (last.kept, last.peak)
    assert report((a[i, j] >> [j, i]).ir).kept == 0


def test_functions_semirings_and_data_alone():
    plan = ff.minplus(a[i, r], b[j, r]).plan()
    assert (plan.flops, plan.peak) == (2 * 8 * 9 * 2, 8 * 9 * 2 + 8 * 9)
    assert ff.exp(a).plan().flops == 16
    assert a.plan().flops == 0
