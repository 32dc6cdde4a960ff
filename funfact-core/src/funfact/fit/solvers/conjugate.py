"""Conjugate gradients with a preconditioner, for one system a row, as a loop on the device."""

from collections.abc import Callable
from typing import Any, TypeAlias

from funfact.backends.capabilities import Compile, Repeat
from funfact.backends.contract import Array, Backend

__all__ = ["Operator", "conjugate_gradients", "dot"]

Operator: TypeAlias = Callable[[Array], Array]
"""A symmetric positive definite matrix for each row, as a function of rows."""

_UNROLLED = 20
"""Iterations at most where a program cannot loop."""


def conjugate_gradients(
    normal: Operator, inverse: Operator, right: Array, enough: float, iterations: int, ab: Backend
) -> Array:
    """Solve ``normal(v) = right`` for each row, from zero; rows that are done stay.

    Parameters
    ----------
    normal, inverse : callable
        The matrices, and approximations of their inverses.
    right : array, shape (rows, n)
    enough : float
        The residual to end with, as a share of that at the start, both measured in the norm of
        `inverse`.
    iterations : int
        At most.
    ab : Backend

    References
    ----------
    Nocedal & Wright, Numerical Optimization, 2nd edition, 2006, algorithm 5.3.
    """
    first = inverse(right)
    begin = dot(right, first, ab)
    limit = enough**2 * begin

    def step(carry: Any) -> Any:
        found, rest, direction, square, going = carry
        image = normal(direction)
        bend = dot(direction, image, ab)
        going = going & (bend > 0)
        length = _share(going, square, bend, ab)[:, None]
        found, rest = found + length * direction, rest - length * image
        better = inverse(rest)
        new = dot(rest, better, ab)
        direction = better + _share(going, new, square, ab)[:, None] * direction
        return found, rest, direction, new, going & (new > limit)

    none = ab.zeros_like(right)
    # copies, since a loop may reuse what it is given
    start = none, right + none, first, begin, begin > 0
    return _repeated(step, lambda carry: ~ab.any(carry[-1]), start, iterations, ab)[0]


def _repeated(
    step: Callable[[Any], Any], done: Callable[[Any], Array], carry: Any, n: int, ab: Backend
) -> Any:
    """n steps at most, on the device where the backend can."""
    if isinstance(ab, Repeat):
        return ab.repeated_until(step, done)(carry, n)
    if isinstance(ab, Compile):  # all that is compiled is seen by a compiler, which cannot look
        for _ in range(min(n, _UNROLLED)):
            carry = step(carry)
        return carry
    for _ in range(n):
        if bool(ab.to_numpy(done(carry))):
            break
        carry = step(carry)
    return carry


def dot(x: Array, y: Array, ab: Backend) -> Array:
    """The inner product of each row."""
    return ab.sum(x * y, axis=1)


def _share(condition: Array, x: Array, y: Array, ab: Backend) -> Array:
    """``x / y`` where the condition holds, else 0."""
    share = ab.where(condition, x, ab.zeros_like(x))
    return share / ab.where(condition, y, ab.ones_like(y))
