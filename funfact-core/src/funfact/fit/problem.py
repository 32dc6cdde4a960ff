"""What there is to minimise: a model, a target, a loss and the penalties.

Everything here is `factors in, numbers out`. The target and the data of the
expression come in as arguments, so that a compiled step holds neither.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from funfact.backends.contract import Array, Backend
from funfact.compiler.blocks import Blocks, blocks_of_gradient
from funfact.compiler.ir import Ir
from funfact.language.nodes import Tensor
from funfact.loss import MSE, Loss, of_all, per_replica
from funfact.model import weighing
from funfact.model.memory import bytes_each

__all__ = [
    "FactorsOf",
    "Problem",
    "bytes_held",
    "losses",
    "objective",
    "squares_of",
    "values",
]

FactorsOf = Callable[[Sequence[Array]], list[Array]]
"""The factors, from the arrays that are differentiated by."""

_SAFE = 1e-16
"""A norm between this and its inverse is made of squares that every dtype holds."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A fit, as a solver sees it.

    Attributes
    ----------
    backend : Backend
    model : callable
        The compiled expression: from the values of `tensors` to its value, shape
        ``(replicas, *target.shape)``, or with the replica axis last.
    ir : Ir
        What `model` was made of: the expression with its replica axis, fused. The keys of its
        `Load` nodes are `tensors`. Solvers derive from it.
    dtype : native dtype
        That of the model.
    tensors : tuple of Tensor
        All tensors of the expression, in the order in which `model` takes them.
    target : array
    data : list of arrays
        The values of those tensors that are not optimised, in their order.
    loss : Loss
    penalty_weight : float
    replicas : int
    append : bool
        Whether the replica axis is the last of the model's value and of the factors.
    limit : int or None
        Elements that a step may hold beside factors, target and data, if there is a limit.
    """

    backend: Backend
    model: Callable[[Sequence[Array]], Array]
    ir: Ir
    dtype: Any
    tensors: tuple[Tensor, ...]
    target: Array
    data: list[Array]
    loss: Loss
    penalty_weight: float
    replicas: int
    append: bool
    limit: int | None = None

    @property
    def args(self) -> tuple[Array, list[Array]]:
        """What `losses` and `objective` take after the factors."""
        return self.target, self.data

    @cached_property
    def norm(self) -> float:
        """The Frobenius norm of the target."""
        values = self.backend.to_numpy(self.target)
        wide = values.astype(np.result_type(values.dtype, np.float32), copy=False)
        with np.errstate(over="ignore", under="ignore"):
            norm = float(np.linalg.norm(wide))
        if _SAFE < norm < 1 / _SAFE:
            return norm
        largest = float(np.max(np.abs(wide), initial=0))
        return largest * float(np.linalg.norm(wide / largest)) if largest else 0.0

    @property
    def optimised(self) -> tuple[Tensor, ...]:
        """The tensors that are optimised."""
        return tuple(tensor for tensor in self.tensors if tensor.optimizable)

    @cached_property
    def pieces(self) -> Blocks | None:
        """The pieces in which the loss is differentiated; None if it is at once."""
        if self.limit is None:
            return None
        found = blocks_of_gradient(self.ir, self.limit, self.cuts)
        return None if found.axis is None else found

    @property
    def at_once(self) -> int:
        """Elements that differentiating the loss at once holds."""
        return blocks_of_gradient(self.ir, 0, ()).need

    @property
    def cuts(self) -> list[int]:
        """The axes along which the loss is a sum: replicas first, others if it is `separable`."""
        replica = len(self.ir.shape) - 1 if self.append else 0
        others = [d for d in range(len(self.ir.shape)) if d != replica]
        others.sort(key=lambda d: -self.ir.shape[d])
        return [replica, *(others if self.loss.separable else [])]

    @cached_property
    def weighed(self) -> Callable[[Sequence[Array]], list[Array]]:
        """What conditions of the factors add to each replica, arrays of shape ``(replicas,)``."""
        return self._weighed(in_all=False)

    @cached_property
    def weighed_in_all(self) -> Callable[[Sequence[Array]], list[Array]]:
        """The same for all replicas together, scalars."""
        return self._weighed(in_all=True)

    def _weighed(self, in_all: bool) -> Callable[[Sequence[Array]], list[Array]]:
        weight = self.penalty_weight
        if not weight:
            return lambda factors: []
        found = weighing(self.optimised, self.backend, in_all)
        if weight == 1:
            return found
        return lambda factors: [weight * penalty for penalty in found(factors)]

    def arrays(self, factors: Sequence[Array], data: Sequence[Array]) -> list[Array]:
        """The values of all tensors, in their order."""
        found, given = iter(factors), iter(data)
        return [next(found if tensor.optimizable else given) for tensor in self.tensors]


def bytes_held(dtype: str) -> int:
    """Of one element that a step holds: of half precision, the loss holds single ones.

    Examples
    --------
    >>> bytes_held("float16"), bytes_held("float64")
    (4, 8)
    """
    return max(bytes_each(dtype), bytes_each("float32"))


def squares_of(problem: Problem) -> float | None:
    """What the loss is multiplied with to have ``|model - target|²``; None if it is no square."""
    if type(problem.loss) is not MSE:
        return None
    return float(prod(problem.target.shape)) if problem.loss.reduction == "mean" else 1.0


def values(problem: Problem, factors: Sequence[Array], data: Sequence[Array]) -> Array:
    """The value of the model, shape ``(replicas, *target.shape)``."""
    value = problem.model(problem.arrays(factors, data))
    if problem.append and value.ndim > 1:
        value = problem.backend.transpose(value, (value.ndim - 1, *range(value.ndim - 1)))
    return value


def losses(
    problem: Problem, factors: Sequence[Array], target: Array, data: Sequence[Array]
) -> Array:
    """The loss of each replica without penalties, real, shape ``(replicas,)``."""
    return per_replica(problem.loss, values(problem, factors, data), target, problem.backend)


def objective(problem: Problem, tell: bool = False) -> Callable[..., tuple[Array, Any]]:
    """What is minimised: ``f(factors, target, data) -> (scalar, losses)``.

    The scalar is the sum over replicas of the loss and the weighted penalties;
    replicas share nothing, so its gradient is that of each on its own. The losses of
    each are there if they are to be told, which takes some operations more.
    """
    ab, loss, weighed = problem.backend, problem.loss, problem.weighed_in_all

    def function(factors: list[Array], target: Array, data: list[Array]) -> tuple[Array, Any]:
        model = values(problem, factors, data)
        each = per_replica(loss, model, target, ab) if tell else ()
        total = ab.sum(each) if tell else of_all(loss, model, target, ab)
        for penalty in weighed(factors):
            total = total + penalty
        return total, each

    return function
