"""JAX's einsum, with as few axes as it needs."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from math import prod

import jax
import jax.numpy as jnp

from funfact.backends.contract import Array
from funfact.backends.einsum import is_explicit

__all__ = ["compiled_einsum"]

_SMALL = 2**15
"""Elements of an array that lies in a cache, where it is transposed in no time."""


@lru_cache(maxsize=1024)
def compiled_einsum(subscripts: str, precision: str) -> Callable[..., Array]:
    """``f(*operands)``, compiled, since planning it costs more than a product."""
    return jax.jit(partial(_einsum, subscripts, precision))


def _einsum(subscripts: str, precision: str, *operands: Array) -> Array:
    """An einsum without the axes of size 1, where all of it is small.

    The gradient of a product of matrices is the transpose of another product. XLA writes it as
    one product, unless there is a batch axis too, if only for a single replica: then
    whatever the gradient meets gets a transposition, which takes long to compile. Where
    operands are large it would transpose these instead.
    """
    sizes = _sizes(subscripts, operands)
    shape = tuple(sizes[letter] for letter in subscripts.split("->")[1]) if sizes else ()
    if 1 not in sizes.values() or max(prod(shape), *(x.size for x in operands)) > _SMALL:
        return jnp.einsum(subscripts, *operands, precision=precision)
    alone = {letter for letter, size in sizes.items() if size == 1}
    less = "".join(letter for letter in subscripts if letter not in alone)
    found = jnp.einsum(less, *map(jnp.squeeze, operands), precision=precision)
    return jnp.reshape(found, shape)


def _sizes(subscripts: str, operands: Sequence[Array]) -> dict[str, int]:
    """Of the letters; none where that is not plain, and JAX is to say what it thinks of it."""
    letters = subscripts.split("->")[0].replace(",", "")
    sizes = [size for x in operands for size in x.shape]
    pairs = {*zip(letters, sizes, strict=False)}
    told = is_explicit(subscripts) and {*subscripts} <= {*letters, *",->"}
    fit = len(letters) == len(sizes) and len(pairs) == len({*letters})
    return dict(pairs) if told and fit else {}
