"""The components of a model: what is summed over an index whose entries are interchangeable.

A sum over r of products that all carry r is a sum of components, one for each r. Their order,
and how the size of one is shared out among its factors, are no part of the model; so two
models are the same if their components are, up to order. For CP this is the comparison of
Tomasi & Bro; here the index is found in the expression, whatever it is.

An index that two factors alone share, as in a matrix product or a tensor train, says less:
any invertible matrix may be put between them. It has no components, unless a condition or a
function keeps such a matrix out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from funfact.backends.contract import Array, Backend
from funfact.compiler.expand import Product, SumOfProducts, expand, loads
from funfact.compiler.ir import PRODUCT, Axis, Contract, Ir, Load, Map, Term
from funfact.compiler.lower import lower
from funfact.conditions import NonNegative, Simplex
from funfact.language.nodes import Tensor
from funfact.model.mixing import Holder, mixable
from funfact.model.penalty import conditions_of, constraints_of
from funfact.model.values import replicas_first

__all__ = ["Components", "alike", "component_axes", "congruence"]

Numbers: TypeAlias = "np.ndarray[Any, Any]"

Component: TypeAlias = tuple[SumOfProducts, Product, Axis]
Components: TypeAlias = list[Component]

_MOST = 16
"""Operands of a product, for which components are looked for."""

_ALIKE = 0.99
"""The least congruence of two components that are taken for the same."""


def component_axes(
    ir: Ir, tensors: Sequence[Tensor], arrays: Sequence[Array], ab: Backend, is_complex: bool
) -> Components:
    """The summed axes that have components, each with its product and the whole sum.

    Parameters
    ----------
    ir : Ir
        The model.
    tensors : sequence of Tensor
        Its tensors, the keys of its leaves.
    arrays : sequence of arrays
        Their values, as they are stored. Where two factors alone share an index, what is imposed on
        them may keep its entries apart at the values of the first replica.
    ab : Backend
    is_complex : bool
    """
    values = dict(zip(tensors, arrays, strict=True))
    whole = expand(ir, [tensor for tensor in tensors if tensor.optimizable], is_complex)
    return [
        (whole, product, axis)
        for product in whole.products
        if len(product.operands) <= _MOST
        for axis in _interchangeable(product, whole, values, ab)
    ]


def congruence(
    found: Component,
    replica: int,
    keys: Sequence[object],
    arrays: Sequence[Array],
    ab: Backend,
    dtype: Any,
) -> Numbers:
    """How much each component of each replica is like each one of each other replica.

    Parameters
    ----------
    found : one of `component_axes`
        Of a model with m replicas and r components.
    replica : int
        The dimension of the replicas.
    keys, arrays : sequences
        The tensors, and their values.
    ab : Backend
    dtype : native dtype

    Returns
    -------
    array of doubles, shape (m, m, r, r)
        The modulus of the inner product of two over their norms; 1 for two that are zero.

    References
    ----------
    Tomasi & Bro, A comparison of algorithms for fitting the PARAFAC model, Computational
    Statistics & Data Analysis 50(7), 2006: for CP, the product of the cosines of the factors.
    """
    whole, product, axis = found
    inner = _inner(product, whole, axis, whole.output[replica][0], ab.is_complex(dtype))
    values = np.abs(ab.to_numpy(lower(inner, keys, ab, dtype)(arrays))).astype(float)
    squares = np.einsum("aakk->ak", values)
    none = squares <= 1e-12 * squares.max(axis=1, keepdims=True)
    norms = np.sqrt(np.where(none, 1.0, squares))
    here, there = none[:, None, :, None], none[None, :, None, :]
    between = values / (norms[:, None, :, None] * norms[None, :, None, :])
    return np.asarray(np.where(here | there, here & there, between))


def _interchangeable(
    product: Product, whole: SumOfProducts, values: Mapping[Tensor, Array], ab: Backend
) -> Iterator[Axis]:
    """The summed axes whose entries may change places, and no more than that."""
    carried = dict.fromkeys(axis for term in product.operands for axis in term.axes)
    for axis in carried:
        if axis is None or axis in whole.axes or axis.size == 1:
            continue
        terms = [term for term in product.operands if axis in term.axes]
        holders = [term.value for term in terms]
        if not all(any(map(_is_free, loads(holder))) for holder in holders):
            continue  # data tell its entries apart
        if not all(isinstance(holder, Load | Map) for holder in holders):
            continue
        plain = all(isinstance(holder, Load) for holder in holders)
        if not plain or len(holders) > 2 or _apart(terms, axis, values, ab):
            yield axis


def _is_free(key: object) -> bool:
    return isinstance(key, Tensor) and key.optimizable


def _apart(terms: Sequence[Term], axis: Axis, values: Mapping[Tensor, Array], ab: Backend) -> bool:
    """Whether what is asked of the factors that share an index keeps its entries from being mixed.

    Nonnegative numbers are taken to do so: where a fit ends, some are zero.
    """
    tensors = [_tensor(term) for term in terms]
    if all(map(_is_nonnegative, tensors)):
        return True
    if len(terms) < 2 or any(term.axes.count(axis) > 1 for term in terms):
        return False
    one, other = (
        _holder(tensor, term.axes.index(axis), values[tensor], ab)
        for tensor, term in zip(tensors, terms, strict=True)
    )
    return not mixable(one, other, ab)


def _tensor(term: Term) -> Tensor:
    assert isinstance(term.value, Load), "a plain factor"
    assert isinstance(term.value.key, Tensor), "the keys of leaves are tensors"
    return term.value.key


def _is_nonnegative(tensor: Tensor) -> bool:
    asked = conditions_of([tensor]) + constraints_of([tensor])
    return any(isinstance(condition, NonNegative | Simplex) for condition in asked)


def _holder(tensor: Tensor, place: int, value: Array, ab: Backend) -> Holder:
    """The first replica of a factor, whose index stands at `place` in what is stored."""
    first = ab.reshape(replicas_first(tensor, ab)(value), (-1, *tensor.shape))[0, ...]
    in_front = sum(not replica.append for replica in tensor.replicas)
    return Holder(first, place - in_front, constraints_of([tensor])[0])


def _inner(
    product: Product, whole: SumOfProducts, axis: Axis, replica: Axis, is_complex: bool
) -> Contract:
    """The inner products of all components of all replicas, shape ``(m, m, r, r)``."""
    shared = {own: own for own in whole.axes if own is not replica}
    there: dict[Axis, Axis] = dict(shared)

    def moved(term: Term) -> Term:
        axes = (a and there.setdefault(a, Axis(a.size)) for a in term.axes)
        return Term(_conjugate(term.value) if is_complex else term.value, tuple(axes))

    others = tuple(map(moved, product.operands))
    output = replica, there[replica], axis, there[axis]
    return Contract(PRODUCT, (*product.operands, *others), tuple((a,) for a in output))


def _conjugate(node: Ir) -> Ir:
    axes = tuple(map(Axis, node.shape))
    return Map("conj", (Term(node, axes),), axes)


def alike(congruence: Numbers) -> bool:
    """Whether two sets of components are the same up to order.

    Parameters
    ----------
    congruence : array, shape (r, r)
        Of those of one with those of the other.

    Examples
    --------
    >>> alike(np.array([[0.1, 1.0], [1.0, 0.3]])), alike(np.array([[0.1, 1.0], [0.9, 1.0]]))
    (True, False)
    """
    rest = congruence.copy()
    for _ in range(len(rest)):
        k, l = np.unravel_index(np.argmax(rest), rest.shape)
        if rest[k, l] < _ALIKE:
            return False
        rest[k, :] = rest[:, l] = -1
    return True
