"""Random numbers: reproducible, of the dtype asked for, with the right moments."""

from typing import Any

import numpy as np
import pytest

from funfact.errors import DtypeError, OptionError, ShapeError

from ..group import Group

N = 20000


def draw(backend: Any, name: str, *args: Any, **kwargs: Any) -> np.ndarray:
    x = getattr(backend, name)(*args, **kwargs)
    assert backend.is_native(x)
    return np.asarray(backend.to_numpy(x))


class Draws(Group):
    """Random numbers."""

    def test_a_seed_makes_what_follows_reproducible(self, backend: Any) -> None:
        def some() -> list[np.ndarray]:
            return [
                draw(backend, "normal", 0, 1, (2, 3)),
                draw(backend, "uniform", 0, 1, (4,), dtype="complex64"),
                draw(backend, "normal", 0, 1, 2, dtype="complex64"),
            ]

        backend.seed(7)
        first = some()
        backend.seed(7)
        again = some()
        other = some()
        assert all(np.array_equal(x, y) for x, y in zip(first, again, strict=True))
        assert not any(np.array_equal(x, y) for x, y in zip(first, other, strict=True))

    @pytest.mark.parametrize("n", [0, 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1])
    def test_seeds_of_any_size(self, backend: Any, n: int) -> None:
        backend.seed(n)
        x = draw(backend, "normal", 0, 1, 4)
        backend.seed(n)
        np.testing.assert_array_equal(draw(backend, "normal", 0, 1, 4), x)

    @pytest.mark.parametrize("shape", [(), 3, (3,), (2, 0), [2, 3]])
    def test_random_shapes(self, backend: Any, shape: Any) -> None:
        for name in ("normal", "uniform"):
            assert getattr(backend, name)(0.0, 1.0, shape).shape == np.zeros(shape).shape

    def test_the_float_of_the_backend_unless_asked(self, backend: Any) -> None:
        assert backend.normal(0, 1, 2).dtype == backend.default_dtype
        assert backend.uniform(0, 1, 2).dtype == backend.default_dtype
        for dtype in ("float32", "complex64"):
            for name in ("normal", "uniform"):
                for asked in (dtype, backend.dtype(dtype)):
                    assert backend.dtype_name(getattr(backend, name)(0, 1, 2, dtype=asked)) == dtype

    @pytest.mark.parametrize("dtype", ["float64", "complex128"])
    def test_wide_dtypes_are_honoured_or_refused(self, backend: Any, dtype: str) -> None:
        for name in ("normal", "uniform"):
            try:
                x = getattr(backend, name)(0, 1, 2, dtype=dtype)
            except DtypeError as refusal:
                assert "enable_x64=True" in str(refusal)  # noqa: PT017
            else:
                assert backend.dtype_name(x) == dtype

    def test_moments(self, backend: Any) -> None:
        x = draw(backend, "normal", 2.0, 0.5, N)
        assert abs(x.mean() - 2) < 0.02
        assert abs(x.std() - 0.5) < 0.02
        u = draw(backend, "uniform", -1.0, 3.0, N)
        assert u.min() >= -1
        assert u.max() < 3
        assert abs(u.mean() - 1) < 0.05
        assert abs(u.std() - 4 / 12**0.5) < 0.05

    def test_moments_of_complex_numbers(self, backend: Any) -> None:
        z = draw(backend, "normal", 1 - 1j, 0.5, N, dtype="complex64")
        assert abs(z.mean() - (1 - 1j)) < 0.02
        assert abs(z.std() - 0.5) < 0.02
        assert abs(np.mean((z - z.mean()) ** 2)) < 0.02  # circular
        u = draw(backend, "uniform", -1.0, 3.0, N, dtype="complex64")
        for part in (u.real, u.imag):
            assert part.min() >= -1
            assert part.max() < 3
            assert abs(part.mean() - 1) < 0.05

    def test_what_is_refused(self, backend: Any) -> None:
        with pytest.raises(DtypeError, match="random data cannot be of int32"):
            backend.uniform(0, 1, 2, dtype="int32")
        with pytest.raises(DtypeError, match="the mean 1j is complex"):
            backend.normal(1j, 1, 2, dtype="float32")

    @pytest.mark.parametrize("n", ["x", 1.5, None, -1, 2**63, 2**70])
    def test_what_is_no_seed(self, backend: Any, n: Any) -> None:
        with pytest.raises(
            OptionError, match=r"a seed is a whole number from 0 to 2\*\*63 - 1, not"
        ):
            backend.seed(n)

    @pytest.mark.parametrize("place", [0, 1])
    @pytest.mark.parametrize("name", ["normal", "uniform"])
    def test_parameters_are_single_numbers(self, backend: Any, name: str, place: int) -> None:
        for wrong in (backend.zeros(3), np.zeros(3), [0.0, 1.0], "1"):
            parameters: list[Any] = [0.0, 1.0]
            parameters[place] = wrong
            with pytest.raises(OptionError, match="of random data is one number") as caught:
                getattr(backend, name)(*parameters)
            assert "Parameters are scalars; add the array to the result" in str(caught.value)
        parameters = [np.float32(0), np.array(1.0)]
        assert getattr(backend, name)(*parameters, np.int64(2)).shape == (2,)

    def test_a_negative_deviation(self, backend: Any) -> None:
        with pytest.raises(OptionError, match="is not negative, and -1 is"):
            backend.normal(0, -1, 3)

    @pytest.mark.parametrize("shape", [-1, (2, -1), 1.5, (2, 1.5), "ab"])
    def test_what_is_no_shape(self, backend: Any, shape: Any) -> None:
        for name in ("normal", "uniform"):
            with pytest.raises(ShapeError, match="random data cannot have the shape"):
                getattr(backend, name)(0, 1, shape)
