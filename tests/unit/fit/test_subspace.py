"""Leading singular vectors, by whichever way is cheapest, beside those of numpy.linalg.svd."""

import numpy as np
import pytest

from funfact.fit.subspace import leading, whole


def matrix(shape, values, kind=float, seed=0):
    """A matrix of given singular values."""
    rng = np.random.default_rng(seed)

    def basis(n):
        x = rng.normal(size=(n, len(values)))
        return np.linalg.qr(x + 1j * rng.normal(size=x.shape) if kind is complex else x)[0]

    return basis(shape[0]) * np.array(values) @ basis(shape[1]).conj().T


def left(x, u):
    """What a basis leaves of a matrix."""
    return np.linalg.norm(x - u @ (u.conj().T @ x))


SHAPES = [(12, 60), (60, 12), (20, 20)]


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("fall", [0.8, 1e-1, 1e-3])
def test_nothing_more_is_left_than_by_singular_values(shape, fall, kind):
    x = matrix(shape, fall ** np.arange(12), kind)
    for rank in (1, 3, 6):
        s = np.linalg.svd(x, compute_uv=False)
        best = np.sqrt(np.sum(s[rank:] ** 2))
        found = leading(x, rank)
        np.testing.assert_allclose(found.conj().T @ found, np.eye(rank), atol=1e-13)
        assert left(x, found) <= best * (1 + 1e-10) + 1e-15


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_sketch_finds_all_of_a_matrix_of_low_rank(shape, kind):
    x = matrix(shape, [1.0, 1e-2, 1e-5], kind)
    sizes = (3, shape[1] // 3) if shape[1] % 3 == 0 else (4, 5)
    assert left(x, whole(x, sizes, 3)) < 1e-14
    assert whole(x, sizes, 2) is None


def test_a_rank_beyond_the_size_is_filled_with_zeros():
    x = matrix((4, 9), [1.0, 0.5, 0.2, 0.1])
    found = leading(x, 6)
    assert found.shape == (4, 6)
    assert left(x, found) < 1e-15
    assert not np.any(found[:, 4:])


def test_zeros_and_the_smallest_numbers():
    assert left(np.zeros((5, 9)), leading(np.zeros((5, 9)), 2)) == 0
    tiny = 1e-200 * matrix((5, 9), [1.0, 0.5, 0.1, 0.05, 0.01])
    assert left(1e200 * tiny, leading(tiny, 2)) <= np.sqrt(0.01 + 0.0025 + 1e-4) * (1 + 1e-10)
