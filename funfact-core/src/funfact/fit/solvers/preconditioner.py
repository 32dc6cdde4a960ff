"""An approximate inverse of JᵀJ + μ, block by block, taken from the structure of the expression.

One block a factor, and within it:

- a factor in which the model is linear has the normal equations that ALS solves
  (`normal.py`): for CP, the Gram matrix of the other factors for each row; for the core of a Tucker
  model a Kronecker product of Gram matrices. They are diagonalised, so that μ is added exactly.
- of any other factor, dimensions that stay apart in the result (`compiler.aligned`) make
  the Jacobian block diagonal: one product with it gives a column of all blocks at
  once, and the blocks are formed if their columns are few.
- what is left is taken for a multiple of the identity.

References
----------
Tomasi & Bro, A comparison of algorithms for fitting the PARAFAC model, Computational Statistics
& Data Analysis 50(7), 2006; Sorber, Van Barel & De Lathauwer, Optimization-based algorithms for
the canonical polyadic decomposition, SIAM J. Optim. 23(2), 2013; Curtis, Powell & Reid, On the
estimation of sparse Jacobian matrices, IMA J. Appl. Math. 13(1), 1974.
"""

from collections.abc import Sequence
from math import prod

from funfact.backends.contract import Array
from funfact.compiler.aligned import aligned
from funfact.compiler.ir import Load
from funfact.fit.problem import Problem
from funfact.fit.solvers.blocks import Apart, Block, Diagonalised, Even, WithPenalty
from funfact.fit.solvers.conjugate import Operator
from funfact.fit.solvers.gauss_newton import Local, Preconditioner
from funfact.fit.solvers.linear import system
from funfact.fit.solvers.model import Multilinear, linear_part
from funfact.fit.solvers.normal import derive
from funfact.fit.solvers.residuals import Layout
from funfact.model import conditions_of, constraints_of

__all__ = ["preconditioner_of"]

_LARGEST = 2**20
"""Numbers in a matrix of the normal equations of a factor, up to which it is diagonalised."""

_COLUMNS = 32
"""Of the blocks that are formed from products with the Jacobian, at most."""

_IMAGES = 2**27
"""Numbers in all these products together, at most."""


def preconditioner_of(problem: Problem, layout: Layout) -> Block:
    """``f(local, target, data)(μ)``: an operator on rows of `layout`."""
    ab, blocks = problem.backend, _blocks(problem, layout)

    def at(local: Local, target: Array, data: Sequence[Array]) -> Preconditioner:
        made = [block(local, target, data) for block in blocks]
        ones = layout.split(ab.ones_like(local.x))
        # eigenvectors are there before the first system is solved
        order = sorted(range(len(made)), key=lambda n: not isinstance(blocks[n], Diagonalised))

        def damped(mu: Array) -> Operator:
            # One after the other: XLA's calls of LAPACK for many small matrices were seen to wait
            # for one another for good, on two cores, where one program had several of them at once.
            found: dict[int, Operator] = {}
            for n in order:
                found[n] = made[n](mu)
                mu = mu + 0 * found[n](ones[n])[:, 0]
            inverses = [found[n] for n in range(len(made))]

            def inverse(v: Array) -> Array:
                pairs = zip(inverses, layout.split(v), strict=True)
                return ab.concatenate([apply(part) for apply, part in pairs], axis=1)

            return inverse

        return damped

    return at


def _blocks(problem: Problem, layout: Layout) -> list[Block]:
    parts = 2 if problem.backend.is_complex(problem.dtype) else 1
    rows, tensors = parts * prod(_shape(problem)), problem.optimised
    model, found = linear_part(problem), list[Block]()
    loads = {id(load.key): load for load in model.loads}
    asked = zip(tensors, conditions_of(tensors), constraints_of(tensors), strict=True)
    for n, (tensor, preferred, imposed) in enumerate(asked):
        even, block = Even(layout, n), None
        if imposed is None:
            load = loads.get(id(tensor))
            block = (
                _apart(problem, layout, n, parts)
                if load is None
                else _diagonalised(problem, layout, n, model, load)
            )
        if block is not None and preferred is not None:
            block = WithPenalty(block, even, rows)
        found.append(block or even)
    return found


def _diagonalised(
    problem: Problem, layout: Layout, n: int, model: Multilinear, load: Load
) -> Block | None:
    normal = derive(model.whole, load, model.target, model.is_complex, joint=load.real)
    if normal.elements > _LARGEST:
        return None
    made = system(normal, model.keys, problem.backend, problem.dtype, load.real)
    return Diagonalised(made, model.arrays, layout, n)


def _apart(problem: Problem, layout: Layout, n: int, parts: int) -> Block | None:
    shape, begin = _shape(problem), 0 if problem.append else 1
    replica = len(problem.ir.shape) - 1 if problem.append else 0
    dims = aligned(problem.ir, problem.optimised[n])
    along: dict[int, int] = {}
    for d in range(len(layout.shapes[n])):
        free = dims[begin + d] - {replica, *(begin + o for o in along.values())}
        if free:
            along[d] = min(free) - begin
    block = Apart(layout, n, along, shape, parts)
    images = block.columns * problem.replicas * parts * prod(shape)
    return block if block.columns <= _COLUMNS and images <= _IMAGES else None


def _shape(problem: Problem) -> tuple[int, ...]:
    """Of the model without replicas, which is that of the target."""
    shape = problem.ir.shape
    return shape[:-1] if problem.append else shape[1:]
