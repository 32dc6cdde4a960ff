"""PyTorch with ``torch.compile``, for whoever asks for it: ``ff.use('torch', compile=True)``."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from itertools import count
from types import FunctionType
from typing import Any

from funfact.backends.capabilities import Compile, Repeat
from funfact.backends.contract import Array
from funfact.errors import OptionError

from . import PyTorchBackend, PyTorchOptions
from .graphs import Replayed, leaves, on_cuda, write

__all__ = ["CompiledPyTorchBackend"]

_COMPILERS = ("c++", "g++", "clang++")
_number = count()

_ON_CPU = {"realize_reads_threshold": 8}
"""Arrays that an elementwise operation may read and still be computed anew in each sum over it. The
compiler's own limit is 4: the gradient of a nonlinear pairing reads 5, and to write it takes fresh
pages from the system at every step, which costs more than to compute it twice."""


class CompiledPyTorchBackend(PyTorchBackend, Compile, Repeat):
    """PyTorch whose programs are compiled: seconds for each, and steps of a fraction of the time.

    On a CUDA device the steps between two checkpoints are replayed as CUDA graphs.

    Raises
    ------
    OptionError
        On a CPU without a C++ compiler, which ``torch.compile`` calls.
    """

    started = 2e6  # products are calls of the library here too, one after another

    def __init__(self, options: PyTorchOptions | None = None) -> None:
        super().__init__(options)
        # sorted once, by the compiler, which does not follow what is kept between calls
        self._einsum = self._torch.einsum
        given = os.environ.get("CXX")
        on_cpu = self.device == "cpu"
        if on_cpu and not any(shutil.which(name) for name in (*_COMPILERS, given) if name):
            raise OptionError(
                "ff.use('torch', compile=True): torch.compile calls a C++ compiler, and there is "
                f"none of {', '.join(_COMPILERS)}, nor one in the environment variable CXX. "
                "Install one (apt install g++, xcode-select --install), or leave compile out."
            )

    def compile(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """``torch.compile``, once for each program and its shapes."""
        options: dict[str, Any] = {"guard_filter_fn": _unless_referred_to}
        if self.device == "cpu":
            options |= _ON_CPU
        program = _of_its_own(f)
        made: Callable[..., Any] = self._torch.compile(program, dynamic=False, options=options)
        return made

    def repeated(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """The compiled step in a loop, which on a CUDA device is a graph that is replayed.

        Elsewhere it writes to the buffers of the carry: to make new ones takes longer than a
        small step.
        """
        if self.device.startswith("cuda"):
            return Replayed(self.compile(step), on_cuda(self._torch, self._native_device))

        def in_place(carry: Any, *args: Any) -> None:
            write(leaves(carry), step(carry, *args))

        compiled = self.compile(in_place)

        def run(carry: Any, n: int, *args: Any) -> Any:
            for _ in range(n):
                compiled(carry, *args)
            return carry

        return run

    def value_and_grad(
        self, f: Callable[..., tuple[Array, Any]]
    ) -> Callable[..., tuple[tuple[Array, Any], list[Array]]]:
        """As the contract says; by ``torch.func``, which is compiled with what surrounds it."""
        both = self._torch.func.grad_and_value(f, has_aux=True)

        def g(params: list[Array], *args: Any) -> tuple[tuple[Array, Any], list[Array]]:
            gradients, outcome = both([x.detach() for x in params], *args)
            return outcome, list(gradients)

        return g


def _unless_referred_to(guards: Sequence[Any]) -> list[bool]:
    """What is looked at at each call: arguments and settings, not what a program refers to.

    A solver and its numbers stay as they were, since functions are pure; to look at all of that
    took a third of a small step. `guards` are PyTorch's, by name: ``args[0]``, ``pure.step``.
    """
    referred_to = re.compile(r"(\w+\()*pure\b")
    return [not guard.is_global and not referred_to.match(guard.name) for guard in guards]


def _of_its_own(pure: Callable[..., Any]) -> Callable[..., Any]:
    """`pure` in a function with a code object of its own.

    PyTorch keeps what it compiled at the code object, a few versions of it: the steps of all
    solvers of one class would soon be too many, and no longer compiled.
    """

    def program(*args: Any) -> Any:
        return pure(*args)

    code = program.__code__.replace(co_name=f"program_{next(_number)}")
    return FunctionType(code, program.__globals__, code.co_name, None, program.__closure__)
