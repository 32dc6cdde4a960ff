"""Many independent copies of a model in one expression."""

import operator
from dataclasses import replace

from funfact.errors import OptionError
from funfact.language.nodes import Replica, Replicate, Tensor
from funfact.language.notation import TsrEx, operand, rebuild

__all__ = ["replicated", "vectorize"]


def vectorize(tsrex: TsrEx, n: int, append: bool = False) -> TsrEx:
    """`n` independent replicas of an expression along one new axis.

    Tensors that a fit may change become `n` independent ones, optimised data `n` copies;
    all others are shared. Replica r of the result is `tsrex` with the tensors of
    replica r.

    Parameters
    ----------
    tsrex : TsrEx
    n : int
        At least 1.
    append : bool
        Whether the new axis comes last instead of first, in the result and in the factors.

    Returns
    -------
    TsrEx, shape ``(n, *shape)`` or ``(*shape, n)``, without indices
        Made of new tensors at each call.

    Raises
    ------
    OptionError
        If `n` is not a positive integer.

    Examples
    --------
    >>> import funfact as ff
    >>> ff.vectorize(ff.tensor("a", 2, 3) @ ff.tensor("b", 3, 4), 8).shape
    (8, 2, 4)
    """
    if isinstance(n, bool) or not hasattr(n, "__index__") or n < 1:
        raise OptionError(f"vectorize got n={n!r}: expected how many replicas, 1 or more.")
    tsrex = operand(tsrex, None)
    replica = Replica(operator.index(n), append)
    new: dict[Tensor, Tensor] = {}

    def independent(tensor: Tensor) -> Tensor:
        if not tensor.optimizable:
            return tensor
        return new.setdefault(tensor, replace(tensor, replicas=(replica, *tensor.replicas)))

    body = rebuild(tsrex.node, independent)
    return TsrEx(Replicate(body.node, tsrex.node, replica), body)


def replicated(tsrex: TsrEx, n: int, append: bool = False) -> TsrEx:
    """As `vectorize`, but the same expression, with the same tensors, whenever it is asked for."""
    name = "replicated", n, append
    return tsrex.once(name, lambda: vectorize(tsrex, n, append))
