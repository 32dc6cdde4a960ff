"""Where a fit starts: the values that factors have before the first step.

An initialiser is given to a tensor, ``ff.tensor('u', 3, 2, initializer=...)``, as
one of these classes, an instance, any callable on a shape, or an array. Without
one, a tensor that is given by its shape starts from the standard normal
distribution: the entries of a product of such factors are of order one however
many factors there are, and grow only with the root of the number of terms
summed. A factor that is preferred nonnegative starts from the moduli of such numbers.
`funfact.factorize` then scales these starts, and only these, so that the norm of the
model is that of the target, or a part of it (see there).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import prod, sqrt
from typing import Any, TypeAlias

from funfact.arguments import called, check_call, finite, instance, integer
from funfact.backends import current
from funfact.backends.contract import Array, Backend
from funfact.backends.dtypes import converted
from funfact.errors import FunFactError, OptionError, ShapeError, UnknownNameError

__all__ = [
    "STANDARD",
    "Eye",
    "Initializer",
    "Normal",
    "Ones",
    "Uniform",
    "VarianceScaling",
    "Zeros",
    "as_initializer",
]

Shape: TypeAlias = tuple[int, ...]

_CUT = 2.0
"""Where truncated normal distributions end, in standard deviations."""

_CUT_STD = 0.8796256610342398
"""Standard deviation of the standard normal distribution restricted to ±`_CUT`."""


class Initializer(ABC):
    """Base of the initialisers; one method to write, `draw`.

    An instance called with a shape draws on the active backend:
    ``ff.initializers.Ones()((2, 3))``.
    """

    dtype: Any = None

    @abstractmethod
    def draw(self, shape: Shape, ab: Backend, dtype: Any, lead: Shape = ()) -> Array:
        """Values of one factor, or of many independent ones.

        Parameters
        ----------
        shape : tuple of int
            That of the factor.
        ab : Backend
            The backend that the values are to be native to.
        dtype : native dtype
        lead : tuple of int
            The replica axes.

        Returns
        -------
        array, shape ``(*lead, *shape)``
        """

    def __call__(self, shape: int | Shape) -> Array:
        ab = current()
        dtype = ab.default_dtype if self.dtype is None else ab.dtype(self.dtype)
        sizes = shape if isinstance(shape, tuple | list) else (shape,)
        whole = tuple(size for size in map(integer, sizes) if size is not None and size >= 0)
        if len(whole) != len(sizes):
            raise ShapeError(
                f"{type(self).__name__} was called with {shape!r:.60}, and draws for a shape: an "
                "integer, or a tuple of integers."
            )
        return self.draw(whole, ab, dtype)


@dataclass(frozen=True)
class Zeros(Initializer):
    """All zeros."""

    dtype: Any = None

    def draw(self, shape: Shape, ab: Backend, dtype: Any, lead: Shape = ()) -> Array:
        return ab.zeros(lead + shape, dtype=dtype)


@dataclass(frozen=True)
class Ones(Initializer):
    """All ones."""

    dtype: Any = None

    def draw(self, shape: Shape, ab: Backend, dtype: Any, lead: Shape = ()) -> Array:
        return ab.ones(lead + shape, dtype=dtype)


@dataclass(frozen=True)
class Eye(Initializer):
    """Ones on the main diagonal, for matrices; square or not."""

    dtype: Any = None

    def draw(self, shape: Shape, ab: Backend, dtype: Any, lead: Shape = ()) -> Array:
        if len(shape) != 2:
            raise ShapeError(
                f"Eye starts a matrix, and the tensor has shape {shape}. "
                "Use it on a tensor with two axes, or give an array as the initializer."
            )
        return ab.zeros(lead + shape, dtype=dtype) + ab.eye(*shape, dtype=dtype)


@dataclass(frozen=True)
class Normal(Initializer):
    """Normally distributed around zero.

    Parameters
    ----------
    std : float
        Standard deviation; for complex factors the root of the mean of ``abs(z)**2``.
    truncation : bool
        Draw again whatever lies further out than two standard deviations.

    Examples
    --------
    >>> import funfact as ff
    >>> with ff.using("numpy"):
    ...     Normal(std=0.1)((4, 3)).shape
    (4, 3)
    """

    std: float = 0.01
    truncation: bool = False
    dtype: Any = None

    def __post_init__(self) -> None:
        _check_scale("Normal", "std", self.std)

    def draw(self, shape: Shape, ab: Backend, dtype: Any, lead: Shape = ()) -> Array:
        draw = _truncated if self.truncation else _normal
        return draw(self.std, lead + shape, ab, dtype)


@dataclass(frozen=True)
class Uniform(Initializer):
    """Spread evenly over [0, scale); real and imaginary part each, if complex."""

    scale: float = 0.01
    dtype: Any = None

    def __post_init__(self) -> None:
        _check_scale("Uniform", "scale", self.scale)

    def draw(self, shape: Shape, ab: Backend, dtype: Any, lead: Shape = ()) -> Array:
        return ab.uniform(0.0, self.scale, lead + shape, dtype=dtype)


@dataclass(frozen=True)
class VarianceScaling(Initializer):
    """Zero mean, and variance ``scale / n`` with n the size of an axis.

    A sum of n products with such a factor has the variance `scale` times that
    of what it is multiplied with.

    Parameters
    ----------
    scale : float
    distribution : {'normal', 'truncated', 'uniform'}
        ``'truncated'`` ends at two standard deviations of the normal distribution
        behind it, which is widened so that the variance is still right;
        ``'uniform'`` is symmetric around zero. ``'truncated_normal'`` is
        another name for ``'truncated'``.
    axis : int or tuple of int
        The axis, or axes, whose size (product of sizes) is n.
    """

    scale: float = 0.01
    distribution: str = "normal"
    axis: int | tuple[int, ...] = 0
    dtype: Any = None

    def __post_init__(self) -> None:
        _check_scale("VarianceScaling", "scale", self.scale)
        if self.distribution not in ("normal", "truncated", "truncated_normal", "uniform"):
            raise OptionError(
                f"VarianceScaling knows no distribution {self.distribution!r}. "
                "It knows 'normal', 'truncated' and 'uniform'."
            )
        axes: Any = self.axis if isinstance(self.axis, tuple | list) else (self.axis,)
        if any(integer(axis) is None for axis in axes):
            raise OptionError(
                f"VarianceScaling(axis={self.axis!r:.60}): expected an axis, an integer, or a "
                "tuple of several."
            )

    def draw(self, shape: Shape, ab: Backend, dtype: Any, lead: Shape = ()) -> Array:
        std = sqrt(self.scale / self._fan(shape))
        size = lead + shape
        if self.distribution == "normal":
            return _normal(std, size, ab, dtype)
        if self.distribution == "uniform":
            # a uniform distribution on ±w has the variance w**2 / 3; two parts have it twice
            width = std * sqrt(1.5 if ab.is_complex(dtype) else 3.0)
            corner = complex(width, width) if ab.is_complex(dtype) else width
            return ab.uniform(0.0, 2 * width, size, dtype=dtype) - corner
        correction = 1.0 if ab.is_complex(dtype) else _CUT_STD
        return _truncated(std / correction, size, ab, dtype)

    def _fan(self, shape: Shape) -> int:
        axes = (self.axis,) if isinstance(self.axis, int) else self.axis
        if any(not -len(shape) <= axis < len(shape) for axis in axes):
            raise ShapeError(
                f"VarianceScaling(axis={self.axis!r}) starts a tensor of shape {shape}, which has "
                f"no such axis. Give an axis from {-len(shape)} to {len(shape) - 1}."
            )
        return prod(shape[axis] for axis in axes)


@dataclass(frozen=True, eq=False)
class _Called(Initializer):
    """A user's function of the shape; each replica is a call of its own."""

    function: Callable[[Shape], Any]

    def draw(self, shape: Shape, ab: Backend, dtype: Any, lead: Shape = ()) -> Array:
        if not lead:
            source = f"what the initializer {called(self.function)} returned"
            return _fitting(self.function(shape), shape, ab, dtype, source)
        return ab.stack([self.draw(shape, ab, dtype, lead[1:]) for _ in range(lead[0])])


@dataclass(frozen=True, eq=False)
class _Given(Initializer):
    """An array to start from; replicas start from copies."""

    data: Any

    def draw(self, shape: Shape, ab: Backend, dtype: Any, lead: Shape = ()) -> Array:
        data = _fitting(self.data, shape, ab, dtype, "the array given as initializer")
        return ab.tensor(ab.broadcast_to(data, lead + shape)) if lead else data


def as_initializer(spec: Any) -> Initializer:
    """The initialiser that a name, a class, an instance, a callable, an array or None stands for.

    Raises
    ------
    UnknownNameError
        If there is no initialiser of that name.
    OptionError
        If it is none of these, or takes other arguments.
    """
    if spec is None:
        return STANDARD
    if isinstance(spec, str):
        if spec not in _KNOWN:
            raise UnknownNameError.among("initializer", spec, _KNOWN)
        spec = _KNOWN[spec]
    if isinstance(spec, type):
        spec = instance(spec, "initializer=")
    if isinstance(spec, Initializer):
        names = ("shape", "ab", "dtype", "lead")
        check_call(spec.draw, f"{type(spec).__name__}.draw", *names)
        return spec
    if callable(spec) and not hasattr(spec, "shape"):
        check_call(spec, f"the initializer {called(spec)}", "shape")
        return _Called(spec)
    if isinstance(spec, bytes | dict | set):
        raise OptionError(
            f"{spec!r} is not an initializer. Give a class or an instance from "
            "funfact.initializers, a function of the shape, or an array."
        )
    return _Given(spec)


def _fitting(data: Any, shape: Shape, ab: Backend, dtype: Any, source: str) -> Array:
    try:
        values = converted(data, dtype, ab)
    except FunFactError as exc:
        raise type(exc)(f"{source} is no start of a tensor of shape {shape}: {exc}") from exc
    if tuple(values.shape) != shape:
        raise ShapeError(
            f"{source} has shape {tuple(values.shape)}, and the tensor it starts has shape "
            f"{shape}. Both are to be the same; replica axes are added by FunFact."
        )
    return values


def _normal(std: float, size: Shape, ab: Backend, dtype: Any) -> Array:
    return ab.normal(0.0, std, size, dtype=dtype)


def _truncated(std: float, size: Shape, ab: Backend, dtype: Any) -> Array:
    """Normal within two standard deviations (in modulus), by drawing again what is outside."""
    values = _normal(std, size, ab, dtype)
    outside = ab.abs(values) > _CUT * std
    while bool(ab.any(outside)):
        values = ab.where(outside, _normal(std, size, ab, dtype), values)
        outside = ab.abs(values) > _CUT * std
    return values


def _check_scale(who: str, name: str, value: Any) -> None:
    if (finite(value) or 0) <= 0:
        raise OptionError(f"{who}({name}={value!r}): expected a positive, finite number.")


STANDARD = Normal(std=1.0)
"""How a tensor given by its shape starts if nothing else is asked for."""

_KNOWN: dict[str, type[Initializer]] = {
    cls.__name__: cls for cls in (Zeros, Ones, Eye, Normal, Uniform, VarianceScaling)
}
