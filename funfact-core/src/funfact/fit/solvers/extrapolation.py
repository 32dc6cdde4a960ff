"""Sweeps from where the last ones lead: the line search of alternating least squares.

Where components are nearly collinear, sweeps go the same way for hundreds of steps ("swamps"). A
replica therefore goes on the way that its last sweep went, before the next one (Nesterov's steps),

    x <- x + n / (n + 3) (x - x of the sweep before),

n the number of such sweeps that went well in a row. A sweep from there costs what a sweep costs,
and what it leaves of the target is known from its last equations (`linear.explained`), so the
loss is never evaluated. Where that is more than before, the replica goes back, and a few plain
sweeps, which never raise the loss, come first.

Longer steps, by n^(1/3) - 1 (Bro 1998), take about as many sweeps; but what no equation determines,
such as the size of a component that has vanished in another factor, then grows without bound.

References
----------
Mitchell, Ye & De Sterck, Nesterov acceleration of alternating least squares for canonical tensor
decomposition: momentum step size and restart mechanisms, Numerical Linear Algebra with Applications
27(4), 2020; Bro, Multi-way analysis in the food industry, thesis, University of Amsterdam, 1998.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from funfact.backends.contract import Array, Backend
from funfact.fit.solvers.base import Carry, spread

__all__ = ["begun", "extrapolated"]

Sweep: TypeAlias = Callable[[list[Array]], tuple[list[Array], Callable[[], Array]]]
"""The factors after a sweep, and ``explained()``: the share of |target|² that the model has."""

_PLAIN = 5
"""Sweeps before the first that is led ahead, and after each that led astray."""

_DIGITS = 64
"""Roundings of |target|² below which a loss is not told from its rounding."""


def begun(factors: list[Array], append: bool, ab: Backend) -> Carry:
    """The factors, those a sweep before, the squared error, and the sweeps that went well."""
    some = factors[0]
    axes = tuple(range(some.ndim - 1) if append else range(1, some.ndim))
    size = ab.abs(some)  # made of a factor, they lie where its replicas do
    none = 0 * (ab.sum(size, axis=axes) if axes else size)
    return factors, [x + 0 for x in factors], none + float("inf"), none


def extrapolated(
    carry: Carry,
    sweep: Sweep,
    nearest: Callable[[Sequence[Array]], list[Array]],
    square: Array,
    append: bool,
    ab: Backend,
) -> Carry:
    """The carry after one more sweep.

    Parameters
    ----------
    carry : nest of arrays
        As `begun` makes it.
    sweep : callable
    nearest : callable
        Brings factors to the nearest ones that are as they are to be.
    square : array
        |target|².
    append : bool
        Whether the replica axis of factors is their last.
    ab : Backend
    """
    factors, before, error, count = carry
    plain = count < _PLAIN
    led = ab.where(plain, 0 * count, count - (_PLAIN - 1))
    length = led / (led + 3)
    pairs = zip(factors, before, strict=True)
    ahead = nearest([x + spread(length, x, append, ab) * (x - y) for x, y in pairs])
    swept, explained = sweep(ahead)
    found = square - explained()
    good = (found < error) | plain  # not so if it is NaN, unless a plain sweep made it
    exact = found <= _DIGITS * float(ab.xp.finfo(found.dtype).eps) * square
    pairs = zip(swept, factors, strict=True)
    return (
        [ab.where(spread(good, x, append, ab), x, y) for x, y in pairs],
        factors,
        ab.where(good, found, error),
        ab.where(good & ~exact, count + 1, 0 * count),
    )
