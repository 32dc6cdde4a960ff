"""One replica out of many."""

from funfact.errors import OptionError, RangeError
from funfact.model.factorization import Factorization

__all__ = ["view"]


def view(fac: Factorization, replica: int) -> Factorization:
    """One replica of a vectorised model, as a model of the original expression.

    Parameters
    ----------
    fac : Factorization
        Built with `vec_size`, or on what `funfact.vectorize` returned.
    replica : int
        Negative numbers count from the end.

    Raises
    ------
    OptionError
        If it is no model, or one without replicas, or `replica` no integer.
    RangeError
        If it has not that many.

    Examples
    --------
    >>> import funfact as ff
    >>> expr = ff.tensor("a", 3, 2) @ ff.tensor("b", 2, 4)
    >>> with ff.using("numpy"):
    ...     fac = ff.Factorization.from_tsrex(expr, vec_size=8)
    >>> fac.shape, ff.view(fac, 5).shape
    ((8, 3, 4), (3, 4))
    """
    if not isinstance(fac, Factorization):
        raise OptionError(
            f"view takes a replica of a model, and got a {type(fac).__name__}. Give what "
            "Factorization.from_tsrex(expr, vec_size=n) returned."
        )
    if isinstance(replica, bool) or not hasattr(replica, "__index__"):
        raise OptionError(f"replica {replica!r}: expected an integer.")
    tsrex, ab = fac.tsrex.original, fac.backend
    if tsrex is None:
        raise OptionError(
            f"the model of {fac.tsrex!r} has no replicas to take one from. Build it with "
            "Factorization.from_tsrex(expr, vec_size=n), or on ff.vectorize(expr, n)."
        )
    values = []
    for tensor, replicated, value in zip(
        tsrex.tensors, fac.tsrex.tensors, fac.all_factors, strict=True
    ):
        if len(replicated.replicas) > len(tensor.replicas):
            axis = replicated.replicas[0]
            if not -axis.size <= replica < axis.size:
                raise RangeError(
                    f"replica {replica} was asked for, and the model has {axis.size}: "
                    f"0 to {axis.size - 1}."
                )
            value = ab.tensor(value[..., replica] if axis.append else value[replica, ...])
        values.append(value)
    one = Factorization(tsrex, ab, fac.dtype, values)
    one.seed = fac.seed
    return one
