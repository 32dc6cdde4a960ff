"""PyTorch's arrays that are made block by block; run with ``--backend torch``."""

from weakref import ref

import numpy as np
import pytest

DATA = np.random.default_rng(0).normal(size=(5, 7)).astype("float32")


@pytest.fixture
def ab(backend_name, backend):
    if backend_name != "torch":
        pytest.skip("how the torch backend puts blocks in their places")
    return backend


def test_no_block_is_kept_while_the_next_one_is_made(ab):
    x, made = ab.tensor(DATA), []

    def block(start, stop):
        assert all(one() is None for one in made)
        part = x[:, start:stop].exp()
        made.append(ref(part))
        return part

    np.testing.assert_allclose(ab.in_blocks(block, 7, 3, 1), np.exp(DATA), rtol=1e-6)
    assert len(made) == 3


def test_a_gradient_takes_no_pass_over_the_whole_for_each_block(ab):
    x = ab.tensor(DATA).requires_grad_()
    made = ab.in_blocks(lambda start, stop: x[start:stop], 5, 2, 0)
    assert made.grad_fn.name() == "CatBackward0"


def test_within_transformed_functions(ab):
    """Vectorised, and differentiated twice."""
    grad, x = ab.func.grad, ab.tensor(DATA)

    def cubes(y):
        return ab.in_blocks(lambda start, stop: y[start:stop] ** 3, 7, 3, 0)

    np.testing.assert_allclose(ab.vmap(cubes)(x), DATA**3, rtol=1e-5)
    second = grad(lambda y: grad(lambda z: cubes(z).sum())(y).sum())
    np.testing.assert_allclose(second(x[0]), 6 * DATA[0], rtol=1e-5)
