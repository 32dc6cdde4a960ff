"""What is saved under one backend and loaded, under it or another one."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import funfact as ff
from funfact.testing.language.drawn import expressions

i, j, k, r = ff.indices("i, j, k, r")

SINGLE_PRECISION = 1e-5
DTYPES = ("float32", "float64", "complex64", "complex128")


def low_rank() -> Any:
    u = ff.tensor("u", 3, 2, prefer=ff.conditions.NonNegative(weight=0.5))
    return ff.exp(u[i, r] * ff.tensor("v", 4, 2)[j, r])


def bits(array: Any) -> tuple[str, Any, bytes]:
    return str(array.dtype), array.shape, array.tobytes()


def equal_bits(fac: Any, loaded: Any) -> bool:
    """Whether two models have the same factors, to the last bit."""
    a, b = fac.backend, loaded.backend
    return [bits(a.to_numpy(x)) for x in fac.all_factors] == [
        bits(b.to_numpy(x)) for x in loaded.all_factors
    ]


def model(expr: Any, backend: Any, dtype: str, **options: Any) -> Any:
    try:
        backend.dtype(dtype)
    except ff.errors.DtypeError:
        pytest.skip(f"{backend!r} has no {dtype}, the way it was loaded")
    return ff.Factorization.from_tsrex(expr, dtype=dtype, **options)


# --- the same bits


@pytest.mark.parametrize("vec_axis", [0, -1])
@pytest.mark.parametrize("dtype", DTYPES)
def test_save_then_load_is_bit_identical(
    backend: Any, dtype: str, vec_axis: int, tmp_path: Any
) -> None:
    fac = model(low_rank(), backend, dtype, vec_size=3, vec_axis=vec_axis)
    fac.save(tmp_path / "model")
    loaded = ff.load(tmp_path / "model")
    assert loaded.backend is backend
    assert loaded.dtype == fac.dtype
    assert equal_bits(fac, loaded)
    assert fac.same_structure(loaded)
    assert bits(backend.to_numpy(loaded())) == bits(backend.to_numpy(fac()))
    np.testing.assert_array_equal(*(backend.to_numpy(m.penalty()) for m in (fac, loaded)))


@settings(max_examples=40)
@given(drawn=expressions())
def test_random_expressions(backend: Any, tmp_path_factory: Any, drawn: Any) -> None:
    text, data, _ = drawn
    names = {label: ff.index(label) for label in "ijklmnpq"}
    names |= {name: ff.tensor(name, array) for name, array in data.items()} | {"ff": ff}
    expr = eval(text, names)  # the notation is Python's
    fac = ff.Factorization.from_tsrex(expr)
    path = tmp_path_factory.mktemp("store") / "model"
    fac.save(path)
    loaded = ff.load(path)
    assert repr(loaded.tsrex) == repr(expr)
    assert equal_bits(fac, loaded)
    assert fac.same_structure(loaded)
    assert bits(backend.to_numpy(loaded())) == bits(backend.to_numpy(fac()))
    for ours, theirs in zip(expr.tensors, loaded.tsrex.tensors, strict=True):
        assert bits(np.asarray(ours.data)) == bits(theirs.data)


def test_bfloat16_where_the_backend_has_it(backend: Any, tmp_path: Any) -> None:
    fac = model(low_rank(), backend, "bfloat16")
    fac.save(tmp_path / "model")
    loaded = ff.load(tmp_path / "model")
    assert backend.dtype_name(loaded.dtype) == "bfloat16"
    for ours, theirs in zip(fac.factors, loaded.factors, strict=True):
        np.testing.assert_array_equal(
            *(backend.to_numpy(x).astype("float32") for x in (ours, theirs))
        )
    elsewhere = ff.load(tmp_path / "model", "numpy")
    assert elsewhere.dtype == np.float32
    np.testing.assert_array_equal(elsewhere["u"], backend.to_numpy(fac["u"]).astype("float32"))


def test_the_seed(backend: Any, tmp_path: Any) -> None:
    backend.seed(7)
    fac = ff.Factorization.from_tsrex(low_rank(), vec_size=2)
    backend.seed(8)
    fac.save(tmp_path / "model")
    others = (ff.load(tmp_path / "model"), fac.copy(), fac.to("numpy"), ff.view(fac, 1))
    assert [other.seed for other in others] == [7] * 4
    backend.seed(fac.seed)
    assert equal_bits(ff.Factorization.from_tsrex(low_rank(), vec_size=2), fac)


# --- another backend


@pytest.mark.parametrize("other", ff.available_backends)
@pytest.mark.parametrize("dtype", ["float32", "complex64"])
def test_a_model_is_loaded_under_another_backend(
    backend: Any, other: str, dtype: str, tmp_path: Any
) -> None:
    expr = low_rank() * ff.planar_rotation(0, 2, 3, theta="theta")[i, k]
    fac = model(expr, backend, dtype, vec_size=2)
    fac.save(tmp_path / "model")
    with ff.using(other):
        active = ff.load(tmp_path / "model")
    for loaded in (active, ff.load(tmp_path / "model", other)):
        assert loaded.backend.name == other
        assert equal_bits(fac, loaded)
        np.testing.assert_allclose(
            loaded.backend.to_numpy(loaded()),
            backend.to_numpy(fac()),
            rtol=SINGLE_PRECISION,
            atol=1e-6,
        )
