"""The stable functions, against `math` in double precision."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ...errors import DtypeError
from ..compare import fault, given, same_value
from .calls import Calls

INF = float("inf")
X = np.array([-80.0, -5.0, -1.0, -0.1, 0.0, 0.1, 1.0, 5.0, 80.0], np.float32)
POSITIVE = np.array([-2.0, 0.0, 0.3, 1.0, 4.0, 8.0], np.float32)
DEFINITIONS: dict[str, Callable[[float], float]] = {
    "erf": math.erf,
    "relu": lambda x: max(x, 0.0),
    "celu": lambda x: x if x > 0 else math.expm1(x),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
}


class Functions(Calls):
    """The stable functions."""

    def relative(
        self, backend: Any, call: str, x: Any, expected: Any, rounding: float = 0.2
    ) -> None:
        """To a fraction of the tolerance, relative to each element."""
        __tracebackhide__ = True
        x, expected = np.asarray(x), np.asarray(expected)
        x = x.astype(np.complex64 if np.iscomplexobj(x) else np.float32)
        found = self.called(backend, call, {"x": x})
        self.native(backend, call, found)
        with np.errstate(invalid="ignore"):
            off = rounding * self.tolerance("float32") * np.abs(expected) + 1e-30
        same_value(call, backend.to_numpy(found), expected, off, given({"x": x}))

    @pytest.mark.parametrize("name", DEFINITIONS)
    def test_elementwise(self, backend: Any, name: str) -> None:
        """In full relative precision, far out too."""
        self.relative(backend, f"ab.{name}(x)", X, [DEFINITIONS[name](x) for x in X])

    def test_erfc_does_not_cancel(self, backend: Any) -> None:
        """``1 - erf(x)`` would be zero from x = 4 on."""
        self.relative(backend, "ab.erfc(x)", POSITIVE, [math.erfc(v) for v in POSITIVE], rounding=2)

    def test_sigmoid_at_the_ends(self, backend: Any) -> None:
        """No overflow."""
        self.relative(backend, "ab.sigmoid(x)", [-INF, -1e4, 1e4, INF], [0.0, 0.0, 1.0, 1.0])

    def test_sigmoid_of_complex_numbers(self, backend: Any) -> None:
        """The one function of these that takes them."""
        z = np.array([1 + 2j, -3 + 0.5j, 0], np.complex64)
        self.relative(backend, "ab.sigmoid(x)", z, 1 / (1 + np.exp(-z)))

    def test_celu_with_alpha(self, backend: Any) -> None:
        """``max(x, 0) + min(alpha * expm1(x / alpha), 0)``."""
        self.relative(backend, "ab.celu(x, 2.0)", [-1.0, 2.0], [2 * math.expm1(-0.5), 2.0])

    @pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1), (0, 2), ()])
    def test_log_sum_exp_over_axes(self, backend: Any, axis: Any) -> None:
        """One axis, several, none or all."""
        x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
        self.relative(backend, f"ab.log_sum_exp(x, {axis})", x, np.log(np.exp(x).sum(axis)))

    @pytest.mark.parametrize(
        ("x", "expected"),
        [
            ([1000.0, 1000.0], 1000 + math.log(2)),
            ([-1000.0, -1000.0], -1000 + math.log(2)),
            ([-INF, 1.0], 1.0),
            ([-INF, -INF], -INF),
            ([INF, 0.0], INF),
        ],
    )
    def test_log_sum_exp_at_the_ends(self, backend: Any, x: list[float], expected: float) -> None:
        """No overflow, no underflow, and infinities as they should be."""
        for axis in (None, 0, (0,)):
            self.relative(backend, f"ab.log_sum_exp(x, axis={axis})", x, expected)

    def test_log_sum_exp_of_nothing(self, backend: Any) -> None:
        """It is the logarithm of zero."""
        nothing = np.zeros((2, 0), np.float32)
        self.relative(backend, "ab.log_sum_exp(x, axis=1)", nothing, [-INF, -INF])
        self.relative(backend, "ab.log_sum_exp(x, axis=0)", nothing, np.zeros(0))

    @pytest.mark.parametrize("lead", [0, 1, 2])
    @pytest.mark.parametrize("of", ["real", "complex"])
    def test_squared_norms(self, backend: Any, of: str, lead: int) -> None:
        """``abs(x)**2`` over all axes but the first ones; distances broadcast the second array."""
        x, y = np.random.default_rng(0).normal(size=(2, 2, 3)).astype(np.float32)
        z = x + 1j * y if of == "complex" else x
        expected = (abs(z) ** 2).sum(tuple(range(lead, 2)))
        self.relative(backend, f"ab.squared_norm(x, {lead})", z, expected, rounding=1)
        shifted, call = z + z[0], f"ab.squared_distance(x, x[0, ...] * 2, {lead})"
        expected = (abs(shifted - 2 * shifted[0]) ** 2).sum(tuple(range(lead, 2)))
        found = self.called(backend, call, {"x": shifted})
        same_value(call, backend.to_numpy(found), expected, 1e-4)

    @pytest.mark.parametrize("own", [False, True], ids=["shared", "own"])
    @pytest.mark.parametrize("lead", [0, 1, 2])
    def test_squared_distances_of_large_arrays(self, backend: Any, lead: int, own: bool) -> None:
        """The same, of more than a cache holds, from an array that all replicas share or not."""
        x, y = np.random.default_rng(0).normal(size=(2, 2, 300, 200)).astype(np.float32)
        y = y if own else y[1]
        expected = (abs(x - y) ** 2).sum(tuple(range(lead, 3)), dtype=np.float64)
        call = f"ab.squared_distance(x, y, {lead})"
        found = self.called(backend, call, {"x": x, "y": y})
        same_value(call, backend.to_numpy(found), expected, 1e-5 * expected)

    def test_lerp(self, backend: Any) -> None:
        """From one array to another."""
        x = np.array([1.0, -2.0, 4.0], np.float32)
        self.relative(backend, "ab.lerp(x, x * 3, 0.25)", x, 1.5 * x, rounding=1)

    @pytest.mark.parametrize("of", ["real", "complex"])
    def test_lerp_square(self, backend: Any, of: str) -> None:
        """From a real array to the square of another, which may be complex."""
        x = np.array([1.0, -2.0, 4.0], np.float32)
        z = x * np.complex64(1 + 2j) if of == "complex" else x
        expected = 0.75 * x + 0.25 * abs(z).astype(np.float64) ** 2
        found = self.called(backend, "ab.lerp_square(ab.real(x), x, 0.25)", {"x": z})
        same_value("ab.lerp_square(ab.real(x), x, 0.25)", backend.to_numpy(found), expected, 1e-5)

    @pytest.mark.parametrize("weight", ["-0.5", "ab.tensor(-0.5)"])
    @pytest.mark.parametrize("of", ["real", "complex"])
    def test_add_quotient(self, backend: Any, of: str, weight: str) -> None:
        """A number or an array of one number, and a real divisor of complex numbers."""
        x = np.array([1.0, -2.0, 4.0], np.float32)
        z = x * np.complex64(1 + 2j) if of == "complex" else x
        call = f"ab.add_quotient(x, x * 3, ab.abs(x) + 1, {weight})"
        self.relative(backend, call, z, z - 1.5 * z / (abs(z) + 1), rounding=1)

    def test_unpack(self, backend: Any) -> None:
        """Arrays from a vector, one of a single number among them."""
        x, shapes = np.arange(9, dtype=np.float32), [(2, 3), (), (1, 2)]
        call = f"ab.unpack(x, {shapes})"
        found = self.called(backend, call, {"x": x})
        for made, expected in zip(found, [x[:6].reshape(2, 3), x[6], x[7:][None]], strict=True):
            same_value(call, backend.to_numpy(made), expected, 0)

    @pytest.mark.parametrize("name", ["log_sum_exp", "celu", "sigmoid", "erf", "erfc"])
    def test_integers_become_floats(self, backend: Any, name: str) -> None:
        """The backend's own float."""
        call = f"ab.{name}(ab.tensor([1, 2]))"
        found = self.called(backend, call, {})
        self.named(backend, call, found, backend.dtype_name(backend.default_dtype))

    @pytest.mark.parametrize("name", ["log_sum_exp", "relu", "celu", "erf", "erfc"])
    def test_complex_numbers_are_refused(self, backend: Any, name: str) -> None:
        """`DtypeError`, as `funfact.backends.functions.floating` words it."""
        call = f"ab.{name}(ab.tensor([1j], dtype='complex64'))"
        with self.raises(call, DtypeError, f"{name} needs real numbers and got complex64"):
            getattr(backend, name)(backend.tensor([1j], dtype="complex64"))

    def test_a_function_leaves_its_argument_alone(self, backend: Any) -> None:
        """Arrays are not changed in place."""
        for name in (*DEFINITIONS, "erfc", "log_sum_exp"):
            x = backend.tensor(X)
            getattr(backend, name)(x)
            after = backend.to_numpy(x)
            if not np.array_equal(after, X):
                raise fault(f"x after ab.{name}(x)", expected=X, got=after)
