"""A gradient method of another library, as a pair of pure functions `init` and `update`.

That is what an `optax` transformation is; nothing of that library is imported here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from funfact.backends.capabilities import Autodiff, Vmap
from funfact.backends.contract import Array, Backend
from funfact.backends.dtypes import at_least_single
from funfact.backends.mapped import explained
from funfact.errors import OptionError
from funfact.fit.form import gradient_of
from funfact.fit.imposed import Imposed, imposed
from funfact.fit.problem import Problem
from funfact.fit.solvers.base import Carry, Solver

__all__ = ["Transformation", "is_transformation", "transformation_name"]


def is_transformation(method: Any) -> bool:
    """Whether it is an instance with `init` and `update`.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> is_transformation(SimpleNamespace(init=list, update=zip)), is_transformation("Adam")
    (True, False)
    """
    parts = (getattr(method, name, None) for name in ("init", "update"))
    return not isinstance(method, type) and all(map(callable, parts))


def transformation_name(method: Any) -> str:
    """What a transformation is called: its `__name__`, its class, or what made its functions.

    Those of optax do not know their names: ``optax.adam`` makes a chain of others.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> transformation_name(SimpleNamespace(__name__="mine", init=list, update=zip))
    'mine'
    >>> import json
    >>> transformation_name(SimpleNamespace(init=list, update=json.JSONEncoder.encode))
    'json.JSONEncoder'
    """
    cls, name = type(method), getattr(method, "__name__", None)
    made_by: str | None = getattr(method.update, "__qualname__", None)
    if name or made_by is None or callable(getattr(cls, "update", None)):
        return str(name or cls.__name__)
    library = method.update.__module__.partition(".")[0]
    return f"{library}.{made_by.partition('.')[0]}"


@dataclass(frozen=True, eq=False)
class Transformation(Solver):
    """Steps ``x + updates`` by ``update(gradients, state, factors) -> (updates, state)``.

    Both functions are mapped over the replicas where the backend can: a transformation that
    looks at all it is given, such as a clip by the global norm, is to see one replica.

    Where something is imposed, the gradients are those along the set, and each step ends at the
    nearest factors in it. What is in half precision is handed over in single: squares of gradients,
    and the small numbers that are added to them, are zero in less.
    """

    needs = (Autodiff,)
    constrained = True

    name: str
    backend: Backend
    start: Callable[..., Any]
    update: Callable[..., Any]
    gradient: Callable[..., tuple[Any, list[Array]]]
    imposed: Imposed

    @classmethod
    def of(cls, problem: Problem, method: Any) -> "Transformation":
        """The solver of `problem` by `method`."""
        ab, start, update = problem.backend, method.init, method.update
        if isinstance(ab, Vmap):
            axis = -1 if problem.append else 0
            start = ab.vmap(start, (axis,))
            update = ab.vmap(update, (axis, 0, axis), (axis, 0))
        name, gradient = transformation_name(method), gradient_of(problem)
        return cls(name, ab, start, update, gradient, imposed(problem))

    def init(self, factors: list[Array]) -> Carry:
        try:
            # copies: a state may hold what it is given, and the steps reuse the factors' buffers
            return factors, self.start(self._single([self.backend.copy(x) for x in factors]))
        except (TypeError, ValueError) as exc:
            raise OptionError(
                f"the transformation cannot start from a list of {type(factors[0]).__name__} of "
                f"{type(factors[0]).__module__} ({exc}). Is it for arrays of another library? "
                "optax goes with ff.use('jax')."
            ) from exc

    def step(self, carry: Carry, target: Array, data: list[Array]) -> Carry:
        factors, state = carry
        _, grads = self.gradient(factors, target, data)
        along, _ = self.imposed.face(factors, grads, None)
        grads, wide = self._single(along(grads)), self._single(factors)
        updates, state = self._updated(grads, state, wide)
        factors = [
            x + u if x is y else self.backend.astype(x + u, y.dtype)
            for x, u, y in zip(wide, updates, factors, strict=True)
        ]
        return self.imposed.project(factors), state

    def _single(self, arrays: Sequence[Array]) -> list[Array]:
        return [at_least_single(x, self.backend) for x in arrays]

    def _updated(
        self, grads: Sequence[Array], state: Any, factors: Sequence[Array]
    ) -> tuple[Any, Any]:
        try:
            with explained(f"the update of {self.name}", self.backend):
                return self.update(grads, state, factors)  # type: ignore[no-any-return]  # as documented
        except (TypeError, AttributeError) as exc:
            raise OptionError(
                f"the update of {self.name} failed on the gradients, the state and the factors: "
                f"{exc}. A fit hands over lists of arrays and no value of the loss. Give a "
                "transformation that needs no more, optax.adam(0.1), or optimizer='LBFGS'."
            ) from exc

    def factors(self, carry: Carry) -> list[Array]:
        return list(carry[0])
