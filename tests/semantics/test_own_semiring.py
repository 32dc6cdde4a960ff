"""`ff.semiring(reduce, pairwise)`: a user's own pairing, from names or from functions."""

import functools
from typing import Any

import numpy as np
import pytest

import funfact as ff
from funfact import active_backend as ab
from funfact.backends import Autodiff
from funfact.compiler.lower import lower
from funfact.errors import (
    DtypeError,
    NotationError,
    OptionError,
    ShapeError,
    UnknownNameError,
)
from funfact.language.semirings import PAIRWISE, REDUCTIONS
from funfact.testing.language.cases import computed

i, j, k, l = ff.indices("i, j, k, l")
RNG = np.random.default_rng(5)
X = RNG.uniform(0.5, 1.5, (3, 4)).astype(np.float32)
Y = RNG.uniform(0.5, 1.5, (4, 2)).astype(np.float32)
X3, Y3 = X[:, :, None], Y[None, :, :]

NUMPY = {name: getattr(np, name) for name in (*PAIRWISE, *REDUCTIONS) if hasattr(np, name)}
NUMPY["log_sum_exp"] = lambda x, axis: np.log(np.exp(x).sum(axis))


def value(expr: Any, backend: Any) -> Any:
    return computed(expr, backend)


@pytest.mark.parametrize("reduce", REDUCTIONS)
@pytest.mark.parametrize("pairwise", PAIRWISE)
def test_every_name(reduce: str, pairwise: str, backend: Any) -> None:
    op = ff.semiring(reduce, pairwise)
    expr = op(ff.tensor("x", X)[i, j], ff.tensor("y", Y)[j, k])
    expected = NUMPY[reduce](NUMPY[pairwise](X3, Y3), axis=1)
    np.testing.assert_allclose(value(expr, backend), expected, rtol=2e-4, atol=1e-6)


def soft_maximum(x: Any, axis: int) -> Any:
    return ab.log(ab.sum(ab.exp(x), axis=axis))


def distance(x: Any, y: Any) -> Any:
    return ab.sqrt((x - y) ** 2 + 1)


def test_functions_of_native_arrays(backend: Any) -> None:
    op = ff.semiring(soft_maximum, distance)
    expr = op(ff.tensor("x", X)[i, j], ff.tensor("y", Y)[j, k])
    expected = np.log(np.exp(np.sqrt((X3 - Y3) ** 2 + 1)).sum(1))
    np.testing.assert_allclose(value(expr, backend), expected, rtol=1e-5)


def test_a_function_takes_one_axis_whatever_is_reduced(backend: Any) -> None:
    """Nothing is assumed: the norm over two axes at once."""
    seen: list[Any] = []

    def norm(x: Any, axis: int) -> Any:
        seen.append(axis)
        return ab.sqrt(ab.sum(x * x, axis=axis))

    op = ff.semiring(norm, "add")
    expr = op(ff.tensor("x", X)[i, j], ff.tensor("y", Y)[j, k]) >> [k]
    expected = np.sqrt(((X3 + Y3) ** 2).sum((0, 1)))
    np.testing.assert_allclose(value(expr, backend), expected, rtol=1e-5)
    assert set(map(type, seen)) == {int}


def test_nothing_shared_nothing_reduced(backend: Any) -> None:
    op = ff.semiring(lambda x, axis: 1 / 0, "maximum")
    expr = op(ff.tensor("x", X)[i, j], ff.tensor("y", Y)[k, l])
    expected = np.maximum(X[:, :, None, None], Y)
    np.testing.assert_array_equal(value(expr, backend), expected)


def test_marks_lists_diagonals_and_sizes_of_one(backend: Any) -> None:
    op = ff.semiring("max", "multiply")
    x, y, s = ff.tensor("x", X), ff.tensor("y", Y), ff.tensor("s", X[:3, :3])
    one = ff.tensor("one", X[:, :1])
    cases = [
        (op(x[i, ~j], y[j, k]), X3 * Y3),
        (op(x[i, j], y[j, k]) >> [k, i], (X3 * Y3).max(1).T),
        (op(x[i, *j], y[j, k]), np.einsum("ij,lk->ijlk", X, Y).reshape(3, 16, 2)),
        (op(s[i, i], x[i, j]), (np.diag(X[:3, :3])[:, None] * X).max(0)),
        (op(one[i, j], y[j, k]), (X[:, :1, None] * Y).max(1)),
        (op(op(x[i, j], y[j, k]), y[l, k]), ((X3 * Y3).max(1)[:, None] * Y).max(2)),
    ]
    for expr, expected in cases:
        np.testing.assert_allclose(value(expr, backend), expected, rtol=1e-6)


def test_numbers_that_have_indices(backend: Any) -> None:
    op = ff.semiring("max", "maximum")
    assert value(op(ff.pi[()], ff.tensor("x", X)[i, j]) >> [], backend) == np.float32(np.pi)


def test_what_a_function_returns_becomes_the_models_dtype(backend: Any) -> None:
    op = ff.semiring("sum", lambda x, y: x > y)
    expr = op(ff.tensor("x", X)[i, j], ff.tensor("y", Y)[j, k])
    np.testing.assert_array_equal(value(expr, backend), (X3 > Y3).sum(1))


@pytest.mark.parametrize("append", [False, True])
def test_replicas_are_independent(append: bool, backend: Any) -> None:
    op = ff.semiring(soft_maximum, distance)
    x, y = ff.tensor("x", 3, 4), ff.tensor("y", Y)
    model = ff.Factorization.from_tsrex(
        ff.vectorize(op(x[i, j], y[j, k]), 3, append=append), dtype=backend.float32
    )
    drawn = RNG.uniform(0.5, 1.5, (3, 3, 4)).astype(np.float32)
    model["x"] = backend.tensor(np.moveaxis(drawn, 0, -1) if append else drawn)
    expected = np.log(np.exp(np.sqrt((drawn[..., None] - Y3[None]) ** 2 + 1)).sum(2))
    result = backend.to_numpy(model())
    np.testing.assert_allclose(np.moveaxis(result, -1, 0) if append else result, expected, 1e-5)


@pytest.mark.parametrize(
    ("op", "numpy"),
    [
        (ff.semiring("max", "multiply"), lambda x, y: (x * y).max(1)),
        (ff.semiring("prod", "hypot"), lambda x, y: np.hypot(x, y).prod(1)),
        (
            ff.semiring("log_sum_exp", "maximum"),
            lambda x, y: np.log(np.exp(np.maximum(x, y)).sum(1)),
        ),
        (ff.semiring("var", "atan2"), lambda x, y: np.arctan2(x, y).var(1)),
        (
            ff.semiring(soft_maximum, distance),
            lambda x, y: np.log(np.exp(np.sqrt((x - y) ** 2 + 1)).sum(1)),
        ),
    ],
    ids=lambda given: given.semiring.name if hasattr(given, "semiring") else "numpy",
)
def test_gradients(op: Any, numpy: Any, backend: Any) -> None:
    if not isinstance(backend, Autodiff):
        pytest.skip(f"{backend!r} does not declare Autodiff")
    x, y = ff.tensor("x", 3, 4), ff.tensor("y", 4, 2)
    expr = op(x[i, j], y[j, k])
    f = lower(expr.ir, expr.tensors, backend, backend.dtype("float32"))
    g = backend.value_and_grad(lambda p: (backend.sum(f(p) ** 2), None))
    _, gradients = g([backend.tensor(X), backend.tensor(Y)])

    def loss(x: Any, y: Any) -> Any:
        return (numpy(x[:, :, None], y[None]) ** 2).sum()

    data = (X.astype(float), Y.astype(float))
    for position, gradient in enumerate(gradients):
        expected = np.zeros_like(data[position])
        for where in np.ndindex(expected.shape):
            step = np.zeros_like(expected)
            step[where] = 1e-6
            up, down = ([*data] for _ in "ud")
            up[position], down[position] = data[position] + step, data[position] - step
            expected[where] = (loss(*up) - loss(*down)) / 2e-6
        np.testing.assert_allclose(backend.to_numpy(gradient), expected, rtol=1e-3, atol=1e-4)


def test_the_built_in_ones_are_left_alone(backend: Any) -> None:
    ff.semiring("max", "multiply", symbol="minplus")
    x, y = ff.tensor("x", X), ff.tensor("y", Y)
    expected = (X3 + Y3).min(1)
    np.testing.assert_allclose(value(ff.minplus(x[i, j], y[j, k]), backend), expected)
    own = ff.semiring("min", "add")(x[i, j], y[j, k])
    np.testing.assert_allclose(value(own, backend), expected)


x, y = ff.tensor("x", 3, 4), ff.tensor("y", 4, 2)


@pytest.mark.parametrize(
    ("op", "shown"),
    [
        (ff.semiring("max", "multiply"), "max_multiply"),
        (ff.semiring("max", "multiply", symbol="reliable"), "reliable"),
        (ff.semiring(soft_maximum, distance), "soft_maximum_distance"),
        (ff.semiring(soft_maximum, lambda x, y: x), "soft_maximum"),
        (ff.semiring(functools.partial(soft_maximum), lambda x, y: x), "semiring"),
        (ff.semiring("max", "multiply", symbol="exp"), "exp_1"),
    ],
)
def test_how_it_is_shown(op: Any, shown: str) -> None:
    assert repr(op(x[i, j], y[j, k])) == f"{shown}(x[i, j], y[j, k])"


def test_two_of_one_symbol_are_told_apart() -> None:
    one, other = ff.semiring("max", "add", symbol="s"), ff.semiring("min", "add", symbol="s")
    assert repr(one(other(x[i, j], y[j, k]), y[l, k])) == "s_2(s(x[i, j], y[j, k]), y[l, k])"
    assert repr(one) == "<semiring 's'>"


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"no reduction 'maxx'. Did you mean 'max'\?"):
        ff.semiring("maxx", "add")
    with pytest.raises(UnknownNameError, match=r"no pairwise operation 'times'.*add, subtract,"):
        ff.semiring("max", "times")


def test_what_is_neither_name_nor_function_is_refused() -> None:
    with pytest.raises(NotationError, match=r"the reduction of a semiring is 3, .*reduce\(x, axis"):
        ff.semiring(3, "add")  # type: ignore[arg-type]
    with pytest.raises(NotationError, match=r"pairwise\(x, y\)"):
        ff.semiring("max", None)  # type: ignore[arg-type]
    with pytest.raises(NotationError, match="'a b' is not a symbol"):
        ff.semiring("max", "add", symbol="a b")


def test_functions_of_other_arguments_are_refused() -> None:
    with pytest.raises(OptionError, match=r"reduction <lambda> is called as f\(x, axis=axis\)"):
        ff.semiring(lambda x: x, "add")
    with pytest.raises(OptionError, match=r"operation <lambda> is called as f\(x, y\), .*\(x\)"):
        ff.semiring("max", lambda x: x)


def test_operands_are_expressions_with_indices() -> None:
    op = ff.semiring("max", "add", symbol="best")
    with pytest.raises(NotationError, match=r"second operand of best is a number(.|\n)*best\("):
        op(x[i, j], 2)  # type: ignore[arg-type]
    with pytest.raises(NotationError, match=r"first operand of best is a tensor of shape \(3, 4\)"):
        op(x, y[j, k])


def test_a_function_is_held_to_the_shape(backend: Any) -> None:
    def keeps(x: Any, axis: int) -> Any:
        return ab.sum(x, axis=axis, keepdims=True)

    model = ff.Factorization.from_tsrex(ff.semiring(keeps, "add")(x[i, j], y[j, k]))
    with pytest.raises(
        ShapeError, match=r"keeps, the reduce.* of shape \(3, 2, 1\) .*\(3, 2\) was"
    ):
        model()
    model = ff.Factorization.from_tsrex(ff.semiring("max", lambda x, y: x)(x[i, j], y[j, k]))
    with pytest.raises(ShapeError, match=r"the pairwise.*elementwise, with broadcasting"):
        model()


def test_a_function_gives_an_array_of_the_backend(backend: Any) -> None:
    model = ff.Factorization.from_tsrex(ff.semiring("max", lambda x, y: 3)(x[i, j], y[j, k]))
    with pytest.raises(NotationError, match=r"returned a int, and an array of <backend"):
        model()


def test_no_imaginary_part_is_lost(backend: Any) -> None:
    op = ff.semiring("sum", lambda x, y: x * y * (1 + 1j))
    model = ff.Factorization.from_tsrex(op(x[i, j], y[j, k]), dtype=backend.float32)
    with pytest.raises(DtypeError, match="the imaginary part would be lost"):
        model()
