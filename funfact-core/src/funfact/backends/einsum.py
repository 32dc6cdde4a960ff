"""Sums of products of one or two operands, in terms of the array API standard.

Products that are summed go to ``matmul``, batched where both operands and the
result share letters, so that they run at the speed of the library's matrix
product and nothing larger than the operands and the result is formed.

Examples
--------
>>> import numpy as np
>>> a, b = np.ones((5, 2, 3)), np.ones((5, 3, 4))
>>> einsum(np, 'bij,bjk->bik', a, b).shape
(5, 2, 4)
>>> einsum(np, 'ii->', np.eye(3)).tolist()
3.0
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from math import prod
from typing import Any

from ..errors import IndexingError

__all__ = ["Plan", "einsum", "is_explicit", "plan"]

Array = Any
Plan = Callable[..., Array]
Size = dict[str, int]


def einsum(xp: Any, subscripts: str, *operands: Array) -> Array:
    """Contract one or two operands.

    Parameters
    ----------
    xp : array API namespace
    subscripts : str
        Explicit, such as ``'abc,cd->abd'``. Every letter of the output stands in
        an operand; a letter has one size.
    operands : one or two arrays, of dtypes that `xp` promotes together

    Returns
    -------
    array
    """
    return plan(subscripts, *(tuple(x.shape) for x in operands))(xp, *operands)


@lru_cache(maxsize=4096)
def plan(subscripts: str, *shapes: tuple[int, ...]) -> Plan:
    """The steps for given subscripts and shapes, as a function of the namespace and operands."""
    if not is_explicit(subscripts):
        raise IndexingError(
            f"einsum cannot read {subscripts!r}. It takes one or two operands and an output, "
            "in letters, such as 'ab,bc->ac'."
        )
    inputs, output = subscripts.split("->")
    terms = inputs.split(",")
    if len(terms) == 1:
        return lambda xp, x: _one(xp, x, terms[0], output)
    left, right = terms
    size = dict(zip(left + right, sum(shapes, ()), strict=True))
    if _is_reduced(left, output + right) and _is_reduced(right, output + left):
        return _two(left, right, output, size)

    def run(xp: Any, a: Array, b: Array) -> Array:
        a, a_letters = _reduced(xp, a, left, keep=output + right)
        b, b_letters = _reduced(xp, b, right, keep=output + left)
        return _two(a_letters, b_letters, output, size)(xp, a, b)

    return run


@lru_cache(maxsize=4096)
def is_explicit(subscripts: str) -> bool:
    """Whether subscripts are of the form that `einsum` reads."""
    inputs, arrow, output = subscripts.partition("->")
    letters = inputs.replace(",", "", 1) + output
    return bool(arrow) and (not letters or (letters.isascii() and letters.isalpha()))


def _one(xp: Any, x: Array, letters: str, output: str) -> Array:
    x, letters = _reduced(xp, x, letters, keep=output)
    return _arranged(letters, output)(xp, x)


def _is_reduced(letters: str, keep: str) -> bool:
    return len({*letters}) == len(letters) and {*letters} <= {*keep}


def _reduced(xp: Any, x: Array, letters: str, keep: str) -> tuple[Array, str]:
    """Diagonals taken, and letters that nobody else has summed."""
    for letter in dict.fromkeys(letters):
        while letters.count(letter) > 1:
            x, letters = _diagonal(xp, x, letters, letter)
    alone = tuple(axis for axis, letter in enumerate(letters) if letter not in keep)
    if alone:
        # dtype: the standard would widen small integers, einsum does not
        x = xp.sum(x, axis=alone, dtype=x.dtype)
        letters = "".join(letter for letter in letters if letter in keep)
    return x, letters


def _diagonal(xp: Any, x: Array, letters: str, letter: str) -> tuple[Array, str]:
    """The first two axes of a letter made one, the last.

    The standard has diagonals in an extension alone: every (n+1)th of the n*n elements.
    """
    first = letters.index(letter)
    second = letters.index(letter, first + 1)
    rest = [axis for axis in range(len(letters)) if axis not in (first, second)]
    n = x.shape[first]
    x = xp.permute_dims(x, (*rest, first, second))
    x = xp.reshape(x, (*x.shape[:-2], n * n))[..., :: n + 1]
    return x, "".join(letters[axis] for axis in rest) + letter


def _two(left: str, right: str, output: str, size: Size) -> Plan:
    """Two operands whose every letter is shared or in the output."""
    summed = [letter for letter in left if letter in right and letter not in output]
    if not summed:
        return _outer(left, right, output, size)
    if _volume(right, size) > _volume(left, size):  # the larger one is the dearer to copy
        summed.sort(key=right.index)
    batch = [letter for letter in output if letter in left and letter in right]
    rows, columns = _alone(left, right, output, size), _alone(right, left, output, size)
    if output[-1:] in rows:  # so that what comes last in the output lies together in memory
        swapped = _two(right, left, output, size)
        return lambda xp, a, b: swapped(xp, b, a)
    x = _grouped(left, (batch, rows, summed), size)
    y = _grouped(right, (batch, summed, columns), size)
    order = "".join((*batch, *rows, *columns))
    shape, many = tuple(size[letter] for letter in order), len(rows) != 1 or len(columns) != 1
    finish = _arranged(order, output)
    if many or len(batch) > 1:
        return lambda xp, a, b: finish(xp, xp.reshape(xp.matmul(x(xp, a), y(xp, b)), shape))
    return lambda xp, a, b: finish(xp, xp.matmul(x(xp, a), y(xp, b)))


def _alone(letters: str, others: str, output: str, size: Size) -> list[str]:
    """The letters of one operand alone: as they stand in it, or in a larger output."""
    order = output if _volume(output, size) > _volume(letters, size) else letters
    return [letter for letter in order if letter in letters and letter not in others]


def _outer(left: str, right: str, output: str, size: Size) -> Plan:
    """A product without a sum: both operands spread over the output's axes.

    Where what they share comes last in both, they are multiplied as they lie in memory.
    """
    shared = "".join(letter for letter in left if letter in right)
    order = output
    if left.endswith(shared) and right.endswith(shared):
        order = left.removesuffix(shared) + right
    x, y, finish = _spread(left, order, size), _spread(right, order, size), _arranged(order, output)
    return lambda xp, a, b: finish(xp, x(xp, a) * y(xp, b))


def _spread(letters: str, output: str, size: Size) -> Plan:
    own = "".join(letter for letter in output if letter in letters)
    shape = tuple(size[letter] if letter in letters else 1 for letter in output)
    # missing leading axes broadcast by themselves
    return _arranged(letters, own, None if output.endswith(own) else shape)


def _grouped(letters: str, groups: tuple[list[str], ...], size: Size) -> Plan:
    """An operand as a matrix of two groups of letters, or a batch of them over the first group."""
    batch = groups[0]
    shape = tuple(_volume(group, size) for group in groups)
    whole = [len(group) for group in groups] == [len(batch) and 1, 1, 1]
    order = "".join(letter for group in groups for letter in group)
    return _arranged(letters, order, None if whole else shape if batch else shape[1:])


def _arranged(letters: str, order: str, shape: tuple[int, ...] | None = None) -> Plan:
    """What brings the axes of an array into an order, and then the array into a shape."""
    axes = tuple(letters.index(letter) for letter in order)
    if letters == order:
        return _as_it_is if shape is None else lambda xp, x: xp.reshape(x, shape)
    if shape is None:
        return lambda xp, x: xp.permute_dims(x, axes)
    return lambda xp, x: xp.reshape(xp.permute_dims(x, axes), shape)


def _as_it_is(xp: Any, x: Array) -> Array:
    return x


def _volume(letters: Iterable[str], size: Size) -> int:
    return prod(size[letter] for letter in letters)
