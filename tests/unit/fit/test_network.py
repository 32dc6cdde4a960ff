"""What the shape of a product of factors says of how it is best fitted."""

import pytest
from problems import problem_of

import funfact as ff
from funfact.fit.network import components_of, crowded, network_of

i, j, k, l, r, s = ff.indices("i, j, k, l, r, s")


def cp(*rows, rank, **options):
    a, b, c = (ff.tensor(n, rank, **options) for n in rows)
    return a[i, ~r] * b[j, ~r] * c[k, r]


def grouped(rank):
    """The first factor has rows for two dimensions."""
    a, b, c = ff.tensor(2, 3, rank), ff.tensor(4, rank), ff.tensor(5, rank)
    return a[i, j, ~r] * b[k, ~r] * c[l, r]


@pytest.mark.parametrize(
    ("expr", "rank"),
    [(cp(4, 4, 4, rank=7), 7), (cp(9, 4, 4, rank=6), 6), (grouped(7), 7)],
)
def test_more_components_than_rows(expr, rank):
    assert f"components ({rank}) outnumber rows" in crowded(problem_of(expr))
    assert f"components ({rank}) outnumber rows" in crowded(problem_of(expr, replicas=1))


@pytest.mark.parametrize(
    "expr",
    [
        cp(4, 4, 4, rank=4),
        cp(9, 9, 4, rank=9),
        cp(8, 8, 8, rank=12),
        cp(4, 4, 4, rank=7, constrain="NonNegative"),
        grouped(5),
        ff.tensor(4, 7)[i, r] * ff.tensor(4, 7)[j, r],
        ff.tensor(4, 7)[i, r] * ff.tensor(4, 7)[j, s] * ff.tensor(7, 7)[r, s],
        ff.exp(cp(4, 4, 4, rank=7)),
    ],
)
def test_enough_rows_or_another_model(expr):
    assert crowded(problem_of(expr)) is None


def test_components_are_those_of_a_cp_model():
    found = components_of(network_of(problem_of(cp(3, 9, 7, rank=7))))
    assert found.axis.size == 7
    assert found.tall == [1, 2]
