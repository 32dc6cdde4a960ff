"""The one-line form is Python: evaluated with its names bound, it is the expression again."""

import dataclasses
import inspect
import time
from typing import Any

import pytest
from hypothesis import event, given, settings
from random_expressions import expressions

import funfact as ff
from funfact.graph import postorder
from funfact.language import functions
from funfact.language.equal import same
from funfact.language.merging import merge
from funfact.language.nodes import Generate, Tensor
from funfact.language.render.line import line
from funfact.language.render.names import WORDS, names

LANGUAGE = {
    **{name: getattr(ff, name) for name in functions.__all__},
    **{name: getattr(ff, name) for name in ("minplus", "logsumexp", "viterbi", "vectorize")},
    **{name: getattr(ff, name) for name in ("zeros", "ones", "eye", "pi")},
    "merge": merge,
    "hole": ff.hole,
    "complex": complex,
    "inf": float("inf"),
    "nan": float("nan"),
}


def bound(expr: ff.TsrEx) -> dict[str, Any]:
    """The names that stand in an expression's line, as the objects that they stand for."""
    given: dict[str, Any] = {}
    for thing, name in names(expr.node).items():
        if isinstance(thing, Tensor):  # `vectorize` will make the replicas
            thing = ff.TsrEx(dataclasses.replace(thing, replicas=()))
        given[name] = thing
    for node in postorder(expr.node):
        if isinstance(node, Generate):
            given[node.name] = lambda x, n=node: ff.TsrEx(dataclasses.replace(n, child=x.node), x)
    return given


def evaluated(expr: ff.TsrEx) -> ff.TsrEx:
    result = eval(repr(expr), LANGUAGE | bound(expr))
    assert isinstance(result, ff.TsrEx)
    return result


@settings(max_examples=300)
@given(expr=expressions())
def test_evaluated_it_is_an_equal_expression(expr: ff.TsrEx) -> None:
    again = evaluated(expr)
    event(type(expr.node).__name__)
    assert same(again, expr)
    assert again.shape == expr.shape
    assert len(again.live_indices) == len(expr.live_indices)
    assert again.einspec == expr.einspec


i, j, k = ff.indices("i, j, k")
a, b, c = ff.tensor("a", 2, 2), ff.tensor("b", 2, 2), ff.tensor("c", 2)


@pytest.mark.parametrize(
    "text",
    [
        "a[i, j] * b[j, k] >> [k, i]",
        "a[i, j] >> [j, i] >> [i, j]",
        "(a[i, j] >> [j, i]) * c[i]",
        "exp(-(a[i, ~k] - b[j, ~k])**2) * c[k]",
        "(-a[i, j])**2 * -3",
        "2**(-a)",
        "(a**b)**a",
        "a**b**a",
        "a - (b - a)",
        "a / (b * a)",
        "a @ (b @ a) & a",
        "(a & b) @ eye(4, 4)",
        "(a[*i, ~j] * b[i, j])[j, i]",
        "a[i, ...] * c[i]",
        "(a @ b)[i, i] >> []",
        "c[()]",
        "exp(2) * pi",
        "-pi * a",
        "a * (1+2j)",
        "a * 1e-07",
        "minplus(a[i, j], b[j, k]) >> [i]",
        "vectorize(a @ c, 3, append=True)",
        "zeros(2, 2) + ones(2)",
        "exp(-hole[i, ~k]**2) * hole",
    ],
)
def test_it_is_what_was_written(text: str) -> None:
    words = {"i": i, "j": j, "k": k, "a": a, "b": b, "c": ff.tensor("c") if "()" in text else c}
    assert repr(eval(text, LANGUAGE | words)) == text


def test_things_of_one_symbol_are_told_apart() -> None:
    u, v = ff.tensor("u", 2, 2), ff.tensor("u", 2, 2)
    m, n = ff.index("i"), ff.index("u")
    assert repr(u[i, m] * v[m, n]) == "u[i, i_2] * u_2[i_2, u_3]"


def test_a_name_that_is_a_word_is_numbered() -> None:
    assert repr(ff.tensor("lambda", 2) + ff.tensor("exp", 2)) == "lambda_1 + exp_1"
    assert repr(ff.tensor("exp", 2) + ff.tensor("exp", 2)) == "exp_1 + exp_2"


def test_a_number_never_takes_a_name_that_is_there() -> None:
    u, v, w = ff.tensor("u", 2), ff.tensor("u", 2), ff.tensor("u_2", 2)
    assert repr(u + v + w) == "u + u_3 + u_2"


def test_what_dots_stand_for_is_named_where_it_is_written_elsewhere() -> None:
    expr = a[i, ...]
    assert repr(expr) == "a[i, ...]"
    assert repr(expr >> [*expr.live_indices[::-1]]) == "a[i, i_1] >> [i_1, i]"


def test_every_word_of_the_language_is_one() -> None:
    given = {name for name in vars(ff) if not name.startswith("_")}
    words = {
        name
        for name in given & {*ff.__all__}
        if getattr(getattr(ff, name), "__module__", "").startswith("funfact.language")
        and not inspect.isclass(getattr(ff, name))
    }
    assert words - {"index", "indices", "semiring", "template", "tensor"} <= WORDS


def test_a_long_part_that_stands_twice_is_written_once() -> None:
    x = ff.tensor("x", 2, 2)
    for _ in range(60):
        x = ff.tanh(x @ x + x)
    assert len(line(x.node)) < 5_000
    assert "(part_1 := tanh(" in repr(x)
    assert same(evaluated(x), x)


def test_a_short_part_that_stands_twice_is_written_twice() -> None:
    d = a - b
    assert repr(d * ff.exp(-d)) == "(a - b) * exp(-(a - b))"


def test_what_is_named_is_named_where_it_is_read_first() -> None:
    long = a
    for _ in range(40):
        long = long * b
    assert same(evaluated(ff.exp(long) * long), ff.exp(long) * long)
    assert same(evaluated(long + ff.exp(long)), long + ff.exp(long))
    assert same(evaluated((a + long) * (ff.exp(long) + long)), (a + long) * (ff.exp(long) + long))


def test_a_chain_of_thousands_takes_less_than_a_second() -> None:
    x = ff.tensor(2, 2)
    for _ in range(3_000):
        x = x @ ff.tensor("a", 2, 2)
    started = time.process_time()
    written = repr(x)
    assert time.process_time() - started < 1
    assert written.count("@") == 3_000
