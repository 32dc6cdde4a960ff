"""Sums made term by term: the same numbers, where the terms together are large."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain import Plain

import funfact as ff
from funfact.backends import Accumulate
from funfact.compiler import accumulate
from funfact.compiler.accumulate import accumulated
from funfact.compiler.ir import Contract, Load, check
from funfact.compiler.lower import lower
from funfact.graph import postorder

i, j, k, r, s = ff.indices("i, j, k, r, s")


class Adds(Plain, Accumulate):
    """Terms are added in Python, and counted."""

    def __init__(self, cache):
        super().__init__()
        self.room, self.terms = cache, 0

    @property
    def cache(self):
        return self.room

    def accumulated(self, term):
        def total(stacks, *args):
            terms = [term([x[n] for x in stacks], *args) for n in range(len(stacks[0]))]
            self.terms += len(terms)
            return sum(terms)

        return total


@pytest.fixture(autouse=True)
def small_terms(monkeypatch):
    monkeypatch.setattr(accumulate, "_LEAST", 1)


def added(expression, cache=50):
    """The value, and how many terms were added for it, after a comparison with all at once."""
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(0.5, 1.5, tuple(n.shape)) for n in leaves(expression)]
    keys = [n.key for n in leaves(expression)]
    backend = Adds(cache)
    found = lower(expression.ir, keys, backend, np.dtype("float64"))(arrays)
    once = lower(expression.ir, keys, Plain(), np.dtype("float64"))(arrays)
    np.testing.assert_allclose(found, once, rtol=1e-12)
    return arrays, found, backend.terms


def leaves(expression):
    return list({n.key: n for n in postorder(expression.ir) if isinstance(n, Load)}.values())


def bells(m=7, n=5, rank=6):
    x, y, w = ff.tensor("x", m, rank), ff.tensor("y", n, rank), ff.tensor("w", rank)
    return ff.exp(-((x[i, ~r] - y[j, ~r]) ** 2)) * w[r]


def test_bells_are_added_one_by_one():
    (x, y, w), found, terms = added(bells())
    expected = np.einsum("ijr,r->ij", np.exp(-((x[:, None] - y) ** 2)), w)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert terms == 6


@pytest.mark.parametrize("append", [False, True])
def test_of_all_replicas_at_once(append):
    assert added(ff.vectorize(bells(), 3, append=append))[2] == 6


def test_a_term_is_well_formed_and_has_the_shape_of_the_sum():
    ir = bells().ir
    assert isinstance(ir, Contract)
    found = accumulated(ir, 50)
    check(found.term)
    assert found.term.shape == ir.shape


def test_of_several_axes_the_shortest_that_leaves_terms_small_enough():
    x, y = ff.tensor("x", 5, 9), ff.tensor("y", 8, 9)
    both = ff.exp(x[k, ~r] * y[j, ~r]) >> [j]
    assert added(both, 80)[2] == 5  # terms of 72 elements, along k
    z = ff.tensor("z", 2, 9)
    three = ff.exp(x[k, ~r] * y[j, ~r] * z[s, ~r]) >> [j]
    assert added(three, 80)[2] == 9  # those along s or k have 360 or 144


def test_what_the_terms_share_is_computed_once():
    a, b, y = ff.tensor("a", 6, 20), ff.tensor("b", 20, 7), ff.tensor("y", 5, 4)
    product = a @ b
    shared = ff.exp(product[i, k] * y[j, r]) >> [i, k]
    found = accumulated(shared.ir, 180)
    assert any(isinstance(node, Contract) for node in found.operands)
    assert added(shared, 180)[2] == 5


def test_an_operand_that_is_met_along_two_axes_at_once_stays_whole():
    d, y = ff.tensor("d", 4, 4, 4), ff.tensor("y", 9, 4)
    diagonal = ff.exp(d[r, ~r, i] * y[j, ~r]) >> [j]
    assert accumulated(diagonal.ir, 20) is None
    added(diagonal, 20)


@pytest.mark.parametrize(
    "expression",
    [
        bells(2, 2, 6),  # fits into the cache
        bells(9, 9, 3),  # is hardly larger than the sum
        bells(2, 40, 3),  # or than what it is made of
        ff.tensor("a", 30, 40)[i, r] * ff.tensor("b", 20, 40)[j, r],  # products alone
        ff.exp(ff.tensor("c", 30, 40)[i, j]),  # sums nothing
        ff.minplus(ff.tensor("a", 30, 40)[i, r], ff.tensor("b", 20, 40)[j, r]),
    ],
)
def test_others_are_made_at_once(expression):
    assert added(expression)[2] == 0


def test_short_terms_are_not_worth_a_loop(monkeypatch):
    monkeypatch.setattr(accumulate, "_LEAST", 36)
    assert added(bells())[2] == 0


@given(
    st.lists(st.integers(1, 6), min_size=4, max_size=4),
    st.sets(st.sampled_from([0, 1, 2, 3])),
    st.booleans(),
)
def test_any_sum_of_elementwise_terms(sizes, kept, outer):
    m, n, p, q = sizes
    x, y, z = ff.tensor("x", m, p), ff.tensor("y", n, p, q), ff.tensor("z", q)
    terms = ff.exp(ff.sin(x[i, ~r] - y[j, ~r, s]) * z[~s])
    expression = terms >> [(i, j, r, s)[n] for n in sorted(kept)]
    added(ff.cos(expression) if outer else expression, 10)
