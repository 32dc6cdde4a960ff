"""JAX's einsum with as few axes as it needs, against NumPy's."""

import jax
import numpy as np
import pytest

import funfact as ff

CASES = [
    ("nij,njk->nik", (1, 4, 3), (1, 3, 5)),
    ("nij,nik->njk", (1, 4, 3), (1, 4, 3)),
    ("nir,njr->nijr", (1, 4, 3), (1, 5, 3)),
    ("nij,nj->in", (1, 4, 1), (1, 1)),
    ("ni,ni->n", (1, 4), (1, 4)),
    ("ni,ni->", (1, 1), (1, 1)),
    ("nii->n", (1, 3, 3)),
    ("ij,jk->ik", (4, 1), (1, 5)),
    ("nij,jk->kni", (1, 300, 300), (300, 2)),
    ("nij,njk->nik", (1, 0, 3), (1, 3, 5)),
    ("ij,jk->ik", (4, 1), (3, 5)),
    ("nij,njk", (1, 4, 3), (1, 3, 5)),
]


@pytest.fixture
def backend():
    with ff.using("jax"):
        yield ff.active_backend


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_it_is_that_of_numpy(backend, case):
    subscripts, *shapes = case
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape).astype("float32") for shape in shapes]
    found = backend.einsum(subscripts, *map(backend.tensor, arrays))
    expected = np.einsum(subscripts, *arrays)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_of_one_replica_no_gradient_is_transposed(backend):
    """What meets a transposed gradient is slow to compile."""

    def gram(arrays):
        product = backend.einsum("nir,nis->nrs", arrays[0], x)
        return backend.sum(product * weights), ()

    x, weights = backend.ones((1, 64, 16)), backend.ones((1, 16, 16))
    program = jax.jit(lambda x: backend.value_and_grad(gram)([x])[1][0] * 0.9 + x)
    text = program.lower(x).compile().as_text()
    assert "} transpose(" not in text


@pytest.mark.parametrize("subscripts", ["ij,jk->ik", "nij,jk->nq"])
def test_what_it_refuses_is_told_by_jax(backend, subscripts):
    with pytest.raises((ValueError, TypeError), match=r"einsum|subscript|dimension|did not appear"):
        backend.einsum(subscripts, backend.ones((1, 2, 3)), backend.ones((3, 4)))
