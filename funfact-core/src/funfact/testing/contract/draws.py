"""Random numbers: reproducible, of the dtype asked for, with the right moments."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from ...errors import DtypeError, OptionError, ShapeError
from ..compare import fault, same_value
from .calls import Calls
from .dtypes import honoured_or_refused

N = 20000
SOME = (
    "ab.normal(0, 1, (2, 3))",
    "ab.uniform(0, 1, (4,), dtype='complex64')",
    "ab.normal(0, 1, 2, dtype='complex64')",
)

LOCK = "One instance serves all threads: draw under a lock, or from a generator that has one."


class Draws(Calls):
    """Random numbers."""

    def draw(self, backend: Any, call: str) -> np.ndarray[Any, Any]:
        """What a call draws, in NumPy."""
        x = self.called(backend, call, {})
        self.native(backend, call, x)
        return np.asarray(backend.to_numpy(x))

    def near(self, what: str, found: Any, expected: Any, off: float) -> None:
        """A moment of N numbers is what it should be."""
        same_value(f"{what} of {N} numbers", found, np.asarray(expected), off)

    @pytest.mark.parametrize("call", SOME)
    def test_threads_share_one_stream(self, backend: Any, call: str) -> None:
        """What eight threads draw is what one draws, in some order: no number twice, none lost."""
        backend.seed(7)
        one = {self.draw(backend, call).tobytes() for _ in range(64)}
        backend.seed(7)
        with ThreadPoolExecutor(8) as pool:
            eight = {x.tobytes() for x in pool.map(lambda _: self.draw(backend, call), range(64))}
        if eight != one:
            raise fault(
                f"{call}, 64 times after ab.seed(7), in one thread and in eight",
                expected="the same 64 arrays in some order",
                got=f"{len(one & eight)} of them, and {len(eight - one)} others. {LOCK}",
            )

    @pytest.mark.parametrize("call", SOME)
    def test_a_seed_makes_what_follows_reproducible(self, backend: Any, call: str) -> None:
        """The same seed gives the same numbers, and what is drawn next is new."""
        backend.seed(7)
        first = self.draw(backend, call)
        backend.seed(7)
        again = self.draw(backend, call)
        other = self.draw(backend, call)
        if not np.array_equal(first, again):
            raise fault(f"{call} after ab.seed(7), twice", expected=first, got=again)
        if np.array_equal(first, other):
            raise fault(f"{call}, called twice", expected="other numbers", got="the same again")

    @pytest.mark.parametrize("n", [0, 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1])
    def test_seeds_of_any_size(self, backend: Any, n: int) -> None:
        """From 0 to 2**63 - 1."""
        call = "ab.normal(0, 1, 4)"
        self.called(backend, f"ab.seed({n})", {})
        first = self.draw(backend, call)
        backend.seed(n)
        again = self.draw(backend, call)
        if not np.array_equal(first, again):
            raise fault(f"{call} after ab.seed({n}), twice", expected=first, got=again)

    @pytest.mark.parametrize("shape", [(), 3, (3,), (2, 0), [2, 3]])
    def test_random_shapes(self, backend: Any, shape: Any) -> None:
        """A number, a tuple or a list."""
        for name in ("normal", "uniform"):
            call = f"ab.{name}(0.0, 1.0, {shape})"
            found = tuple(self.called(backend, call, {}).shape)
            if found != np.zeros(shape).shape:
                raise fault(call, expected=f"shape {np.zeros(shape).shape}", got=f"shape {found}")

    @pytest.mark.parametrize("name", ["normal", "uniform"])
    def test_random_dtypes(self, backend: Any, name: str) -> None:
        """The backend's float, unless another is asked for by name or natively."""
        default = backend.dtype_name(backend.default_dtype)
        self.named(backend, f"ab.{name}(0, 1, 2)", getattr(backend, name)(0, 1, 2), default)
        for dtype in ("float32", "complex64"):
            for asked in (f"{dtype!r}", f"ab.{dtype}"):
                call = f"ab.{name}(0, 1, 2, dtype={asked})"
                self.named(backend, call, self.called(backend, call, {}), dtype)

    @pytest.mark.parametrize("dtype", ["float64", "complex128"])
    def test_wide_random_dtypes_are_honoured_or_refused(self, backend: Any, dtype: str) -> None:
        """Never quietly single precision."""
        for name in ("normal", "uniform"):
            call = f"ab.{name}(0, 1, 2, dtype={dtype!r})"
            draw = getattr(backend, name)

            def make(draw: Any = draw) -> Any:
                return draw(0, 1, 2, dtype=dtype)

            honoured_or_refused(backend, call, make, dtype)

    def test_moments(self, backend: Any) -> None:
        """Mean and deviation, and the ends of an interval."""
        call = f"ab.normal(2.0, 0.5, {N})"
        x = self.draw(backend, call)
        self.near(f"the mean of {call}", x.mean(), 2, 0.02)
        self.near(f"the deviation of {call}", x.std(), 0.5, 0.02)
        call = f"ab.uniform(-1.0, 3.0, {N})"
        self.evenly(call, self.draw(backend, call))

    def evenly(self, call: str, u: Any) -> None:
        """Spread over [-1, 3)."""
        if u.min() < -1 or u.max() >= 3:
            raise fault(call, expected="numbers from [-1, 3)", got=f"from {u.min()} to {u.max()}")
        self.near(f"the mean of {call}", u.mean(), 1, 0.05)
        self.near(f"the deviation of {call}", u.std(), 4 / 12**0.5, 0.05)

    def test_moments_of_complex_numbers(self, backend: Any) -> None:
        """The parts are independent, and share the variance of a normal number."""
        call = f"ab.normal(1 - 1j, 0.5, {N}, dtype='complex64')"
        z = self.draw(backend, call)
        self.near(f"the mean of {call}", z.mean(), 1 - 1j, 0.02)
        self.near(f"the root of the mean of abs(z - mean)**2 of {call}", z.std(), 0.5, 0.02)
        self.near(f"the mean of (z - mean)**2 of {call}", np.mean((z - z.mean()) ** 2), 0, 0.02)
        call = f"ab.uniform(-1.0, 3.0, {N}, dtype='complex64')"
        u = self.draw(backend, call)
        self.evenly(f"the real part of {call}", u.real)
        self.evenly(f"the imaginary part of {call}", u.imag)

    def test_random_data_of_integers_are_refused(self, backend: Any) -> None:
        """`funfact.backends.draws.arguments` reads the arguments, and refuses these."""
        call = "ab.uniform(0, 1, 2, dtype='int32')"
        with self.raises(call, DtypeError, "random data cannot be of int32"):
            self.called(backend, call, {})
        call = "ab.normal(1j, 1, 2, dtype='float32')"
        with self.raises(call, DtypeError, "the mean 1j is complex"):
            self.called(backend, call, {})

    @pytest.mark.parametrize("n", ["x", 1.5, None, -1, 2**63, 2**70])
    def test_what_is_no_seed(self, backend: Any, n: Any) -> None:
        """`OptionError`: `funfact.backends.draws.seed` reads it."""
        says = r"a seed is a whole number from 0 to 2\*\*63 - 1, not"
        with self.raises(f"ab.seed({n!r})", OptionError, says):
            backend.seed(n)

    @pytest.mark.parametrize("place", [0, 1])
    @pytest.mark.parametrize("name", ["normal", "uniform"])
    def test_parameters_are_single_numbers(self, backend: Any, name: str, place: int) -> None:
        """NumPy's scalars are single numbers, arrays are not."""
        for wrong in (backend.zeros(3), np.zeros(3), [0.0, 1.0], "1"):
            parameters: list[Any] = [0.0, 1.0]
            parameters[place] = wrong
            call = f"ab.{name} with a {type(wrong).__name__} in place {place}"
            with self.raises(call, OptionError, "of random data is one number"):
                getattr(backend, name)(*parameters)
        call = f"ab.{name}(np.float32(0), np.array(1.0), np.int64(2))"
        if tuple(self.called(backend, call, {}).shape) != (2,):
            raise fault(call, expected="shape (2,)", got="another")

    def test_a_negative_deviation(self, backend: Any) -> None:
        """`OptionError`."""
        with self.raises("ab.normal(0, -1, 3)", OptionError, "is not negative, and -1 is"):
            backend.normal(0, -1, 3)

    @pytest.mark.parametrize("shape", [-1, (2, -1), 1.5, (2, 1.5), "ab"])
    def test_what_is_no_shape(self, backend: Any, shape: Any) -> None:
        """`ShapeError`."""
        for name in ("normal", "uniform"):
            call = f"ab.{name}(0, 1, {shape!r})"
            with self.raises(call, ShapeError, "random data cannot have the shape"):
                getattr(backend, name)(0, 1, shape)
