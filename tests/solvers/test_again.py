"""A second fit of the same shapes compiles nothing."""

import logging

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Compile, Repeat
from funfact.fit.programs import forget

i, j, r = ff.indices("i, j, r")


@pytest.fixture
def compilations(backend, monkeypatch):
    """What the backend was asked to compile, and what JAX says that it compiled."""
    found = []
    for name in ("compile", "repeated"):
        if isinstance(backend, Compile | Repeat):
            plain = getattr(backend, name)

            def noted(f, plain=plain, name=name):
                found.append(name)
                return plain(f)

            monkeypatch.setattr(backend, name, noted)

    class Listener(logging.Handler):
        def emit(self, record):
            if "Finished XLA compilation" in record.getMessage():
                found.append(record.getMessage())

    logger, listener = logging.getLogger("jax"), Listener(logging.DEBUG)
    level = logger.level
    logger.addHandler(listener)
    logger.setLevel(logging.DEBUG)
    yield found
    logger.removeHandler(listener)
    logger.setLevel(level)


def matrix(prefer=None):
    u, v = ff.tensor("u", 30, 3, prefer=prefer), ff.tensor("v", 20, 3)
    return u[i, r] * v[j, r]


def draw(seed, shape=(30, 20)):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def quartic(model, target):
    return abs(model - target) ** 4


DESCENT = {"optimizer": "Adam", "prefer": ff.conditions.NonNegative(weight=0.1)}


@pytest.mark.parametrize(
    "options",
    [
        DESCENT,
        {**DESCENT, "vec_axis": -1},
        {**DESCENT, "loss": quartic},
        {**DESCENT, "optimizer": "RMSprop"},
        {"optimizer": "ALS"},
    ],
)
def test_the_same_expression_written_twice(fit, compilations, options):
    options = {"max_steps": 60, "tol": 0, "vec_size": 2, **options}
    prefer = options.pop("prefer", None)
    forget()
    fit(matrix(prefer), draw(0), seed=0, **options)
    compilations.clear()
    fit(matrix(prefer), draw(1), seed=1, **options)
    assert compilations == []


def test_a_first_fit_compiles_little_beside_its_steps_and_losses(fit, backend, compilations):
    """On JAX, of complex factors, whose target is laid out anew: a copy of what a step takes."""
    a, b, c = ff.tensor("a", 20, 4), ff.tensor("b", 60, 4), ff.tensor("c", 20, 4)
    k = ff.index("k")
    draws = draw(0, (2, 20, 60, 20))
    data = draws[0] + 1j * draws[1]
    forget()
    fac = fit(a[i, ~r] * b[j, ~r] * c[k, r], data, max_steps=40, optimizer="Adam", tol=0)
    assert backend.is_complex(fac.factors[0])
    compiled = [x for x in compilations if "Finished XLA compilation" in x]
    assert len(compiled) <= 3, compiled


def test_another_shape_is_compiled(fit, backend, compilations):
    forget()
    fit(matrix(), draw(0), max_steps=40, optimizer="Adam", tol=0)
    compilations.clear()
    fit(matrix(), draw(0), max_steps=40, optimizer="Adam", tol=0, vec_size=2)
    assert bool(compilations) is isinstance(backend, Compile)


def test_it_does_what_the_first_did(fit, backend):
    def run():
        found = fit(matrix(), draw(0), max_steps=40, optimizer="Adam", tol=0, vec_size=2, seed=3)
        return [backend.to_numpy(x) for x in found.factors]

    forget()
    for first, second in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(first, second)
