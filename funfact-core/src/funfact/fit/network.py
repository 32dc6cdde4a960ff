"""A model as a product of its factors alone, and what that says of how it is best fitted."""

from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from funfact.compiler.ir import Axis, Load
from funfact.fit.problem import Problem
from funfact.fit.programs import programs_of
from funfact.fit.solvers.model import Multilinear, multilinear

__all__ = ["Axes", "Components", "Network", "components_of", "crowded", "network_of"]

Axes: TypeAlias = tuple[Axis, ...]


@dataclass(frozen=True, eq=False)
class Network:
    """A model as a product of its factors alone, without replicas.

    Attributes
    ----------
    factors : tuple of tuples of Axis
        The axes of each factor, in the order in which they are optimised.
    output : tuple of Axis
        The axes of the target, each in one factor.
    """

    factors: tuple[Axes, ...]
    output: Axes


@dataclass(frozen=True, eq=False)
class Components:
    """A CP model: an axis that all factors have, and those of the target that each of them has."""

    axis: Axis
    owned: tuple[Axes, ...]

    @property
    def rows(self) -> list[int]:
        """Of each factor."""
        return [prod(axis.size for axis in axes) for axes in self.owned]

    @property
    def tall(self) -> list[int]:
        """The factors with as many rows as there are components, or more, the largest first."""
        rows = self.rows
        order = sorted(range(len(rows)), key=lambda n: -rows[n])
        return [n for n in order if rows[n] >= self.axis.size]

    @property
    def sizes(self) -> list[int]:
        """Dimensions of the target, each in a basis of what as many components can fill of it."""
        return [min(rows, self.axis.size) for rows in self.rows]

    @property
    def unknowns(self) -> int:
        """Numbers that determine the components there: columns have a norm in common."""
        return self.axis.size * (sum(self.sizes) - len(self.sizes) + 1)


def network_of(problem: Problem) -> Network | None:
    """The model as a product of factors of which nothing is asked, each axis of the target in one.

    Axes of size 1 that are summed are left out.
    """
    if any(t.constrain is not None or t.prefer is not None for t in problem.optimised):
        return None
    return programs_of(problem).get("network", _network)


def components_of(network: Network) -> Components | None:
    """The network as a CP model of three factors or more."""
    shared = set.intersection(*map(set, network.factors))
    plain = all(set(axes) - shared <= set(network.output) for axes in network.factors)
    if len(shared) != 1 or not plain or len(network.factors) < 3:
        return None
    (axis,) = shared
    owned = (tuple(a for a in axes if a is not axis) for axes in network.factors)
    return Components(axis, tuple(owned))


def crowded(problem: Problem) -> str | None:
    """That a CP model is one in which alternating least squares swamp; None if it is not.

    With as many rows in two factors as there are components, those of an exact model are
    eigenvectors. With fewer, random starts are left, and from most of them the steps get stuck if
    there are two thirds as many unknowns, or more, as the target has numbers, both counted in
    bases of as many dimensions as there are components. On exact models of six or seven components
    0 to 3 of 8 starts were found so, 5 to 8 by Levenberg-Marquardt; with fewer unknowns, nearly all
    by both.
    """
    network = network_of(problem)
    found = None if network is None else components_of(network)
    if found is None or len(found.tall) > 1 or 3 * found.unknowns < 2 * prod(found.sizes):
        return None
    return f"alternating steps get stuck where components ({found.axis.size}) outnumber rows"


def _network(problem: Problem) -> Network | None:
    model = multilinear(problem)
    if isinstance(model, str):
        return None
    whole = model.whole
    if len(whole.products) != 1 or whole.products[0].number != 1:
        return None
    replicas = whole.output[-1 if problem.append else 0]  # none where there is but one
    output = tuple(axis for axis in whole.axes if axis not in replicas)
    factors = _factors(model, replicas)
    if factors is None or any(load.real for load in model.loads):
        return None
    once = all(sum(axis in axes for axes in factors) == 1 for axis in output)
    return Network(factors, output) if once else None


def _factors(model: Multilinear, replicas: Axes) -> tuple[Axes, ...] | None:
    """The axes of each factor; None unless they alone are multiplied."""
    terms = model.whole.products[0].operands
    by_key = {id(t.value.key): t.axes for t in terms if isinstance(t.value, Load)}
    if len(terms) != len(model.loads) or len(by_key) != len(terms):
        return None
    axes_of = [by_key[id(load.key)] for load in model.loads]
    kept = [[a for a in axes if a and (a.size > 1 or a in model.whole.axes)] for axes in axes_of]
    return tuple(tuple(axis for axis in axes if axis not in replicas) for axes in kept)
