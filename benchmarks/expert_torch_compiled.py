"""An expert's PyTorch, compiled: loss, gradient and Adam's step are one program."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from expert_torch import BETA1, BETA2, EPSILON, RATE, objective

__all__ = ["Descent"]


class Descent:
    """As that of `expert_torch`, of real factors."""

    def __init__(
        self, model: Callable[..., Any], starts: Sequence[Any], target: Any, prefer: tuple[str, ...]
    ) -> None:
        self._factors = [torch.as_tensor(x).clone() for x in starts]
        self._first = [torch.zeros_like(x) for x in self._factors]
        self._second = [torch.zeros_like(x) for x in self._factors]
        # a number of Python's would be part of the program, which would be compiled at each step
        self._count = torch.zeros((), dtype=self._factors[0].dtype)
        self._target = torch.as_tensor(target)
        self._model, self._prefer = model, prefer

    @torch.no_grad()
    def advance(self, steps: int) -> None:
        """So many steps."""
        carry = (self._count, self._factors, self._first, self._second)
        for _ in range(steps):
            _step(*carry, self._target, self._model, self._prefer)

    @torch.no_grad()
    def losses(self) -> Any:
        """Of each replica, without penalties, in NumPy."""
        return _losses(self._factors, self._target, self._model).numpy()


@torch.compile(dynamic=False)
def _losses(factors: Any, target: Any, model: Any) -> Any:
    rest = (model(torch, *factors) - target).reshape(-1, target.numel())
    return rest.square().mean(-1)


@torch.compile(dynamic=False)
def _step(
    count: Any, factors: Any, first: Any, second: Any, target: Any, model: Any, prefer: Any
) -> None:
    grads = torch.func.grad(objective)(factors, target, model, prefer)
    count += 1
    root = (1 - BETA2**count).sqrt()
    rate = RATE * root / (1 - BETA1**count)
    for x, m, v, grad in zip(factors, first, second, grads, strict=True):
        m.lerp_(grad, 1 - BETA1)
        v.lerp_(grad * grad, 1 - BETA2)
        x.sub_(rate * m / (v.sqrt() + EPSILON * root))
