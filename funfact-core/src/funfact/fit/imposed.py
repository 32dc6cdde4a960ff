"""What is imposed on factors (``constrain=``), as a solver keeps it.

A step along the tangent, then to the nearest point: so every solver moves, whatever is imposed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from funfact.arguments import named
from funfact.backends.contract import Array
from funfact.backends.mapped import explained
from funfact.conditions import Constraint
from funfact.fit.problem import Problem
from funfact.language.nodes import Tensor
from funfact.model import constraints_of
from funfact.model.values import as_stored, replicas_first

__all__ = ["FREE", "Along", "Imposed", "constrained", "imposed", "projection_of"]


Along: TypeAlias = Callable[[Any], Any]
"""The orthogonal projection onto some directions."""


@dataclass(frozen=True, eq=False)
class Imposed:
    """What keeps a point, a list of factors or an array of them, in the set of all that is imposed.

    Attributes
    ----------
    project : callable
        The nearest point of the set.
    face : callable
        ``face(point, gradient, reach) -> (along, base)``: the orthogonal projection onto the
        directions in which a point of the set is to move (`Constraint.tangent`), and where such a
        step begins. The length `reach`, one for each replica, of a descent that may be made
        without harm tells what of the boundary is at hand: `base` lies beyond it, so that
        the nearest point is on it. Without (None), it is what the point itself is on.
    """

    project: Callable[[Any], Any]
    face: Callable[[Any, Any, Array | None], tuple[Along, Any]]


FREE = Imposed(lambda x: x, lambda x, gradient, reach: ((lambda v: v), x))
"""Where nothing is imposed."""


def constrained(problem: Problem) -> list[tuple[Tensor, Constraint]]:
    """The factors on which something is imposed, with what it is."""
    pairs = zip(problem.optimised, constraints_of(problem.optimised), strict=True)
    return [(tensor, constraint) for tensor, constraint in pairs if constraint is not None]


def imposed(problem: Problem) -> Imposed:
    """That of lists of the factors of `problem`, as they are stored."""
    if not constrained(problem):
        return FREE
    parts = [
        FREE if constraint is None else _of_tensor(problem, tensor, constraint)
        for tensor, constraint in zip(
            problem.optimised, constraints_of(problem.optimised), strict=True
        )
    ]

    def project(factors: Sequence[Array]) -> list[Array]:
        return [part.project(x) for part, x in zip(parts, factors, strict=True)]

    def face(
        factors: Sequence[Array], gradients: Sequence[Array], reach: Array | None
    ) -> tuple[Along, list[Array]]:
        triples = zip(parts, factors, gradients, strict=True)
        faces = [part.face(x, gradient, reach) for part, x, gradient in triples]
        along = [own for own, _ in faces]
        return (
            lambda vectors: [own(v) for own, v in zip(along, vectors, strict=True)],
            [base for _, base in faces],
        )

    return Imposed(project, face)


def projection_of(problem: Problem, tensor: Tensor, constraint: Constraint) -> Any:
    """What brings a factor to the nearest one that meets a constraint, as it is stored."""
    return _of_tensor(problem, tensor, constraint).project


def _of_tensor(problem: Problem, tensor: Tensor, constraint: Constraint) -> Imposed:
    ab = problem.backend
    first, back = replicas_first(tensor, ab), as_stored(tensor, ab)
    who = f"constrain={named(constraint)}"

    def project(x: Array) -> Array:
        with explained(who, ab):
            return constraint.project(x, ab)

    def face(x: Array, gradient: Array, reach: Array | None) -> tuple[Along, Array]:
        x, gradient = first(x), first(gradient)
        with explained(who, ab):
            if reach is None or not constraint.convex:
                along, base = constraint.tangent(x, gradient, ab), x
            else:
                # Just short of the boundary a step would be cut off there, again and again.
                step = gradient * ab.reshape(reach, (-1, *(1,) * (x.ndim - 1)))
                along = constraint.tangent(project(x - step), gradient, ab)
                base = x - step + along(step)
        return lambda v: back(along(first(v))), back(base)

    return Imposed(lambda x: back(project(first(x))), face)
