"""A user's generator as a step of a program: checked, and vectorised over replicas.

The generator is written for one item, unless it is `batched`. Items are the
leading dimensions of what comes in; a backend that declares `Vmap` maps over
them, on any other they are taken one by one, here and nowhere else.
"""

from collections.abc import Callable
from math import prod
from typing import Any

from funfact.arguments import called
from funfact.backends.contract import Array, Backend
from funfact.backends.mapped import explained, mapped
from funfact.compiler.ir import Apply
from funfact.errors import DtypeError, NotationError, ShapeError

__all__ = ["generate"]

_REPLICAS = {False: "; replicas are added by FunFact", True: ", and it takes replicas in front"}


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
    lead, who = node.value.shape[: node.lead], f"the generator {called(node.generator)}"

    def make(parameters: Array) -> Array:
        # A copy: a generator that writes into its parameters would change the model's.
        own = backend.astype(parameters, parameters.dtype)
        with explained(who, backend):
            made = node.generator(own, backend)
        return _checked(node, made, parameters, backend, dtype)

    many = make if node.batched or not lead else mapped(make, backend)

    def function(parameters: Array) -> Array:
        if node.real:
            parameters = backend.real(parameters)
        if many is make:
            return make(parameters)
        items = backend.reshape(parameters, (prod(lead), *parameters.shape[len(lead) :]))
        return backend.reshape(many(items), lead + node.item)

    return function


def _checked(node: Apply, made: Any, given: Array, backend: Backend, dtype: Any) -> Array:
    who = f"the generator {called(node.generator)}"
    if not backend.is_native(made):
        raise NotationError(
            f"{who} returned a {type(made).__name__}, and an array of {backend!r} was expected. "
            "Build one with functions of the same backend: ab.stack([...]), ab.reshape(x, shape)."
        )
    expected = (node.value.shape[: node.lead] if node.batched else ()) + node.item
    if tuple(made.shape) != expected:
        raise ShapeError(
            f"{who} returned an array of shape {tuple(made.shape)} for parameters of shape "
            f"{tuple(given.shape)}, and {expected} was expected: its tensor was declared with "
            f"shape={node.item}{_REPLICAS[node.batched]}. Change the declaration, or what the "
            "generator returns."
        )
    if backend.is_complex(made) and not backend.is_complex(dtype):
        raise DtypeError(
            f"{who} returned {backend.dtype_name(made)}, and the model is "
            f"{backend.dtype_name(dtype)}: the imaginary part would be lost. Declare it, "
            "ff.parametrized(..., complex=True), which makes the model complex."
        )
    return made if made.dtype == dtype else backend.astype(made, dtype)
