"""Compiled programs, kept for the next fit of the same form.

Two problems have one form if they differ in arrays alone: in the target, the data and the
starts. What is compiled for one of them serves both, since arrays are arguments of programs.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from threading import Lock
from typing import Any, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from funfact.backends.capabilities import Compile
from funfact.compiler.ir import Ir, Load, with_operands
from funfact.compiler.lower import lower
from funfact.compiler.signature import Unsettled, settled, signature
from funfact.fit.problem import Problem
from funfact.fit.solvers.base import Solver
from funfact.graph import fold
from funfact.language.nodes import Tensor
from funfact.model.programs import is_large

__all__ = ["Programs", "forget", "programs_of", "solver_of"]

T = TypeVar("T")

Function: TypeAlias = Callable[..., Any]

_WORTH_COMPILING = 32
"""Steps from which on a fit of a large expression is compiled, which takes long."""

_KEPT = 32
"""Forms whose programs are kept, at most: those that were used last."""

_kept: OrderedDict[Hashable, "Programs"] = OrderedDict()
_forms: "WeakKeyDictionary[Problem, Hashable]" = WeakKeyDictionary()
_lock = Lock()


class Programs:
    """The programs of one form of problem.

    Parameters
    ----------
    problem : Problem
        Of that form, without arrays.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._large = is_large(problem.ir)
        self._made: dict[Hashable, Any] = {}

    def get(self, name: Hashable, make: Callable[[Problem], T]) -> T:
        """What ``make(problem)`` made when it was first asked for under this name.

        The problem that is given has no data, and of the target the type alone: they are arguments.
        """
        if name not in self._made:
            self._made[name] = make(self._problem)
        found: T = self._made[name]
        return found

    def compiled(self, name: str, make: Callable[[Problem], Function], steps: int) -> Function:
        """The same, compiled where that is worth while for a fit of so many steps."""
        backend = self._problem.backend
        if not self.worth_compiling(steps) or not isinstance(backend, Compile):
            return self.get(name, make)
        return self.get((name, "compiled"), lambda problem: backend.compile(make(problem)))

    def worth_compiling(self, steps: int) -> bool:
        """Whether one program takes less time to make than so many steps without it."""
        return steps >= _WORTH_COMPILING or not self._large


def programs_of(problem: Problem) -> Programs:
    """The programs for the form of `problem`; new ones if that cannot be told from another.

    A user's own loss, condition or generator is told by its code and by all that it refers to.
    """
    try:
        key = _forms[problem] if problem in _forms else _forms.setdefault(problem, _form(problem))
    except Unsettled:
        return Programs(_without_arrays(problem))
    with _lock:
        if key not in _kept:
            _kept[key] = Programs(_without_arrays(problem))
        _kept.move_to_end(key)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
        return _kept[key]


def solver_of(problem: Problem, make: Callable[[Problem], Solver]) -> Solver:
    """The solver that `make` makes for `problem`; the same one for all problems of its form."""
    try:
        name = settled(make)
    except Unsettled:
        return make(problem)
    return programs_of(problem).get(("solver", name), make)


def forget() -> None:
    """Drop all programs that are kept, with the memory that they hold."""
    with _lock:
        _kept.clear()


def _form(problem: Problem) -> Hashable:
    ab = problem.backend
    return (
        ab,
        ab.dtype_name(problem.dtype),
        signature(problem.ir, problem.tensors),
        tuple(map(_of_tensor, problem.tensors)),
        settled(problem.loss),
        problem.penalty_weight,
        problem.replicas,
        problem.append,
        problem.limit,
        ab.is_complex(problem.target),
    )


def _of_tensor(tensor: Tensor) -> Hashable:
    replicas = tuple((replica.size, replica.append) for replica in tensor.replicas)
    asked = settled(tensor.prefer), settled(tensor.constrain)
    return tensor.shape, tensor.optimizable, replicas, tensor.real, *asked


def _without_arrays(problem: Problem) -> Problem:
    """The same problem, of tensors that hold no data, for any target of its type."""
    bare = {t: replace(t, symbol=None, data=None, initializer=None) for t in problem.tensors}

    def visit(node: Ir, below: list[Ir]) -> Ir:
        if isinstance(node, Load) and node.key in bare:
            return Load(bare[node.key], node.shape, node.real)
        return with_operands(node, below)

    tensors, ir = tuple(bare.values()), fold(problem.ir, visit)
    model = lower(ir, tensors, problem.backend, problem.dtype)
    target = problem.backend.tensor(np.zeros(()), problem.target.dtype)
    return replace(problem, model=model, ir=ir, tensors=tensors, target=target, data=[])
