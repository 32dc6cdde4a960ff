"""Sets of a user's own, as a pair of functions: kept exactly, by every method, at the optimum."""

from itertools import product

import numpy as np
import pytest
from methods import STEPS, able, widest

import funfact as ff
from funfact.errors import OptionError, ShapeError

ab = ff.active_backend
i, j, r = ff.indices("i, j, r")


def mean(x):
    return ab.mean(x, axis=0, keepdims=True)


def inner(x, y):
    return ab.sum(x * y, axis=0, keepdims=True)


def into_ball(x):
    size = ab.sqrt(inner(x, x))
    return x / ab.where(size > 1, size, ab.ones_like(size))


def along_ball(x, gradient, v):
    out = (inner(x, x) > 1 - 1e-6) & (inner(x, gradient) < 0)
    return ab.where(out, v - x * inner(x, v) / inner(x, x), v)


def along_box(x, gradient, v):
    held = ((x <= 0) & (gradient >= 0)) | ((x >= 1) & (gradient <= 0))
    return ab.where(held, ab.zeros_like(v), v)


PAIRS = {
    "sum": (lambda x: x - mean(x) + 1 / x.shape[0], lambda x, gradient, v: v - mean(v)),
    "box": (lambda x: ab.clip(x, 0, 1), along_box),
    "ball": (into_ball, along_ball),
}
"""Of each column: its sum is one; its elements are from 0 to 1; its length is at most one."""


# --- the least squares solution of each, for one column


def of_sum(a, b):
    n = a.shape[1]
    system = np.block([[a.T @ a, np.ones((n, 1))], [np.ones((1, n)), np.zeros((1, 1))]])
    return np.linalg.solve(system, np.append(a.T @ b, 1))[:n]


def of_box(a, b):
    """Of all choices of elements that are 0, 1 or between, the best that is in the box."""
    best = None
    for choice in product((0.0, 1.0, np.nan), repeat=a.shape[1]):
        x = np.array(choice)
        free = np.isnan(x)
        rest = b - a[:, ~free] @ x[~free]
        x[free] = np.linalg.lstsq(a[:, free], rest, rcond=None)[0]
        inside = np.all((x >= 0) & (x <= 1))
        if inside and (best is None or np.sum((a @ x - b) ** 2) < np.sum((a @ best - b) ** 2)):
            best = x
    return best


def of_ball(a, b):
    """Damped as much as brings the length to one, by bisection."""
    low, high = 0.0, 1e6
    for _ in range(200):
        middle = (low + high) / 2
        x = np.linalg.solve(a.T @ a + middle * np.eye(a.shape[1]), a.T @ b)
        low, high = (middle, high) if x @ x > 1 else (low, middle)
    return x


BEST = {"sum": of_sum, "box": of_box, "ball": of_ball}
OFF = {
    "sum": lambda x: np.abs(x.sum(axis=0) - 1).max(),
    "box": lambda x: max(np.max(-x), np.max(x - 1), 0),
    "ball": lambda x: max(np.max(np.linalg.norm(x, axis=0) - 1), 0),
}


@pytest.mark.thinned(2)
@pytest.mark.parametrize("vec_axis", [0, -1])
@pytest.mark.parametrize("method", STEPS)
@pytest.mark.parametrize("name", PAIRS)
def test_least_squares_over_a_set_of_ones_own(backend, name, method, vec_axis):
    if not able(backend, method):
        pytest.skip(f"{backend!r} does not declare what {method} needs")
    dtype, rounding, small = widest(backend, "real")
    rng = np.random.default_rng(3)
    a = (rng.normal(size=(8, 5)) + 2 * np.eye(8, 5)).astype(dtype)
    b = (2 * rng.normal(size=(8, 3))).astype(dtype)
    u = ff.tensor("u", 5, 3, constrain=PAIRS[name])
    options = {"vec_size": 2, "vec_axis": vec_axis, "returns": "all", "dtype": dtype, "tol": 0}
    if method == "Adam":  # whose steps do not shorten
        options, small = {**options, "lr": 0.01}, 3e-2
    backend.seed(0)
    found = ff.factorize(
        *(ff.tensor(a)[i, r] * u[r, j], b, method),
        **{"max_steps": STEPS[method], "progress": False, **options},
    )
    best = np.stack([BEST[name](a.astype(float), column) for column in b.T.astype(float)], axis=1)
    assert OFF[name](best) < 1e-9
    for x in (backend.to_numpy(fac["u"]) for fac in found):
        assert OFF[name](x) < rounding
        np.testing.assert_allclose(x, best, atol=small)


def scaled(model_of):
    """The best number of a set for a target of threes."""
    return float(
        ff.factorize(model_of * 1.0, np.full(1, 3.0), max_steps=40, progress=False)["c"][0]
    )


def up_to(bound):
    def held(x, gradient, v):
        return ab.where((x >= bound) & (gradient <= 0), ab.zeros_like(v), v)

    return (lambda x: ab.where(x > bound, ab.full_like(x, bound), x)), held


def test_two_sets_of_the_same_functions_share_no_program(backend):
    """But for what these close over, or for a number in their code."""
    for bound in (1.0, 2.0, 1.0):
        assert scaled(ff.tensor("c", 1, constrain=up_to(bound))) == bound
    free = ff.tensor("c", 1, constrain=(lambda x: x * 1, lambda x, gradient, v: v))
    assert scaled(free) == pytest.approx(3, abs=1e-2)
    fixed = ff.tensor("c", 1, constrain=(lambda x: x * 0, lambda x, gradient, v: v * 0))
    assert scaled(fixed) == 0


FLAWED = {
    "moves": ((lambda x: x / 2, lambda x, g, v: v), r"project moves by \S+ what it has made it"),
    "no number": (
        (lambda x: x * np.nan, lambda x, g, v: v),
        r"project makes NaN of numbers",
    ),
    "nowhere": (
        (lambda x: x, lambda x, g, v: v * np.nan),
        r"tangent makes NaN of numbers",
    ),
    "not a projection": ((lambda x: x, lambda x, g, v: v / 2), r"tangent is no projection"),
    "not orthogonal": (
        (lambda x: x, lambda x, g, v: v * 0 + v[..., :1]),
        r"tangent is not orthogonal: the inner product of the part of v with w is",
    ),
    "turned about": (
        (PAIRS["box"][0], lambda x, g, v: along_box(x, -g, v)),
        r"tangent is not that of its project: .* by \d+% of it",
    ),
    "holds nothing": ((PAIRS["box"][0], lambda x, g, v: v), "tangent is not that of its project"),
    "has an edge far out": (
        (lambda x: ab.clip(x, -3, 3), lambda x, g, v: v),
        "tangent is not that of its project",
    ),
    "holds all": ((PAIRS["box"][0], lambda x, g, v: 0 * v), "tangent is not that of its project"),
    "not the nearest": (
        (lambda x: x / ab.sum(x), lambda x, g, v: v - ab.mean(v)),
        "tangent is not that of its project",
    ),
    "of another set": (
        (lambda x: x - (ab.sum(x) - 1) / 6, lambda x, g, v: v),
        "tangent is not that of its project",
    ),
}


@pytest.mark.parametrize("case", FLAWED)
def test_what_is_no_set_is_refused_before_the_first_step(backend, case):
    pair, message = FLAWED[case]
    u = ff.tensor("u", 3, 2, constrain=pair)
    with pytest.raises(
        OptionError, match=rf"^constrain=\(<lambda>, <lambda>\) of u: its {message}"
    ):
        ff.factorize(u * 1.0, np.ones((3, 2)), vec_size=2, progress=False)


def test_an_error_in_a_function_of_a_set_tells_how_to_write_it(backend):
    """The error is that of the user's own line."""

    def refused(x):
        raise RuntimeError("no such thing")

    u = ff.tensor("u", 3, constrain=(refused, lambda x, g, v: v))
    with pytest.raises(RuntimeError, match="no such thing") as caught:
        ff.factorize(u * 1.0, np.ones(3), vec_size=2, progress=False)
    notes = "".join(getattr(caught.value, "__notes__", []))
    assert ("Write it with functions of ff.active_backend" in notes) == isinstance(
        backend, ff.backends.Vmap
    )


def test_an_error_in_a_function_that_is_given_complex_numbers_says_so(backend):
    def refused(x):
        raise TypeError("no order")

    u = ff.tensor("u", 3, constrain=(refused, lambda x, g, v: v))
    with pytest.raises(TypeError, match="no order") as caught:
        ff.factorize(u * 1.0, np.ones(3, "complex64"), vec_size=2, progress=False)
    notes = "".join(caught.value.__notes__)
    assert "refused, of constrain=(refused, <lambda>), is called with complex numbers here" in notes
    assert "real=True" in notes
    assert ("no values yet" in notes) == isinstance(backend, ff.backends.Vmap)


def test_a_class_that_forgets_the_shape(backend):
    class Sums(ff.conditions.Constraint):
        def project(self, x, ab):
            return ab.sum(x, axis=-1)

        def tangent(self, x, gradient, ab):
            return lambda v: v

    message = r"Sums.project made shape \(2,\) of an array of shape \(2, 3\), replicas in front"
    with pytest.raises(ShapeError, match=message):
        ff.Factorization.from_tsrex(ff.tensor("u", 3, constrain=Sums), vec_size=2)


def test_a_flawed_set_that_is_a_class(backend):
    class Halves(ff.conditions.Constraint):
        def project(self, x, ab):
            return x / 2

        def tangent(self, x, gradient, ab):
            return lambda v: v

    with pytest.raises(OptionError, match="constrain=Halves of u: its project moves by"):
        ff.factorize(ff.tensor("u", 3, constrain=Halves) * 1.0, np.ones(3), progress=False)
