"""The tree of an expression, as text."""

import time
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given, settings
from random_expressions import expressions

import funfact as ff
from funfact.errors import UnknownNameError
from funfact.language.merging import merge

i, j, k = ff.indices("i, j, k")
a, b = ff.tensor("a", 2, 3), ff.tensor("b", 3, 4)
D = ff.tensor("D", np.ones((2, 3), np.float32))

FIELDS = ("shape", "ndim", "einspec", "live_indices", "dtype", "optimizable")


def drawn(text: str) -> str:
    return dedent(text).strip("\n")


def test_one_line_a_node() -> None:
    tree = (ff.exp(-a[i, ~j]) * b[j, k] >> [k, i, j]).asciitree
    assert str(tree) == drawn("""
        to: k, i, j
        ╰── multiply
            ├── exp
            │   ╰── negative
            │       ╰── index: i, ~j
            │           ╰── tensor: a
            ╰── index: j, k
                ╰── tensor: b
        """)
    assert repr(tree) == str(tree)


def test_every_kind_of_node() -> None:
    pairs = ff.minplus((a @ b)[i, j][j, *k], 2 * ff.pi * ff.eye(2, 4)[j, k])
    expr = ff.vectorize(merge(pairs[i, ...], [i], []) & ff.ones(2, 2), 3, append=True)
    assert str(expr.asciitree) == drawn("""
        vectorize: 3, append
        ╰── kron
            ├── merge: [i], []
            │   ╰── rename: i, ...
            │       ╰── minplus
            │           ├── rename: j, *k
            │           │   ╰── index: i, j
            │           │       ╰── matmul
            │           │           ├── tensor: a
            │           │           ╰── tensor: b
            │           ╰── multiply
            │               ├── multiply
            │               │   ├── number: 2
            │               │   ╰── number: pi
            │               ╰── index: j, k
            │                   ╰── eye: 2, 4
            ╰── ones: 2, 2
        """)


def test_fields() -> None:
    tree = (D[i, j] * b[j, k]).asciitree
    assert str(tree(*FIELDS)) == drawn("""
        multiply (shape: (2, 4), ndim: 2, einspec: ab,bc->ac|, live_indices: i, k)
        ├── index: i, j (shape: (2, 3), ndim: 2, live_indices: i, j)
        │   ╰── tensor: D (shape: (2, 3), ndim: 2, dtype: float32, optimizable: False)
        ╰── index: j, k (shape: (3, 4), ndim: 2, live_indices: j, k)
            ╰── tensor: b (shape: (3, 4), ndim: 2, optimizable: True)
        """)
    assert str(tree()) == str(tree)


def test_what_dots_stand_for_has_no_name() -> None:
    assert "live_indices: i, ..." in str(D[i, ...].asciitree("live_indices"))


def test_an_unknown_field_is_refused_with_the_known_ones() -> None:
    message = r"no field of a tree 'shapes'. Did you mean 'shape'\? Known are shape, ndim, einspec,"
    with pytest.raises(UnknownNameError, match=message):
        a.asciitree("shapes")


@pytest.mark.parametrize("field", [3, None, ["shape"]])
def test_a_field_is_a_name(field: object) -> None:
    with pytest.raises(UnknownNameError, match=r"one by one: expr.asciitree\('shape', 'ndim'\)"):
        a.asciitree(field)


def test_what_several_parents_share_is_drawn_once() -> None:
    d = ff.exp(a @ b)
    assert str((d * d).asciitree) == drawn("""
        multiply
        ├── #1 exp
        │   ╰── matmul
        │       ├── tensor: a
        │       ╰── tensor: b
        ╰── see #1
        """)


def test_what_is_deep_is_drawn_from_the_margin_on() -> None:
    x = a @ b
    for _ in range(33):
        x = ff.exp(x)
    tree = str(x.asciitree)
    assert tree.splitlines()[32] == " " * 124 + "╰── see #1"
    assert tree.splitlines()[33:35] == ["#1 exp", "╰── matmul"]


def test_a_chain_of_thousands_takes_less_than_a_second() -> None:
    x = ff.tensor(2, 2)
    for _ in range(3_000):
        x = x @ ff.tensor("a", 2, 2)
    started = time.process_time()
    tree = str(x.asciitree("shape"))
    assert time.process_time() - started < 1
    assert tree.count("tensor: a") == 3_000


@settings(max_examples=200)
@given(expr=expressions())
def test_drawing_never_fails(expr: ff.TsrEx) -> None:
    assert str(expr.asciitree(*FIELDS)).count("\n") >= str(expr.asciitree).count("\n") >= 0
