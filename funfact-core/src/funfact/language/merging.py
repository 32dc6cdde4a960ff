"""Several indices made one dimension: matricisation, unfolding, flattening."""

from collections.abc import Sequence
from typing import Any

from funfact.errors import IndexingError
from funfact.language.nodes import Index, Label, Merge
from funfact.language.notation import TsrEx

__all__ = ["merge"]


def merge(expr: TsrEx, *groups: Sequence[Any]) -> TsrEx:
    """Each group of indices becomes one dimension, in row-major order; none is left as an index.

    Parameters
    ----------
    expr : TsrEx
        Indexed.
    *groups : sequences of Index
        They name each live index of `expr` once.

    Returns
    -------
    TsrEx
        Without indices, of one dimension for each group. Element (p, q, …) of the
        groups [i, j] is at ``p * (size of j) + q``, as in ``numpy.reshape``.

    Raises
    ------
    IndexingError
        If an index is missing, strange, or named twice.

    Examples
    --------
    The unfolding of a tensor along its second mode:

    >>> import funfact as ff
    >>> i, j, k = ff.indices("i, j, k")
    >>> merge(ff.tensor("T", 2, 3, 4)[i, j, k], [j], [i, k])
    merge(T[i, j, k], [j], [i, k])
    >>> merge(ff.tensor("T", 2, 3, 4)[i, j, k], [j], [i, k]).shape
    (3, 8)
    """
    plain = tuple(tuple(_index(entry) for entry in group) for group in groups)
    return TsrEx(Merge(expr.node, plain), expr)


def _index(entry: Any) -> Index:
    if isinstance(entry, Label):
        return entry.index
    if not isinstance(entry, Index):
        raise IndexingError(
            f"{entry!r} stands in a group of merge. A group is a list of indices, which "
            "ff.index makes: merge(T[i, j, k], [i], [j, k])."
        )
    return entry
