"""Data on their way into PyTorch."""

import tracemalloc

import numpy as np
import pytest

from funfact_backend_torch import PyTorchBackend


@pytest.mark.parametrize("dtype", [None, "float32", "complex128"])
def test_an_array_is_copied_once(dtype):
    """By PyTorch: NumPy makes no other one of it."""
    ab, x = PyTorchBackend(), np.ones(2**16)
    ab.tensor(x, dtype)  # whatever is imported by the first one
    tracemalloc.start()
    try:
        made = ab.tensor(x, dtype)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < x.nbytes / 8
    x[0] = 2
    assert ab.to_numpy(made)[0] == 1


@pytest.mark.parametrize(
    "x",
    [
        np.arange(12.0).reshape(3, 4)[::-1, ::2],
        np.arange(12.0).reshape(3, 4).T,
        np.broadcast_to(np.arange(4.0), (3, 4)),
        np.arange(4.0).astype(">f8"),
        np.array(3.0),
        np.ones((0, 2)),
        np.arange(12.0).reshape(3, 4)[::-1][:1],
        np.zeros(1, [("name", "i1"), ("number", "f8")])["number"],
    ],
    ids=[
        *("strided", "transposed", "broadcast", "swapped bytes", "no axes", "empty"),
        *("one row backwards", "one of a record"),
    ],
)
def test_however_it_lies_in_memory(x):
    """In C order afterwards; one that is not to be written to is read without a warning."""
    x.flags.writeable = False
    made = PyTorchBackend().tensor(x)
    assert made.is_contiguous()
    np.testing.assert_array_equal(made.numpy(), x)
