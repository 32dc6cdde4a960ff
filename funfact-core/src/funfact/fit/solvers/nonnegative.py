"""Least squares over a set, for one factor; over nonnegative numbers above all.

A nonnegative factor of few columns is changed column by column, each to its best value
(HALS); one of many, or whose equations are a Kronecker product, or of which something else is
imposed, by projected gradients. Neither raises the error, and every result is in the set.

References
----------
Cichocki & Phan, Fast local algorithms for large scale nonnegative matrix and tensor
factorizations, IEICE Transactions E92-A(3), 2009; Nesterov, Introductory Lectures on Convex
Optimization, 2004, section 2.2; the repeats: Gillis & Glineur, Accelerated multiplicative
updates and hierarchical ALS algorithms, Neural Computation 24(4), 2012.
"""

from collections.abc import Callable, Sequence
from math import prod

from funfact.backends.contract import Array
from funfact.fit.solvers.linear import System, regular, residual

__all__ = ["COLUMNS", "nonnegative", "projected"]

COLUMNS = 32
"""Up to how many columns a factor is changed column by column."""

_ROUNDS = 3
"""Rounds over the columns: cheap beside the right side, which is made once."""

_STEPS = 10
"""Of projected gradients."""


def nonnegative(system: System, grams: Sequence[Array], right: Array, x: Array) -> Array:
    """A nonnegative value of a factor with a smaller error than `x`, along the layout's axes."""
    if len(grams) == 1 and grams[0].shape[-1] <= COLUMNS:
        return _by_columns(system, grams[0], right, x)
    return projected(system, grams, right, x, lambda _, y: system.backend.relu(y), momentum=True)


def _by_columns(system: System, gram: Array, right: Array, x: Array) -> Array:
    ab, layout = system.backend, system.layout
    shape = tuple(
        prod(axis.size for axis in axes) for axes in (layout.batch, layout.summed, layout.kept)
    )
    gram, rest = regular(gram, ab), ab.reshape(residual(system, [gram], right, x), shape)
    columns = [ab.reshape(x, shape)[:, c, :] for c in range(shape[1])]
    for _ in range(_ROUNDS):
        for c, old in enumerate(columns):
            columns[c] = ab.relu(old + rest[:, c, :] / gram[:, c, c, None])
            rest = rest - gram[:, :, c, None] * (columns[c] - old)[:, None, :]
    return ab.reshape(ab.stack(columns, axis=1), tuple(x.shape))


def projected(
    system: System,
    grams: Sequence[Array],
    right: Array,
    x: Array,
    nearest: Callable[[System, Array], Array],
    momentum: bool,
) -> Array:
    """A value of a factor in a set, with a smaller error than `x`, by projected gradients.

    Parameters
    ----------
    nearest : callable
        ``nearest(system, x)``: the nearest point of the set.
    momentum : bool
        Whether the set is convex: in another one, what leads ahead may lead astray.
    """
    ab = system.backend
    # the largest row sum is no less than the largest eigenvalue
    bounds = [ab.max(ab.sum(ab.abs(regular(gram, ab)), axis=-1)) for gram in grams]
    step = 1 / prod(bounds[1:], start=bounds[0])
    ahead, speed = x, 1.0
    for _ in range(_STEPS):
        new = nearest(system, ahead + step * residual(system, grams, right, ahead))
        following = (1 + (1 + 4 * speed**2) ** 0.5) / 2
        ahead = new + ((speed - 1) / following) * (new - x) if momentum else new
        x, speed = new, following
    return x
