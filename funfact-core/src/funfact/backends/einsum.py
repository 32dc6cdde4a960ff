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

import re
from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import Any

from ..errors import IndexingError

__all__ = ["Plan", "einsum", "is_explicit", "plan"]

Array = Any
Plan = Callable[..., Array]


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
    return plan(subscripts)(xp, *operands)


@lru_cache(maxsize=4096)
def plan(subscripts: str) -> Plan:
    """The steps for given subscripts, as a function of the namespace and the operands."""
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

    def run(xp: Any, a: Array, b: Array) -> Array:
        a, a_letters = _reduced(xp, a, left, keep=output + right)
        b, b_letters = _reduced(xp, b, right, keep=output + left)
        return _two(xp, a, a_letters, b, b_letters, output)

    return run


@lru_cache(maxsize=4096)
def is_explicit(subscripts: str) -> bool:
    """Whether subscripts are of the form that `einsum` reads."""
    return re.fullmatch(r"[a-zA-Z]*(,[a-zA-Z]*)?->[a-zA-Z]*", subscripts) is not None


def _one(xp: Any, x: Array, letters: str, output: str) -> Array:
    x, letters = _reduced(xp, x, letters, keep=output)
    return _permuted(xp, x, letters, output)


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


def _two(xp: Any, a: Array, left: str, b: Array, right: str, output: str) -> Array:
    """Two operands whose every letter is shared or in the output."""
    summed = [letter for letter in left if letter in right and letter not in output]
    if not summed:
        return _outer(xp, a, left, b, right, output)
    if b.size > a.size:  # the larger operand is the dearer one to copy: keep its order
        summed.sort(key=right.index)
    batch = [letter for letter in output if letter in left and letter in right]
    rows = [letter for letter in left if letter not in right]
    columns = [letter for letter in right if letter not in left]
    size = dict(zip(left + right, a.shape + b.shape, strict=True))
    x = _grouped(xp, a, left, (batch, rows, summed), size)
    y = _grouped(xp, b, right, (batch, summed, columns), size)
    order = [*batch, *rows, *columns]
    product = xp.reshape(xp.matmul(x, y), tuple(size[letter] for letter in order))
    return _permuted(xp, product, "".join(order), output)


def _outer(xp: Any, a: Array, left: str, b: Array, right: str, output: str) -> Array:
    """A product without a sum: both operands spread over the output's axes."""
    return _spread(xp, a, left, output) * _spread(xp, b, right, output)


def _spread(xp: Any, x: Array, letters: str, output: str) -> Array:
    own = "".join(letter for letter in output if letter in letters)
    x = _permuted(xp, x, letters, own)
    if own == output:
        return x
    size = dict(zip(own, x.shape, strict=True))
    return xp.reshape(x, tuple(size.get(letter, 1) for letter in output))


def _grouped(
    xp: Any, x: Array, letters: str, groups: tuple[list[str], ...], size: dict[str, int]
) -> Array:
    """`x` as a matrix of two groups of letters, or a batch of them over the first group."""
    batch, first, second = groups
    x = _permuted(xp, x, letters, "".join((*batch, *first, *second)))
    shape = tuple(prod(size[letter] for letter in group) for group in groups)
    shape = shape if batch else shape[1:]
    return x if x.shape == shape else xp.reshape(x, shape)


def _permuted(xp: Any, x: Array, letters: str, order: str) -> Array:
    if letters == order:
        return x
    return xp.permute_dims(x, tuple(letters.index(letter) for letter in order))
