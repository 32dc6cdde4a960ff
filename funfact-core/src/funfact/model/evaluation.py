"""How the value of an expression, or a part of it, is computed from the values of its tensors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from funfact.backends.contract import Array, Backend
from funfact.compiler.blocks import Blocks
from funfact.compiler.fuse import fuse
from funfact.compiler.ir import Ir, is_view
from funfact.compiler.lower import lower
from funfact.language.nodes import Tensor
from funfact.language.notation import TsrEx
from funfact.model.keys import Positions
from funfact.model.memory import within
from funfact.model.programs import Program, program
from funfact.model.selection import Selection

__all__ = ["Evaluation", "evaluation"]


def evaluation(
    tsrex: TsrEx, backend: Backend, dtype: Any, memory_limit: int | str | None
) -> "Evaluation":
    """That of an expression: the same for all its models, for as long as it lives."""

    def make() -> Evaluation:
        return Evaluation(tsrex.ir, tsrex.tensors, backend, dtype, memory_limit)

    # the limit as it is written: any object may have been given
    name = "evaluation", backend, backend.dtype_name(dtype), repr(memory_limit)
    return tsrex.once(name, make)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Of an expression on a backend, in a data type, within a limit of memory, if there is one.

    It has what the expression means and not itself, which keeps it.
    """

    written: Ir
    tensors: tuple[Tensor, ...]
    backend: Backend
    dtype: Any
    memory_limit: int | str | None

    @cached_property
    def ir(self) -> Ir:
        """The expression in few, large contractions."""
        return fuse(self.written)

    @cached_property
    def forward(self) -> Callable[[Sequence[Array]], Array]:
        """The pure function that gives the value from the values of all tensors, in order."""
        return lower(self.ir, self.tensors, self.backend, self.dtype)

    @cached_property
    def selection(self) -> Selection:
        """What gives parts of the value."""
        return Selection(self.written, self.tensors, self.backend, self.dtype)

    @cached_property
    def blocks(self) -> Blocks | None:
        """Those in which the value is made; an error if none are small enough for the limit."""
        return within(self.written, self.memory_limit, self.backend, self.dtype)

    def check(self) -> None:
        """Raise now what the first value would: it cannot be computed, or not within the limit."""
        self.blocks  # noqa: B018  # made for the errors of it
        self.forward  # noqa: B018  # so is this

    def value(self, values: Sequence[Array]) -> Array:
        """The whole value."""
        if self.blocks is not None and self.blocks.axis is not None:
            return self._in_blocks(values, self.blocks.axis, self.blocks.size)
        value = self._program(values)
        # a tensor by itself, or transposed, comes back as it is stored
        return self.backend.tensor(value) if is_view(self.ir) else value

    @cached_property
    def _program(self) -> Program:
        """As `forward`, compiled where the backend can."""
        return program(self.ir, self.tensors, self.backend, self.dtype)

    def _in_blocks(self, values: Sequence[Array], axis: int, size: int) -> Array:
        shape = self.written.shape

        def block(start: int, stop: int) -> Array:
            wanted: Positions = [None] * len(shape)
            wanted[axis] = np.arange(start, stop)
            return self.selection.at(values, wanted, together=False)

        return self.backend.in_blocks(block, shape[axis], size, axis)
