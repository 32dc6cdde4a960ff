"""Penalties against formulas in NumPy."""

import numpy as np
import pytest

import funfact as ff
from funfact.backends import load
from funfact.conditions import (
    Condition,
    Diagonal,
    NoCondition,
    NonNegative,
    Unitary,
    UpperTriangular,
    as_condition,
    violation,
)
from funfact.errors import DtypeError, OptionError, ShapeError, UnknownNameError

AB = load("numpy")


def matrices(*shape, dtype="float64"):
    rng = np.random.default_rng(1)
    x = rng.normal(size=shape)
    return x + 1j * rng.normal(size=shape) if "complex" in dtype else x


def unitary_residual(x):
    m, n = x.shape
    gram = x.conj().T @ x if m >= n else x @ x.conj().T
    return gram - np.eye(min(m, n))


def negative_part(x):
    return np.minimum(x.real, 0) + 1j * x.imag


RESIDUALS = {
    NoCondition: lambda x: 0 * x,
    NonNegative: negative_part,
    UpperTriangular: lambda x: np.where(
        np.arange(x.shape[0])[:, None] > np.arange(x.shape[1]), x, 0
    ),
    Diagonal: lambda x: np.where(np.arange(x.shape[0])[:, None] != np.arange(x.shape[1]), x, 0),
    Unitary: unitary_residual,
}


@pytest.mark.parametrize("kind", RESIDUALS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4)])
@pytest.mark.parametrize("elementwise", ["mse", "l1"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_each_condition(kind, dtype, shape, elementwise, reduction):
    x = matrices(5, *shape, dtype=dtype)
    condition = kind(weight=3.0, elementwise=elementwise, reduction=reduction)
    power = 2 if elementwise == "mse" else 1
    reduce = np.mean if reduction == "mean" else np.sum
    expected = [3.0 * reduce(np.abs(RESIDUALS[kind](one)) ** power) for one in x]
    found = violation(condition, x, AB, 1)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("condition", "matrix"),
    [
        (Unitary(), np.array([[0, 1j], [1, 0]])),
        (Unitary(), np.linalg.qr(matrices(5, 3))[0]),
        (UpperTriangular(), np.triu(matrices(3, 4))),
        (Diagonal(), np.diag([1.0, -2.0])),
        (NonNegative(), np.abs(matrices(3, 4))),
        (NoCondition(), matrices(3)),
    ],
)
def test_zero_where_it_holds(condition, matrix):
    assert violation(condition, matrix, AB, 0) == pytest.approx(0, abs=1e-30)


def test_nonnegative_takes_any_shape():
    assert violation(NonNegative(), np.array(-2.0), AB, 0) == 4
    np.testing.assert_allclose(violation(NonNegative(), np.array([-2.0, 1.0]), AB, 1), [4, 0])


@pytest.mark.parametrize("kind", [Unitary, UpperTriangular, Diagonal])
def test_matrix_conditions_refuse_vectors_replicated_or_not(kind):
    for x, lead in ((np.ones(3), 0), (np.ones((2, 3)), 1)):
        with pytest.raises(ShapeError, match=r"asks something of matrices, and the .* \(3,\)"):
            violation(kind(), x, AB, lead)


def test_called_on_the_active_backend():
    with ff.using("numpy"):
        assert Diagonal(reduction="sum")([[1, 2], [3, 4]]) == 13


def test_one_of_ones_own():
    class SumsToOne(Condition):
        def residual(self, x, ab):
            return ab.sum(x, axis=-1) - 1

    x = np.array([[[1.0, 1.0], [0.5, 0.5]], [[3.0, 0.0], [0.0, 0.0]]])
    np.testing.assert_allclose(violation(SumsToOne(weight=2.0), x, AB, 1), [1.0, 5.0])
    assert isinstance(as_condition(SumsToOne), SumsToOne)


def test_options_are_checked():
    with pytest.raises(OptionError, match=r"Unitary\(elementwise='l2'\): expected mse or l1"):
        Unitary(elementwise="l2")
    with pytest.raises(OptionError, match=r"NonNegative\(reduction='max'\): expected mean or sum"):
        NonNegative(reduction="max")


@pytest.mark.parametrize("spec", [1.0, ff.TsrEx])
def test_what_is_no_condition(spec):
    with pytest.raises(OptionError, match=r"is not a condition. Give one of .*Unitary"):
        as_condition(spec)


def test_a_name_of_a_condition():
    assert as_condition("NonNegative") == NonNegative()
    with pytest.raises(
        UnknownNameError, match=r"no condition 'Nonneg'. Did you mean 'NonNegative'"
    ):
        as_condition("Nonneg")


def test_two_conditions_become_one():
    with pytest.raises(OptionError, match=r"was given 2 conditions, and takes one. Write one Cond"):
        as_condition([NonNegative, Unitary])


@pytest.mark.parametrize("weight", ["a", "1", True, -1, float("nan"), float("inf"), None])
def test_a_weight_is_a_number(weight):
    with pytest.raises(OptionError, match=r"Unitary\(weight=.*\): expected a finite number of at"):
        Unitary(weight=weight)


def test_a_residual_keeps_the_replicas():
    class Total(Condition):
        def residual(self, x, ab):
            return ab.sum(x)

    class Nothing(Condition):
        def residual(self, x, ab):
            ab.sum(x)

    x, ab = np.ones((3, 4)), load("numpy")
    assert violation(Total(), x, ab, 0) == 144
    with pytest.raises(
        ShapeError, match=r"returned shape \(\) for .*first 1 axes are replicas.*axis"
    ):
        violation(Total(), x, ab, 1)
    with pytest.raises(OptionError, match=r"Nothing.residual returned a NoneType.*`return`"):
        violation(Nothing(), x, ab, 1)


class OneArgument(Condition):
    def residual(self, x):
        return x


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (lambda: 0, r"the condition <lambda> is called as f\(x\), and takes \(\)"),
        (lambda x, y: 0, r"takes \(x, y\)"),
        (Condition, "prefer=Condition makes no instance without arguments"),
        (OneArgument, r"OneArgument.residual is called as f\(x, ab\)"),
    ],
)
def test_a_condition_of_other_arguments_is_refused(spec, message):
    with pytest.raises(OptionError, match=message):
        as_condition(spec)


@pytest.mark.parametrize("lead", [0, 1])
@pytest.mark.parametrize(
    ("function", "kind", "message"),
    [
        (lambda x: None, OptionError, "the condition <lambda> returned a NoneType"),
        (lambda x: x < 0, DtypeError, "the condition <lambda> returned bool, which has no grad"),
    ],
)
def test_what_a_condition_returns_is_checked(lead, function, kind, message):
    with pytest.raises(kind, match=message):
        violation(as_condition(function), np.ones((3, 2)), AB, lead)
