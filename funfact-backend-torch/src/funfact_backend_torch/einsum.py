"""Products of two tensors as one matrix product, with as few operations around it as there can be.

``torch.einsum`` brings every operand into five groups of axes first; on small tensors that takes
longer than the product, and autograd does it all again backwards. Here the letters are sorted
once for each pair of shapes, and what is left for a call is the product and those
permutations and reshapes that change anything.

Examples
--------
>>> import torch
>>> a, b = torch.ones(2, 3), torch.ones(4, 3)
>>> einsum("ij,kj->ik", a, b)
tensor([[3., 3., 3., 3.],
        [3., 3., 3., 3.]])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from math import prod
from typing import Any, TypeAlias

import torch

from funfact.backends.einsum import is_explicit

__all__ = ["einsum"]

Tensor: TypeAlias = Any
Move: TypeAlias = Callable[[Tensor], Tensor]
Shape: TypeAlias = tuple[int, ...]

_FEW = 8
"""Columns of a large matrix's product that are quicker as its rows, the other way round. With
MKL a matrix 1024x1024 by 8 columns takes 0.64 ms, and up to 2.9 ms where one of them is transposed,
as in gradients; 8 rows by the matrix take 0.25 to 0.29 ms. With 16 columns it hardly matters."""

_LARGE = 2**14
"""Elements of that matrix, at least: less is not worth a result that lies the other way round."""


def einsum(subscripts: str, *operands: Tensor) -> Tensor:
    """As ``torch.einsum``, of tensors of one dtype."""
    if len(operands) != 2:
        return torch.einsum(subscripts, *operands)
    a, b = operands
    run = _planned(subscripts, a.shape, b.shape)
    return torch.einsum(subscripts, a, b) if run is None else run(a, b)


@lru_cache(maxsize=4096)
def _planned(
    subscripts: str, first: Shape, second: Shape
) -> Callable[[Tensor, Tensor], Tensor] | None:
    """The product for these shapes; None where it is more than one product of two tensors."""
    if not is_explicit(subscripts):
        return None
    operands, output = subscripts.split("->")
    left, right = operands.split(",")
    sizes = [dict(zip(left, first, strict=False)), dict(zip(right, second, strict=False))]
    size = sizes[0] | sizes[1]
    plain = len(left) == len(first) == len(set(left)) and len(right) == len(second) == len(
        set(right)
    )
    alone = set(left) ^ set(right)
    agree = all(sizes[1].get(letter, n) == n for letter, n in sizes[0].items())
    if not plain or not agree or alone - set(output) or len(set(output)) < len(output):
        return None
    summed = [letter for letter in left if letter in right and letter not in output]
    if not summed:
        return _outer(left, right, output, size)
    return _product(left, right, output, summed, size)


def _outer(left: str, right: str, output: str, size: dict[str, int]) -> Any:
    x, y = (_spread(letters, output, size) for letters in (left, right))
    return lambda a, b: x(a) * y(b)


def _spread(letters: str, output: str, size: dict[str, int]) -> Move:
    """The axes in the order of the output, with 1 for those that it lacks."""
    own = [letter for letter in output if letter in letters]
    shape = tuple(size[letter] if letter in letters else 1 for letter in output)
    while shape[:1] == (1,) and output[len(output) - len(shape)] not in letters:
        shape = shape[1:]  # missing leading axes broadcast by themselves
    return _moved(letters, own, shape, size)


def _product(left: str, right: str, output: str, summed: list[str], size: dict[str, int]) -> Any:
    batch = [n for n in output if n in left and n in right]
    rows = [n for n in output if n not in right]
    columns = [n for n in output if n not in left]
    if _turned(output, rows, columns, summed, size):
        run = _product_as_is(right, left, output, (batch, columns, rows, summed), size)
        return lambda a, b: run(b, a)
    return _product_as_is(left, right, output, (batch, rows, columns, summed), size)


def _turned(
    output: str, rows: list[str], columns: list[str], summed: list[str], size: dict[str, int]
) -> bool:
    """Whether the second operand times the first is quicker than the first times the second."""
    m, n, k = (_volume(group, size) for group in (rows, columns, summed))
    if min(m, n) <= _FEW < max(m, n) and k * max(m, n) >= _LARGE:
        return n < m
    return _order(output, columns) < _order(output, rows)  # the result then needs no permutation


def _product_as_is(
    left: str,
    right: str,
    output: str,
    groups: tuple[list[str], list[str], list[str], list[str]],
    size: dict[str, int],
) -> Any:
    """The left operand times the right one; `groups` of axes are batch, rows, columns, summed."""
    batch, rows, columns, summed = groups
    summed = _kept(left if _volume(left, size) >= _volume(right, size) else right, summed)
    # bmm for one product too: the gradient of mm transposes twice where that is slower
    items, m, k, n = (_volume(group, size) for group in (batch, rows, summed, columns))
    x = _matrix(left, batch, rows, summed, (items, m, k), size)
    y = _matrix(right, batch, summed, columns, (items, k, n), size)
    order = [*batch, *rows, *columns]
    whole = tuple(size[letter] for letter in order)
    back = _moved(order, output, None, size)
    if whole == (items, m, n):
        return lambda a, b: back(torch.bmm(x(a), y(b)))
    return lambda a, b: back(torch.bmm(x(a), y(b)).view(whole))


def _matrix(
    letters: str,
    batch: Sequence[str],
    first: Sequence[str],
    second: Sequence[str],
    shape: Shape,
    size: dict[str, int],
) -> Move:
    """An operand as a matrix; transposed last, where it lies the other way round."""
    straight, turned = [*batch, *first, *second], [*batch, *second, *first]
    if _same(letters, turned, size) and not _same(letters, straight, size):
        inner = _moved(letters, turned, (*shape[:-2], shape[-1], shape[-2]), size)
        other = _moved(letters, straight, shape, size)
        # a product without a sum may lie the other way round: its memory is as its operands have it
        return lambda x: inner(x).mT if x.is_contiguous() else other(x)
    return _moved(letters, straight, shape, size)


def _moved(
    letters: Sequence[str], order: Iterable[str], shape: Shape | None, size: dict[str, int]
) -> Move:
    """The axes in another order, then in another shape; nothing where neither changes."""
    order = list(order)
    permutation = tuple(list(letters).index(letter) for letter in order)
    before = tuple(size[letter] for letter in order)
    permute = permutation != tuple(range(len(permutation)))
    if _same(letters, order, size) and shape is not None:
        permute = False  # axes of size 1 alone change places, which a reshape does
        before = tuple(size[letter] for letter in letters)
    if shape is None or shape == before:
        return (lambda x: x.permute(permutation)) if permute else (lambda x: x)
    if permute:
        return lambda x: x.permute(permutation).reshape(shape)
    return lambda x: x.reshape(shape)


def _same(letters: Iterable[str], order: Iterable[str], size: dict[str, int]) -> bool:
    """Whether axes stand in an order, those of size 1 aside."""
    return _kept(letters, [n for n in order if size[n] > 1]) == [n for n in order if size[n] > 1]


def _kept(letters: Iterable[str], group: Sequence[str]) -> list[str]:
    return [letter for letter in letters if letter in group]


def _order(output: str, group: Sequence[str]) -> int:
    return output.index(group[0]) if group else -1


def _volume(letters: Iterable[str], size: dict[str, int]) -> int:
    return prod(size[letter] for letter in letters)
