"""Each rewrite fires where it should, never where it must not, and changes no result."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rewriting import kept, value

import funfact as ff
from funfact.compiler.fuse import fuse
from funfact.compiler.ir import Const, Contract, Map, check
from funfact.compiler.plan import plan
from funfact.graph import postorder

RNG = np.random.default_rng(0)
i, j, k, l, r = ff.indices("i, j, k, l, r")


def data(*shape):
    return ff.tensor(RNG.uniform(0.5, 1.5, shape))


fused = partial(kept, rtol=1e-12)


def contractions(ir):
    return [len(node.terms) for node in postorder(ir) if isinstance(node, Contract)]


a, b, c, s = data(3, 2), data(4, 2), data(5, 2), data(3, 3)


@pytest.mark.parametrize(
    ("expression", "operands"),
    [
        (a[i, ~r] * b[j, r] * c[k, r], [3]),
        (s @ s @ s @ a, [4]),
        ((a[i, r] * b[j, r]) * (a[k, r] * b[j, r]), [4]),
        (s[i, i] * a[i, r], [2]),
        ((s * ff.tensor(RNG.random((3, 3)))) @ a, [3]),
    ],
)
def test_nested_products_become_one(expression, operands):
    assert contractions(fused(expression)) == operands


def test_an_order_that_costs_more_is_not_taken():
    wide, tall = data(2, 60), data(60, 2)
    square = fused(wide @ (tall @ wide) @ tall)
    (contraction,) = [n for n in postorder(square) if isinstance(n, Contract)]
    assert plan(contraction).flops < 2000  # as written, 2 * 60 * 60 * 2 and more


def test_what_stands_twice_is_computed_once():
    x = s @ s
    for _ in range(30):
        x = x @ x
        x = x * (1 / 9)
    ir = fuse(x.ir)
    assert len(postorder(ir)) < 200
    check(ir)


@pytest.mark.parametrize(
    "expression",
    [
        a[i, r] + b[j, r],
        a[i, r] - b[j, r] >> [j],
        a[i, r] + 2 >> [],
        (a[i, ~r] - b[j, r]) + c[k, r],
        2 - a[i, r] >> [r],
        data(3, 1)[i, j] + data(5, 4)[j, k],
    ],
)
def test_a_sum_of_pairs_never_builds_the_pairs(expression):
    ir = fused(expression)
    assert isinstance(ir, Map)
    largest = max(int(np.prod(node.shape)) for node in postorder(ir))
    assert largest <= max(int(np.prod(ir.shape)), 20)


def test_a_sum_that_is_kept_stays():
    assert contractions(fused(a[i, ~r] + b[j, r])) == []


def test_an_identity_is_gone():
    eye = ff.eye(3)
    ir = fused(eye[i, j] * a[j, r])
    assert not any(isinstance(node, Const) for node in postorder(ir))
    assert contractions(fused(eye @ s @ eye @ a)) == [2]


@pytest.mark.parametrize(
    "expression",
    [
        ff.eye(3) & a,  # an identity that is there to be seen
        ff.eye(3)[i, i] * a[j, r],
        ff.eye(3)[i, j] * a[k, r],
        ff.eye(3, 2)[i, j] * a[k, j],
        ff.eye(3)[i, j] * ff.eye(3)[j, k],
        ff.eye(1)[i, j] * a[j, r],
    ],
)
def test_an_identity_that_is_needed_stays_right(expression):
    fused(expression)


def test_a_long_chain_is_fused_in_pieces():
    x = data(3, 3)
    for _ in range(100):
        x = x @ s * 0.3
    assert max(contractions(fused(x))) <= 24


names = st.lists(st.sampled_from([i, j, k, r]), min_size=1, max_size=3, unique=True)
sizes = {i: 2, j: 3, k: 2, r: 4}


@st.composite
def expressions(draw, depth=3):
    if depth == 0 or draw(st.booleans()):
        indices = draw(names)
        shape = [draw(st.sampled_from([1, sizes[index]])) for index in indices]
        marks = draw(st.lists(st.booleans(), min_size=len(indices), max_size=len(indices)))
        written = [~n if keep else n for n, keep in zip(indices, marks, strict=True)]
        return data(*shape)[written]
    left, right = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    match draw(st.sampled_from("*+-/fn")):
        case "*":
            return left * right
        case "+":
            return left + right
        case "-":
            return left - right
        case "/":
            return left / (right * right + 1)
        case "f":
            return ff.exp(-left) * right
        case _:
            return 2 * left


@given(expressions())
def test_no_rewrite_changes_a_result(expression):
    check(fuse(expression.ir))
    plain = value(expression, expression.ir)
    scale = max(1.0, float(np.abs(plain).max()))
    np.testing.assert_allclose(value(expression, fuse(expression.ir)), plain, atol=1e-10 * scale)
