"""Equal trees, up to which tensors and indices stand in them."""

from typing import Any

import pytest

import funfact as ff
from funfact.errors import IndexingError, NotationError
from funfact.language.equal import same
from funfact.language.merging import merge


def words() -> dict[str, Any]:
    """New tensors and indices: no object is shared by two expressions."""
    tensors = {name: ff.tensor(name, 2, 2) for name in "abcd"}
    return tensors | {name: ff.index(name) for name in "ijkl"} | {"ff": ff, "merge": merge}


def written(text: str) -> ff.TsrEx:
    result = eval(text, words())
    assert isinstance(result, ff.TsrEx)
    return result


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a[i, j] * b[j, k]", "b[k, l] * a[l, i]"),
        ("a[i, ...] >> [..., i]", "b[k, ...] >> [..., k]"),
        ("ff.vectorize(a @ b, 3)", "ff.vectorize(c @ d, 3)"),
        ("merge(a[i, j], [j], [i])", "merge(a[k, l], [l], [k])"),
        ("a * float('nan')", "b * float('nan')"),
        ("a * 2", "a * 2.0"),
    ],
)
def test_same(one: str, other: str) -> None:
    assert same(written(one), written(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a @ a", "a @ b"),
        ("a @ b", "a @ a"),
        ("a[i, j] * b[j, k]", "a[i, j] * b[k, j]"),
        ("a[i, j] * b[j, k]", "a[i, ~j] * b[j, k]"),
        ("a[i, j] * b[j, k]", "a[i, j] + b[j, k]"),
        ("a[i, i]", "a[i, j]"),
        ("a * 2", "a * 3"),
        ("a * ff.pi", "a * 3.141592653589793"),
        ("a @ b", "a & b"),
        ("ff.exp(a)", "ff.log(a)"),
        ("a", "ff.tensor(2, 3)"),
        ("a", "ff.tensor([[1.0, 2.0], [3.0, 4.0]])"),
        ("a", "ff.tensor(2, 2, optimizable=False)"),
        ("ff.zeros(2)", "ff.ones(2)"),
        ("ff.vectorize(a, 3)", "ff.vectorize(a, 4)"),
        ("ff.vectorize(a, 3)", "ff.vectorize(a, 3, append=True)"),
        ("merge(a[i, j], [i], [j])", "merge(a[i, j], [i, j])"),
        ("a[i, j] >> [j, i]", "a[i, j] >> [..., i]"),
    ],
)
def test_not_same(one: str, other: str) -> None:
    assert not same(written(one), written(other))


def test_trees_that_share_their_parts_are_compared_in_no_time() -> None:
    x, y = ff.tensor(2, 2), ff.tensor(2, 2)
    for _ in range(200):
        x, y = x @ x, y @ y
    assert same(x, y)


def test_what_dots_stand_for_stays_when_a_tree_is_built_anew() -> None:
    a = ff.tensor("a", 2, 3, 4)
    dots = a[ff.index("i"), ...]
    expr = dots >> [*dots.live_indices[::-1]]
    assert ff.vectorize(expr, 5).shape == (5, 4, 3, 2)


def test_merge_of_something_without_indices_is_refused() -> None:
    with pytest.raises(IndexingError, match=r"whose indices are none:"):
        merge(ff.tensor("a", 2, 2))


def test_a_model_is_compared_by_its_expression() -> None:
    with ff.using("numpy"):
        fac = ff.Factorization.from_tsrex(ff.tensor("a", 2, 2))
    assert ff.tensor("b", 2, 2).same_structure(fac)
    assert not ff.tensor("b", 2, 3).same_structure(fac)


@pytest.mark.parametrize("other", [None, 3, "a"])
def test_what_has_no_structure_is_refused(other: object) -> None:
    expr = ff.tensor("a", 2, 2)
    with ff.using("numpy"):
        fac = ff.Factorization.from_tsrex(expr)
    for compare in (expr.same_structure, fac.same_structure):
        with pytest.raises(NotationError, match=f"an expression or a model, and got {other!r}"):
            compare(other)
