"""What computes a model's value or a part of it: a function, compiled where the backend can.

Compiled programs are kept, for the next model of the same form: one replica is computed like
another.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from threading import Lock
from typing import TypeAlias

from funfact.backends.capabilities import Compile
from funfact.backends.contract import Array, Backend, Dtype
from funfact.compiler.ir import Apply, Contract, Ir, Load, is_view, with_operands
from funfact.compiler.lower import lower
from funfact.compiler.signature import signature
from funfact.graph import fold, postorder

__all__ = ["Program", "is_large", "program"]

Program: TypeAlias = Callable[[Sequence[Array]], Array]

_KEPT = 64
"""Compiled programs that are kept, at most: those that were used last."""

_LARGEST = 500
"""Operands of an expression that is compiled, at most: compilers take more than linear time."""

_kept: OrderedDict[Hashable, Program] = OrderedDict()
_lock = Lock()


def program(ir: Ir, keys: Sequence[object], backend: Backend, dtype: Dtype) -> Program:
    """As `lower`, compiled unless there is nothing to compute, or too much.

    Functions of a user's own are called each time, as they are.
    """
    users = any(map(_is_users, postorder(ir)))
    if not isinstance(backend, Compile) or is_view(ir) or is_large(ir) or users:
        return lower(ir, keys, backend, dtype)
    form = (backend, backend.dtype_name(dtype), signature(ir, tuple(keys)))
    with _lock:
        found = _kept.pop(form, None)
        if found is None:
            # without the keys, which are tensors and may hold data
            names = {id(key): object() for key in keys}
            order = [names[id(key)] for key in keys]
            bare = lower(_renamed(ir, names), order, backend, dtype, fused=True)
            found = backend.compile(bare)
        _kept[form] = found
        if len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return found


def is_large(ir: Ir) -> bool:
    """Whether a compiler takes so long that it may not be worth while."""
    return sum(len(node.below) for node in postorder(ir)) > _LARGEST


def _is_users(node: Ir) -> bool:
    if isinstance(node, Contract):
        return callable(node.semiring.reduce) or callable(node.semiring.combine)
    return isinstance(node, Apply)


def _renamed(ir: Ir, names: dict[int, object]) -> Ir:
    def visit(node: Ir, below: list[Ir]) -> Ir:
        if isinstance(node, Load):
            return Load(names[id(node.key)], node.shape, node.real)
        return with_operands(node, below)

    return fold(ir, visit)
