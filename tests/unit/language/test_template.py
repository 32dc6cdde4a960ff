"""Templates: filling writes the pattern again; what can be known before is checked before."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_expressions import attempts
from refusal import assert_says

import funfact as ff
from funfact.errors import FunFactError, IndexingError, NotationError, ShapeError
from funfact.graph import postorder
from funfact.language.equal import same
from funfact.language.nodes import Indexed, Replicate, Tensor
from funfact.language.template import rewritten

i, j, k, m, n = ff.indices("i, j, k, m, n")
a, b, c = ff.tensor("a", 3, 4), ff.tensor("b", 4, 5), ff.tensor("c", 4)
s = ff.tensor("s")
hole = ff.hole


@pytest.mark.parametrize(
    ("pattern", "filling", "expected"),
    [
        (hole, a, a),
        (ff.exp(-(hole**2)), a @ b, ff.exp(-((a @ b) ** 2))),
        (hole * hole, a, a * a),
        (a[i, j] * hole, b[j, k], a[i, j] * b[j, k]),
        (a[i, j] * hole >> [i], b[j, k], a[i, j] * b[j, k] >> [i]),
        (a[i, j] * hole[j, k], b, a[i, j] * b[j, k]),
        (a[i, j] * hole[j, k], b[m, n], a[i, j] * b[m, n][j, k]),
        (hole[i, ~j] * c[j], a, a[i, ~j] * c[j]),
        (hole[[*i, j]] * a[i, j], a, a[[*i, j]] * a[i, j]),
        (hole[i, i] >> [], a @ ff.ones(4, 3), (a @ ff.ones(4, 3))[i, i] >> []),
        ((hole + a)[i, j] * c[j], a, (a + a)[i, j] * c[j]),
        (ff.exp(hole)[i, j] * c[j], a[m, n], ff.exp(a[m, n])[i, j] * c[j]),
        (hole[i, ...] * c[j], a, a[i, ...] * c[j]),
        (ff.minplus(hole, hole[i, j]), a[i, j], ff.minplus(a[i, j], a[i, j][i, j])),
        (a @ hole, b, a @ b),
        (hole & a, b, b & a),
        (hole[()] * c[j], s, s[()] * c[j]),
        (2**hole, c, 2**c),
        (hole >> [j, i], a[i, j], a[i, j] >> [j, i]),
    ],
)
def test_filling_writes_the_pattern_again(
    pattern: ff.TsrEx, filling: ff.TsrEx, expected: ff.TsrEx
) -> None:
    filled = ff.template(pattern) @ filling
    assert repr(filled) == repr(expected)
    assert same(filled, expected)
    assert same(filling @ ff.template(pattern), expected)


@settings(max_examples=150)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_expression_is_a_template_of_any_tensor_in_it(seed: int) -> None:
    """No error comes too early: sizes that are not known fit everything."""
    rng = Random(seed)
    for expr in attempts(rng, 30)[-4:]:
        nodes = postorder(expr.node)
        tensors = [node for node in nodes if isinstance(node, Tensor)]
        # What `...` on a hole stands for has no index yet that could be named elsewhere.
        dots = any(isinstance(node, Indexed) and node.skipped for node in nodes)
        if not tensors or dots or any(isinstance(node, Replicate) for node in nodes):
            continue
        chosen = rng.choice(tensors)
        pattern = rewritten(expr, lambda node, chosen=chosen: hole if node is chosen else None)
        assert pattern.has_hole
        assert all([pattern.latex, repr(pattern), str(pattern.asciitree("shape"))])
        assert same(ff.template(pattern) @ ff.TsrEx(chosen), expr)


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32 - 1))
def test_filling_gives_an_expression_or_an_error_in_words(seed: int) -> None:
    rng = Random(seed)
    *_, expr, filling = attempts(rng, 30)
    tensors = [node for node in postorder(expr.node) if isinstance(node, Tensor)]
    try:
        pattern = rewritten(expr, lambda node: hole if node in tensors[:1] else None)
        filled = ff.template(pattern) @ filling
    except FunFactError:
        return
    assert repr(filled)
    assert not filled.has_hole


def test_the_tensors_of_the_pattern_are_the_same_factors_in_all_it_gives() -> None:
    t = ff.template(a @ hole)
    assert (t @ b).tensors == (a.node, b.node)
    assert (t @ b + t @ b).tensors == (a.node, b.node)


def test_zero_is_a_hole_where_there_is_no_other() -> None:
    assert same(ff.template(a[i, j] * 0) @ b[j, k], a[i, j] * b[j, k])
    assert same(b[j, k] @ ff.template(a[i, j] * 0), a[i, j] * b[j, k])
    assert same(ff.template(0) @ a, a)
    assert repr(ff.template(0 * a + hole) @ a) == "0 * a + a"
    assert repr(ff.template(0.0 * a + 0) @ a) == "0.0 * a + a"


def test_indices_of_the_result() -> None:
    t = ff.template(a[i, j] * hole)[m, n]
    assert repr(t @ b[j, k]) == "(a[i, j] * b[j, k])[m, n]"
    assert repr(ff.template(hole @ b)[m, n] @ a) == "(a @ b)[m, n]"


def test_templates_are_composed() -> None:
    t = ff.template(ff.exp(hole)) @ ff.template(hole[i, j] * c[j])
    assert repr(t) == "template(exp(hole[i, j] * c[j]))"
    assert same(t @ a, ff.exp(a[i, j] * c[j]))


def test_an_expression_with_a_hole_fills_a_template() -> None:
    assert same(ff.template(ff.template(-hole) @ (hole * 2)) @ a, -(a * 2))


def test_what_dots_stand_for_is_known_when_it_is_filled() -> None:
    filled = ff.template(hole[i, ...] * c[j]) @ a
    assert filled.shape == (3, 4, 4)


def test_how_it_is_shown() -> None:
    t = ff.template(ff.exp(-(hole[i, k] ** 2)) * c[k])
    assert repr(t) == "template(exp(-hole[i, k]**2) * c[k])"
    assert t._repr_html_() == (r"$$ \sum_{k} \exp\left(-\square_{ik}^{2}\right) c_{k} $$")


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("hole[i, j] * a[j, k] >> [m]", ("'m'", "'i', 'j', 'k'", "hole[i, j]")),
        ("(hole[i, j] * a[k, m])[m]", ("1 index", "4 live indices")),
        ("(hole[i, j] * a[j, k] >> [i, k])[m]", ("1 index", "2 live indices")),
        ("hole[i, j] >> [i, i]", ("stands twice",)),
        ("hole[i, j] @ a", ("left operand of `@` has indices",)),
        ("ff.minplus(hole[i, j], 2)", ("second operand of minplus is a number",)),
        ("hole[i, ~j] * a[i, j] >> [i]", ("marked '~'",)),
        ("hole[i, 0]", ("0 stands as an index",)),
        ("hole + [1, 2]", ("array of shape (2,)", "ff.tensor(array)")),
    ],
)
def test_what_is_known_before_filling_is_checked_before(text: str, facts: tuple[str, ...]) -> None:
    words = {"a": a, "i": i, "j": j, "k": k, "m": m, "hole": hole, "ff": ff}
    with pytest.raises(FunFactError) as caught:
        eval(text, words)
    assert_says(str(caught.value), *facts)


@pytest.mark.parametrize(
    ("pattern", "filling", "error", "facts"),
    [
        (hole[i, j], c, IndexingError, ("2 indices", "(4,)", "c[i, j]")),
        (hole[i, j], a[i, j] * c[j], IndexingError, ("2 indices", "1 live indices")),
        (a[i, j] * hole[j, k], a, ShapeError, ("'j' has size 4", "3 on the right")),
        (a @ hole, a, ShapeError, ("do not fit `@`",)),
        (a @ hole, b[j, k], NotationError, ("right operand of `@` has indices",)),
        (hole >> [k], a[i, j], IndexingError, ("'k' after `>>`",)),
        (ff.minplus(hole, c[j]), a, NotationError, ("first operand of minplus",)),
    ],
)
def test_the_rest_is_checked_when_it_is_filled(
    pattern: ff.TsrEx, filling: ff.TsrEx, error: type[Exception], facts: tuple[str, ...]
) -> None:
    with pytest.raises(error) as caught:
        ff.template(pattern) @ filling
    assert_says(str(caught.value), *facts, "This comes of filling", repr(pattern))


def test_a_template_has_a_hole() -> None:
    with pytest.raises(NotationError, match=r"a @ b has no hole. Write ff.hole where"):
        ff.template(a @ b)


def test_a_template_is_filled_with_an_expression() -> None:
    t = ff.template(hole * 2)
    with pytest.raises(NotationError, match=r"3 cannot fill template\(hole \* 2\)"):
        t @ 3
    for wrong in (lambda: t @ np.eye(2), lambda: np.eye(2) @ t):
        with pytest.raises(NotationError, match=r"an array of shape \(2, 2\).*ff.tensor\(array\)"):
            wrong()


@pytest.mark.parametrize("name", ["shape", "ndim", "live_indices", "einspec", "ir"])
def test_an_expression_with_a_hole_has_no_shape_and_no_value(name: str) -> None:
    with pytest.raises(NotationError, match=r"hole \* 2 has a hole, .*ff.template\(pattern\) @"):
        getattr(hole * 2, name)


def test_vectorize_comes_after_filling() -> None:
    with pytest.raises(NotationError, match=r"Fill it first: vectorize\(template @ expr, n\)"):
        ff.vectorize(hole * 2, 3)
    t = ff.template(ff.vectorize(a, 2)[m, i, j] * hole[i])
    assert (t @ ff.tensor("x", 3)).shape == (2, 4)
