"""What an expression knows about itself before anything is computed."""

from typing import Any

import numpy as np
import pytest

import funfact as ff
from funfact.testing.language.cases import written

DATA = {
    "a": np.ones((2, 3, 4), np.float32),
    "b": np.ones((3, 5), np.float32),
    "c": np.ones((2, 3), np.float32),
    "d": np.ones((4, 3), np.float32),
    "v": np.ones(3, np.float32),
    "s": np.ones((), np.float32),
}


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("a", (2, 3, 4)),
        ("s", ()),
        ("a[i, j, k]", (2, 3, 4)),
        ("a[i, j, k] * b[j, l]", (2, 4, 5)),
        ("a[i, j, k] * b[j, l] >> [l, i]", (5, 2)),
        ("c[*i, ~j] * d[i, j]", (8, 3)),
        ("c & d", (8, 9)),
        ("c @ v", (2,)),
        ("c[i, j] - c[i, j]", ()),
        ("ff.exp(a)", (2, 3, 4)),
        ("c + v", (2, 3)),
        ("ff.zeros(2, 3)", (2, 3)),
        ("ff.eye(3)", (3, 3)),
        ("ff.eye(2, 3)", (2, 3)),
        ("ff.vectorize(c, 7)", (7, 2, 3)),
        ("ff.vectorize(c[i, j] * v[j], 7, append=True)", (2, 7)),
    ],
)
def test_shape_and_ndim(text: str, shape: tuple[int, ...]) -> None:
    """An expression knows its `shape`, `ndim`."""
    expr = written(text, DATA)
    assert expr.shape == shape
    assert isinstance(expr.shape, tuple)
    assert expr.ndim == len(shape)


def test_live_indices() -> None:
    """An expression knows its `live_indices`."""
    i, j, k, m, n = ff.indices("i j k m n")
    a, b = ff.tensor("a", 2, 3), ff.tensor("b", 3, 4)

    def live(expr: Any) -> list[Any]:
        return list(expr.live_indices or ())

    assert live(a[i, j]) == [i, j]
    assert live(a[i, j] * b[j, k]) == [i, k]
    assert live(a[i, j] * b[j, k] >> [k, j]) == [k, j]
    assert live((a[i, j] * b[j, k])[m, n]) == [m, n]
    assert live(ff.exp(a[i, j])) == [i, j]
    assert live(2 * a[i, j]) == [i, j]
    assert live(a[i, j] - a[i, j]) == []
    assert live(a) == []
    assert live(a[i, j] + a) == []
    assert live(a @ b) == []


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("a[i, j, k] * b[j, l]", "abc,bd->acd|"),
        ("a[i, j, k] * b[j, l] >> [i, k, l]", "abc,bd->acd|"),
        ("a[i, j, k] * b[j, l] >> [l, j]", "abc,bd->db|"),
        ("a[l, k, j] + b[k, i]", "abc,bd->acd|"),
        ("c[i, ~j] * d[k, j]", "ab,cb->abc|"),
        ("c[*i, ~j] * d[i, j]", "ab,ab->ab|a"),
        ("c[i, j] * d[*i, *j]", "ab,ab->ab|ab"),
        ("v[i] * v[i]", "a,a->|"),
        ("v[i] - v[j]", "a,b->ab|"),
        ("ff.minplus(c[i, j], v[j])", "ab,b->a|"),
        ("s[[]] * v[i]", ",a->a|"),
    ],
)
def test_einspec_of_a_pairing(text: str, spec: str) -> None:
    """`einspec` is a string like `'abc,bd->acd|'`, Kronecker letters after the bar."""
    assert written(text, DATA).einspec == spec


@pytest.mark.parametrize(
    "text",
    ["a", "a[i, j, k]", "ff.exp(c[i, j] * v[j])", "-(c[i, j] * v[j])", "c[i, j][k, l]", "c + v"],
)
def test_einspec_where_the_top_is_no_pairing(text: str) -> None:
    """`einspec` is None where the top is no pairing."""
    assert written(text, DATA).einspec is None


def test_writing_computes_nothing() -> None:
    """Writing an expression computes nothing."""
    u = ff.tensor("u", 10**6, 10**6)
    i, j, k = ff.indices("i j k")
    assert (u[i, ~j] * u[k, j]).shape == (10**6,) * 3


def test_the_repr_is_one_readable_line() -> None:
    """An expression shows itself as one readable line (`repr`)."""
    line = repr(written("ff.exp(a[i, ~j, k] * b[j, l] >> [l, j, i, k])", DATA))
    assert "\n" not in line
    for word in ("exp", "a", "b", "i", "~j", "k", "l", "*", ">>"):
        assert word in line
