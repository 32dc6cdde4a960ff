"""One replica out of many."""

from typing import Any

from funfact.arguments import integer
from funfact.backends.capabilities import Compile
from funfact.errors import OptionError, RangeError
from funfact.model.factorization import Factorization

__all__ = ["view"]


def view(
    fac: Any, replica: Any, instance: int | None = None, append: bool = False
) -> Factorization:
    """One replica of a vectorised model, as a model of the original expression.

    Parameters
    ----------
    fac : Factorization
        Built with `vec_size`, or on what `funfact.vectorize` returned.
    replica : int
        Negative numbers count from the end.
    instance, append
        For the form of FunFact 1.0, ``view(factors, model, instance, append)``: the factors of
        `model`, which is returned, become those of one instance of the vectorised `factors`.

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
    if isinstance(replica, Factorization):
        return _set(replica, fac, instance, append)
    if not isinstance(fac, Factorization):
        raise OptionError(
            f"view takes a replica of a model, and got a {type(fac).__name__}. Give what "
            "Factorization.from_tsrex(expr, vec_size=n) returned."
        )
    number = integer(replica)
    if number is None:
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
            if not -axis.size <= number < axis.size:
                raise RangeError(
                    f"replica {number} was asked for, and the model has {axis.size}: "
                    f"0 to {axis.size - 1}."
                )
            at_hand = isinstance(ab, Compile) and ab.at_hand(value)
            every = ab.to_numpy(value) if at_hand else value
            own = every[..., number] if axis.append else every[number, ...]
            value = ab.tensor(own, value.dtype)
        values.append(value)
    one = Factorization(tsrex, ab, fac.dtype, values, fac.memory_limit)
    one.seed = fac.seed
    return one


def _set(model: Factorization, factors: Any, instance: Any, append: bool) -> Factorization:
    number = integer(instance)
    if number is None or not isinstance(factors, tuple | list):
        raise OptionError(
            f"view of an instance {instance!r} of {factors!r:.60}: expected the factors of a "
            "vectorised model, the model that takes them, and an integer, "
            "view(vectorised.factors, model, 0). The model alone will do: view(vectorised, 0)."
        )
    axis = -1 if append else 0
    sizes = {x.shape[axis] for x in factors if x.ndim}
    if any(not -size <= number < size for size in sizes):
        raise RangeError(f"instance {number} was asked for, and there are {min(sizes)}.")
    model.factors = [x[..., number] if append else x[number] for x in factors]
    return model
