"""A step of a contraction, as an einsum has it."""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from funfact.compiler.runs import runs
from funfact.errors import ShapeError

__all__ = ["Einsum", "einsum"]

_MANY = 6
"""Axes of a result that an einsum takes as they are: libraries are slow with many."""


@dataclass(frozen=True, slots=True)
class Einsum:
    """An einsum of arrays whose axes are runs of the axes of a step.

    Attributes
    ----------
    subscripts : str
    runs : tuple of tuples of tuples of int
        For each operand and for the result, the axes behind each of its letters.
    """

    subscripts: str
    runs: tuple[tuple[tuple[int, ...], ...], ...]

    @property
    def merged(self) -> bool:
        """Whether a letter stands for more than one axis."""
        return any(len(run) > 1 for array in self.runs for run in array)


def einsum(axes: Sequence[Sequence[int]]) -> Einsum:
    """The einsum of a step, with as few letters as it needs if its result has many axes.

    Parameters
    ----------
    axes : sequence of sequences of int
        The axes of the operands, then those of the result.

    Raises
    ------
    ShapeError
        If there are more axes than letters.

    Examples
    --------
    >>> einsum([[0, 1], [1, 2], [0, 2]]).subscripts
    'ab,bc->ac'
    >>> einsum([[9, 5], [1, 2, 3, 5, 6, 7, 8], [9, 1, 2, 3, 6, 7, 8]]).subscripts
    'ab,cbd->acd'
    """
    together = {axis: (axis,) for axis in chain(*axes)} if len(axes[-1]) <= _MANY else runs(axes)
    taken = tuple(tuple(together[axis] for axis in one if axis in together) for one in axes)
    letters: dict[tuple[int, ...], str] = {}
    for run in chain(*taken):
        if run not in letters:
            letters[run] = _letter(len(letters))
    *operands, result = ["".join(letters[run] for run in one) for one in taken]
    return Einsum(",".join(operands) + "->" + result, taken)


def _letter(position: int) -> str:
    if position >= len(string.ascii_letters):
        raise ShapeError(
            f"two operands have {position + 1} axes between them, and an einsum names at most "
            f"{len(string.ascii_letters)}. Sum over some of them earlier, with `>>`."
        )
    return string.ascii_letters[position]
