"""Axes that always travel together."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

__all__ = ["runs"]

A = TypeVar("A", bound=Hashable)


def runs(sequences: Iterable[Sequence[A]]) -> dict[A, tuple[A, ...]]:
    """Items that stand next to one another, in one order, wherever they stand.

    Returns
    -------
    dict
        Every run, one of a single item too, by its first item.

    Examples
    --------
    >>> sorted(runs(["abcd", "cdab", "abe"]).values())
    [('a', 'b'), ('c', 'd'), ('e',)]
    """
    standing: Counter[A] = Counter()
    pairs: Counter[tuple[A, A]] = Counter()
    for sequence in sequences:
        standing.update(sequence)
        pairs.update(pairwise(sequence))
    follower = {
        left: right
        for (left, right), times in pairs.items()
        if times == standing[left] == standing[right] and left != right
    }
    found: dict[A, tuple[A, ...]] = {}
    for first in standing.keys() - set(follower.values()):
        run = [first]
        while run[-1] in follower:
            run.append(follower[run[-1]])
        found[first] = tuple(run)
    return found
