"""What depends on constants and data alone is taken out where it is worth keeping."""

import numpy as np
import pytest
from hypothesis import given
from plain import Plain
from random_expressions import expressions

import funfact as ff
from funfact.compiler.fuse import fuse
from funfact.compiler.hoist import hoist
from funfact.compiler.ir import check
from funfact.compiler.lower import lower
from funfact.graph import postorder

RNG = np.random.default_rng(0)
i, j, k = ff.indices("i, j, k")
D = ff.tensor("D", RNG.random((4, 4)))
E = ff.tensor("E", RNG.random((4, 4)))
LOW, WIDE = ff.tensor("L", RNG.random((4, 1))), ff.tensor("W", RNG.random((1, 4)))
v = ff.tensor("v", RNG.random(4))
x = ff.tensor("x", RNG.random((4, 4)), optimizable=True)
y = ff.tensor("y", RNG.random(4), optimizable=True)


def split(expression):
    """The two halves with data held fixed, after a check that together they are the whole."""
    tensors = expression.tensors
    found = hoist(fuse(expression.ir), [t for t in tensors if not t.optimizable])
    dtype, arrays = np.dtype("float64"), [t.data for t in tensors]
    values = []
    for part in found.parts:
        check(part)
        values.append(lower(part, tensors, Plain(), dtype)(arrays))
    check(found.rest)
    keys = [*tensors, *(load.key for load in found.loads)]
    together = lower(found.rest, keys, Plain(), dtype)([*arrays, *values])
    whole = lower(expression.ir, tensors, Plain(), dtype)(arrays)
    np.testing.assert_allclose(together, whole, rtol=1e-12)
    return found


@pytest.mark.parametrize(
    ("expression", "shapes"),
    [
        (ff.exp(D) @ x, [(4, 4)]),
        (ff.exp(D @ E) + x, [(4, 4)]),
        (D @ E @ x, [(4, 4)]),  # two fixed operands of one contraction
        (x @ D @ E @ x @ E @ D, [(4, 4), (4, 4)]),
        (D[i, j] * v[j] * x[i, k] >> [k], [(4,)]),
        (D[i, j] * x[i, k] >> [k], [(4,)]),  # summed over j, which nothing else has
        (ff.exp(ff.ones(4, 4)) * x, [(4, 4)]),
        (D @ E, [(4, 4)]),
        (ff.minplus(D[i, j], E[j, k]) * x[i, k], [(4, 4)]),
        (D * 2 + x, [(4, 4)]),
    ],
)
def test_what_is_fixed_is_taken_out(expression, shapes):
    assert [part.shape for part in split(expression).parts] == shapes


@pytest.mark.parametrize(
    "expression",
    [
        x @ x,
        D @ x,  # a leaf is there already
        D @ x @ E,
        LOW @ (WIDE @ y),  # their product is larger than they are
        (v[i] * v[j]) * x[i, j] >> [i, j],  # a matrix of a vector is larger than the vector
        v[i] + v[j] + x[i, j] >> [i, j],
        ff.eye(4) & x,
        2 * x,
        ff.pi + x,
    ],
)
def test_what_would_only_be_larger_stays(expression):
    assert split(expression).parts == ()


def test_a_large_array_that_takes_long_is_kept():
    (part,) = split(ff.exp(ff.sin(v[i] * v[j])) * x[i, j] >> [i, j]).parts
    assert part.shape == (4, 4)


def test_constants_are_computed_once_and_not_counted():
    calls = []

    class Counting(Plain):
        def exp(self, array):
            calls.append(array.shape)
            return np.exp(array)

    expression = ff.exp(ff.eye(4)) @ ff.exp(x)
    function = lower(fuse(expression.ir), expression.tensors, Counting(), np.dtype("float64"))
    assert calls == [(4, 4)]
    for _ in range(3):
        function([x.tensors[0].data])
    assert len(calls) == 4
    assert [row.what for row in expression.plan().rows] == ["exp", "ab,bc->ac"]


def test_a_deep_expression_is_split_without_recursion():
    chain = D
    for _ in range(3000):
        chain = ff.exp(chain - 1)
    found = hoist((chain @ x).ir, [D.tensors[0]])
    assert [part.shape for part in found.parts] == [(4, 4)]
    assert len(postorder(found.rest)) == 3


@given(expressions())
def test_both_halves_are_well_formed(expression):
    some = expression.tensors[::2]
    found = hoist(fuse(expression.ir), some)
    for ir in (*found.parts, found.rest):
        check(ir)
    assert found.rest.shape == expression.ir.shape
