"""Dimensions of a leaf that stay apart: the claim, held against the Jacobian by differences."""

import numpy as np
import pytest

import funfact as ff
from funfact.compiler.aligned import aligned

i, j, k, r = ff.indices("i, j, k, r")
u, v, w = ff.tensor("u", 4, 3), ff.tensor("v", 5, 3), ff.tensor("w", 4, 4)
product = u[i, r] * v[j, r]

CASES = {
    "a product": (product, u, ({0}, set())),
    "elementwise": (ff.exp(u[~i, ~r]), u, ({0}, {1})),
    "a function of a sum": (ff.tanh(product), v, ({1}, set())),
    "pairs": (ff.exp(u[i, ~r] - v[j, ~r]), v, ({2}, {1})),
    "twice, along different dimensions": (u[i, r] * u[j, r], u, (set(), set())),
    "twice, along the same": (product + ff.sin(product) >> [i, j], u, ({0}, set())),
    "a diagonal": (w[i, i] * u[i, ~r], w, (set(), set())),
    "a transpose": (u[i, r] >> [r, i], u, ({1}, {0})),
    "a Kronecker product": (w[[*i, *j]] * u[i, j], u, (set(), set())),
}


@pytest.mark.parametrize("name", CASES)
def test_what_stays_apart(name):
    expr, tensor, expected = CASES[name]
    model = ff.Factorization.from_tsrex(expr)
    assert tuple(map(set, aligned(model.ir, tensor.tensors[0]))) == expected


@pytest.mark.parametrize("name", CASES)
def test_elements_depend_on_their_own_slice_alone(name):
    expr, tensor, _ = CASES[name]
    model = ff.Factorization.from_tsrex(expr)
    before, start = np.asarray(model()), np.asarray(model[tensor])
    for d, dims in enumerate(aligned(model.ir, tensor.tensors[0])):
        for position in range(start.shape[d] if dims else 0):
            changed = start.copy()
            np.moveaxis(changed, d, 0)[position] += 1.0
            model[tensor] = changed
            difference = np.asarray(model()) - before
            for o in dims:
                others = np.delete(np.moveaxis(difference, o, 0), position, axis=0)
                assert not others.any()
        model[tensor] = start
