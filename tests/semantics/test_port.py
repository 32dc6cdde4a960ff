"""Models ported to another backend keep their value: parametrised and vectorised ones too."""

from typing import Any

import numpy as np
import pytest

import funfact as ff

i, j, k, r = ff.indices("i, j, k, r")


def rotation(angle: Any, ab: Any) -> Any:
    c, s = ab.cos(angle), ab.sin(angle)
    return ab.reshape(ab.stack([c, -s, s, c]), (2, 2))


def low_rank() -> Any:
    return ff.exp(ff.tensor("u", 3, 2)[i, r] * ff.tensor("v", 4, 2)[j, r])


def of_a_generator() -> Any:
    R = ff.parametrized(rotation, "theta", shape=(2, 2), real=True)
    return R @ ff.tensor("x", 2, 3)


def circuit() -> Any:
    gates = ff.quantum.Circuit(2)
    gates.append(ff.quantum.U4("V") @ (1, 0))
    gates.append(ff.quantum.RZ("theta") @ 0)
    return gates.to_tsrex()


def with_a_semiring() -> Any:
    return ff.minplus(low_rank(), low_rank()[k, j])


@pytest.mark.parametrize("other", ff.available_backends)
@pytest.mark.parametrize("vec_axis", [0, -1, None])
@pytest.mark.parametrize("write", [low_rank, of_a_generator, circuit, with_a_semiring])
def test_porting_keeps_the_value(backend: Any, write: Any, vec_axis: Any, other: str) -> None:
    """To 1e-6 of its norm."""
    vectorised = {} if vec_axis is None else {"vec_size": 3, "vec_axis": vec_axis}
    dtype = "complex64" if write is circuit else "float32"
    fac = ff.Factorization.from_tsrex(write(), dtype=dtype, **vectorised)
    value, ported = backend.to_numpy(fac()), fac.to(other)
    found = ported.backend.to_numpy(ported())
    assert found.dtype == value.dtype
    assert np.linalg.norm(found - value) <= 1e-6 * np.linalg.norm(value)
    for ours, theirs in zip(fac.all_factors, ported.all_factors, strict=True):
        np.testing.assert_array_equal(backend.to_numpy(ours), ported.backend.to_numpy(theirs))
