"""Functions have NumPy's conventions: axes, shapes, choices, products.

The names are those of the contract and of the array API standard. A library may have more,
and other arguments besides the standard's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ...backends import PROTOCOL
from ..compare import fault
from .calls import Calls, X, calls

REDUCTIONS = ["sum", "prod", "max", "min", "mean", "std", "var", "argmax", "any", "all"]
OVER_TWO = ["sum", "max", "min", "mean"]


class Conventions(Calls):
    """Functions have NumPy's conventions."""

    @pytest.mark.parametrize("name", REDUCTIONS)
    @pytest.mark.parametrize("axis", [None, 0, 1, -1])
    def test_reductions_over_an_axis(self, backend: Any, name: str, axis: int | None) -> None:
        """``axis=0`` is the first axis, -1 the last, None all."""
        self.agrees(backend, f"ab.{name}(x / 10, axis={axis})", f"np.{name}(x / 10, {axis})")

    @pytest.mark.parametrize("name", OVER_TWO)
    def test_reductions_over_two_axes(self, backend: Any, name: str) -> None:
        """A tuple of axes, which stay with ``keepdims=True``."""
        call = f"ab.{name}(x, axis=(0, 2), keepdims=True)"
        self.agrees(backend, call, call.replace("ab.", "np."))

    @calls(
        {
            "ab.transpose(x)": "x.T",
            "ab.transpose(x, (2, 0, 1))": "x.transpose(2, 0, 1)",
            "ab.transpose(x, axes=(1, 0, -1))": "x.transpose(1, 0, 2)",
            "ab.reshape(x, (4, -1))": "x.reshape(4, 6)",
            "ab.reshape(x, -1)": "x.ravel()",
            "ab.permute_dims(x, (1, 2, 0))": "x.transpose(1, 2, 0)",
            "ab.matrix_transpose(x)": "x.swapaxes(1, 2)",
            "ab.expand_dims(x, axis=1)": "x[:, None]",
            "ab.squeeze(x[:1, ...], axis=0)": "x[0]",
            "ab.moveaxis(x, 0, -1)": "np.moveaxis(x, 0, -1)",
            "ab.flip(x, axis=1)": "np.flip(x, 1)",
            "ab.roll(x, 1, axis=2)": "np.roll(x, 1, 2)",
            "ab.broadcast_to(x[0, ...], (5, 3, 4))": "np.broadcast_to(x[0], (5, 3, 4))",
        }
    )
    def test_shapes(self, backend: Any, call: str, numpy: str) -> None:
        """Axes are moved, made and dropped."""
        self.agrees(backend, call, numpy)

    @calls(
        {
            "ab.concatenate([x, x], axis=1)": "np.concatenate([x, x], 1)",
            "ab.concatenate((x, x))": "np.concatenate([x, x])",
            "ab.concat([x, x], axis=2)": "np.concatenate([x, x], 2)",
            "ab.stack([x, x], axis=1)": "np.stack([x, x], 1)",
        }
    )
    def test_joining(self, backend: Any, call: str, numpy: str) -> None:
        """Along the axis that is named."""
        self.agrees(backend, call, numpy)

    @calls(
        {
            "ab.in_blocks(lambda start, stop: x[start:stop, ...], 2, 1, 0)": "x",
            "ab.in_blocks(lambda start, stop: x[..., start:stop], 4, 3, 2)": "x",
            "ab.in_blocks(lambda start, stop: z[:, start:stop, :], 3, 2, -2)": "z",
            "ab.in_blocks(lambda start, stop: y[:, start:stop], 3, 9, 1)": "y",
        }
    )
    def test_in_blocks(self, backend: Any, call: str, numpy: str) -> None:
        """Each from its start to its stop, the last one shorter; or all in one."""
        self.agrees(backend, call, numpy)

    @calls(
        {
            "ab.where(x > 0, x, 0.0)": "np.where(x > 0, x, 0)",
            "ab.where(x > 0, x, -x)": "np.abs(x)",
            "ab.where(ab.reshape(x > 0, (-1, 1)), 1.0, ab.reshape(x, (-1, 1)))": (
                "np.where(x > 0, 1, x).reshape(-1, 1)"
            ),
            "ab.clip(x, -1, 2)": "np.clip(x, -1, 2)",
            "ab.take(x, ab.tensor([2, 0]), axis=1)": "x.take([2, 0], 1)",
            "ab.sort(-x, axis=0)": "np.sort(-x, 0)",
            "ab.argsort(-x, axis=1)": "np.argsort(-x, 1)",
            "ab.maximum(x, -x)": "np.abs(x)",
        }
    )
    def test_choosing(self, backend: Any, call: str, numpy: str) -> None:
        """Elements are picked, ordered and bounded."""
        self.agrees(backend, call, numpy)

    @calls(
        {
            "ab.matmul(x, ab.matrix_transpose(x))": "x @ x.swapaxes(1, 2)",
            "ab.tensordot(x, x, axes=((0, 1), (0, 1)))": "np.tensordot(x, x, ((0, 1), (0, 1)))",
            "ab.cumulative_sum(x, axis=1)": "x.cumsum(1)",
            "ab.pow(ab.abs(x), 0.5)": "np.abs(x) ** 0.5",
            "ab.remainder(x, 3.0)": "np.mod(x, 3)",
        }
    )
    def test_products(self, backend: Any, call: str, numpy: str) -> None:
        """Products of vectors, matrices and stacks of them; powers and running sums."""
        self.agrees(backend, call, numpy)

    @calls(
        {
            "ab.linspace(0, 1, 5)": "np.linspace(0, 1, 5)",
            "ab.arange(2, 8, 2)": "np.array([2, 4, 6])",
            "ab.eye(2, 3)": "np.eye(2, 3)",
            "ab.full((2, 1), 3.0)": "np.full((2, 1), 3.0)",
            "ab.ones((2, 2))": "np.ones((2, 2))",
            "ab.zeros((0, 2))": "np.zeros((0, 2))",
            "ab.asarray([1.0, 2.0])": "np.array([1.0, 2.0])",
            "ab.zeros_like(x)": "np.zeros_like(x)",
        }
    )
    def test_creation(self, backend: Any, call: str, numpy: str) -> None:
        """Arrays from nothing."""
        self.agrees(backend, call, numpy)

    @calls(
        {
            "ab.conj(z)": "z.conj()",
            "ab.real(z)": "z.real",
            "ab.imag(z)": "z.imag",
            "ab.abs(z)": "np.abs(z)",
            "ab.conj(x)": "x",
            "ab.real(x)": "x",
            "ab.imag(x)": "np.zeros_like(x)",
        }
    )
    def test_complex_parts(self, backend: Any, call: str, numpy: str) -> None:
        """A real number has parts, too."""
        self.agrees(backend, call, numpy)

    @calls({"2 * x": "2 * x", "1 - x": "1 - x", "x / 2": "x / 2", "x**2": "x**2", "-x": "-x"})
    def test_operators(self, backend: Any, call: str, numpy: str) -> None:
        """A Python number beside an array takes the dtype of the array."""
        self.agrees(backend, call, numpy)
        got = backend.dtype_name(self.called(backend, call, {"x": X}))
        if got != "float32":
            raise fault(call, expected="dtype float32, that of x", got=f"dtype {got}")

    def test_protocol(self, backend: Any) -> None:
        """The class states the number of the contract that it was written for."""
        stated = type(backend).protocol
        if type(stated) is not int or stated != PROTOCOL:
            raise fault(
                "the attribute `protocol`", expected=f"{PROTOCOL}, an int", got=repr(stated)
            )

    def test_pi(self, backend: Any) -> None:
        """Constants of the standard are there."""
        if backend.pi != np.pi:
            raise fault("ab.pi", expected=str(np.pi), got=str(backend.pi))

    def test_a_name_that_is_not_there(self, backend: Any) -> None:
        """`AttributeError`, in FunFact's words."""
        with self.raises("ab.concatenat", AttributeError, "has no 'concatenat'"):
            backend.concatenat  # noqa: B018  # what asking alone raises
