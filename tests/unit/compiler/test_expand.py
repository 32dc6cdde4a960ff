"""Sums of products: which there are."""

import funfact as ff
from funfact.compiler.expand import expand

i, j = ff.indices("i, j")
u, v, w = ff.tensor("u", 4), ff.tensor("v", 3), ff.tensor("w", 4, 3)


def products(expression):
    found = expand(expression.ir, [u.node, v.node, w.node], is_complex=False)
    return [(p.number, len(p.operands)) for p in found.products]


def test_a_factor_times_zero_is_a_product():
    assert products(u[i] * v[j] + 0 * w[i, j] >> [i, j]) == [(1, 2), (0, 1)]


def test_the_zero_that_sum_begins_with_is_none():
    assert products(sum([u[i] * v[j], w[i, j]]) >> [i, j]) == [(1, 2), (1, 1)]
