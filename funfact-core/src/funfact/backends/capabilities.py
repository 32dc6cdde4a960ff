"""What a backend can do beyond arrays, declared by inheriting from these.

``class EchoBackend(Backend, Autodiff)`` declares automatic differentiation. A
backend that cannot do a thing does not declare it; there is no method that only
raises. Core asks with ``isinstance(backend, Autodiff)``, never for a name: a solver that needs a
capability says so, and one that only gains from it does without.

The functions that a capability is given are pure: of their arguments alone, without a branch on
values. Their arguments and results are arrays in lists, tuples and dicts, None among them.
Capabilities compose: a gradient may be given to `Compile.compile`, or stand in a step that is
given to `Repeat.repeated`.

Examples
--------
>>> class Echo(Autodiff, Vmap):
...     pass
>>> declared(Echo)
('Autodiff', 'Vmap')
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from .contract import Backend

__all__ = [
    "Accumulate",
    "Autodiff",
    "Capability",
    "Compile",
    "Devices",
    "Einsum",
    "Linalg",
    "Linearize",
    "Repeat",
    "Share",
    "Spread",
    "Vmap",
    "declared",
]

Array = Any


class Capability(ABC):
    """Base of the capabilities; `ability` is what it is called in a sentence."""

    ability: ClassVar[str]


class Autodiff(Capability):
    """Gradients by automatic differentiation."""

    ability = "automatic differentiation"

    @abstractmethod
    def value_and_grad(
        self, f: Callable[..., tuple[Array, Any]]
    ) -> Callable[..., tuple[tuple[Array, Any], list[Array]]]:
        """``g(params, *args) -> ((value, aux), gradients)`` of `f`.

        ``f(params, *args)`` takes a list of floating arrays and gives a real
        scalar and anything else (`aux`). The gradients are those of `params`,
        in their order, shapes and dtypes. For a complex parameter it is the
        direction of steepest ascent, so that the gradient of ``abs(z)**2`` is
        ``2 * z``. Nothing that is returned tracks gradients any more.
        """


class Accumulate(Capability):
    """Sums of many terms, made and added one by one, for their gradients too."""

    ability = "sums term by term"

    @abstractmethod
    def accumulated(self, term: Callable[..., Array]) -> Callable[..., Array]:
        """``total(stacks, *args)``: the sum of ``term(items, *args)`` over the first axis.

        `stacks` is a list of arrays, at least one, whose first axes are of one size, at least 1;
        ``items`` has of each what stands at one position. All terms are arrays of one shape and
        dtype. The gradient of ``total`` makes each term again, so that only few are held at once.
        """

    @property
    def cache(self) -> float:
        """Elements of an array that the processor's caches hold, more or less.

        Where elementwise operations would make a larger one to be summed, the sum is made term by
        term. Infinity where that never pays.
        """
        return 2.0**21


class Linearize(Capability):
    """Products with a Jacobian and with its transpose, without forming it."""

    ability = "products with a Jacobian"

    @abstractmethod
    def linearize(
        self, f: Callable[[list[Array]], Array], params: list[Array]
    ) -> tuple[Array, Callable[[list[Array]], Array], Callable[[Array], list[Array]]]:
        """``(f(params), push, pull)``: the value of `f`, and its derivative there.

        `f` takes a list of real floating arrays and gives one. ``push(tangents)`` is the
        Jacobian times a list like `params`, an array like the value; ``pull(cotangent)``
        the transposed Jacobian times an array like the value, a list like `params`. Both are
        linear, may be called any number of times, and may be given to `Vmap.vmap`.
        """


class Compile(Capability):
    """Just-in-time compilation of pure functions.

    Attributes
    ----------
    started : float
        Additions and multiplications in the time that a compiled program takes to start one
        product of arrays: more where that is a call of a library than where it is the program's
        own. What takes many small products is weighed by it against what takes few large ones.
    """

    ability = "compilation"
    started: ClassVar[float] = 1e5

    @abstractmethod
    def compile(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """`f`, compiled. Its arguments and results are arrays in lists, tuples and dicts."""

    def at_hand(self, x: Array) -> bool:
        """Whether NumPy reads `x` without a copy: it has values by now, in the host's memory.

        NumPy then does what is done to it once, for which it would take longer to make a program.
        """
        return False


class Repeat(Capability):
    """Many steps without coming back to Python."""

    ability = "repeating steps on the device"

    @abstractmethod
    def repeated(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """``run(carry, n, *args)``: ``carry = step(carry, *args)``, n times.

        One compilation serves every n. The buffers of `carry` may be reused:
        the arrays passed in must be distinct, and are not to be read again.
        """

    def repeated_until(
        self, step: Callable[..., Any], done: Callable[[Any], Array]
    ) -> Callable[..., Any]:
        """`repeated`, but it may end as soon as ``done(carry)``, a truth value in an array.

        `step` is to leave what is read of a carry as it is once that is done, so that making
        all n steps is right too, as is done unless this is overridden.
        """
        return self.repeated(step)


class Vmap(Capability):
    """Functions of one item made functions of a batch of items."""

    ability = "vectorisation of functions"

    @abstractmethod
    def vmap(
        self, f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0
    ) -> Callable[..., Any]:
        """`f`, mapped over an axis of its arguments; None for those it shares.

        `in_axes` is a number for all arguments or a tuple with one for each, where an argument that
        is a list has one for all its items; `out_axes` is the same for the results.
        """


class Einsum(Capability):
    """An einsum of the library's own, rather than the default one.

    Core calls `Backend.einsum` in either case; this tells people what they have.
    """

    ability = "a native einsum"

    @abstractmethod
    def einsum(self, subscripts: str, *operands: Array) -> Array:
        """As `Backend.einsum`."""


class Linalg(Capability):
    """Decompositions and linear systems, in batches.

    ``xp.linalg`` has `cholesky`, `eigh`, `qr`, `solve` and `svd` as the `linalg` extension of
    the array API standard defines them, for real and complex stacks of matrices; `solve`
    is called with matrices on the right only. What a singular system gives (an error,
    infinity or NaN) is the library's own, so methods do not ask for one to be solved.
    """

    ability = "linear algebra"


class Devices(Capability):
    """Hardware to choose from.

    The backend's `Options` have a field ``device: str | None``. A name that is
    not there raises `DeviceError` in `__init__`, and lists those that are. All
    data, random numbers and constants live on the one chosen: `Backend.place` is
    overridden for the creation functions.
    """

    ability = "a choice of devices"

    @property
    @abstractmethod
    def device(self) -> str:
        """The name of the device in use, one of `devices()`; that of a CPU begins with ``cpu``."""

    @abstractmethod
    def devices(self) -> tuple[str, ...]:
        """The names of the devices that are there, as ``ff.use`` takes them."""


@dataclass(frozen=True)
class Share:
    """Some of the replicas of a fit, which are computed together.

    Attributes
    ----------
    backend : Backend
        On which they are computed: its constants live where the replicas do, on one device,
        or on each of several.
    size : int
        How many they are, at least 1.
    put : callable
        ``put(x, axis)``: a copy of `x`, an array of the backend in use whose `axis` has the
        `size` replicas, where they are computed.
    """

    backend: Backend
    size: int
    put: Callable[[Array, int], Array]


class Spread(Capability):
    """The replicas of a fit on several devices.

    The backend's `Options` have a field ``devices: str | tuple[str, ...] | None``: the
    names of devices, or ``'all'``; `funfact.backends.several.chosen` reads it. Data, random
    numbers and models live as with ``device=`` of the first of them, or on each.
    """

    ability = "several devices at once"

    @abstractmethod
    def shares(self, replicas: int) -> Sequence[Share]:
        """How a fit of so many replicas is spread: in their order, one share or more.

        A library that spreads one array over devices gives one share; one whose
        arrays live on one device each gives a share for each device, and they are stepped in
        turn. Sizes may add up to more than `replicas`, where shares have to be even: what is
        beyond are copies of others, and nobody sees them.
        """


def declared(backend: type) -> tuple[str, ...]:
    """Names of the capabilities that a backend class declares, in alphabetical order."""
    return tuple(sorted(base.__name__ for base in backend.__mro__ if Capability in base.__bases__))
