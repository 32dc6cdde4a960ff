"""The expert's programs of the benchmarks do what FunFact does: else their times say nothing."""

import dataclasses
import importlib
import mmap
import os
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
FITS = {
    "cp-8": ((6, 3), (5, 3), (4, 3)),
    "cp-five": ((3, 2), (4, 2), (2, 2), (5, 2), (3, 2)),
    "cp-nonnegative": ((3, 2), (4, 2), (5, 2)),
    "tucker": ((2, 3, 4), (5, 2), (6, 3), (7, 4)),
    "circuit": ((4, 4),) * 3,
}
VALUES = {
    "matrix": ((6, 3), (5, 3)),
    "train": ((4, 2), (2, 5, 3), (3, 6, 2), (2, 4)),
    "ring": ((3, 4, 2), (2, 5, 4), (4, 2, 5), (5, 3, 3)),
    "bells": ((6, 3), (5, 3), (3,)),
    "bricks": ((4, 4),) * 10,
    "bricks-8": ((4, 4),) * 14,
    "bricks-10": ((4, 4),) * 18,
    "chain": ((3, 4), (4, 2), (2, 5)),
    "cp-slice": ((9, 3), (5, 3), (4, 3)),
    "minplus": ((6, 3), (4, 3)),
}


@pytest.fixture
def measure(monkeypatch, backend_name):
    """The module of the benchmarks, where there is an expert for the backend."""
    if not (FOLDER / f"expert_{backend_name}.py").exists():
        pytest.skip(f"benchmarks have no expert for {backend_name}")
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("measure")


@pytest.mark.parametrize("name", FITS)
def test_same_losses(measure, backend_name, fit, name):
    """From one start, step by step. `fit`: only where there are gradients."""
    workload = small(measure, name, FITS[name], replicas=3 if name[-1] == "8" else None)
    turns = measure.fitted(workload, backend_name, steps=4, stretches=8)
    ours, theirs = (np.array(losses) for losses in zip(*turns.losses, strict=True))
    assert ours.shape == (9, workload.replicas)
    assert np.all(np.ptp(ours, axis=0) > 0)
    np.testing.assert_allclose(ours, theirs, rtol=2e-3)


# PyTorch's compiler warns of PyTorch's own use of what it deprecates, as it is imported.
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_same_losses_compiled(measure, backend_name):
    if backend_name != "torch":
        pytest.skip("an option of the torch backend")
    workload = small(measure, "cp-nonnegative", FITS["cp-nonnegative"])
    turns = measure.fitted(workload, "torch-compiled", steps=4, stretches=8)
    ours, theirs = (np.array(losses) for losses in zip(*turns.losses, strict=True))
    assert np.all(np.ptp(ours, axis=0) > 0)
    np.testing.assert_allclose(ours, theirs, rtol=2e-3)


@pytest.mark.parametrize("name", VALUES)
def test_same_values(measure, backend_name, name):
    workload = small(measure, name, VALUES[name])
    factors = measure.random_factors(workload, np.random.default_rng(0))
    ours = measure.value_of(workload, backend_name, factors)()
    theirs = measure.expert_of(workload, backend_name, factors)()
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * abs(theirs).max())


@pytest.mark.parametrize("name", ["circuit", "bricks"])
def test_as_the_first_funfact_writes_it(measure, backend_name, name):
    """Where the expression of 1.0.3 is another, it is the same model."""
    workload = measure.WORKLOADS[name]
    workload = dataclasses.replace(workload, expression=workload.earlier, replicas=1)
    factors = measure.random_factors(workload, np.random.default_rng(0))
    ours = np.asarray(measure.value_of(workload, backend_name, factors)())
    theirs = np.asarray(measure.expert_of(workload, backend_name, factors)())
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * abs(theirs).max())


def test_kron_and_matmul(measure):
    by_hand = importlib.import_module("by_hand")
    workload = measure.WORKLOADS["bricks"]
    slow = by_hand.kron_and_matmul(by_hand.brick_places(6, 4), 6)
    factors = measure.random_factors(workload, np.random.default_rng(0))
    np.testing.assert_allclose(slow(np, *factors), workload.model(np, *factors), atol=1e-4)


def test_what_misses_its_floor_is_marked(measure):
    """A ratio that is too large, a mean of 1.0.3 that is too small, a wall that is too slow."""
    page, figures = (importlib.import_module(name) for name in ("page", "figures"))
    row = {"ours": 3.0, "theirs": 2.0, "ratio": 1.5, "low": 1.4, "high": 1.6}

    def tables(found):
        return page.tables(figures.Figures("Here.", found, dict.fromkeys(found, "abc")))

    rows = {"time cp numpy": row, "time matrix numpy": row | {"ratio": 0.5}}
    table = tables(
        rows | {"cost cp numpy": {"memory": [2, 1]}, "cost matrix numpy": {"memory": [1, 1]}}
    )
    assert "**1.50** ▲" in table
    assert "2 / 1 ▲" in table
    assert "**0.50** |" in table
    assert "1 / 1 |" in table

    earlier = {"earlier cp numpy": row | {"ratio": 0.9}, "earlier matrix numpy": None}
    walls = {"a step": {"figure": 30.0, "limit": 24, "above": False}}
    table = tables(earlier | {"growth": {"growth": {}, "walls": walls}})
    assert "**0.9** ▲" in table
    assert "not at all" in table
    assert "**30.0** ▲ | at most 24" in table


def test_the_most_that_a_call_takes(measure):
    """Not what was taken before, though that is free by now."""
    peak = importlib.import_module("peak")
    if not os.access(peak.RESET, os.W_OK):
        pytest.skip("Linux alone forgets a peak")

    def take(mib):
        with mmap.mmap(-1, mib * 2**20) as block:  # what NumPy frees the process may keep
            for page in range(0, len(block), mmap.PAGESIZE):
                block[page] = 1

    take(64)
    memory = peak.watched()
    take(16)
    assert 15 < memory() < 24
    take(32)
    assert 31 < memory() < 40


def test_exponent(measure):
    pytest.importorskip("jax", reason="growth is measured on JAX")
    growth = importlib.import_module("growth")
    assert growth.fitted_exponent([1.0, 2.0, 4.0], [3.0, 12.0, 48.0]) == pytest.approx(2)


def test_summary(measure):
    """The median of the ratios, not the ratio of the medians."""
    found = measure.summary([1.0, 2.0, 8.0], [1.0, 1.0, 16.0], repeats=2)
    assert (found["ratio"], found["ours"], found["theirs"]) == (1.0, 1000.0, 500.0)
    assert found["low"] <= found["ratio"] <= found["high"]


def small(measure, name, shapes, replicas=None):
    """A workload with small factors, and data of their own with both signs in all of them."""
    workload = measure.WORKLOADS[name]
    changes = {"shapes": shapes, "target": None} | ({"replicas": replicas} if replicas else {})
    return dataclasses.replace(workload, **changes)
