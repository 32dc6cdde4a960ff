"""What a backend is: the document to read before writing one.

A backend is a class that derives from `Backend`, states the `protocol` it was written for,
and gives four members: `xp`, `tensor`, `to_numpy` and `is_native`. These are what cannot be
derived: a namespace of functions, the way in, the way out, and the type of what is inside. All
the rest has a default, written in terms of `xp`, and is overridden only where a library does it
better. What a backend can do beyond arrays it declares by inheriting a capability as well
(`funfact.backends.capabilities`). A library that follows the array API standard gets the
four members from `ArrayAPIBackend`.

The rules below hold for every backend, and for whatever overrides a default. The conformance
kit, `funfact.testing`, tests them.

**The class is a description.** FunFact imports it to learn what it declares, before anybody
has chosen it. So its module does not import the array library; ``__init__`` does. Neither
changes a setting of the library, unless an option of the user's asks for that.

**The namespace.** Core calls functions of `xp` as the array API standard 2023.12 names and
defines them, arguments included; it uses the operators of arrays, `shape`, `ndim`, `size`
and `dtype`, indexes all axes or writes ``...``, and changes no array in place. It needs no more:
neither einsum nor erf, no method, no random numbers. People reach the library through the
backend: members of the class come first, then `xp`, then `package`, so what a member hides
is found at ``ab.package.NAME``.

**Data types.** Their names are NumPy's. One that is asked for, by name or as a native dtype,
is honoured or refused with `DtypeError`, never replaced; `dtype`, `checked`, `astype` and
`honest` see to that wherever one comes in. Without one, the library's own default holds.
Products in float32 keep the precision of float32: no TensorFloat-32, no bfloat16 passes.

**Complex numbers.** The gradient of a real function at ``z = x + 1j * y`` is
``df/dx + 1j * df/dy``, the direction of steepest ascent: for ``abs(z)**2`` it is ``2 * z``. Where
a library gives its conjugate, as JAX and HIPS autograd do, the backend conjugates.

**Random numbers.** A seed is a whole number from 0 to 2**63 - 1. After it, the same calls in the
same order give the same bits, on the same device, with the same version of the library and
the same number of threads; another backend gives others. They come from a stream of the
backend's own: the library's global one is neither read nor seeded. Complex numbers share
the variance between their parts (`normal`). A draw while a function is traced or compiled
leaves the stream usable.

**Devices.** A backend that declares `Devices` puts all data, random numbers and constants
on the one it was made for, and leaves the library's default device as it is. Each device
is an instance of its own, unless `Spread` is declared, and core mixes no arrays of two.

**Threads.** One instance serves every thread and asyncio task of a process: the same name and
options give the same object. All members may be called at once from several threads, so
nothing changes after ``__init__`` but the random stream, whose draws are each whole, and
which a `seed` in one thread sets for all. Where a library cannot do that, the backend locks.

**The protocol.** `PROTOCOL` rises when a backend that was right has to change: a member
becomes required, loses an argument, or a rule above becomes stricter. A backend written for
another number is listed as incompatible and not loaded. New members with defaults and new
capabilities do not raise it; a backend that uses one requires the funfact-core that has it.
Promised are the public names of `Backend`, of the capabilities, and of what overrides may
call: `funfact.backends.dtypes.plain`, `funfact.backends.draws.arguments` and
`funfact.backends.draws.seed`, `funfact.backends.functions.real` and
`funfact.backends.functions.floating`, `funfact.backends.einsum.is_explicit`,
`funfact.backends.several.chosen`. What begins with an underscore is not.

Examples
--------
>>> import numpy as np
>>> class Plain(Backend):
...     protocol = 1
...     requires = ("numpy",)
...     def __init__(self, options=None):
...         super().__init__(options)
...         self.xp = np
...     def tensor(self, data, dtype=None):
...         native = None if dtype is None else self.checked(data, dtype)
...         return np.array(self.plain(data), native)
...     def to_numpy(self, x):
...         return np.asarray(x)
...     def is_native(self, x):
...         return isinstance(x, (np.ndarray, np.generic))
>>> Plain()
<backend 'Plain'>
>>> Plain().einsum('ij,jk->ik', np.ones((2, 3)), np.ones((3, 4))).shape
(2, 4)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from itertools import accumulate
from math import prod
from typing import Any, ClassVar

import numpy as np

from . import draws, dtypes, erf, functions, lookup
from .einsum import einsum

__all__ = ["PROTOCOL", "Array", "Backend", "Dtype", "Namespace", "NoOptions", "Shape"]

PROTOCOL = 1
"""The version of this contract: it rises when a backend that was right has to change."""

Array = Any
Dtype = Any
Namespace = Any
Shape = int | Sequence[int]


@dataclass(frozen=True)
class NoOptions:
    """The options of a backend that has none."""


class Backend(ABC):
    """An array library, as FunFact uses it.

    Parameters
    ----------
    options : an instance of `Options`, optional
        The typed options of ``ff.use``; the defaults if left out.

    Attributes
    ----------
    protocol : int, required
        The `PROTOCOL` that the class was written for. It has no default, so that an
        old backend cannot pass for a new one.
    requires : tuple of str
        The modules that ``__init__`` imports. FunFact looks whether they are installed,
        without importing them, to tell whether the backend can be used.
    Options : type
        A frozen dataclass; its fields are the options of ``ff.use``, whose types are checked.
    process_options : frozenset of str
        Those of them that hold for the process once the backend is loaded.
        ``__init__`` leaves their actual values in ``self.options``; None as a
        default stands for "as it is".
    creation : frozenset of str
        The functions of `xp` and `package` that make arrays and take ``dtype=``. They
        are handed out by `place`.
    typed : frozenset of str
        Others that take ``dtype=``, or dtypes by position. They are handed out by `honest`.
    options : an instance of `Options`
        What the backend was made with.
    xp : namespace, required
        The array API namespace; ``__init__`` sets it.
    package : namespace
        Where attributes that `xp` lacks are looked up; `xp` by default.
    name : str
        What the user typed. FunFact sets it.
    last_seed : int or None
        What `seed` was last given, if it writes that down: a model remembers it.
    """

    protocol: ClassVar[int]
    requires: ClassVar[tuple[str, ...]] = ()
    Options: ClassVar[type[Any]] = NoOptions
    process_options: ClassVar[frozenset[str]] = frozenset()
    creation: ClassVar[frozenset[str]] = lookup.CREATION
    typed: ClassVar[frozenset[str]] = lookup.TYPED

    name: str = ""
    last_seed: int | None = None
    options: Any
    xp: Namespace

    def __init__(self, options: Any = None) -> None:
        self.options = type(self).Options() if options is None else options
        self._generator = np.random.default_rng()

    # --- required -----------------------------------------------------------

    @abstractmethod
    def tensor(self, data: Any, dtype: Any = None) -> Array:
        """Native tensor from anything array-like, a copy, on the chosen device.

        Array-like are numbers, nested lists, NumPy arrays, tensors of this library, and
        lists of those: `plain` makes one NumPy array of any of them, or says what is
        wrong. An explicit `dtype` is honoured or refused, which `checked` does; without one
        the library's own default for that data holds.
        """

    @abstractmethod
    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        """NumPy array from a native tensor, whatever its device, for reading.

        It may share memory. A tensor that tracks gradients is read like any other.
        """

    @abstractmethod
    def is_native(self, x: object) -> bool:
        """Whether `x` is a tensor of this library, one that is traced or tracked included."""

    # --- everything else has a default ---------------------------------------

    @property
    def package(self) -> Namespace:
        """The library itself, for what the array API does not name."""
        return self.xp

    def is_tensor(self, x: object) -> bool:
        """Whether `x` is an array that needs no conversion by the user: native, or NumPy's."""
        return self.is_native(x) or isinstance(x, (np.ndarray, np.generic))

    def copy(self, x: Array) -> Array:
        """A native array of the same values as `x`, where `x` is, that shares no memory with it."""
        return self.tensor(x)

    def holds(self, data: Any) -> bool:
        """Whether nested lists have tensors in them: one of these, or the first of its lists."""
        if not isinstance(data, (list, tuple)) or not data:
            return False
        return any(map(self.is_tensor, data)) or self.holds(data[0])

    def plain(self, data: Any) -> np.ndarray[Any, Any]:
        """Anything array-like as a NumPy array, tensors of this library in it included.

        Raises
        ------
        ShapeError
            For nested lists of unequal lengths.
        DtypeError
            For what does not hold numbers.
        """
        return dtypes.plain(dtypes.readable(self, data))

    # --- dtypes

    @property
    def default_dtype(self) -> Dtype:
        """The native dtype of a float: what ``zeros(1)`` has."""
        return self.zeros(1).dtype

    def dtype(self, dtype: Any) -> Dtype:
        """Native dtype from a name, a Python type, a NumPy or a native dtype.

        The Python types ``float`` and ``complex`` mean the backend's own float and
        the complex type of its width: float32 on JAX and PyTorch, unless they were
        set up for more. Ask by name, ``'float64'``, for a certain one.

        Raises
        ------
        DtypeError
            If there is none of that name, or the library as set up would
            silently use another in its place.
        """
        return dtypes.native(self.xp, self.dtype_name(dtype), repr(self))

    def dtype_name(self, x: Any) -> str:
        """Name of a dtype, or of an array's: ``'float32'``."""
        # looked up only where it is asked for: to most libraries that is to make an array
        return dtypes.name(x, self.default_dtype if x is float or x is complex else None)

    def is_complex(self, x: Any) -> bool:
        """Whether a dtype, or an array's, is complex."""
        return self.dtype_name(x).startswith("complex")

    def is_floating(self, x: Any) -> bool:
        """Whether a dtype, or an array's, is real or complex floating."""
        return self.dtype_name(x).startswith(("float", "bfloat", "complex"))

    def checked(self, data: Any, dtype: Any) -> Dtype:
        """``self.dtype(dtype)``, or `DtypeError` if that would drop an imaginary part."""
        native = self.dtype(dtype)
        dtypes.refuse_lossy(data, self.dtype_name(native))
        return native

    def astype(self, x: Array, dtype: Any) -> Array:
        """`x` in another dtype, honoured or refused as by `dtype`."""
        return self.xp.astype(x, self.dtype(dtype))

    # --- NumPy's conventions

    def transpose(self, x: Array, axes: Sequence[int] | None = None) -> Array:
        """`x` with its axes in the order `axes`, reversed by default."""
        order = range(x.ndim)[::-1] if axes is None else [axis % x.ndim for axis in axes]
        return self.xp.permute_dims(x, tuple(order))

    def reshape(self, x: Array, shape: Shape) -> Array:
        """`x` in another shape, in C order; one size may be -1."""
        return self.xp.reshape(x, shape if isinstance(shape, tuple) else _tuple(shape))

    def concatenate(self, arrays: Sequence[Array], axis: int | None = 0) -> Array:
        """Arrays joined along an axis that exists, or flattened if it is None: ``xp.concat``."""
        return self.xp.concat(list(arrays), axis=axis)

    def in_blocks(
        self, block: Callable[[int, int], Array], length: int, size: int, axis: int
    ) -> Array:
        """An array made block by block along an axis of `length`: ``block(start, stop)`` for each.

        Blocks are `size` long, the last one what is left, and are made in order. Where a library
        can write to an array, each may be put in its place before the next one takes memory.
        """
        starts = range(0, length, size)
        return self.concatenate([block(n, min(n + size, length)) for n in starts], axis)

    def where(self, condition: Array, *branches: Any) -> Array:
        """Elements of the first branch where `condition` holds, else of the second."""
        return self.xp.where(condition, *branches)

    def conj(self, x: Array) -> Array:
        """Complex conjugate; a real `x` is its own."""
        return self.xp.conj(x) if self.is_complex(x) else x

    def real(self, x: Array) -> Array:
        """Real part; a real `x` is its own."""
        return self.xp.real(x) if self.is_complex(x) else x

    def imag(self, x: Array) -> Array:
        """Imaginary part; zeros for a real `x`."""
        return self.xp.imag(x) if self.is_complex(x) else self.xp.zeros_like(x)

    # --- contractions

    def einsum(self, subscripts: str, *operands: Array) -> Array:
        """Sum of products of one or two operands, ``'ab,bc->ac'``.

        The subscripts are explicit, and dtypes promoted. A letter that an operand repeats
        takes its diagonal, one missing from the output is summed, and a letter has the
        same size everywhere. Core contracts pair by pair, in an order that it plans.

        The default is one `matmul`, batched over the letters that both operands and the output
        share, after a copy of each operand whose letters stand in another order. It forms
        nothing larger than operands and result.
        """
        return einsum(self.xp, subscripts, *operands)

    # --- what every step of a fit does: an operation or two, where a library has them

    def squared_norm(self, x: Array, lead: int = 0) -> Array:
        """Sum of ``abs(x)**2`` over all axes but the first `lead`: real, shape ``x.shape[:lead]``.

        By default squares of the parts: a modulus has no gradient at zero.
        """
        values = self.real(x) ** 2 + self.imag(x) ** 2 if self.is_complex(x) else x * x
        # an empty tuple of axes means all of them to some libraries
        axes = tuple(range(lead, x.ndim))
        return self.xp.sum(values, axis=axes) if axes else values

    def squared_distance(self, x: Array, y: Array, lead: int = 0) -> Array:
        """`squared_norm` of ``x - y``; `y` has the last axes of `x`, or all, and its dtype."""
        return self.squared_norm(x - y, lead)

    def lerp(self, x: Array, y: Array, weight: float) -> Array:
        """``(1 - weight) * x + weight * y``, of arrays of one shape and dtype."""
        return (1 - weight) * x + weight * y

    def lerp_square(self, x: Array, y: Array, weight: float) -> Array:
        """``(1 - weight) * x + weight * abs(y)**2``; `x` is real and of the shape of `y`.

        By default the root of the weight multiplies `y`, where compilers join it with what `y`
        was multiplied by before.
        """
        return (1 - weight) * x + self.squared_norm(weight**0.5 * y, y.ndim)

    def add_quotient(self, x: Array, y: Array, z: Array, weight: Any) -> Array:
        """``x + weight * y / z``, of arrays of one shape; `weight` is a number or a 0-d array."""
        return x + weight * y / z

    def unpack(self, x: Array, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
        """Arrays of these shapes from one vector, in which they stand one after another."""
        ends = list(accumulate(map(prod, shapes)))
        pairs = zip(shapes, [0, *ends], ends, strict=False)
        return [self.reshape(x[start:end], shape) for shape, start, end in pairs]

    # --- stable functions: some elementwise operations each, erf and erfc about fifty

    def log_sum_exp(self, x: Array, axis: int | tuple[int, ...] | None = None) -> Array:
        """``log(sum(exp(x)))`` over `axis` without overflow; all axes if None; `x` real."""
        return functions.log_sum_exp(self.xp, functions.floating(self, x, "log_sum_exp"), axis)

    def relu(self, x: Array) -> Array:
        """``max(x, 0)``; `x` real."""
        return functions.relu(self.xp, functions.real(self, x, "relu"))

    def celu(self, x: Array, alpha: float = 1.0) -> Array:
        """``max(x, 0) + min(alpha * expm1(x / alpha), 0)``; `x` real."""
        return functions.celu(self.xp, functions.floating(self, x, "celu"), alpha)

    def sigmoid(self, x: Array) -> Array:
        """``1 / (1 + exp(-x))`` without overflow, for real and complex `x`."""
        if self.is_complex(x):
            return functions.complex_sigmoid(self.xp, x)
        return functions.sigmoid(self.xp, functions.floating(self, x, "sigmoid"))

    def erf(self, x: Array) -> Array:
        """Error function; `x` real."""
        return erf.erf(self.xp, functions.floating(self, x, "erf"))

    def erfc(self, x: Array) -> Array:
        """``1 - erf(x)`` without cancellation; `x` real."""
        return erf.erfc(self.xp, functions.floating(self, x, "erfc"))

    # --- random numbers

    def seed(self, n: int) -> None:
        """Make the random numbers that follow reproducible; `n` is from 0 to 2**63 - 1.

        By default NumPy draws, in float64 on the host, and `tensor` takes the numbers to
        the device. An override of `normal` and `uniform` that draws there overrides this too, and
        has the arguments checked by `funfact.backends.draws`.
        """
        self.last_seed = draws.seed(n)
        self._generator = np.random.default_rng(self.last_seed)

    def normal(
        self, mean: complex = 0.0, std: float = 1.0, shape: Shape = (), dtype: Any = None
    ) -> Array:
        """Normally distributed data of the backend's float, or of a floating `dtype`.

        `mean` and `std` are single numbers, as are those of `uniform`: with
        arrays ``mean + std * ab.normal(shape=shape)`` says what is meant.
        If that is complex, the two parts are independent and share the
        variance: the mean of ``abs(z - mean)**2`` is ``std**2``.
        """
        return draws.normal(self, self._generator, mean, std, shape, dtype)

    def uniform(
        self, low: float = 0.0, high: float = 1.0, shape: Shape = (), dtype: Any = None
    ) -> Array:
        """Data spread evenly over [low, high), each part of its own if complex."""
        return draws.uniform(self, self._generator, low, high, shape, dtype)

    # --- the library behind

    def no_grad(self) -> AbstractContextManager[Any]:
        """``with ab.no_grad():`` no gradient follows what is computed inside.

        Without effect where the library has nothing of the kind: there, gradients follow only
        what `value_and_grad` calls.
        """
        context: AbstractContextManager[Any] = getattr(self.package, "no_grad", nullcontext)()
        return context

    def place(self, function: Callable[..., Array]) -> Callable[..., Array]:
        """A creation function of the library, bound to the chosen device and honest of dtype.

        By default there is no device to bind to.
        """
        return self.honest(function)

    def honest(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of the library whose dtypes are honoured or refused, names included."""
        return lookup.honest(self, function)

    def __getattr__(self, name: str) -> Any:
        return lookup.attribute(self, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.xp), *dir(self.package)})

    def __repr__(self) -> str:
        return f"<backend {type(self).__name__!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """The same backend where it is unpickled, found by its name."""
        if not self.name:
            return type(self), (self.options,)
        from .discovery import restore

        return restore, (self.name, asdict(self.options))


def _tuple(shape: Shape) -> tuple[int, ...]:
    return tuple(shape) if isinstance(shape, Sequence) else (int(shape),)
