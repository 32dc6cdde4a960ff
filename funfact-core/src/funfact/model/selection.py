"""A selection of a model's elements, from just the parts of the factors that they need."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from funfact.backends.capabilities import Compile
from funfact.backends.contract import Array, Backend
from funfact.compiler.fuse import fuse
from funfact.compiler.ir import Ir, Load
from funfact.compiler.restrict import restrict, takes_slices
from funfact.language.nodes import Tensor
from funfact.model.keys import Positions, positions
from funfact.model.programs import Program, program

__all__ = ["Selection"]

_KEPT = 256
"""Keys of which it is kept what they ask for, and programs that are kept, at most."""


class Selection:
    """Evaluates slices and points of an expression; one program serves all requests of one size."""

    def __init__(self, ir: Ir, tensors: Sequence[Tensor], backend: Backend, dtype: Any) -> None:
        self._ir, self._tensors = ir, tensors
        self._backend = backend
        self._dtype = dtype
        # of each form of request, its program, and whether that takes slices
        self.programs: dict[object, tuple[Program, bool]] = {}
        # typed: 1 is a position, 1.0 and True are none
        self._kept = lru_cache(_KEPT, typed=True)(self._asked)

    def of(self, values: Sequence[Array], key: Any) -> Array:
        """The part of the value that a key in brackets asks for."""
        entries = key if isinstance(key, tuple) else (key,)
        try:
            run, vectors = self._kept(*entries)
        except TypeError:  # lists and arrays are no keys of a cache
            run, vectors = self._asked(*entries)
        return run([*values, *vectors])

    def at(self, values: Sequence[Array], where: Positions, together: bool) -> Array:
        """The value at some positions along each axis, or, `together`, at scattered points."""
        run, vectors = self._found(where, together)
        return run([*values, *vectors])

    def _asked(self, *entries: Any) -> tuple[Program, list[Array]]:
        return self._found(positions(entries, self._ir.shape), together=False)

    def _found(self, where: Positions, together: bool) -> tuple[Program, list[Array]]:
        """The program, and the positions that it takes after the factors."""
        counts = tuple(None if along is None else len(along) for along in where)
        found = self.programs.get((together, counts))
        if found is None:
            wanted = [None if n is None else Load(object(), (n,)) for n in counts]
            ir = fuse(restrict(self._ir, wanted, together))
            keys = [load.key for load in wanted if load is not None]
            made = program(ir, [*self._tensors, *keys], self._backend, self._dtype)
            # to a compiled program each slice would be another one
            traced = isinstance(self._backend, Compile)
            found = made, not traced and takes_slices(ir, keys)
            if len(self.programs) >= _KEPT:
                self.programs.clear()
            self.programs[together, counts] = found
        run, sliced = found
        return run, [self._position(along, sliced) for along in where if along is not None]

    def _position(self, along: "np.ndarray[Any, Any]", sliced: bool) -> Any:
        """A vector of positions, or the slice that it is, which copies nothing."""
        one = along.size == 1
        if sliced and (one or (along.size and np.all(np.diff(along) == 1))):
            return slice(int(along[0]), int(along[-1]) + 1)
        return self._backend.tensor(along)
