"""Starts from the target's own singular vectors, where the model is a tree or a CP model.

In a tree of factors (a matrix product, Tucker, a tensor train, hierarchical ones), a leaf is
the leading left singular vectors of the target, unfolded into its axes and all others; taken
off, it leaves a smaller target and a smaller tree. Leaves around one centre are then improved
in turn, each for what the others leave (orthogonal iteration). A CP model's factors come from the
eigenvectors of a pencil of two mixtures of slices. Where the model can be exact, so are both.

References
----------
De Lathauwer, De Moor & Vandewalle, A multilinear singular value decomposition, and On the best
rank-(R1, ..., RN) approximation of higher-order tensors, SIAM J. Matrix Anal. Appl. 21(4), 2000;
Oseledets, Tensor-train decomposition, SIAM J. Sci. Comput. 33(5), 2011; Leurgans, Ross & Abel, A
decomposition for three-way arrays, SIAM J. Matrix Anal. Appl. 14(4), 1993.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from funfact.backends.capabilities import Linalg
from funfact.backends.contract import Array, Backend
from funfact.compiler.ir import Axis, Load
from funfact.fit.problem import Problem
from funfact.fit.solvers.model import Multilinear, multilinear

__all__ = ["spectral"]

Axes = tuple[Axis, ...]

_FLAT = 8
"""How many times wider than tall a matrix is whose squared matrix is decomposed instead."""


_SWEEPS, _GAIN = 30, 1e-9
"""Of orthogonal iteration; the share of the target that one more has to gain, or that is left."""

_ALIKE = 1e8
"""Condition of the eigenvectors from which on components are too much alike to be told apart."""


@dataclass(frozen=True, eq=False)
class _Network:
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


def spectral(problem: Problem) -> list[Array] | None:
    """A start for one replica; None where there is none.

    The factors come without the replica axis, and without axes of size 1 that are summed.
    """
    ab = problem.backend
    if not isinstance(ab, Linalg) or any(
        t.constrain is not None or t.prefer is not None for t in problem.optimised
    ):
        return None
    model = multilinear(problem)
    network = None if isinstance(model, str) else _network(model, problem)
    if network is None:
        return None
    target = ab.astype(problem.target, problem.dtype)
    target = ab.reshape(target, tuple(axis.size for axis in network.output))
    found = _of_star(network, target, ab) or _of_tree(network, target, ab)
    found = found or _of_components(network, target, ab)
    return found if found and all(bool(ab.all(ab.isfinite(x))) for x in found) else None


def _network(model: Multilinear, problem: Problem) -> _Network | None:
    """The model as a product of factors, each axis of the result in one of them.

    Axes of size 1 that are summed are left out.
    """
    whole = model.whole
    if len(whole.products) != 1 or whole.products[0].number != 1:
        return None
    replicas = whole.output[-1 if problem.append else 0]  # none where there is but one
    terms = whole.products[0].operands

    def kept(axis: Axis) -> bool:
        return axis.size > 1 or axis in whole.axes

    by_key = {id(t.value.key): t.axes for t in terms if isinstance(t.value, Load)}
    if len(terms) != len(model.loads) or len(by_key) != len(terms):
        return None
    factors = tuple(
        tuple(a for a in by_key[id(load.key)] if a and a not in replicas and kept(a))
        for load in model.loads
    )
    output = tuple(axis for axis in whole.axes if axis not in replicas)
    once = all(sum(axis in axes for axes in factors) == 1 for axis in output)
    real = any(load.real for load in model.loads)
    return _Network(factors, output) if once and not real else None


def _of_tree(network: _Network, target: Array, ab: Backend) -> list[Array] | None:
    """Leaf after leaf by singular vectors; the last factor is what is left of the target."""
    left = list(range(len(network.factors)))
    order = network.output
    found: dict[int, Array] = {}
    while len(left) > 1:
        leaves = (n for n in left if _neighbour(network, n, left) is not None)
        leaf = next(leaves, None)
        if leaf is None:
            return None
        bonds = _open(network, leaf, left)
        rows = tuple(axis for axis in network.factors[leaf] if axis not in bonds)
        rank, height = _size(bonds), _size(rows)
        rest = tuple(axis for axis in order if axis not in rows)
        if not bonds or rank > min(height, _size(rest)):
            return None
        matrix = _matrix(target, order, rows, ab)
        u = _leading(matrix, rank, ab)
        found[leaf] = _ordered(u, (*rows, *bonds), network.factors[leaf], ab)
        target, order = _taken_off(target, order, u, rows, bonds, ab)
        left.remove(leaf)
    (last,) = left
    if set(order) != set(network.factors[last]):
        return None
    found[last] = _ordered(target, order, network.factors[last], ab)
    return [found[n] for n in range(len(network.factors))]


def _of_star(network: _Network, target: Array, ab: Backend) -> list[Array] | None:
    """Three or more factors around one: HOSVD, and then higher-order orthogonal iteration."""
    centre, every = _centre(network), range(len(network.factors))
    if centre is None:
        return None
    bonds = {n: _open(network, n, every) for n in every if n != centre}
    rows = {n: tuple(a for a in network.factors[n] if a not in bonds[n]) for n in bonds}
    total = _size(network.output)
    if any(_size(bonds[n]) > min(_size(rows[n]), total // _size(rows[n])) for n in bonds):
        return None

    def without(bases: dict[int, Array], leaves: Sequence[int]) -> tuple[Array, Axes]:
        x, order = target, network.output
        for n in leaves:
            x, order = _taken_off(x, order, bases[n], rows[n], bonds[n], ab)
        return x, order

    bases = {
        n: _leading(_matrix(target, network.output, rows[n], ab), _size(bonds[n]), ab)
        for n in bonds
    }
    whole, before = float(ab.sum(ab.abs(target) ** 2)), 0.0
    for _ in range(_SWEEPS):
        core, order = without(bases, list(bonds))
        held = float(ab.sum(ab.abs(core) ** 2))
        if held - before <= _GAIN * whole or whole - held <= _GAIN * whole:
            break
        before = held
        for n in bonds:
            x, order = without(bases, [m for m in bonds if m != n])
            bases[n] = _leading(_matrix(x, order, rows[n], ab), _size(bonds[n]), ab)
    core, order = without(bases, list(bonds))
    found = {
        n: _ordered(u, (*rows[n], *bonds[n]), network.factors[n], ab) for n, u in bases.items()
    }
    if set(order) != set(network.factors[centre]):
        return None
    found[centre] = _ordered(core, order, network.factors[centre], ab)
    return [found[n] for n in every]


def _taken_off(
    target: Array, order: Axes, u: Array, rows: Axes, bonds: Axes, ab: Backend
) -> tuple[Array, Axes]:
    """The target with the axes of a leaf replaced by those that it hangs on."""
    rest = tuple(axis for axis in order if axis not in rows)
    product = ab.matmul(ab.conj(ab.transpose(u, (1, 0))), _matrix(target, order, rows, ab))
    return ab.reshape(product, tuple(axis.size for axis in (*bonds, *rest))), (*bonds, *rest)


def _open(network: _Network, n: int, left: Sequence[int]) -> Axes:
    """The axes that a factor shares with others that are left."""
    others = {axis for m in left if m != n for axis in network.factors[m]}
    return tuple(axis for axis in network.factors[n] if axis in others)


def _neighbour(network: _Network, n: int, left: Sequence[int]) -> int | None:
    """The one factor that a leaf hangs on, with axes that nobody else has."""
    bonds = set(_open(network, n, left))
    holders = [m for m in left if m != n and bonds & set(network.factors[m])]
    return holders[0] if len(holders) == 1 and bonds <= set(network.factors[holders[0]]) else None


def _centre(network: _Network) -> int | None:
    """The factor on which all others hang, three or more."""
    every = range(len(network.factors))
    hangs = {_neighbour(network, n, every) for n in every} - {None}
    return next(iter(hangs)) if len(hangs) == 1 and len(network.factors) > 3 else None


def _of_components(network: _Network, target: Array, ab: Backend) -> list[Array] | None:
    """The factors of a CP model from the eigenvectors of a pencil of slices."""
    shared = set.intersection(*map(set, network.factors))
    plain = all(set(axes) - shared <= set(network.output) for axes in network.factors)
    if len(shared) != 1 or not plain or len(network.factors) < 3:
        return None
    (component,) = shared
    rank = component.size
    owned = [tuple(axis for axis in axes if axis is not component) for axes in network.factors]
    tall = [n for n, axes in enumerate(owned) if _size(axes) >= rank]
    if len(tall) < 2 or prod(map(_size, owned)) < rank**3:
        return None
    first, second = sorted(tall, key=lambda n: -_size(owned[n]))[:2]
    modes = [first, second, *(n for n in range(len(owned)) if n not in (first, second))]
    bases, core = [], target
    order: Axes = network.output
    for n in (first, second):
        matrix = _matrix(core, order, owned[n], ab)
        u = _leading(matrix, rank, ab)
        rest = tuple(axis for axis in order if axis not in owned[n])
        order = (Axis(rank), *rest)
        core = ab.reshape(
            ab.matmul(ab.conj(ab.transpose(u, (1, 0))), matrix), tuple(a.size for a in order)
        )
        bases.append(u)
    # (second, first, others in the order of the target): each mode's axes brought together
    together = (order[1], order[0], *(axis for n in modes[2:] for axis in owned[n]))
    core = ab.transpose(core, tuple(order.index(axis) for axis in together))
    small = ab.to_numpy(core).reshape(rank, rank, *(_size(owned[n]) for n in modes[2:]))
    parts = _components(small)
    if parts is None:
        return None
    for n, basis in enumerate(bases):
        parts[n] = ab.to_numpy(basis) @ parts[n]
    values = dict(zip(modes, _balanced(parts), strict=True))
    return [
        _ordered(ab.tensor(values[n], target.dtype), (*axes, component), network.factors[n], ab)
        for n, axes in enumerate(owned)
    ]


def _components(core: "np.ndarray[Any, Any]") -> "list[np.ndarray[Any, Any]] | None":
    """CP of a tensor of shape (R, R, ...) with R components, as factors of R columns each."""
    rank, slices = core.shape[0], core.reshape(*core.shape[:2], -1)
    mixtures = slices @ np.random.default_rng(0).normal(size=(slices.shape[2], 2))
    try:
        pencil = np.linalg.solve(mixtures[..., 1].T, mixtures[..., 0].T).T
        values, vectors = np.linalg.eig(pencil)
        if not np.iscomplexobj(core):
            # a pair of conjugates spans what its real and its imaginary part span
            vectors = np.where(values.imag < 0, vectors.imag, vectors.real)
        if not np.linalg.cond(vectors) < _ALIKE:
            return None
        rows = np.linalg.solve(vectors, core.reshape(rank, -1)).reshape(rank, *core.shape[1:])
        parts = [vectors]
        for size in core.shape[1:-1]:
            u, s, vh = np.linalg.svd(rows.reshape(rank, size, -1), full_matrices=False)
            parts.append(u[:, :, 0].T)
            rows = s[:, :1] * vh[:, 0, :]
    except np.linalg.LinAlgError:
        return None
    return [*parts, rows.T]


def _balanced(parts: "list[np.ndarray[Any, Any]]") -> "list[np.ndarray[Any, Any]]":
    """The same components with columns of equal norms in all factors."""
    norms = [np.linalg.norm(part, axis=0) + np.finfo(float).tiny for part in parts]
    mean = np.prod(norms, axis=0) ** (1 / len(parts))
    return [part * (mean / norm) for part, norm in zip(parts, norms, strict=True)]


def _size(axes: Axes) -> int:
    return prod(axis.size for axis in axes)


def _matrix(x: Array, order: Axes, rows: Axes, ab: Backend) -> Array:
    rest = tuple(axis for axis in order if axis not in rows)
    turned = _ordered(x, order, (*rows, *rest), ab)
    return ab.reshape(turned, (_size(rows), _size(rest)))


def _ordered(x: Array, order: Axes, wanted: Axes, ab: Backend) -> Array:
    x = ab.reshape(x, tuple(axis.size for axis in order))
    places = tuple(order.index(axis) for axis in wanted)
    return x if places == tuple(range(len(places))) else ab.transpose(x, places)


def _leading(matrix: Array, rank: int, ab: Backend) -> Array:
    """The leading left singular vectors."""
    height, width = matrix.shape
    if width < _FLAT * height:
        return ab.xp.linalg.svd(matrix, full_matrices=False)[0][:, :rank]
    gram = ab.matmul(matrix, ab.conj(ab.transpose(matrix, (1, 0))))
    return ab.xp.linalg.eigh(gram)[1][:, height - rank :]
