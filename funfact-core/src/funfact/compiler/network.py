"""A contraction taken apart, so that its axes can be split and tied, and put together again.

In a network every dimension of an operand or of the result is a sequence of axes.
Splitting an operand along one is a reshape, which costs nothing; when the network is
closed, axes that always travel together are merged again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod

from funfact.compiler.ir import PRODUCT, Axis, Contract, Ir, Split, Term
from funfact.compiler.refine import Dim, Refinement
from funfact.compiler.runs import runs

__all__ = ["Network", "Operand", "absorbed", "closed", "grafted", "opened", "whole"]


@dataclass(frozen=True, eq=False, slots=True)
class Operand:
    """An array and, for each of its dimensions, the axes that it consists of."""

    value: Ir
    dims: tuple[Dim, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Network:
    """A (+, ×) contraction; `axes` knows what its axes have become."""

    operands: tuple[Operand, ...]
    output: tuple[Dim, ...]
    axes: Refinement


def whole(value: Ir) -> Ir:
    """The array whose dimensions a `Split` takes apart."""
    return value.value if isinstance(value, Split) else value


def opened(node: Contract, axes: Refinement | None = None) -> Network:
    """The network of a contraction, with axes of its own, in a new refinement or a given one."""
    fresh: dict[Axis, Axis] = {}

    def own(given: Iterable[Axis | None]) -> Dim:
        return tuple(
            [fresh.setdefault(axis, Axis(axis.size)) for axis in given if axis is not None]
        )

    operands = []
    for term in node.terms:
        rest = iter(term.axes)
        counts = (
            map(len, term.value.parts) if isinstance(term.value, Split) else [1] * len(term.axes)
        )
        dims = tuple([own(next(rest) for _ in range(count)) for count in counts])
        operands.append(Operand(whole(term.value), dims))
    return Network(tuple(operands), tuple(map(own, node.output)), axes or Refinement())


def grafted(node: Contract, inner: Contract, place: int) -> Contract:
    """`node` with the terms of `inner`, which nothing else uses, in place of one of its own.

    What `absorbed` does, for dimensions of single axes: they are only renamed.
    """
    axes = node.terms[place].axes
    outside = {group[0]: a for group, a in zip(inner.output, axes, strict=True) if a is not None}
    terms = tuple(
        Term(t.value, tuple([outside.get(a, a) if a else None for a in t.axes]))
        for t in inner.terms
    )
    return replace(node, terms=node.terms[:place] + terms + node.terms[place + 1 :])


def absorbed(network: Network, inner: Contract, positions: Sequence[int]) -> Network | None:
    """The network with the terms of `inner` in place of the operands at `positions`.

    None where their axes have no common refinement: there the array stays whole.
    """
    operands: list[Operand] = []
    for position, operand in enumerate(network.operands):
        if position not in positions:
            operands.append(operand)
            continue
        part = opened(inner, network.axes)
        for outside, inside in zip(operand.dims, part.output, strict=True):
            # A dimension of size 1 that is broadcast has no axis outside.
            if not network.axes.tie(outside, inside):
                return None
        operands += part.operands
    return Network(tuple(operands), network.output, network.axes)


def closed(network: Network) -> Contract:
    """The contraction of a network, of as few axes as it can have."""
    operands = [Operand(o.value, tuple(map(network.axes.atoms, o.dims))) for o in network.operands]
    output = [network.axes.atoms(dim) for dim in network.output]
    together = {
        first: first if len(run) == 1 else Axis(prod(axis.size for axis in run))
        for first, run in runs([*(dim for o in operands for dim in o.dims), *output]).items()
    }

    def merged(dim: Dim) -> Dim:
        return tuple([together[axis] for axis in dim if axis in together])

    terms = [_term(o.value, tuple(map(merged, o.dims))) for o in operands]
    return Contract(PRODUCT, tuple(terms), tuple(map(merged, output)))


def _term(value: Ir, dims: tuple[Dim, ...]) -> Term:
    if any(len(dim) > 1 for dim in dims):
        split = Split(value, tuple([tuple([axis.size for axis in dim]) for dim in dims]))
        return Term(split, tuple([axis for dim in dims for axis in dim]))
    return Term(value, tuple([dim[0] if dim else None for dim in dims]))
