"""A problem whose model is linear in each of its factors, or why it is not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from funfact.arguments import named
from funfact.backends.contract import Array
from funfact.compiler.expand import Product, SumOfProducts, expand, loads
from funfact.compiler.ir import Apply, Contract, Ir, Load, Map, Split, Term
from funfact.conditions import Condition, Constraint, NonNegative
from funfact.fit.problem import Problem
from funfact.graph import postorder
from funfact.language.nodes import Tensor
from funfact.loss import MSE
from funfact.model import conditions_of, constraints_of

__all__ = ["Multilinear", "called", "linear_in_each", "linear_part", "multilinear", "preferred"]

TARGET = object()
"""The key of the target among the arrays."""

_LONGEST = 48
"""Operands of a product: each of them is contracted with all the others."""

Arrays = Callable[[Sequence[Array], Array, Sequence[Array]], list[Array]]


@dataclass(frozen=True, eq=False)
class Multilinear:
    """A model that is a sum of products in each of which some factors stand at most once.

    Attributes
    ----------
    whole : SumOfProducts
    loads : tuple of Load
        The leaves of these factors, in their order.
    target : Term
        The target, along the axes of the model that are not the replicas'.
    keys : tuple of objects
        Those of all tensors, and that of the target.
    places : tuple of int
        Where these factors stand among them.
    arrays : callable
        From all factors, target and data to the arrays behind `keys`.
    is_complex : bool
    constraints : tuple of Constraint or None
        What each of the factors is to be. Preferred nonnegative, it is so exactly: then the
        penalty is zero.
    """

    whole: SumOfProducts
    loads: tuple[Load, ...]
    target: Term
    keys: tuple[object, ...]
    places: tuple[int, ...]
    arrays: Arrays
    is_complex: bool
    constraints: tuple[Constraint | None, ...]


def multilinear(problem: Problem) -> Multilinear | str:
    """The problem as one that is linear in each factor, or why it is none."""
    if type(problem.loss) is not MSE:
        return (
            f"the loss is {named(problem.loss)}, and least squares are solved. "
            "Give loss='MSE', or a gradient method, optimizer='Adam'."
        )
    return linear_in_each(problem, "normal equations")


def linear_in_each(problem: Problem, method: str) -> Multilinear | str:
    """The same for any loss; `method` says in a reason what a condition is no part of."""
    constraints: list[Constraint | None] = []
    for tensor, liked, imposed in _conditions(problem):
        if liked is None:
            constraints.append(imposed)
        elif type(liked) is NonNegative and type(imposed or liked) is NonNegative:
            constraints.append(liked)
        else:
            return (
                f"{named(liked)} is asked of {called(tensor)}, which is no part "
                f"of the {method}. Give a gradient method, optimizer='Adam'."
            )
    is_complex = problem.backend.is_complex(problem.dtype)
    whole = expand(problem.ir, problem.optimised, is_complex)
    for _, reason in _not_linear(whole):
        return f"{reason} Give a method for any model, optimizer='Adam'."
    return _prepared(problem, whole, problem.optimised, is_complex, tuple(constraints))


def linear_part(problem: Problem) -> Multilinear:
    """The problem as one that is linear in each of some factors: all those that allow it.

    Whatever the loss is, and what is asked of the factors.
    """
    is_complex = problem.backend.is_complex(problem.dtype)
    whole = expand(problem.ir, problem.optimised, is_complex)
    operands = [term.value for product in whole.products for term in product.operands]
    standing = {id(operand.key) for operand in operands if isinstance(operand, Load)}
    linear = standing - {id(key) for key, _ in _not_linear(whole)}
    factors = [tensor for tensor in problem.optimised if id(tensor) in linear]
    return _prepared(problem, whole, factors, is_complex, (None,) * len(factors))


def _conditions(problem: Problem) -> Iterator[tuple[Tensor, Condition | None, Constraint | None]]:
    """What each factor is to be like, as far as it counts: preferred, and imposed."""
    tensors = problem.optimised
    return zip(tensors, preferred(problem), constraints_of(tensors), strict=True)


def preferred(problem: Problem) -> list[Condition | None]:
    """What each factor is preferred to be like, as far as it has a weight."""
    weight, asked = problem.penalty_weight, conditions_of(problem.optimised)
    return [condition if condition and condition.weight and weight else None for condition in asked]


def called(tensor: object) -> str:
    """A tensor in a message."""
    assert isinstance(tensor, Tensor), "the keys of leaves are tensors"
    return tensor.symbol or f"a tensor of shape {tensor.shape}"


def _not_linear(whole: SumOfProducts) -> Iterator[tuple[object, str]]:
    """The factors in which a sum of products is not linear, and why."""
    for product in whole.products:
        seen: set[int] = set()
        for term in product.operands:
            free = [key for key in loads(term.value) if isinstance(key, Tensor) and key.optimizable]
            for key in free:
                reason = _why_not(product, term, key, twice=id(key) in seen)
                if reason is not None:
                    yield key, reason
            seen.update(map(id, free))


def _why_not(product: Product, term: Term, key: object, twice: bool) -> str | None:
    name, count = called(key), len(product.operands)
    if count > _LONGEST:
        return (
            f"{count} tensors stand in one product, more than the {_LONGEST} for each of which "
            "normal equations are derived."
        )
    if not isinstance(term.value, Load):
        return f"{name} stands inside {_what(term.value)}, so the model is not linear in it."
    if twice:
        return f"{name} stands twice in a product, so the model is not linear in it."
    if len(set(term.axes)) < len(term.axes):
        return f"only a diagonal of {name} matters, so the rest of it is not determined."
    return None


def _what(node: Ir) -> str:
    match node:
        case Map(fn):
            return f"the function {fn!r}"
        case Contract(semiring):
            return "a Kronecker product" if semiring.name == "product" else semiring.name
        case Split():
            return "a Kronecker product"
        case Apply():
            return "a generated tensor"
        case _:
            return "another expression"


def _prepared(
    problem: Problem,
    whole: SumOfProducts,
    factors: Sequence[Tensor],
    is_complex: bool,
    constraints: tuple[Constraint | None, ...],
) -> Multilinear:
    ab, tensors = problem.backend, problem.tensors
    groups = whole.output[:-1] if problem.append else whole.output[1:]
    axes = tuple(axis for group in groups for axis in group)
    shape = tuple(axis.size for axis in axes)
    real = is_complex and not ab.is_complex(problem.target)
    target = Term(Load(TARGET, shape, real), axes)
    places = tuple(n for n, tensor in enumerate(tensors) if tensor in factors)
    by_key = {id(n.key): n for n in postorder(problem.ir) if isinstance(n, Load)}

    def arrays(factors: Sequence[Array], target: Array, data: Sequence[Array]) -> list[Array]:
        found, given = iter(factors), iter(data)
        values = [next(found if tensor.optimizable else given) for tensor in tensors]
        return [*values, ab.reshape(target, shape)]

    return Multilinear(
        whole=whole,
        loads=tuple(by_key[id(tensor)] for tensor in factors),
        target=target,
        keys=(*tensors, TARGET),
        places=places,
        arrays=arrays,
        is_complex=is_complex,
        constraints=constraints,
    )
