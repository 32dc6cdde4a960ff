"""Results in tiles, whose elementwise operations stay in a cache."""

import numpy as np
import pytest
from plain import Plain

import funfact as ff
from funfact.compiler import blocks
from funfact.compiler.blocks import tiles
from funfact.compiler.lower import lower

i, j, k, r = ff.indices("i, j, k, r")


@pytest.fixture(autouse=True)
def small_cache(monkeypatch):
    monkeypatch.setattr(blocks, "_CACHE", 200)


def bells(m=13, n=5, rank=6):
    x, y, w = ff.tensor("x", m, rank), ff.tensor("y", n, rank), ff.tensor("w", rank)
    return ff.exp(-((x[i, ~r] - y[j, ~r]) ** 2)) * w[r]


def values(expression):
    rng = np.random.default_rng(0)
    return [rng.normal(size=t.shape) for t in expression.tensors]


def test_tiles_of_elementwise_operations_give_the_same_numbers():
    expression = bells()
    found = tiles(expression.ir)
    assert found is not None
    assert expression.ir.shape[found.axis] % found.size  # the last one is narrower
    x, y, w = values(expression)
    function = lower(expression.ir, expression.tensors, Plain(), np.float64)
    expected = np.einsum("ijr,r->ij", np.exp(-((x[:, None] - y) ** 2)), w)
    np.testing.assert_allclose(function([x, y, w]), expected, rtol=1e-13)


def test_products_alone_are_not_cut():
    a, b = ff.tensor("a", 40, 30), ff.tensor("b", 40, 30)
    assert tiles((a[i, r] * b[j, r]).ir) is None


def test_nor_what_is_hardly_larger_than_its_result():
    assert tiles(bells(40, 40, 3).ir) is None


def test_nor_where_every_tile_would_compute_the_same():
    x, y, c = ff.tensor("x", 40, 5), ff.tensor("y", 40, 5), ff.tensor("c", 30)
    everywhere = (ff.exp(x[j, ~r] - y[k, ~r]) >> []) * c[i]
    assert tiles(everywhere.ir) is None
