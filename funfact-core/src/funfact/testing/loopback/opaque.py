"""NumPy, behind an array type that NumPy cannot read.

A function of NumPy that is called on such an array, an operand that is NumPy's, an assignment to
an element: each raises an error that says what it was. Only `OpaqueBackend.tensor` and
`OpaqueBackend.to_numpy` cross the border.

Examples
--------
>>> import numpy as np
>>> ab = OpaqueBackend()
>>> x = ab.tensor([1.0, 4.0])
>>> ab.to_numpy(ab.sqrt(x) + 1)
array([2., 3.])
>>> np.sqrt(x)
Traceback (most recent call last):
    ...
TypeError: numpy.sqrt was called on an OpaqueArray. Call the backend's function, or take \
to_numpy of the array first.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from ...backends.capabilities import Linalg
from ...backends.contract import Array, Backend, Namespace

__all__ = ["OpaqueArray", "OpaqueBackend", "OpaqueDtype", "OpaqueNamespace"]

_SCALARS = (bool, int, float, complex)


class OpaqueDtype:
    """A data type that is not NumPy's."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OpaqueDtype) and other._name == self._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f"opaque.{self._name}"


class OpaqueArray:
    """An array that only the operators and the functions of an `OpaqueNamespace` can read."""

    __slots__ = ("__weakref__", "_held")
    __hash__ = None  # type: ignore[assignment]  # equality is elementwise
    __iter__ = None  # the standard has no iteration

    def __init__(self, held: np.ndarray[Any, Any]) -> None:
        self._held = held

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        return tuple(self._held.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._held.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self._held.size

    @property
    def dtype(self) -> OpaqueDtype:
        """Data type, not NumPy's."""
        return OpaqueDtype(self._held.dtype.name)

    @property
    def device(self) -> str:
        """The CPU."""
        return "cpu"

    @property
    def T(self) -> OpaqueArray:
        """A matrix, transposed."""
        return OpaqueArray(self._held.T)

    @property
    def mT(self) -> OpaqueArray:
        """A stack of matrices, each transposed."""
        return OpaqueArray(self._held.mT)

    def __getitem__(self, key: Any) -> Any:
        return _sealed(self._held[_opened(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            "an OpaqueArray cannot be changed, as arrays of some libraries cannot. "
            "Compute a new one, with where or stack."
        )

    def __bool__(self) -> bool:
        return bool(self._held)

    def __int__(self) -> int:
        return int(self._held)

    def __index__(self) -> int:
        return operator.index(self._held)

    def __float__(self) -> float:
        return float(self._held)

    def __complex__(self) -> complex:
        return complex(self._held)

    def __repr__(self) -> str:
        return f"OpaqueArray({self._held.tolist()}, dtype={self._held.dtype.name})"

    # --- NumPy's own doors, closed

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise _called("asarray")

    def __array_function__(self, function: Callable[..., Any], *rest: Any) -> Any:
        raise _called(function.__name__)

    def __array_ufunc__(self, ufunc: Any, *rest: Any, **kwargs: Any) -> Any:
        raise _called(ufunc.__name__)


def _called(name: str) -> TypeError:
    return TypeError(
        f"numpy.{name} was called on an OpaqueArray. Call the backend's function, or take "
        "to_numpy of the array first."
    )


def _binary(operate: Callable[[Any, Any], Any], turned: bool) -> Callable[[Any, Any], Any]:
    def method(self: OpaqueArray, other: Any) -> Any:
        if not isinstance(other, OpaqueArray) and type(other) not in _SCALARS:
            if isinstance(other, (np.ndarray, np.generic)):
                raise _mixed(other)
            return NotImplemented
        operands = self._held, _opened(other)
        return _sealed(operate(*(operands[::-1] if turned else operands)))

    return method


def _mixed(other: Any) -> TypeError:
    return TypeError(
        f"an OpaqueArray meets NumPy's {type(other).__name__} of shape {np.shape(other)}. "
        "Make a tensor of that first, or a number of Python's."
    )


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or"):
    _operate = getattr(operator, f"__{_name}__")
    setattr(OpaqueArray, f"__{_name}__", _binary(_operate, turned=False))
    setattr(OpaqueArray, f"__r{_name}__", _binary(_operate, turned=True))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(OpaqueArray, f"__{_name}__", _binary(getattr(operator, _name), turned=False))
for _name in ("neg", "pos", "abs", "invert"):
    _unary = getattr(operator, _name)
    setattr(OpaqueArray, f"__{_name}__", lambda self, f=_unary: _sealed(f(self._held)))


class OpaqueNamespace:
    """NumPy's functions of a module, on opaque arrays."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if isinstance(found, ModuleType):
            if name not in ("linalg", "fft"):
                raise AttributeError(f"the opaque namespace has no {name!r}")
            return OpaqueNamespace(found)
        if isinstance(found, type) and issubclass(found, np.generic):
            return OpaqueDtype(np.dtype(found).name)
        if not callable(found):
            return found
        return lambda *args, **kwargs: _sealed(found(*_opened(args), **_opened(kwargs)))

    def __dir__(self) -> list[str]:
        return dir(self._module)

    def asarray(self, data: Any, dtype: Any = None, *, copy: bool | None = None) -> OpaqueArray:
        """The one function that reads NumPy's arrays."""
        held = data._held if isinstance(data, OpaqueArray) else data
        return OpaqueArray(np.array(held, dtype=_opened(dtype), copy=copy))


def _opened(x: Any) -> Any:
    """What NumPy computes with, in tuples, lists and dicts too; nothing of NumPy's comes in."""
    if isinstance(x, OpaqueArray):
        return x._held
    if isinstance(x, OpaqueDtype):
        return np.dtype(x._name)
    if isinstance(x, (np.ndarray, np.generic, np.dtype)):
        raise _mixed(x)
    if isinstance(x, (tuple, list)):
        return type(x)(map(_opened, x))
    return {key: _opened(item) for key, item in x.items()} if isinstance(x, dict) else x


def _sealed(x: Any) -> Any:
    """What NumPy computed, opaque, in tuples and lists too."""
    if isinstance(x, (np.ndarray, np.generic)):
        return OpaqueArray(np.asarray(x))
    if isinstance(x, np.dtype):
        return OpaqueDtype(x.name)
    if isinstance(x, (np.finfo, np.iinfo)):
        names = ("bits", "max", "min", "eps", "smallest_normal")
        numbers = {n: np.asarray(getattr(x, n)).item() for n in names if hasattr(x, n)}
        return SimpleNamespace(dtype=OpaqueDtype(x.dtype.name), **numbers)
    if isinstance(x, tuple):
        parts = map(_sealed, x)
        return x._make(parts) if hasattr(x, "_make") else tuple(parts)
    return [_sealed(item) for item in x] if isinstance(x, list) else x


class OpaqueBackend(Backend, Linalg):
    """NumPy, and its linear algebra, on arrays that NumPy cannot read."""

    protocol = 1
    requires = ("numpy",)

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.xp: Namespace = OpaqueNamespace(np)

    def tensor(self, data: Any, dtype: Any = None) -> Array:
        """Opaque array, a copy of `data`."""
        native = None if dtype is None else self.checked(data, dtype)
        source = data if self.is_native(data) else self.plain(data)
        return self.xp.asarray(source, native, copy=True)

    def to_numpy(self, x: OpaqueArray) -> np.ndarray[Any, Any]:
        """The NumPy array that it holds."""
        return x._held

    def is_native(self, x: object) -> bool:
        """Whether `x` is an opaque array."""
        return isinstance(x, OpaqueArray)
