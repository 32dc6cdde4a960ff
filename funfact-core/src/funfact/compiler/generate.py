"""A user's generator as a step of a program: checked, and vectorised over replicas.

The generator is written for one item. Items are the leading dimensions of what
comes in; a backend that declares `Vmap` maps over them, on any other they are
taken one by one, here and nowhere else.
"""

from collections.abc import Callable
from math import prod
from typing import Any

from funfact.backends.capabilities import Vmap
from funfact.backends.contract import Array, Backend
from funfact.compiler.ir import Apply
from funfact.errors import DtypeError, NotationError, ShapeError

__all__ = ["generate"]


def generate(node: Apply, backend: Backend, dtype: Any) -> Callable[[Array], Array]:
    """What makes of the parameters, items in front, the elements that they stand for.

    Parameters
    ----------
    node : Apply
    backend : Backend
    dtype : native dtype
        That of the result.

    Raises
    ------
    ShapeError
        From the function, if the generator returns another shape than it was declared with.
    DtypeError
        If it returns complex numbers where the model is real.
    NotationError
        If it returns no array of the backend.
    """
    batch = node.value.shape[: node.lead]
    count = prod(batch)

    def one(item: Array) -> Array:
        return _checked(node, node.generator(item, backend), item, backend, dtype)

    many = one if not batch else _mapped(one, backend)

    def function(parameters: Array) -> Array:
        if node.real:
            parameters = backend.real(parameters)
        if not batch:
            return one(parameters)
        items = backend.reshape(parameters, (count, *parameters.shape[node.lead :]))
        return backend.reshape(many(items), batch + node.item)

    return function


def _mapped(one: Callable[[Array], Array], backend: Backend) -> Callable[[Array], Array]:
    if isinstance(backend, Vmap):
        mapped: Callable[[Array], Array] = backend.vmap(one)
        return mapped
    return lambda items: backend.stack([one(items[n, ...]) for n in range(items.shape[0])])


def _checked(node: Apply, made: Any, item: Array, backend: Backend, dtype: Any) -> Array:
    who = f"the generator {getattr(node.generator, '__name__', repr(node.generator))}"
    if not backend.is_native(made):
        raise NotationError(
            f"{who} returned a {type(made).__name__}, and an array of {backend!r} was expected. "
            "Build one with functions of the same backend: ab.stack([...]), ab.reshape(x, shape)."
        )
    if tuple(made.shape) != node.item:
        raise ShapeError(
            f"{who} returned an array of shape {tuple(made.shape)} for parameters of shape "
            f"{tuple(item.shape)}, and its tensor was declared with shape={node.item}. "
            "Change the declaration, or what the generator returns; replicas are added by FunFact."
        )
    if backend.is_complex(made) and not backend.is_complex(dtype):
        raise DtypeError(
            f"{who} returned {backend.dtype_name(made)}, and the model is "
            f"{backend.dtype_name(dtype)}: the imaginary part would be lost. Declare it, "
            "ff.parametrized(..., complex=True), which makes the model complex."
        )
    return made if made.dtype == dtype else backend.astype(made, dtype)
