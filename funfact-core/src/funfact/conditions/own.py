"""Conditions of a user's own that are plain functions, of one replica of a factor.

They see neither replicas nor a backend: `funfact.active_backend` is that of the model.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Self

from funfact.arguments import called, check_call, named
from funfact.backends.active import activated
from funfact.backends.contract import Array, Backend
from funfact.backends.mapped import explained, mapped
from funfact.conditions.condition import Condition, check_residual
from funfact.conditions.constraint import Constraint
from funfact.errors import DtypeError, OptionError, ShapeError

__all__ = ["OfFunction", "OfPair", "pair"]


@dataclass(frozen=True)
class OfFunction(Condition):
    """That a function of the factor is zero, its residual."""

    function: Any = None
    ndim: int | None = None

    def on(self, shape: tuple[int, ...]) -> Self:
        return replace(super().on(shape), ndim=len(shape))

    def residual(self, x: Array, ab: Backend) -> Array:
        def each(one: Array) -> Array:
            who = f"the condition {named(self)}"
            with activated(ab), _explained(who, one, ab), explained(who, ab):
                made = self.function(one)
            check_residual(who, made, one, ab, 0)
            return made

        return _over_replicas(each, self.ndim, ab)(x)


@dataclass(frozen=True)
class OfPair(Constraint):
    """A set that is given by a pair of functions.

    Nothing is known of the set but what they say, so it is not taken for convex.

    Attributes
    ----------
    function : pair of callables
        ``project(x)``, the nearest point, and ``tangent(x, gradient, v)``, the part of `v` along
        which `x` is to move.
    """

    convex = False

    function: Any = None
    ndim: int | None = None

    def on(self, shape: tuple[int, ...]) -> Self:
        return replace(super().on(shape), ndim=len(shape))

    def project(self, x: Array, ab: Backend) -> Array:
        return self._made(self.function[0], (x,), ab)

    def tangent(self, x: Array, gradient: Array, ab: Backend) -> Callable[[Array], Array]:
        return lambda v: self._made(self.function[1], (x, gradient, v), ab)

    def _made(self, function: Callable[..., Any], arrays: tuple[Array, ...], ab: Backend) -> Array:
        def each(*one: Array) -> Array:
            who = f"{called(function)}, of constrain={named(self)},"
            with activated(ab), _explained(who, one[0], ab), explained(who, ab):
                made = function(*one)
            return _like(one[0], made, who, ab)

        return _over_replicas(each, self.ndim, ab)(*arrays)


def pair(spec: tuple[Any, ...]) -> OfPair:
    """The set of a pair of functions.

    Raises
    ------
    OptionError
        If it is no pair of functions, or they take other arguments.
    """
    functions = [f for f in spec if callable(f) and not isinstance(f, type | Condition)]
    if not len(functions) == len(spec) == 2:
        raise OptionError(
            f"constrain={called(spec)}: a set of your own is a pair of functions, (project, "
            "tangent): project(x) is the nearest point, tangent(x, gradient, v) the part of v "
            "along which x is to move. Of several sets at once, write one such pair."
        )
    for function, arguments in zip(functions, (("x",), ("x", "gradient", "v")), strict=True):
        check_call(function, f"{called(function)}, of constrain={called(spec)},", *arguments)
    return OfPair(function=spec)


def _over_replicas(f: Callable[..., Array], ndim: int | None, ab: Backend) -> Callable[..., Array]:
    """`f` of each replica of arrays, of which the last `ndim` axes, or all, are the factor's."""

    def function(*arrays: Array) -> Array:
        lead = () if ndim is None else tuple(arrays[0].shape[: arrays[0].ndim - ndim])
        if not lead:
            return f(*arrays)
        items = [ab.reshape(x, (prod(lead), *x.shape[len(lead) :])) for x in arrays]
        made = mapped(f, ab)(*items)
        return ab.reshape(made, (*lead, *made.shape[1:]))

    return function


@contextmanager
def _explained(who: str, x: Array, ab: Backend) -> Iterator[None]:
    """Adds to an error of a user's function of `x` what a library may not say of itself."""
    try:
        yield
    except Exception as error:
        if ab.is_complex(x):
            error.add_note(
                f"{who} is called with complex numbers here, which have no order: no clip, "
                "maximum or relu of them. Make the factor real, ff.tensor(..., real=True), or take "
                "ff.active_backend.real of it, and return its dtype."
            )
        raise


def _like(x: Array, made: Any, who: str, ab: Backend) -> Array:
    """What a function made, in the dtype of `x`; an error if it is no array of its kind."""
    if not ab.is_tensor(made):
        raise OptionError(
            f"{who} returned a {type(made).__name__}, and an array of {ab!r} was expected. Write "
            "it with functions of that backend: ff.active_backend has them. Does it end with "
            "`return`?"
        )
    if tuple(made.shape) != tuple(x.shape):
        raise ShapeError(
            f"{who} returned an array of shape {tuple(made.shape)} for a factor of shape "
            f"{tuple(x.shape)}. The two are to be equal."
        )
    if not ab.is_floating(made) or (ab.is_complex(made) and not ab.is_complex(x)):
        raise DtypeError(
            f"{who} returned {ab.dtype_name(made)}, and the factor is {ab.dtype_name(x)}. It is "
            "to return numbers of that type."
        )
    return ab.astype(made, x.dtype) if ab.is_native(made) else ab.tensor(made, x.dtype)
