"""The ledger's own arithmetic: floors, scores, data and the page."""

from math import inf, nan

import numpy as np
import pytest

from validation.data import congruent, product_tensor
from validation.ledger import Asked, Floor, judged
from validation.models import cp_value, train_value, tucker_value
from validation.rows import ROWS
from validation.scores import explained, match_score


@pytest.mark.parametrize(
    ("floor", "got", "held"),
    [
        (Floor("x", at_least=0.5), 0.5, True),
        (Floor("x", at_least=0.5), 0.49, False),
        (Floor("x", at_most=1.5), 1.5, True),
        (Floor("x", at_most=1.5), inf, False),
        (Floor("x", at_least=0.9, at_most=1.1), 1.2, False),
        (Floor("x", at_least=0.9, at_most=1.1), 0.8, False),
        (Floor("x", at_most=1.5), nan, False),
    ],
)
def test_floors(floor, got, held):
    (verdict,) = judged((floor,), {"x": got})
    assert verdict.held is held


def test_a_figure_that_was_not_measured_misses():
    (verdict,) = judged((Floor("x", at_least=0.0),), {"y": 1.0})
    assert not verdict.held


def test_every_row_has_a_floor_and_a_source():
    for name, row in ROWS.items():
        assert row.floors, name
        assert row.source, name
        assert row.backends, name


def test_values_of_models():
    rng = np.random.default_rng(0)
    a, b, c = (rng.normal(size=(n, 2)) for n in (3, 4, 5))
    assert np.allclose(cp_value([a, b, c]), np.einsum("ir,jr,kr->ijk", a, b, c))
    g = rng.normal(size=(2, 2, 2))
    assert np.allclose(tucker_value(g, [a, b, c]), np.einsum("pqr,ip,jq,kr->ijk", g, a, b, c))
    middle = rng.normal(size=(2, 4, 2))
    assert np.allclose(train_value([a, middle, c.T]), np.einsum("ip,pjq,qk->ijk", a, middle, c.T))


def test_match_score():
    """Of components in another order, of other signs and sizes, and with one too many."""
    rng = np.random.default_rng(0)
    true = [rng.normal(size=(6, 2)) for _ in range(3)]
    found = [np.column_stack([x[:, 1] * 2, rng.normal(size=6), -x[:, 0]]) for x in true]
    assert match_score(found, true) == pytest.approx(1)
    assert match_score([rng.normal(size=(6, 3)) for _ in true], true) < 0.9


def test_congruent_data():
    """Cosines and the share of noise are those asked for."""
    target, factors = congruent(20, 5, 0.9, 0.01, seed=3)
    for x in factors:
        unit = x / np.linalg.norm(x, axis=0)
        assert np.allclose((unit.T @ unit)[~np.eye(5, dtype=bool)], 0.9)
    clean = cp_value(factors)
    noise = np.linalg.norm(target - clean) ** 2
    assert noise / (noise + np.linalg.norm(clean) ** 2) == pytest.approx(0.01)
    assert explained(clean, target) == pytest.approx(0.99, abs=0.005)


@pytest.mark.parametrize("sizes", [(2, 2, 2), (2, 2, 3), (2, 3, 3)])
def test_product_tensor(sizes):
    """It multiplies matrices; the result comes transposed."""
    rows, inner, columns = sizes
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(rows, inner)), rng.normal(size=(inner, columns))
    found = np.einsum("xyz,x,y->z", product_tensor(*sizes), a.ravel(), b.ravel())
    assert np.allclose(found.reshape(columns, rows).T, a @ b)


def test_strassen():
    """Seven multiplications, as published in 1969, are an exact CP model of rank 7."""
    left = [[1, 0, 0, 1], [0, 0, 1, 1], [1, 0, 0, 0], [0, 0, 0, 1], [1, 1, 0, 0], [-1, 0, 1, 0]]
    left.append([0, 1, 0, -1])
    right = [[1, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, -1], [-1, 0, 1, 0], [0, 0, 0, 1], [1, 1, 0, 0]]
    right.append([0, 0, 1, 1])
    # c11 = m1 + m4 - m5 + m7, c12 = m3 + m5, c21 = m2 + m4, c22 = m1 - m2 + m3 + m6
    out = np.array([[1, 0, 0, 1, -1, 0, 1], [0, 0, 1, 0, 1, 0, 0]])
    out = np.vstack([out, [[0, 1, 0, 1, 0, 0, 0], [1, -1, 1, 0, 0, 1, 0]]])
    transposed = out[[0, 2, 1, 3]]
    factors = [np.array(left).T, np.array(right).T, transposed]
    assert np.array_equal(cp_value(factors), product_tensor(2, 2, 2))


def test_counts():
    assert (Asked("numpy").count(10, 2), Asked("numpy", quick=True).count(10, 2)) == (10, 2)
