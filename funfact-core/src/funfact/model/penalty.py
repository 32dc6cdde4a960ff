"""What the conditions of tensors add to a loss."""

from collections.abc import Sequence
from typing import Any

from funfact.backends.contract import Array, Backend
from funfact.conditions import Condition, NoCondition, as_condition, as_constraint, violation
from funfact.language.nodes import Tensor
from funfact.model.values import replicas_first

__all__ = ["conditions_of", "constraints_of", "penalties"]


def conditions_of(tensors: Sequence[Tensor]) -> list[Condition | None]:
    """The condition of each tensor; None where nothing is asked.

    Raises
    ------
    OptionError
        If ``prefer=`` was given something else.
    """
    conditions = [t.prefer if t.prefer is None else as_condition(t.prefer) for t in tensors]
    return [None if isinstance(c, NoCondition) else c for c in conditions]


def constraints_of(tensors: Sequence[Tensor]) -> list[Any]:
    """What is imposed on each tensor (``constrain=``); None where nothing is.

    Raises
    ------
    OptionError
        If it cannot be imposed.
    """
    return [t.constrain if t.constrain is None else as_constraint(t.constrain) for t in tensors]


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
