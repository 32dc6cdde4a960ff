"""Alternating least squares, derived from the expression: one factor after the other, exactly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from funfact.backends.capabilities import Linalg
from funfact.backends.contract import Array, Backend
from funfact.fit.problem import Problem
from funfact.fit.solvers.base import Carry, Derived
from funfact.fit.solvers.linear import System, corrected, system
from funfact.fit.solvers.model import Multilinear, called, multilinear
from funfact.fit.solvers.normal import Normal, derive

__all__ = ["ALS", "equations"]

_LARGEST = 2**27
"""Numbers in a block of normal equations: a gibibyte of doubles."""


@dataclass(frozen=True, eq=False)
class ALS(Derived):
    """Alternating least squares; the carry is the list of factors.

    For the squared error of a model that is linear in each factor: a sum of products in each
    of which a factor stands at most once. A step solves for every factor once.
    """

    needs = (Linalg,)

    backend: Backend
    systems: tuple[System, ...]
    arrays: Callable[[Sequence[Array], Array, Sequence[Array]], list[Array]]
    places: tuple[int, ...]

    @classmethod
    def refusal(cls, problem: Problem) -> str | None:
        found = multilinear(problem)
        if isinstance(found, str):
            return found
        return next((why for each in equations(found) if (why := _too_large(each))), None)

    @classmethod
    def recommended(cls, problem: Problem) -> str | None:
        return "the model is linear in each factor, and the loss is the squared error"

    @classmethod
    def of(cls, problem: Problem) -> Self:
        found = multilinear(problem)
        assert not isinstance(found, str), "refused"
        systems = tuple(
            system(each, found.keys, problem.backend, problem.dtype) for each in equations(found)
        )
        return cls(problem.backend, systems, found.arrays, found.places)

    def init(self, factors: list[Array]) -> Carry:
        return factors

    def step(self, carry: Carry, target: Array, data: list[Array]) -> Carry:
        arrays = self.arrays(carry, target, data)
        for each, place in zip(self.systems, self.places, strict=True):
            grams = [gram(arrays) for gram in each.blocks]
            x = corrected(each, grams, each.right(arrays), each.sorted(arrays[place]))
            arrays[place] = each.stored(x)
        return [arrays[place] for place in self.places]

    def factors(self, carry: Carry) -> list[Array]:
        return list(carry)


def equations(model: Multilinear) -> list[Normal]:
    """The normal equations of each factor."""
    return [
        derive(model.whole, load, model.target, model.is_complex, joint=load.real)
        for load in model.loads
    ]


def _too_large(normal: Normal) -> str | None:
    if normal.elements <= _LARGEST:
        return None
    return (
        f"the normal equations of {called(normal.load.key)} would hold {normal.elements} numbers, "
        f"more than {_LARGEST}. Give a method that forms none, optimizer='Adam'."
    )
