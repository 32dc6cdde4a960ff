"""Options of a fit: every one that makes no sense is refused, and says what would."""

from functools import partial

import numpy as np
import pytest

import funfact as ff
from funfact.errors import CapabilityError, FitError, NotationError, OptionError, UnknownNameError
from funfact.fit.options import checked
from funfact.fit.room import check_room
from funfact.loss import MSE
from funfact.optim import Adam, Optimizer

DEFAULTS = {
    "optimizer": "Adam",
    "loss": "MSE",
    "lr": None,
    "tol": 1e-6,
    "max_steps": 100,
    "vec_size": 4,
    "vec_axis": 0,
    "stop_by": "first",
    "returns": "best",
    "checkpoint_freq": 50,
    "penalty_weight": 1.0,
    "halving": None,
    "memory_limit": None,
}


class Descent(Optimizer):
    def step(self, grad):
        pass


def options(**changed):
    return checked(**{**DEFAULTS, **changed})


def test_the_defaults():
    found = options()
    assert found.optimizer is Adam
    assert found.loss == MSE()
    assert found.lr == 0.1
    assert found.stop_after == 1
    assert found.returns is None
    assert not found.append


@pytest.mark.parametrize(
    ("changed", "attribute", "expected"),
    [
        ({"stop_by": None}, "stop_after", 4),
        ({"stop_by": 3}, "stop_after", 3),
        ({"returns": "all"}, "returns", 4),
        ({"returns": np.int64(2)}, "returns", 2),
        ({"vec_axis": -1}, "append", True),
        ({"lr": np.float32(0.5)}, "lr", 0.5),
        ({"tol": 0}, "tol", 0.0),
        ({"max_steps": np.int32(7)}, "max_steps", 7),
    ],
)
def test_what_is_taken(changed, attribute, expected):
    assert getattr(options(**changed), attribute) == expected


@pytest.mark.parametrize("method", [Adam, Descent])
def test_a_rate_given_goes_before_that_of_a_partial(method):
    assert options(optimizer=method).lr == 0.1
    assert options(optimizer=partial(method, lr=0.5)).lr == 0.5
    assert options(optimizer=partial(method, lr=0.5), lr=0.2).lr == 0.2
    with pytest.raises(OptionError, match=r"lr=-1: expected a number above 0"):
        options(optimizer=partial(method, lr=-1))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"max_steps": 0}, r"max_steps=0: expected a whole number of at least 1"),
        ({"max_steps": -5}, r"max_steps=-5"),
        ({"max_steps": 10.0}, r"max_steps=10.0"),
        ({"vec_size": 0}, r"vec_size=0: expected a whole number of at least 1"),
        ({"vec_size": True}, r"vec_size=True"),
        ({"checkpoint_freq": -1}, r"checkpoint_freq=-1: expected a whole number of at least 1"),
        ({"vec_axis": 1}, r"vec_axis=1: the replica axis comes first \(0\) or last \(-1\)"),
        ({"vec_axis": "0"}, r"vec_axis='0'"),
        ({"vec_axis": np.array([0, 1])}, r"vec_axis=array\(\[0, 1\]\): the replica axis"),
        ({"vec_size": np.array([1, 2])}, r"vec_size=array\(\[1, 2\]\): expected a whole number"),
        ({"stop_by": np.array([1, 2])}, r"stop_by=array\(\[1, 2\]\)"),
        ({"returns": np.array([1, 2])}, r"returns=array\(\[1, 2\]\)"),
        ({"tol": -1e-3}, r"tol=-0.001: expected a number of at least 0. tol=0 never stops"),
        ({"tol": float("nan")}, r"tol=nan"),
        ({"tol": None}, r"tol=None"),
        ({"lr": 0}, r"lr=0: expected a number above 0"),
        ({"lr": -0.1}, r"lr=-0.1"),
        ({"lr": "0.1"}, r"lr='0.1': expected a number above 0"),
        ({"lr": True}, r"lr=True: expected a number above 0"),
        ({"lr": np.True_}, r"lr=.*True.*: expected a number above 0"),
        ({"optimizer": partial(Adam, lr="0.1")}, r"lr='0.1': expected a number above 0"),
        ({"max_steps": True}, r"max_steps=True: expected a whole number"),
        ({"tol": "1e-3"}, r"tol='1e-3': expected a number of at least 0"),
        ({"tol": False}, r"tol=False: expected a number of at least 0"),
        ({"tol": 10**400}, r"tol=10+: expected a number of at least 0"),
        ({"penalty_weight": "1"}, r"penalty_weight='1': expected a number of at least 0"),
        ({"penalty_weight": -1}, r"penalty_weight=-1: expected a number of at least 0"),
        ({"penalty_weight": "big"}, r"penalty_weight='big'"),
        ({"stop_by": "last"}, r"stop_by='last': expected 'first' .* or None \(all of them\)"),
        ({"stop_by": 0}, r"stop_by=0: expected a whole number"),
        ({"stop_by": 5}, r"stop_by=5, and there are 4 replicas. .* vec_size=5"),
        ({"stop_by": True}, r"stop_by=True"),
        ({"returns": "worst"}, r"returns='worst': expected 'best', 'all', or how many"),
        ({"returns": None}, r"returns=None"),
        ({"returns": -1}, r"returns=-1: expected a whole number"),
        ({"returns": 5}, r"returns=5, and there are 4 replicas"),
        ({"loss": 3}, r"loss=3 is not a loss"),
        ({"optimizer": 3}, r"optimizer=3 is not an optimizer"),
    ],
)
def test_what_is_refused(changed, message):
    with pytest.raises(OptionError, match=message):
        options(**changed)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"loss": "MES"}, r"no loss 'MES'. Did you mean 'MSE'\? Known are MSE, L1, KLDivergence"),
        (
            {"optimizer": "adm"},
            r"no optimizer 'adm'. Did you mean 'Adam'\? Known are Adam, RMSprop",
        ),
    ],
)
def test_unknown_names_list_the_known_ones(changed, message):
    with pytest.raises(UnknownNameError, match=message):
        options(**changed)


# --- factorize itself, on a backend without gradients


@pytest.fixture
def on_numpy():
    with ff.using("numpy"):
        yield


@pytest.mark.usefixtures("on_numpy")
def test_without_gradients_it_says_where_there_are_some():
    with pytest.raises(
        CapabilityError,
        match=r"fitting with Adam needs automatic differentiation, .*NumpyBackend.* does not have",
    ):
        ff.factorize(ff.tensor("x", 3), np.ones(3), optimizer="Adam")
    with pytest.raises(CapabilityError, match=r"fitting with RMSprop needs"):
        ff.factorize(ff.tensor("x", 3), np.ones(3), optimizer="RMSprop")


@pytest.mark.usefixtures("on_numpy")
def test_options_come_first():
    with pytest.raises(UnknownNameError, match=r"no loss 'MES'"):
        ff.factorize(ff.tensor("x", 3), np.ones(3), loss="MES")
    with pytest.raises(OptionError, match=r"progress='yes': expected True, False or None"):
        ff.factorize(ff.tensor("x", 3), np.ones(3), progress="yes")


@pytest.mark.usefixtures("on_numpy")
def test_what_cannot_be_fitted():
    with pytest.raises(FitError, match=r"hole \+ 1 has a hole, so .*ff.template\(pattern\) @ expr"):
        ff.factorize(ff.hole + 1, [1.0])
    with pytest.raises(FitError, match=r"nothing to optimise in d: all its tensors hold data"):
        ff.factorize(ff.tensor("d", np.ones(3)), np.ones(3))
    with pytest.raises(
        NotationError,
        match=r"got a ndarray where the expression belongs. The first",
    ):
        ff.factorize(np.ones(3), ff.tensor("x", 3))


def test_more_replicas_than_anything_holds():
    u = ff.tensor("u", 8, 2)
    check_room(u, "float32", 10**6)
    # 4 * 16 + 16 elements of 4 bytes: 320 bytes a replica
    check_room(u, "float32", 2**38 // 320)
    with pytest.raises(
        OptionError, match=r"vec_size=1000000000: .*at least 298 GiB.*vec_size=8589"
    ):
        check_room(u, "float32", 10**9)
    with pytest.raises(OptionError, match=r"at least 1192 GiB"):
        check_room(u, "complex128", 10**9)
