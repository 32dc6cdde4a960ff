"""The parts of a fit: its replicas, as the backend spreads them over devices.

Most backends have one part, on one device. A backend that declares `Spread` may have
several, each with a problem and a solver of its own on its own device, or one whose
arrays lie on many.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from funfact.backends.capabilities import Share, Spread
from funfact.backends.contract import Array, Backend
from funfact.fit.problem import Problem
from funfact.fit.programs import solver_of
from funfact.fit.solvers.base import Solver
from funfact.language.notation import TsrEx
from funfact.language.replicas import replicated
from funfact.model import Factorization

__all__ = ["Part", "fewer_of", "join", "parts_of", "split"]


@dataclass(frozen=True, eq=False)
class Part:
    """Some of the replicas of a fit.

    Attributes
    ----------
    problem : Problem
        With `count` replicas, or more: those beyond are copies, and nobody sees them.
    solver : Solver
    put : callable
        ``put(x, axis)``: a copy of an array with the replicas of `problem`, where they are.
    first, count : int
        The replicas from `first` on are this part's, `count` of them.
    """

    problem: Problem
    solver: Solver
    put: Callable[[Array, int], Array]
    first: int
    count: int


def parts_of(problem: Problem, tsrex: TsrEx, make: Callable[[Problem], Solver]) -> tuple[Part, ...]:
    """A fit of `tsrex` in parts, each with its own problem and solver.

    Parameters
    ----------
    problem : Problem
        With all replicas, on the backend in use.
    tsrex : TsrEx
        Without replicas.
    make : callable
        Makes a solver for a problem.
    """
    found: list[Part] = []
    for share in _shares(problem.backend, problem.replicas):
        first = sum(part.count for part in found)
        own = _own_problem(problem, tsrex, share)
        count = min(share.size, problem.replicas - first)
        found.append(Part(own, solver_of(own, make), share.put, first, count))
    return tuple(found)


def fewer_of(problem: Problem, tsrex: TsrEx, replicas: int) -> Problem:
    """The problem of so many replicas, of a fit of `tsrex`, which has none."""
    return _own_problem(problem, tsrex, Share(problem.backend, replicas, _here))


def _here(x: Array, axis: int) -> Array:
    raise AssertionError("nothing is put anywhere")


def _shares(backend: Backend, replicas: int) -> Sequence[Share]:
    if isinstance(backend, Spread):
        return backend.shares(replicas)
    return (Share(backend, replicas, lambda x, axis: backend.tensor(x)),)


def _own_problem(problem: Problem, tsrex: TsrEx, share: Share) -> Problem:
    """`problem` for the replicas of a share alone."""
    ab = share.backend
    here = ab is problem.backend
    if here and share.size == problem.replicas:
        return problem
    vectorized = replicated(tsrex, share.size, problem.append)
    model = Factorization(vectorized, ab, problem.dtype, [None] * len(vectorized.tensors))
    return replace(
        problem,
        backend=ab,
        model=model.forward,
        ir=model.ir,
        tensors=vectorized.tensors,
        target=problem.target if here else ab.tensor(problem.target),
        data=problem.data if here else [ab.tensor(x) for x in problem.data],
        replicas=share.size,
    )


def split(parts: Sequence[Part], factors: Sequence[Array], ab: Backend) -> list[list[Array]]:
    """The factors of each part, as copies where they are computed; `factors` are on `ab`."""
    return [[_of_part(part, x, ab) for x in factors] for part in parts]


def _of_part(part: Part, x: Array, ab: Backend) -> Array:
    axis = x.ndim - 1 if part.problem.append else 0
    size = part.problem.replicas
    if x.shape[axis] != size:
        # as many as the problem has: beyond its own, its own again
        positions = part.first + np.arange(size) % part.count
        x = ab.take(x, ab.tensor(positions), axis=axis)
    return part.put(x, axis)


def join(parts: Sequence[Part], arrays: Sequence[Array], ab: Backend) -> Array:
    """One array of all replicas, on `ab`, from an array of each part."""
    cut = [_cut(part, x) for part, x in zip(parts, arrays, strict=True)]
    if len(cut) == 1:
        return cut[0]
    axis = cut[0].ndim - 1 if parts[0].problem.append else 0
    return ab.concatenate([ab.tensor(x) for x in cut], axis=axis)


def _cut(part: Part, x: Array) -> Array:
    """Without the copies beyond the part's own replicas."""
    if part.problem.replicas == part.count:
        return x
    return x[..., : part.count] if part.problem.append else x[: part.count]
