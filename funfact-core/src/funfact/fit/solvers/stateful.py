"""A user's own optimiser: an object that changes a list of factors, step by step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from funfact.backends.capabilities import Autodiff, Compile
from funfact.backends.contract import Array
from funfact.errors import OptionError
from funfact.fit.form import gradient_of
from funfact.fit.problem import Problem
from funfact.fit.solvers.base import Carry, Solver

__all__ = ["Stateful"]


@dataclass(frozen=True, eq=False)
class Stateful(Solver):
    """An optimiser with a state; the carry is (factors, the object).

    Only the gradient is compiled; the object's `step` runs in Python.
    """

    needs = (Autodiff,)
    pure = False

    make: Callable[..., Any]
    lr: float
    is_native: Callable[[Any], bool]
    gradient: Callable[..., list[Array]]

    @classmethod
    def of(cls, problem: Problem, make: Callable[..., Any], lr: float) -> "Stateful":
        """The solver of `problem` by what ``make(factors, lr=lr)`` returns."""
        value_and_gradient = gradient_of(problem)
        backend = problem.backend

        def gradient(*args: Any) -> list[Array]:
            return value_and_gradient(*args)[1]

        compiled = backend.compile(gradient) if isinstance(backend, Compile) else gradient
        return cls(make, lr, backend.is_native, compiled)

    def init(self, factors: list[Array]) -> Carry:
        optimizer = self.make(factors, lr=self.lr)
        if not callable(getattr(optimizer, "step", None)):
            raise OptionError(
                f"optimizer={self.make!r} made {optimizer!r:.60}, which has no method "
                "`step(grad)`. Derive it from funfact.optim.Optimizer."
            )
        return factors, optimizer

    def step(self, carry: Carry, target: Array, data: list[Array]) -> Carry:
        factors, optimizer = carry
        grads = self.gradient(factors, target, data)
        before = [(tuple(x.shape), x.dtype) for x in factors]
        optimizer.step(grads)
        # `self.factors` may be another list by now
        factors[:] = getattr(optimizer, "factors", factors)
        for x in factors:
            if not self.is_native(x):
                raise OptionError(
                    f"{type(optimizer).__name__}.step stored a {type(x).__name__} of "
                    f"{type(x).__module__} as a factor, which the backend does not compute with. "
                    "Compute it from the arrays that `step` and `self.factors` hold, or convert "
                    "it: ff.active_backend.tensor(x)."
                )
        after = [(tuple(x.shape), x.dtype) for x in factors]
        if after != before:
            raise OptionError(
                f"{type(optimizer).__name__}.step left factors of shapes and dtypes {after}, and "
                f"was given {before}. A step changes values alone."
            )
        return carry

    def factors(self, carry: Carry) -> list[Array]:
        return list(carry[0])
