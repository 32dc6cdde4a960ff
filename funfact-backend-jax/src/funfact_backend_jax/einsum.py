"""JAX's einsum, with as few axes as it needs, and gradients in the order of its operands."""

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache, partial, wraps
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from funfact.backends.contract import Array
from funfact.backends.einsum import is_explicit

__all__ = ["compiled_einsum", "in_reverse"]

_SMALL = 2**15
"""Elements of an array that lies in a cache, where it is transposed in no time."""

_TINY = 2**13
"""Elements of an array that is summed in no time, however that is done."""

_thread = threading.local()
"""`tracers`: types of what stands for the parameters while a function of them is differentiated."""


def in_reverse(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f(params, *args)``, whose products are to be differentiated by `params` in reverse mode.

    Not those of a function that is traced for itself inside of it, as `jax.jit` does: JAX keeps
    that for later, and it may be differentiated in forward mode then.
    """

    @wraps(f)
    def traced(params: Any, *args: Any) -> Any:
        before, _thread.tracers = _tracers(), {type(x) for x in jax.tree.leaves(params)}
        try:
            return f(params, *args)
        finally:
            _thread.tracers = before

    return traced


def _tracers() -> set[type]:
    found: set[type] = getattr(_thread, "tracers", set())
    return found


def compiled_einsum(subscripts: str, precision: str, *operands: Array) -> Array:
    """An einsum, compiled once for each subscripts, since planning it costs more than a product."""
    tracked = not _tracers().isdisjoint(map(type, operands))
    own = tracked and _is_pair(subscripts) and _fit(subscripts, operands)
    return (_differentiated if own else _compiled)(subscripts, precision)(*operands)


@lru_cache(maxsize=1024)
def _compiled(subscripts: str, precision: str) -> Callable[..., Array]:
    return jax.jit(partial(_einsum, subscripts, precision))


@lru_cache(maxsize=1024)
def _differentiated(subscripts: str, precision: str) -> Callable[..., Array]:
    """A product of two whose gradients are products in the order of the operands.

    JAX has the gradient of the result first in both, so that XLA transposes what it makes for the
    second operand, or what it makes that of, which may be much larger than the operands are.
    """
    operands, result = subscripts.split("->")
    left, right = operands.split(",")
    product = _compiled(subscripts, precision)
    by_left = _compiled(f"{result},{right}->{left}", precision)
    by_right = _compiled(f"{left},{result}->{right}", precision)

    def forward(x: Any, y: Any) -> tuple[Array, tuple[Array | None, Array | None]]:
        kept = x.value if y.perturbed else None, y.value if x.perturbed else None
        return product(x.value, y.value), kept

    def backward(kept: tuple[Array | None, Array | None], ct: Any) -> tuple[Any, Any]:
        if isinstance(ct, jax.custom_derivatives.SymbolicZero):
            return None, None
        x, y = kept
        return None if y is None else by_left(ct, y), None if x is None else by_right(x, ct)

    function = jax.custom_vjp(product)
    function.defvjp(forward, backward, symbolic_zeros=True)
    return function


@lru_cache(maxsize=1024)
def _is_pair(subscripts: str) -> bool:
    """Whether each letter stands once in an operand, and again in the other or in the result."""
    operands, _, result = subscripts.partition("->")
    left, *others = operands.split(",")
    if not is_explicit(subscripts) or len(others) != 1:
        return False
    (right,) = others
    once = all(len({*x}) == len(x) for x in (left, right, result))
    return once and {*left} ^ {*right} <= {*result}


def _fit(subscripts: str, operands: Sequence[Array]) -> bool:
    """Whether they have one dtype, and letters one size: an einsum may convert, and broadcast."""
    dtypes = {getattr(x, "dtype", None) for x in operands}  # a number of Python's has none
    return len(dtypes) == 1 and bool(_sizes(subscripts, operands))


def _einsum(subscripts: str, precision: str, *operands: Array) -> Array:
    """An einsum; a pair is multiplied without the axes of size 1.

    The gradient of a product of matrices is the transpose of another product. XLA writes it as
    one product, unless there is a batch axis too, if only for a single replica: then
    whatever the gradient meets gets a transposition, which takes long to compile. Where
    operands are large that one product would read them across memory, so they keep such axes.
    """
    if not (_is_pair(subscripts) and _fit(subscripts, operands)):
        return jnp.einsum(subscripts, *operands, precision=precision)
    sizes = _sizes(subscripts, operands)
    shape = [sizes[letter] for letter in subscripts.split("->")[1]]
    large = max(prod(shape), *(x.size for x in operands)) > _SMALL
    if large:
        subscripts, operands = _turned(subscripts, *operands)
    less = "".join(letter for letter in subscripts if sizes.get(letter) != 1)
    left = _left(subscripts if large else less)
    if large and not _in_order(less, left):
        return _product(subscripts, precision, left, *operands)
    return lax.reshape(_product(less, precision, left, *map(_squeezed, operands)), shape)


def _squeezed(x: Array) -> Array:
    return lax.squeeze(x, [d for d, size in enumerate(x.shape) if size == 1])


def _left(subscripts: str) -> int:
    """Which operand stands on the left: the second, unless the result is then to be transposed."""
    return 0 if _in_order(subscripts, 0) else 1


def _in_order(subscripts: str, left: int) -> bool:
    """Whether a product of matrices makes the axes of the result in their order."""
    return _made(subscripts, left) == [*subscripts.split("->")[1]]


def _made(subscripts: str, left: int) -> list[str]:
    """The axes of the product: those of both, those of the operand on the left, the others."""
    operands, result = subscripts.split("->")
    own = operands.split(",")
    free = [a for n in (left, 1 - left) for a in own[n] if a not in own[1 - n]]
    return [a for a in result if a not in free] + free


def _product(subscripts: str, precision: str, left: int, *operands: Array) -> Array:
    """What JAX's einsum makes of a pair, found in a fraction of the time."""
    both, result = subscripts.split("->")
    letters = both.split(",")
    batch = [a for a in result if all(a in own for own in letters)]
    summed = sorted({*letters[0]} - {*result})
    inside = any({*own} == {*batch, *summed} for own in letters)
    tiny = batch and inside and max(x.size for x in operands) <= _TINY
    if not summed or tiny:
        return _elementwise(subscripts, *operands)
    order = (left, 1 - left)
    places = [tuple(map(letters[n].index, axes)) for axes in (summed, batch) for n in order]
    first, second = (operands[n] for n in order)
    found = lax.dot_general(first, second, (places[:2], places[2:]), precision, first.dtype)
    made = _made(subscripts, left)
    return found if made == [*result] else lax.transpose(found, [made.index(a) for a in result])


def _elementwise(subscripts: str, x: Array, y: Array) -> Array:
    """A product of two as one elementwise loop, and a sum.

    Where nothing is summed, or vectors times a matrix each. As a product of matrices XLA brings
    both operands into its order, each by a loop of its own, which take longer to compile than
    tiny arrays take to be multiplied, and what follows on the product is not done in the same loop.
    """
    operands, result = subscripts.split("->")
    left, right = operands.split(",")
    # as the result, or as the operand that has all axes
    every = result if {*left} | {*right} == {*result} else max(left, right, key=len)
    sizes = _sizes(subscripts, (x, y))
    shape = [sizes[a] for a in every]

    def spread(letters: str, x: Array) -> Array:
        x = lax.transpose(x, sorted(range(len(letters)), key=lambda d: every.index(letters[d])))
        return lax.broadcast_in_dim(x, shape, sorted(every.index(a) for a in letters))

    found = spread(left, x) * spread(right, y)
    gone = [d for d, a in enumerate(every) if a not in result]
    if not gone:
        return found
    made = [a for a in every if a in result]
    summed = jnp.sum(found, axis=gone, dtype=x.dtype)
    return lax.transpose(summed, [made.index(a) for a in result])


def _turned(subscripts: str, x: Array, y: Array) -> tuple[str, tuple[Array, Array]]:
    """A product of two, written so that the larger operand is read as it lies in memory.

    That is from the left if its last axes are summed, from the right if its first ones are; XLA
    copies it otherwise. JAX has the second operand on the left, unless what it makes
    has the axes of the result in their order the other way round.
    """
    operands, result = subscripts.split("->")
    left, right = operands.split(",")
    large, other = (left, right) if x.size > y.size else (right, left)
    summed = [
        letter not in result for letter in large if letter not in other or letter not in result
    ]
    last, first = summed == sorted(summed), summed == sorted(summed, reverse=True)
    if last == first or (large == right) == last:
        return subscripts, (x, y)
    return f"{right},{left}->{result}", (y, x)


def _sizes(subscripts: str, operands: Sequence[Array]) -> dict[str, int]:
    """Of the letters; none where that is not plain, and JAX is to say what it thinks of it."""
    letters = subscripts.split("->")[0].replace(",", "")
    sizes = [size for x in operands for size in x.shape]
    pairs = {*zip(letters, sizes, strict=False)}
    told = is_explicit(subscripts) and {*subscripts} <= {*letters, *",->"}
    fit = len(letters) == len(sizes) and len(pairs) == len({*letters})
    return dict(pairs) if told and fit else {}
