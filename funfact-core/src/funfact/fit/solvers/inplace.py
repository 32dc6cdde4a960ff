"""A gradient method of another library, as an object that changes tensors in place.

That is what ``torch.optim`` has: made of a list of tensors, it reads their `grad` and writes
to them. Nothing of that library is imported here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any

from funfact.backends.capabilities import Autodiff, Compile
from funfact.backends.contract import Array, Backend
from funfact.backends.dtypes import at_least_single
from funfact.errors import OptionError
from funfact.fit.form import gradient_of
from funfact.fit.problem import Problem
from funfact.fit.solvers.base import Carry, Solver

__all__ = ["InPlace", "is_in_place"]


def is_in_place(method: Any) -> bool:
    """Whether it is a class, or a `partial` of one, that keeps groups of parameters."""
    cls = method.func if isinstance(method, partial) else method
    return isinstance(cls, type) and callable(getattr(cls, "add_param_group", None))


@dataclass(frozen=True, eq=False)
class InPlace(Solver):
    """Steps of an object made once of all factors; the carry is (what it steps, the object).

    That are the factors, or, where they are to be in `half` precision, the same in single: squares
    of gradients, and the small numbers that are added to them, are zero in less.
    """

    needs = (Autodiff,)
    pure = False

    make: Callable[..., Any]
    gradient: Callable[..., tuple[Any, list[Array]]]
    backend: Backend
    half: Any = None

    @classmethod
    def of(cls, problem: Problem, make: Callable[..., Any], lr: float | None) -> "InPlace":
        """The solver of `problem` by ``make(factors)``, with `lr` if it is given."""
        gradient = gradient_of(problem)
        backend = problem.backend
        compiled = backend.compile(gradient) if isinstance(backend, Compile) else gradient
        half = problem.dtype if backend.xp.finfo(problem.dtype).bits < 32 else None
        return cls(make if lr is None else partial(make, lr=lr), compiled, backend, half)

    def init(self, factors: list[Array]) -> Carry:
        factors = [at_least_single(x, self.backend) for x in factors]
        try:
            optimizer = self.make(factors)
        except (TypeError, ValueError) as exc:
            raise OptionError(
                f"optimizer={self.make!r:.80} cannot be made of a list of "
                f"{type(factors[0]).__name__} of {type(factors[0]).__module__}, in which replicas "
                f"are a dimension more ({exc}). Is it for arrays of another library, or of other "
                "shapes? torch.optim.Adam, for any, goes with ff.use('torch')."
            ) from exc
        closure = signature(optimizer.step).parameters.get("closure")
        if closure is not None and closure.default is closure.empty:
            raise OptionError(
                f"optimizer={type(optimizer).__name__} evaluates the loss itself, by a closure "
                "that a fit does not give. Use one whose step() needs none, such as torch.optim."
                "Adam."
            )
        return factors, optimizer

    def step(self, carry: Carry, target: Array, data: list[Array]) -> Carry:
        factors, optimizer = carry
        _, grads = self.gradient(self.factors(carry), target, data)
        for x, grad in zip(factors, grads, strict=True):
            x.grad = at_least_single(grad, self.backend)
        try:
            optimizer.step()
        except RuntimeError as exc:
            if type(exc) is not RuntimeError:  # such as memory that ran out
                raise
            raise OptionError(
                f"{type(optimizer).__name__}.step() failed: {exc}. It is given dense gradients of "
                "the factors' shapes; if it is for others, give one that takes these, such as "
                "torch.optim.Adam."
            ) from exc
        return carry

    def factors(self, carry: Carry) -> list[Array]:
        if self.half is None:
            return list(carry[0])
        return [self.backend.astype(x, self.half) for x in carry[0]]
