"""Programs are kept for problems of one form, and hold no arrays of any of them."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from problems import problem_of

import funfact as ff
from funfact.fit import programs
from funfact.fit.problem import losses
from funfact.fit.programs import forget, programs_of, solver_of
from funfact.loss import L1, MSE

i, j, r = ff.indices("i, j, r")


class Holder(np.ndarray):
    """An array that can be referred to weakly."""


@pytest.fixture(autouse=True)
def fresh():
    forget()
    yield
    forget()


def problem(n=4, loss=None, data=None, weight=1.0, replicas=2, prefer=None):
    u = ff.tensor("u", n, 2, prefer=prefer)
    v = ff.tensor("v", np.ones((5, 2)) if data is None else data)
    held = [v.tensors[0].data]
    return problem_of(u[i, r] * v[j, r], held, loss=loss, weight=weight, replicas=replicas)


def test_problems_that_differ_in_arrays_share_their_programs():
    other = replace(problem(data=np.zeros((5, 2))), target=np.ones((4, 5)))
    assert programs_of(problem()) is programs_of(other)


class Bounded(ff.conditions.Condition):
    def residual(self, x, ab):
        return x - 1


@pytest.mark.parametrize(
    "options",
    [
        {"n": 5},
        {"loss": L1()},
        {"loss": MSE(reduction="sum")},
        {"weight": 2.0},
        {"replicas": 3},
        {"prefer": Bounded},
        {"prefer": Bounded(weight=2)},
    ],
)
def test_problems_that_differ_otherwise_do_not(options):
    assert programs_of(problem()) is not programs_of(problem(**options))


def test_a_complex_target_is_another_form():
    one = problem()
    assert programs_of(one) is not programs_of(replace(one, target=one.target + 1j))


def test_a_program_is_made_once_and_knows_no_arrays():
    seen = []

    def make(bare):
        seen.append(bare)
        return lambda factors, target, data: losses(bare, factors, target, data)

    one, two = problem(), problem(data=np.zeros((5, 2)))
    first = programs_of(one).get("losses", make)
    assert programs_of(two).get("losses", make) is first
    (bare,) = seen
    assert bare.data == []
    assert bare.target.shape == ()
    assert all(tensor.data is None for tensor in bare.tensors)
    x = np.ones((2, 4, 2))
    np.testing.assert_allclose(first([x], one.target, one.data), [4, 4])
    np.testing.assert_allclose(first([x], two.target, two.data), [0, 0])


def test_data_is_released():
    data = np.ones((5, 2)).view(Holder)
    known = weakref.ref(data)
    programs_of(problem(data=data)).get("losses", lambda bare: bare)
    del data
    gc.collect()
    assert known() is None


def test_solvers_are_kept_too():
    def make(bare):
        return object()

    assert solver_of(problem(), make) is solver_of(problem(), make)
    counted = []

    def noting(bare):
        counted.append(bare)
        return object()

    assert solver_of(problem(), noting) is not solver_of(problem(), noting)


def test_a_loss_that_may_change_is_compiled_anew():
    weights = [1.0]

    def loss(model, target):
        return weights[0] * abs(model - target)

    one = problem(loss=ff.loss.as_loss(loss))
    assert programs_of(one) is not programs_of(one)


def test_only_the_last_ones_are_kept(monkeypatch):
    monkeypatch.setattr(programs, "_KEPT", 2)
    first = programs_of(problem(n=3))
    programs_of(problem(n=4))
    assert programs_of(problem(n=3)) is first
    programs_of(problem(n=5))
    assert programs_of(problem(n=3)) is first
    second = programs_of(problem(n=4))
    assert programs_of(problem(n=4)) is second
    assert len(programs._kept) == 2
