"""A filled template is worth what the expression is that is written out."""

from typing import Any

import numpy as np

import funfact as ff
from funfact.testing.language.cases import computed

i, j, k, m = ff.indices("i, j, k, m")
RNG = np.random.default_rng(11)
U, V, W = (RNG.uniform(0.5, 1.5, shape).astype(np.float32) for shape in ((4, 2), (5, 2), (2,)))


def test_gaussians_of_a_difference(backend: Any) -> None:
    """`ff.template` makes a reusable pattern with a hole."""
    u, v, w = ff.tensor("u", U), ff.tensor("v", V), ff.tensor("w", W)
    gaussians = ff.template(ff.exp(-(ff.hole[i, k, j] ** 2)) * w[k])
    difference = u[i, ~k] - v[j, ~k]
    expected = np.exp(-((U[:, None] - V) ** 2)) @ W
    for filled in (gaussians @ difference, difference @ gaussians):
        np.testing.assert_allclose(computed(filled, backend), expected, rtol=1e-5)


def test_one_pattern_in_two_places(backend: Any) -> None:
    """A tensor of the pattern is one factor wherever the pattern stands."""
    u, v, w = ff.tensor("u", U), ff.tensor("v", V), ff.tensor("w", W)
    scaled = ff.template(ff.hole[m, k] * w[k])
    expr = (scaled @ u)[i] * (scaled @ v)[j]
    assert len(expr.tensors) == 3
    np.testing.assert_allclose(computed(expr, backend), np.outer(U @ W, V @ W), rtol=1e-5)


def test_zero_as_the_hole(backend: Any) -> None:
    """The literal 0 of 1.0.3 works too."""
    u, v = ff.tensor("u", U), ff.tensor("v", V)
    expr = ff.template(u[i, k] * 0) @ v[j, k]
    np.testing.assert_allclose(computed(expr, backend), U @ V.T, rtol=1e-5)


def test_replicas_of_a_filled_template(backend: Any) -> None:
    u, w = ff.tensor("u", 4, 2), ff.tensor("w", W)
    expr = ff.vectorize(ff.template(ff.hole[m, k] * w[k]) @ u, 3)
    model = ff.Factorization.from_tsrex(expr, dtype=backend.float32)
    drawn = RNG.uniform(0.5, 1.5, (3, 4, 2)).astype(np.float32)
    model["u"] = backend.tensor(drawn)
    np.testing.assert_allclose(backend.to_numpy(model()), drawn @ W, rtol=1e-5)
