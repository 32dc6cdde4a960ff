"""Models that are evaluated in blocks, so that memory stays within a limit."""

import tracemalloc

import numpy as np
import pytest

import funfact as ff
from funfact.errors import OptionError
from funfact.model.memory import bytes_of

i, j, k, r = ff.indices("i, j, k, r")


def minplus():
    return ff.minplus(ff.tensor("a", 300, 40)[i, k], ff.tensor("b", 40, 200)[k, j])


def radial():
    a, b = ff.tensor("a", 300, 8), ff.tensor("b", 200, 8)
    return ff.exp(-((a[i, ~r] - b[j, ~r]) ** 2)) >> [j, i]


def chain():
    a, b, c = ff.tensor("a", 300, 90), ff.tensor("b", 90, 4000), ff.tensor("c", 4000, 5)
    return ff.exp(a[i, k] * b[k, j]) * c[j, r]


@pytest.mark.parametrize("make", [minplus, radial, chain])
@pytest.mark.parametrize("replicas", [None, 2])
def test_blocks_give_the_same_value_in_less_memory(make, replicas):
    expr = make()
    with ff.using("numpy"):
        ff.active_backend.seed(0)
        whole = ff.Factorization.from_tsrex(expr, vec_size=replicas)
        limit = 8 * (3 * int(np.prod(whole.shape)) + 150_000)
        ff.active_backend.seed(0)
        small = ff.Factorization.from_tsrex(expr, vec_size=replicas, memory_limit=limit)
        expected = whole()
        tracemalloc.start()
        found = small()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    np.testing.assert_allclose(found, expected, atol=1e-12 * np.abs(expected).max())
    assert peak < 1.2 * limit


def test_a_model_that_fits_is_evaluated_at_once():
    with ff.using("numpy"):
        fac = ff.Factorization.from_tsrex(minplus(), memory_limit="1 GB")
        assert fac._evaluation.blocks.axis is None
        assert fac().shape == (300, 200)
        assert fac.copy().memory_limit == "1 GB"


def test_a_replica_keeps_the_limit():
    with ff.using("numpy"):
        fac = ff.Factorization.from_tsrex(minplus(), vec_size=3, memory_limit="5 MB")
        one = ff.view(fac, 1)
    assert one.memory_limit == "5 MB"
    np.testing.assert_array_equal(one(), fac()[1])


def test_what_fits_nowhere_says_what_it_needs():
    with ff.using("numpy"), pytest.raises(OptionError) as caught:
        ff.Factorization.from_tsrex(minplus(), memory_limit="0.5 MB")
    assert "memory_limit='0.5 MB': an evaluation of this model in float64 takes at least" in str(
        caught.value
    )
    assert "bytes beside its factors and data (in blocks along axis 0)" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        *[("2GB", 2 * 10**9), ("2 GiB", 2**31), ("1.5 MB", 1500000), ("10B", 10), (7, 7)],
        *[("200 kb", 200_000), ("3 kib", 3072), (1e6, 10**6), (np.int64(5), 5)],
    ],
)
def test_limits_as_text(text, count):
    assert bytes_of(text) == count


@pytest.mark.parametrize("limit", ["2 gigs", "", ".B", "1.2.3 MB", "12", 0, -1, 2.5, True])
def test_what_is_no_limit(limit):
    with pytest.raises(OptionError, match=r"expected a whole number of bytes above zero, or text"):
        bytes_of(limit)
