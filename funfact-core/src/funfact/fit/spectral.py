"""Starts from the target's own singular vectors, where the model is a tree or a CP model.

In a tree of factors (a matrix product, Tucker, a tensor train, hierarchical ones), a leaf is
the leading left singular vectors of the target, unfolded into its axes and all others; taken
off, it leaves a smaller target and a smaller tree. Leaves around one centre are then improved
in turn, each for what the others leave (orthogonal iteration). Where the model can be exact, so
are these starts. They are computed by NumPy: a library that compiles would do so for each shape.

References
----------
De Lathauwer, De Moor & Vandewalle, A multilinear singular value decomposition, and On the best
rank-(R1, ..., RN) approximation of higher-order tensors, SIAM J. Matrix Anal. Appl. 21(4), 2000;
Vannieuwenhoven, Vandebril & Meerbergen, A new truncation strategy for the higher-order singular
value decomposition, SIAM J. Sci. Comput. 34(2), 2012; Oseledets, Tensor-train decomposition,
SIAM J. Sci. Comput. 33(5), 2011.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np

from funfact.backends.contract import Array
from funfact.compiler.ir import Axis
from funfact.fit.components import balanced, components
from funfact.fit.network import Axes, Network, components_of, network_of
from funfact.fit.problem import Problem
from funfact.fit.subspace import Numbers, leading, whole

__all__ = ["spectral"]

_SWEEPS, _GAIN = 30, 1e-9
"""Of orthogonal iteration; the share of the target that one more has to gain, or that is left."""


@dataclass(frozen=True, eq=False)
class _Leaf:
    """A factor that hangs on one other: along `rows` of the target, and `bonds` to that other."""

    place: int
    rows: Axes
    bonds: Axes


@dataclass(frozen=True, eq=False)
class _Rest:
    """What is left of the target, and its axes."""

    values: Numbers
    axes: Axes

    @property
    def size(self) -> float:
        """The square of its norm."""
        return float(np.linalg.norm(self.values)) ** 2


Basis: TypeAlias = Callable[[_Rest, _Leaf], Numbers | None]
"""Orthonormal columns for a leaf, of shape (rows, bonds)."""

Found: TypeAlias = dict[int, Numbers]
"""The factors by their places."""


def spectral(problem: Problem) -> list[Array] | None:
    """A start for one replica; None where there is none.

    The factors come without the replica axis, and without axes of size 1 that are summed.
    """
    network = network_of(problem)
    if network is None:
        return None
    ab = problem.backend
    values = ab.to_numpy(problem.target)
    kinds = values.dtype, np.float32, np.complex64 if ab.is_complex(problem.dtype) else np.float32
    values = values.astype(np.result_type(*kinds), copy=False)
    target = _Rest(values.reshape(_sizes(network.output)), network.output)
    try:
        with np.errstate(all="ignore"):
            found = next(filter(None, _candidates(network, target)), None)
    except np.linalg.LinAlgError:
        return None
    if found is None or not all(np.all(np.isfinite(x)) for x in found.values()):
        return None
    return [ab.tensor(found[n], problem.dtype) for n in range(len(found))]


def _candidates(network: Network, target: _Rest) -> Iterator[Found | None]:
    """The starts that there may be, the cheapest first."""
    tree = _tree(network)
    if tree is not None:
        yield _taken_apart(network, tree, target, _whole)
        yield _improved(network, target)
        yield _taken_apart(network, tree, target, _leading)
    yield _of_components(network, target)


def _tree(network: Network) -> list[_Leaf] | None:
    """The factors of a tree, each a leaf when those before it are gone, but the last; or None."""
    left, leaves = list(range(len(network.factors))), []
    while len(left) > 1:
        leaf = next((leaf for n in left if (leaf := _leaf(network, n, left))), None)
        if leaf is None:
            return None
        leaves.append(leaf)
        left.remove(leaf.place)
    return leaves


def _leaf(network: Network, n: int, left: Sequence[int]) -> _Leaf | None:
    """A factor that hangs on one of those that are left, with axes that nobody else has."""
    others = {m: set(network.factors[m]) for m in left if m != n}
    bonds = tuple(a for a in network.factors[n] if any(a in axes for axes in others.values()))
    if not bonds or sum(not axes.isdisjoint(bonds) for axes in others.values()) != 1:
        return None
    return _Leaf(n, tuple(a for a in network.factors[n] if a not in bonds), bonds)


def _taken_apart(
    network: Network, leaves: Sequence[_Leaf], target: _Rest, basis: Basis
) -> Found | None:
    """Leaf after leaf; the last factor is what is left of the target. None without a basis."""
    found: Found = {}
    for leaf in leaves:
        u = basis(target, leaf)
        if u is None:
            return None
        found[leaf.place] = _as_stored(network, leaf, u)
        target = _without(target, leaf, u)
    (last,) = set(range(len(network.factors))) - set(found)
    found[last] = _ordered(target, network.factors[last])
    return found


def _improved(network: Network, target: _Rest) -> Found | None:
    """Three or more factors around one: HOSVD, and then higher-order orthogonal iteration."""
    every = range(len(network.factors))
    leaves = [leaf for n in every if (leaf := _leaf(network, n, every))]
    if len(leaves) != len(network.factors) - 1 or len(leaves) < 3:
        return None
    bases = {leaf: _leading(target, leaf) for leaf in leaves}

    def without(own: _Leaf | None) -> _Rest:
        rest = target
        for leaf in leaves:
            rest = rest if leaf is own else _without(rest, leaf, bases[leaf])
        return rest

    all_of_it, before = target.size, 0.0
    for _ in range(_SWEEPS):
        held = without(None).size
        if held - before <= _GAIN * all_of_it:
            break
        before = held
        for leaf in leaves:
            bases[leaf] = _leading(without(leaf), leaf)
    found = {leaf.place: _as_stored(network, leaf, bases[leaf]) for leaf in leaves}
    (centre,) = set(every) - set(found)
    found[centre] = _ordered(without(None), network.factors[centre])
    return found


def _of_components(network: Network, target: _Rest) -> Found | None:
    """The factors of a CP model from the eigenvectors of a pencil of slices."""
    model = components_of(network)
    if model is None:
        return None
    rank, owned, tall = model.axis.size, model.owned, model.tall
    if len(tall) < 2 or prod(map(_size, owned)) < rank**3:
        return None
    first, second = tall[:2]
    modes = [first, second, *(n for n in range(len(owned)) if n not in (first, second))]
    bases = []
    rest = target
    for n in (first, second):
        leaf = _Leaf(n, owned[n], (Axis(rank),))
        basis = _whole(rest, leaf)
        bases.append(_leading(rest, leaf) if basis is None else basis)
        rest = _without(rest, leaf, bases[-1])
    # (second, first, others in the order of the target): each mode's axes brought together
    together = (rest.axes[1], rest.axes[0], *(axis for n in modes[2:] for axis in owned[n]))
    small = _ordered(rest, together).reshape(rank, rank, *(_size(owned[n]) for n in modes[2:]))
    parts = components(small)
    if parts is None:
        return None
    values = balanced([*(u @ part for u, part in zip(bases, parts, strict=False)), *parts[2:]])
    return {
        n: _ordered(_Rest(x, (*owned[n], model.axis)), network.factors[n])
        for n, x in zip(modes, values, strict=True)
    }


def _whole(rest: _Rest, leaf: _Leaf) -> Numbers | None:
    others = [axis for axis in rest.axes if axis not in leaf.rows]
    return whole(_matrix(rest, leaf.rows), _sizes(others), _size(leaf.bonds))


def _leading(rest: _Rest, leaf: _Leaf) -> Numbers:
    return leading(_matrix(rest, leaf.rows), _size(leaf.bonds))


def _without(rest: _Rest, leaf: _Leaf, basis: Numbers) -> _Rest:
    """What is left with the axes of a leaf replaced by those that it hangs on."""
    axes = (*leaf.bonds, *(axis for axis in rest.axes if axis not in leaf.rows))
    return _Rest((basis.conj().T @ _matrix(rest, leaf.rows)).reshape(_sizes(axes)), axes)


def _as_stored(network: Network, leaf: _Leaf, basis: Numbers) -> Numbers:
    return _ordered(_Rest(basis, (*leaf.rows, *leaf.bonds)), network.factors[leaf.place])


def _matrix(rest: _Rest, rows: Axes) -> Numbers:
    others = tuple(axis for axis in rest.axes if axis not in rows)
    return _ordered(rest, (*rows, *others)).reshape(_size(rows), _size(others))


def _ordered(rest: _Rest, wanted: Axes) -> Numbers:
    values = rest.values.reshape(_sizes(rest.axes))
    return values.transpose([rest.axes.index(axis) for axis in wanted])


def _sizes(axes: Sequence[Axis]) -> tuple[int, ...]:
    return tuple(axis.size for axis in axes)


def _size(axes: Sequence[Axis]) -> int:
    return prod(axis.size for axis in axes)
