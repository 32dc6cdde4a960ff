"""A user's function: one of an item called for many at once, and what its errors say."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from funfact.backends.capabilities import Autodiff, Compile, Vmap
from funfact.backends.contract import Array, Backend
from funfact.errors import FunFactError

__all__ = ["explained", "mapped"]


def mapped(f: Callable[..., Array], ab: Backend) -> Callable[..., Array]:
    """`f` over the first axes of its arguments, all of one length.

    Mapped by a backend that declares `Vmap`, and called for one item after the other on any other.

    Examples
    --------
    >>> import funfact as ff, numpy as np
    >>> with ff.using("numpy"):
    ...     mapped(lambda x, y: x @ y, ff.active_backend)(np.eye(2), np.eye(2))
    array([1., 1.])
    """
    if isinstance(ab, Vmap):
        many: Callable[..., Array] = ab.vmap(f)
        return many

    def one_by_one(*arrays: Array) -> Array:
        count = arrays[0].shape[0]
        return ab.stack([f(*(x[n, ...] for x in arrays)) for n in range(count)])

    return one_by_one


@contextmanager
def explained(who: str, ab: Backend) -> Iterator[None]:
    """Adds to an error of a user's function of arrays how one is to be written.

    The errors of libraries say that an array is traced, and not in which function of the user's.
    Those of FunFact, and those that have been explained, stay as they are.
    """
    try:
        yield
    except FunFactError:
        raise
    except Exception as error:
        known = any(_INSTEAD in note for note in getattr(error, "__notes__", ()))
        if isinstance(ab, Autodiff | Compile | Vmap) and not known:
            error.add_note(
                f"{who} is called by {ab!r} for all replicas at once, for gradients and in "
                f"compiled programs, where an array may have no values yet. {_INSTEAD}"
            )
        raise


_INSTEAD = (
    "Write it with functions of ff.active_backend (`ab`, where that is handed over) or of that "
    "library, not of NumPy, and choose with ff.active_backend.where, not with `if`."
)
