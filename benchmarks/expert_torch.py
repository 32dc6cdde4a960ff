"""An expert's PyTorch: eager, few operations, all factors in one vector for Adam."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

__all__ = ["BETA1", "BETA2", "EPSILON", "RATE", "Descent", "evaluation", "objective"]

RATE, BETA1, BETA2, EPSILON = 0.1, 0.9, 0.999, 1e-8


class Descent:
    """Adam on the mean squared error; replicas, if any, are the first axis of each factor.

    Parameters
    ----------
    model : function of the array library and the factors
    starts : sequence of arrays
    target : array
    prefer : tuple of str
        What is asked of the first factors by a penalty, `"Unitary"` or `"NonNegative"`.
    """

    def __init__(
        self, model: Callable[..., Any], starts: Sequence[Any], target: Any, prefer: tuple[str, ...]
    ) -> None:
        native = [torch.as_tensor(x) for x in starts]
        self._flat = torch.cat([x.reshape(-1) for x in native])
        parts = self._flat.split([x.numel() for x in native])
        # these share the memory of the vector, so a step of it is a step of them
        self._factors = [
            part.view(x.shape).detach().requires_grad_()
            for part, x in zip(parts, native, strict=True)
        ]
        self._first = torch.zeros_like(self._flat)
        self._second = torch.zeros_like(_real(self._flat))
        self._target = torch.as_tensor(target)
        self._model, self._prefer, self._count = model, prefer, 0

    def advance(self, steps: int) -> None:
        """So many steps."""
        for _ in range(steps):
            total = objective(self._factors, self._target, self._model, self._prefer)
            grads = torch.autograd.grad(total, self._factors)
            with torch.no_grad():
                self._step(torch.cat([g.reshape(-1) for g in grads]))

    @torch.no_grad()
    def losses(self) -> Any:
        """Of each replica, without penalties, in NumPy."""
        rest = (self._model(torch, *self._factors) - self._target).reshape(-1, self._target.numel())
        return torch.linalg.vector_norm(rest, dim=-1).square().div_(rest.shape[-1]).numpy()

    def _step(self, grad: Any) -> None:
        self._count += 1
        self._first.lerp_(grad, 1 - BETA1)
        if grad.is_complex():
            self._second.mul_(BETA2).add_(_real(grad * grad.conj()), alpha=1 - BETA2)
        else:
            self._second.mul_(BETA2).addcmul_(grad, grad, value=1 - BETA2)
        root = (1 - BETA2**self._count) ** 0.5
        rate = RATE * root / (1 - BETA1**self._count)
        spread = self._second.sqrt().add_(EPSILON * root)
        if grad.is_complex():
            self._flat.sub_(self._first / spread, alpha=rate)
        else:
            self._flat.addcdiv_(self._first, spread, value=-rate)


def objective(factors: Sequence[Any], target: Any, model: Any, prefer: tuple[str, ...]) -> Any:
    """The mean squared error and the penalties, all replicas together."""
    total = _distance(model(torch, *factors), target) / target.numel()
    for x, asked in zip(factors, prefer, strict=False):
        total = total + _PENALTIES[asked](x)
    return total


@torch.no_grad()
def evaluation(model: Callable[..., Any], factors: Iterable[Any]) -> Callable[[], Any]:
    """A function that evaluates the model."""
    native = [torch.as_tensor(x) for x in factors]
    return lambda: model(torch, *native)


def _distance(a: Any, b: Any) -> Any:
    """The squared one, all replicas together, in one operation and one more for its gradient."""
    if a.is_complex():
        a, b = torch.view_as_real(a), torch.view_as_real(b)
    return torch.nn.functional.mse_loss(a, b.expand_as(a), reduction="sum")


def _not_unitary(x: Any) -> Any:
    one = torch.eye(x.shape[-1], dtype=x.dtype)
    return _distance(x.mH @ x, one) / x.shape[-1] ** 2


def _negative(x: Any) -> Any:
    return x.clamp(max=0).square().sum() / (x.shape[-1] * x.shape[-2])


_PENALTIES = {"Unitary": _not_unitary, "NonNegative": _negative}


def _real(x: Any) -> Any:
    return x.real if x.is_complex() else x
