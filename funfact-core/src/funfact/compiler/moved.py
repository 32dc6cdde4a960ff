"""What a product of two arrays copies, to be a product of matrices."""

from collections.abc import Sequence

from funfact.compiler.tree import Letters, volume

__all__ = ["in_runs", "moved"]


def moved(a: Letters, b: Letters, result: Letters, sizes: Sequence[int]) -> int:
    """Elements that a product and its two gradients transpose; none where it sums nothing.

    Examples
    --------
    >>> i, j, k, l = range(4)
    >>> moved((i, j), (k, j), (i, k), (2, 3, 5, 7)), moved((i, j), (k, j), (k, i), (2, 3, 5, 7))
    (0, 0)
    >>> moved((i, j, l), (k, j), (i, l, k), (2, 3, 5, 7))    # j stands between the others
    126
    """
    # lists in tuples: a tuple of a generator is made too long and cut, and each is kept for later
    a, b, result = (tuple([axis for axis in x if sizes[axis] > 1]) for x in (a, b, result))
    if {*a, *b} <= {*result}:
        return 0  # elementwise, whatever the order
    return sum(_copied(*x, sizes) for x in ((a, b, result), (result, b, a), (a, result, b)))


def _copied(a: Letters, b: Letters, result: Letters, sizes: Sequence[int]) -> int:
    """Of one product: operands whose axes are not batch, rows, sum or batch, sum, rows; a result
    that is not batch, rows, columns, or the columns first; one operand that sums in other order."""
    gone = tuple([axis for axis in a if axis in b and axis not in result])
    batch = tuple([axis for axis in result if axis in a and axis in b])
    rows = tuple([axis for axis in a if axis not in b])
    columns = tuple([axis for axis in b if axis not in a])
    other = tuple([axis for axis in b if axis in gone])
    count = 0
    for x, free, summed in ((a, rows, gone), (b, columns, other)):
        if x not in ((*batch, *free, *summed), (*batch, *summed, *free)):
            count += volume(x, sizes)
    if gone != other and not count:
        count += min(volume(a, sizes), volume(b, sizes))
    if result not in ((*batch, *rows, *columns), (*batch, *columns, *rows)):
        count += volume(result, sizes)
    return count


def in_runs(axes: Letters, other: Letters, result: Letters) -> Letters:
    """The axes of one operand in the order in which its product with another is least scattered.

    If the result is transposed, because its axes are now of one operand and now of the other,
    those that are of one operand and next to one another are moved together. What both operands
    have stays where it is.

    Examples
    --------
    >>> in_runs((2, 0, 1, 9), (9, 3), (0, 1, 3, 2))
    (0, 1, 2, 9)
    """
    own = iter([axis for axis in result if axis in axes and axis not in other])
    return tuple([axis if axis in other else next(own) for axis in axes])
