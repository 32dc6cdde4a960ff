"""What a program depends on besides the arrays that go in, as a key to find it again.

Of a user's own functions and objects the key has all that they refer to: code, defaults,
closures, the globals that they name, attributes. So a program is found again only as long as
tracing it anew would give the same one.
"""

import functools
import sys
import sysconfig
import types
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from funfact.compiler.ir import Axis, Ir, Term
from funfact.graph import postorder

__all__ = ["Unsettled", "settled", "signature"]

_MOST = 500
"""Objects that are looked into, at most."""

_LARGEST = 4096
"""Elements of an array whose values are part of a key, at most."""

_PLAIN = (type(None), int, str, bytes, type(Ellipsis), types.CodeType, types.ModuleType)
_BUILT_IN = (types.BuiltinFunctionType, np.ufunc, types.WrapperDescriptorType, np.dtype)
_INSTALLED = ("site-packages", "dist-packages", sysconfig.get_paths()["stdlib"])


class Unsettled(Exception):
    """There is something that may have changed when it is looked at again."""


def signature(root: Ir, keys: tuple[object, ...]) -> Hashable:
    """What two expressions have in common that differ in the keys of their leaves alone.

    Parameters
    ----------
    root : Ir
    keys : tuple of objects
        The keys of the leaves, which are known by their positions in it.

    Raises
    ------
    Unsettled
        If it has operations of a user's own of which that cannot be said.

    Examples
    --------
    >>> from funfact.compiler.ir import Load, Map
    >>> def double(key, n):
    ...     i = Axis(n)
    ...     return Map("add", (Term(Load(key, (n,)), (i,)), Term(Load(key, (n,)), (i,))), (i,))
    >>> signature(double("x", 3), ("x",)) == signature(double("y", 3), ("y",))
    True
    >>> signature(double("x", 3), ("x",)) == signature(double("x", 4), ("x",))
    False
    """
    leaves = {id(key): n for n, key in enumerate(keys)}
    nodes = postorder(root)
    place = {id(node): n for n, node in enumerate(nodes)}
    look = _Look()

    def content(value: Any, axes: dict[Axis, int]) -> Hashable:
        if isinstance(value, Axis):
            return axes.setdefault(value, len(axes)), value.size
        if isinstance(value, Term):
            return content(value.value, axes), content(value.axes, axes)
        if id(value) in place:
            return "node", place[id(value)]
        if id(value) in leaves:
            return "leaf", leaves[id(value)]
        if isinstance(value, tuple):
            return tuple([content(item, axes) for item in value])
        return look.at(value)

    found = []
    for node in nodes:
        axes: dict[Axis, int] = {}
        parts = tuple([content(getattr(node, field.name), axes) for field in fields(node)])
        found.append((type(node), parts))
    return tuple(found)


def settled(value: Any) -> Hashable:
    """A key for `value`: equal for what is equal, and will be when it is looked at again.

    Raises
    ------
    Unsettled

    Examples
    --------
    >>> settled((1, 2.0)) == settled((1, 2.0)), settled(1) == settled(1.0)
    (True, False)
    """
    return _Look().at(value)


class _Look:
    """Looks into objects, each once."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, Any]] = {}

    def at(self, value: Any) -> Hashable:
        if isinstance(value, float | complex):
            return type(value), repr(value)  # a key finds 0.0 for -0.0, and no NaN
        if isinstance(value, _PLAIN):
            exact: Hashable = value if type(value) in _PLAIN else (type(value), value)
            return exact  # a key finds 1 for True, which is of a type of its own
        if isinstance(value, _BUILT_IN) or _is_installed(value):
            return "installed", value
        if id(value) in self._seen:
            return "again", self._seen[id(value)][0]
        if len(self._seen) == _MOST:
            raise Unsettled(f"more than {_MOST} objects")
        self._seen[id(value)] = len(self._seen), value
        return type(value), tuple([self.at(part) for part in _inside(value)])


def _is_installed(value: Any) -> bool:
    """Whether it is a function or a class that comes with a package, and so does not change."""
    if not isinstance(value, type | types.FunctionType):
        return False
    module = str(value.__module__ or "")
    if module.split(".")[0] in ("funfact", "builtins"):
        return True
    if isinstance(value, types.FunctionType):
        path = value.__code__.co_filename
    else:
        path = str(getattr(sys.modules.get(module), "__file__", ""))
    return any(part in path for part in _INSTALLED)


def _inside(value: Any) -> Iterator[Any]:
    """All that the meaning of an object depends on.

    Lists and dictionaries are not settled: whoever refers to one may mean to change it.
    """
    match value:
        case tuple():
            yield from value
        case np.ndarray() | np.generic() if value.size <= _LARGEST and value.dtype != object:
            yield from (str(value.dtype), value.shape, value.tobytes())
        case functools.partial():
            yield from (value.func, value.args, *_items(value.keywords))
        case types.MethodType():
            yield from (value.__func__, value.__self__)
        case staticmethod() | classmethod():
            yield value.__func__
        case property():
            yield from (value.fget, value.fset)
        case types.FunctionType():
            yield from _inside_function(value)
        case type():
            yield value.__qualname__
            yield from value.__mro__[1:-1]
            own = {k: v for k, v in vars(value).items() if not _is_hidden(k, v)}
            yield from _items(own)
        case _ if hasattr(value, "__dict__") and not hasattr(value, "dtype"):
            yield type(value)
            yield from _items(vars(value))
        case _:
            raise Unsettled(f"a {type(value).__name__}")


def _items(named: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(named.items())


def _is_hidden(name: str, value: Any) -> bool:
    """Whether Python put it into a class, for its own use."""
    return name == "_abc_impl" or (name.startswith("__") and not callable(value))


def _inside_function(function: types.FunctionType) -> Iterator[Any]:
    yield function.__code__
    yield function.__defaults__
    yield from _items(function.__kwdefaults__ or {})
    for cell in function.__closure__ or ():
        yield cell.cell_contents
    named = function.__globals__
    for name in _names(function.__code__):
        if name in named:
            yield name
            yield named[name]


def _names(code: types.CodeType) -> Iterator[str]:
    """The names that a function looks up, those of functions within it too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)
