"""A selection of a model's elements, from just the parts of the factors that they need."""

from collections.abc import Callable, Sequence
from typing import Any

from funfact.backends.contract import Array, Backend
from funfact.compiler.fuse import fuse
from funfact.compiler.ir import Load
from funfact.compiler.lower import lower
from funfact.compiler.restrict import restrict
from funfact.language.notation import TsrEx
from funfact.model.keys import Positions

__all__ = ["Selection"]


class Selection:
    """Evaluates slices and points of an expression; one program serves all requests of one size."""

    def __init__(self, tsrex: TsrEx, backend: Backend, dtype: Any) -> None:
        self._tsrex = tsrex
        self._backend = backend
        self._dtype = dtype
        self.programs: dict[object, Callable[[Sequence[Array]], Array]] = {}

    def at(self, values: Sequence[Array], positions: Positions, together: bool) -> Array:
        """The value at some positions along each axis, or, `together`, at scattered points."""
        counts = tuple(None if where is None else len(where) for where in positions)
        if (together, counts) not in self.programs:
            wanted = [None if n is None else Load(object(), (n,)) for n in counts]
            ir = fuse(restrict(self._tsrex.ir, wanted, together))
            loads = [*self._tsrex.tensors, *(load.key for load in wanted if load is not None)]
            self.programs[together, counts] = lower(ir, loads, self._backend, self._dtype)
        vectors = [self._backend.tensor(where) for where in positions if where is not None]
        return self.programs[together, counts]([*values, *vectors])
