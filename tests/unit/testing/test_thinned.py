"""What stays of tables of cases that are thinned."""

from collections import Counter
from itertools import product

import pytest
from thinned import thinned


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("sizes", [(5, 2, 2), (12, 7), (4, 3, 2), (18, 2), (3,), (2, 2)])
def test_each_value_stays(sizes, times):
    rows = list(product(*map(range, sizes)))
    kept = [rows[n] for n in thinned(rows, times)]
    assert len({*kept}) == len(kept)
    for column, size in enumerate(sizes):
        counts = Counter(row[column] for row in kept)
        assert {*counts} == {*range(size)}
        assert min(counts.values()) >= min(times, len(rows) // size)
    assert len(kept) <= times * max(sizes)


def test_small_columns_meet_in_all_their_pairs():
    rows = list(product(range(5), range(2), range(2)))
    assert len({rows[n][1:] for n in thinned(rows)}) == 4


def test_columns_that_go_together_are_no_matter():
    rows = [(n, n, m) for n in range(4) for m in range(3)]
    assert len(thinned(rows)) == 4
