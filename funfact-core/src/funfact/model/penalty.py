"""What the conditions of tensors add to a loss."""

from collections.abc import Callable, Hashable, Sequence

from funfact.backends.contract import Array, Backend
from funfact.compiler.signature import Unsettled, settled
from funfact.conditions import (
    Condition,
    Constraint,
    NoCondition,
    as_condition,
    as_constraint,
    violation,
)
from funfact.language.nodes import Tensor
from funfact.language.notation import TsrEx
from funfact.model.values import replicas_first

__all__ = ["added", "conditions_of", "constraints_of", "penalties", "weighing"]


def conditions_of(tensors: Sequence[Tensor]) -> list[Condition | None]:
    """The condition of each tensor; None where nothing is asked.

    Raises
    ------
    OptionError
        If ``prefer=`` was given something else.
    """
    conditions = [t.prefer if t.prefer is None else as_condition(t.prefer) for t in tensors]
    return [None if isinstance(c, NoCondition) else c for c in conditions]


def constraints_of(tensors: Sequence[Tensor]) -> list[Constraint | None]:
    """What is imposed on each tensor (``constrain=``); None where nothing is."""
    return [t.constrain and as_constraint(t.constrain, t.shape) for t in tensors]


def weighing(
    tensors: Sequence[Tensor], ab: Backend, in_all: bool = False
) -> Callable[[Sequence[Array]], list[Array]]:
    """What the conditions of the tensors add to each of the outermost replicas, as a function.

    It takes the values of the tensors, as they are stored, and gives real arrays of shape
    (replicas,), or scalars that are those of all replicas `in_all`, of which the sum is meant.
    Tensors of one shape of which the same is asked are
    taken together, as if they were replicas.
    """
    groups: dict[Hashable, tuple[Condition, list[int]]] = {}
    for n, (tensor, condition) in enumerate(zip(tensors, conditions_of(tensors), strict=True)):
        if condition is not None:
            groups.setdefault(_alike(tensor, condition), (condition, []))[1].append(n)
    first = [replicas_first(tensor, ab) for tensor in tensors]

    def function(values: Sequence[Array]) -> list[Array]:
        found = []
        for condition, members in groups.values():
            own = [first[m](values[m]) for m in members]
            x = ab.concatenate(own) if len(own) > 1 else own[0]
            lead = len(tensors[members[0]].replicas)
            if in_all:
                found.append(violation(condition, x, ab, lead, kept=0))
                continue
            penalty = violation(condition, x, ab, lead)
            penalty = ab.reshape(penalty, (len(own), own[0].shape[0], -1))
            found.append(ab.sum(penalty, axis=(0, 2)))
        return found

    return function


def _alike(tensor: Tensor, condition: Condition) -> Hashable:
    try:
        asked = settled(condition)
    except Unsettled:
        asked = object()
    return asked, tensor.shape, tuple(replica.size for replica in tensor.replicas), tensor.real


def penalties(
    tensors: Sequence[Tensor], values: Sequence[Array], ab: Backend, lead: int
) -> list[Array]:
    """The penalty of each tensor, for each of the outermost replicas.

    Parameters
    ----------
    tensors : sequence of Tensor
    values : sequence of arrays, as they are stored
    ab : Backend
    lead : {0, 1}
        Whether the outermost replica axis, that of the model, is kept; the penalties
        of all other replicas are added up.

    Returns
    -------
    list of real arrays, shape (replicas,) or ()
    """
    found = []
    for tensor, condition, value in zip(tensors, conditions_of(tensors), values, strict=True):
        x = replicas_first(tensor, ab)(value)
        if condition is None:
            found.append(ab.zeros(tuple(x.shape[:lead]), dtype=ab.real(value).dtype))
            continue
        penalty = violation(condition, x, ab, len(tensor.replicas))
        inner = tuple(range(lead, penalty.ndim))
        found.append(ab.sum(penalty, axis=inner) if inner else penalty)
    return found


def added(
    tsrex: TsrEx, values: Sequence[Array], ab: Backend, sum_leafs: bool, sum_vec: bool
) -> Array:
    """The penalties of the factors that a fit changes as one array; see `Factorization.penalty`."""
    tensors = [tensor for tensor in tsrex.tensors if tensor.optimizable]
    replica = tsrex.original is not None
    each = penalties(tensors, values, ab, int(replica))
    total = ab.stack(each) if each else ab.zeros((0,))
    if sum_vec and replica:
        total = ab.sum(total, axis=-1)
    return ab.sum(total, axis=0) if sum_leafs else total
