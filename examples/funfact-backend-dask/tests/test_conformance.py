"""FunFact's conformance kit, on this backend, and what Dask is for."""

from typing import Any

import numpy as np
import pytest

import funfact as ff
from funfact.testing import BackendTests
from funfact_backend_dask import DaskBackend, DaskOptions


class TestDask(BackendTests):
    """All of it: nothing is expected to fail."""

    @pytest.fixture
    def backend(self) -> Any:
        return DaskBackend()


def test_a_value_comes_in_chunks() -> None:
    import dask

    remove = ff.register_backend("dask", DaskBackend)
    i, j, k = ff.indices("i, j, k")
    u, v = ff.tensor("u", 3000, 2), ff.tensor("v", 4000, 2)
    with ff.using("dask", chunks=1000):
        model = ff.Factorization.from_tsrex(u[i, k] * v[j, k])
        value = model()
    remove()
    assert value.chunksize == (1000, 1000)
    left, right = dask.compute(model["u"], model["v"])
    np.testing.assert_allclose(
        float(value.sum().compute()), (left.sum(0) * right.sum(0)).sum(), rtol=1e-10, atol=1e-6
    )


def test_options() -> None:
    assert DaskBackend(DaskOptions(chunks=2)).tensor(np.ones(5)).chunks == ((2, 2, 1),)
