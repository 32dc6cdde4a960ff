"""Whether what a file says of an object is what an object of its class can hold."""

from collections.abc import Callable, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from funfact.compiler.ir import Semiring
from funfact.language import functions
from funfact.language.nodes import Apply, Pair, Special, Tensor
from funfact.language.semirings import PAIRWISE, REDUCTIONS
from funfact.model.history import History

__all__ = ["checked"]

_FUNCTIONS = frozenset((*functions.__all__, "negative"))
_OPERATIONS = frozenset({"add", "subtract", "multiply", "divide", "pow"})
_CONSTANTS = frozenset({"zeros", "ones", "eye"})
_NUMBERS = {
    int: (int, np.integer),
    float: (int, float, np.integer, np.floating),
    complex: (int, float, complex, np.number),
}


def checked(cls: type, content: Mapping[str, Any]) -> Any:
    """The object with this content.

    Raises
    ------
    TypeError
        If a field holds something else than the class says.
    ValueError
        If it names a function that no expression has: a file cannot have others called.

    Examples
    --------
    >>> from funfact.initializers import Normal
    >>> checked(Normal, {"std": 2.0})
    Normal(std=2.0, truncation=False, dtype=None)
    >>> checked(Normal, {"std": "2"})
    Traceback (most recent call last):
    TypeError: std of Normal is '2'
    """
    hints = _hints(cls)
    for name, value in content.items():
        if name in hints and not _is(value, hints[name]):
            raise TypeError(f"{name} of {cls.__name__} is {value!r:.40}")
    made = cls(**content)
    if not _known(made):
        raise ValueError(f"there is no such {cls.__name__}: {made!r:.60}")
    return made


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _is(x: Any, hint: Any) -> bool:
    if hint is Any:
        return True
    if hint in (None, NoneType):
        return x is None
    if hint in _NUMBERS:
        return isinstance(x, _NUMBERS[hint]) and not isinstance(x, bool)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_is(x, argument) for argument in arguments)
    if origin is tuple:
        if not isinstance(x, tuple):
            return False
        if ... in arguments:
            return all(_is(entry, arguments[0]) for entry in x)
        return len(x) == len(arguments) and all(map(_is, x, arguments))
    if origin is Callable or hint is Callable:
        return callable(x)
    return isinstance(x, origin or hint)


def _known(x: Any) -> bool:
    """Whether names of functions are those of the language, and sizes agree."""
    match x:
        case Apply(_, name):
            return name in _FUNCTIONS
        case Pair(_, _, name, None):
            return name in _OPERATIONS
        case Special(name, _):
            return name in _CONSTANTS
        case Semiring(_, combine, reduce):
            return (callable(combine) or combine in PAIRWISE) and (
                callable(reduce) or reduce in REDUCTIONS
            )
        case Tensor(_, shape, data):
            return min(shape, default=1) > 0 and (data is None or np.shape(data) == shape)
        case History(steps, losses, seconds, best):
            shapes = (steps.shape, best.shape, seconds.shape, losses.shape)
            s, r = steps.size, best.size
            norms = x.gradient_norms is None or x.gradient_norms.shape == (s, r)
            return shapes == ((s,), (r,), (s,), (s, r)) and norms and 0 <= x.replica < r
        case _:
            return True
