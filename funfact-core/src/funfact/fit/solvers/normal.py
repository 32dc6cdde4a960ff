"""The normal equations of one factor, derived from the expression.

A model that is a sum of products is linear in a factor f that stands at most once in each:
model = A f + rest. The axes of f are sorted into three kinds,

- *K*: in the result, and in nothing else: A is the identity there, so that they are only more
  right-hand sides,
- *B*: in the result and in other operands too: A is block diagonal, a batch,
- *C*: all others, over which f is contracted with the rest.

The equations are ``G f = R`` with R the target contracted with all but f, over B, C, K, and G
all but f contracted with itself, with C and a copy C' of it and the batch B. Where the others
fall into parts that have no summed axis in common, G is a Kronecker product with one `Block`
a part, which is never formed. Replicas are a batch like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from funfact.compiler.expand import Product, SumOfProducts, renamed
from funfact.compiler.ir import PRODUCT, Axis, Const, Contract, Ir, Load, Map, Term
from funfact.compiler.plan import plan
from funfact.graph import postorder

__all__ = ["Block", "Layout", "Normal", "beside", "derive", "is_factor", "pulled_back"]

Axes = tuple[Axis, ...]


@dataclass(frozen=True, eq=False)
class Layout:
    """The dimensions of a factor, sorted; those of size 1 are left out.

    Attributes
    ----------
    batch, summed, kept : tuples of Axis
        B, C and K.
    dims : tuple of int
        The dimension of the factor that each of these axes, in that order, is.
    """

    batch: Axes
    summed: Axes
    kept: Axes
    dims: tuple[int, ...]

    @property
    def axes(self) -> Axes:
        return (*self.batch, *self.summed, *self.kept)


@dataclass(frozen=True, eq=False)
class Block:
    """One Kronecker factor of G: a contraction of shape (batch, summed, summed)."""

    batch: Axes
    summed: Axes
    gram: Ir


@dataclass(frozen=True, eq=False)
class Normal:
    """The equations of one factor as contractions of factors, data and the target."""

    load: Load
    layout: Layout
    right: Ir
    blocks: tuple[Block, ...]

    @property
    def flops(self) -> int:
        """Of one right side and one matrix, as planned."""
        roots = (self.right, *(block.gram for block in self.blocks))
        nodes = {id(node): node for root in roots for node in postorder(root)}
        return sum(plan(node).flops for node in nodes.values() if isinstance(node, Contract))

    @property
    def elements(self) -> int:
        """Of the largest block."""
        return max(prod(block.gram.shape) for block in self.blocks)


def derive(
    whole: SumOfProducts, load: Load, target: Term, is_complex: bool, joint: bool = False
) -> Normal:
    """The normal equations of a factor that stands at most once in each product.

    Parameters
    ----------
    whole : SumOfProducts
    load : Load
        The factor.
    target : Term
        The target, along axes of the result.
    is_complex : bool
    joint : bool
        Whether G is to be one block, whatever its structure.
    """
    layout, maps, lost = _maps(whole, load)
    rest = [product for product in whole.products if _split(product, load)[1] is None]

    def inner(a: Product, b: Product, number: float = 1.0) -> Ir:
        return _inner(a, b, _single(layout.axes), lost, is_complex, number)

    rights = [inner(a, Product(1.0, (target,))) for a in maps]
    rights += [inner(a, b, -1.0) for a in maps for b in rest]
    if joint or len(maps) > 1:
        blocks = [_block(maps, layout.batch, layout, whole.axes, lost, is_complex)]
    else:
        carried = {axis for term in maps[0].operands for axis in term.axes}
        # axes that no operand carries are counted once, with the first of the parts
        parts = [(part, set[Axis]()) for part in _parts(maps[0], layout)]
        parts[0][1].update(lost - carried)
        blocks = [
            _block([part], _among(layout.batch, [part]), layout, whole.axes, alone, is_complex)
            for part, alone in parts
        ]
    return Normal(load, layout, _total(rights), tuple(blocks))


def pulled_back(whole: SumOfProducts, load: Load, operands: tuple[Term, ...]) -> Normal:
    """Aᵀ times a product of some operands, along axes of the result, as a right side; all real.

    Of none, the product is one everywhere, and the result of the model is not formed.
    """
    layout, maps, lost = _maps(whole, load)
    given = Product(1.0, operands)
    parts = [_inner(a, given, _single(layout.axes), lost, is_complex=False) for a in maps]
    return Normal(load, layout, _total(parts), ())


def beside(whole: SumOfProducts, append: bool) -> tuple[Load, Term]:
    """A leaf for an array like the result of the model, replicas first, and as an operand."""
    groups = (whole.output[-1], *whole.output[:-1]) if append else whole.output
    axes = tuple(axis for group in groups for axis in group)
    load = Load(object(), tuple(axis.size for axis in axes))
    return load, Term(load, axes)


def _maps(whole: SumOfProducts, load: Load) -> tuple[Layout, list[Product], set[Axis]]:
    """The kinds of the factor's dimensions, A, and the axes of the result that it sums over."""
    split = [_split(product, load) for product in whole.products]
    terms = [(product, own) for product, own in split if own is not None]
    output = set(whole.axes)
    layout, columns = _sorted(load, terms, output)
    maps = [_map(product, own, columns, output) for product, own in terms]
    return layout, maps, output - {*layout.batch, *layout.kept}


def _split(product: Product, load: Load) -> tuple[Product, Term | None]:
    """A product without a factor, and the factor as it stands in it."""
    own = [term for term in product.operands if is_factor(term.value, load)]
    others = tuple(term for term in product.operands if not is_factor(term.value, load))
    return replace(product, operands=others), own[0] if own else None


def is_factor(value: Ir, load: Load) -> bool:
    """Whether a node is that leaf, or another one of its key."""
    return isinstance(value, Load) and value.key is load.key


def _sorted(
    load: Load, terms: Sequence[tuple[Product, Term]], output: set[Axis]
) -> tuple[Layout, dict[int, Axis]]:
    """The kinds of the factor's dimensions, and the axis that the columns C run along."""
    axes: dict[int, Axis] = {}
    columns: dict[int, Axis] = {}
    batch: list[int] = []
    kept: list[int] = []
    for dim, size in enumerate(load.shape):
        axis = terms[0][1].axes[dim]
        if axis is None or size == 1:
            continue
        if axis in output and all(own.axes[dim] is axis for _, own in terms):
            carried = any(axis in t.axes for product, _ in terms for t in product.operands)
            (batch if carried else kept).append(dim)
            axes[dim] = axis
        else:
            axes[dim] = columns[dim] = Axis(size)
    b, c, k = (tuple(axes[dim] for dim in dims) for dims in (batch, columns, kept))
    return Layout(b, c, k, dims=(*batch, *columns, *kept)), columns


def _map(product: Product, own: Term, columns: dict[int, Axis], output: set[Axis]) -> Product:
    """A: a product without its factor, from the columns C to the axes of the result."""
    new: dict[Axis, Axis] = {}
    extra: list[Term] = []
    carried = {axis for term in product.operands for axis in term.axes}
    for dim, column in columns.items():
        axis = own.axes[dim]
        assert axis is not None, "expand leaves no axis out"
        if axis in output:  # but not in all of the products
            extra.append(Term(Const("eye", (axis.size, axis.size)), (axis, column)))
        elif axis in carried:
            new[axis] = column
        else:
            extra.append(_ones(column))
    every = {axis: axis for axis in carried if axis is not None}
    found = renamed(product, {**every, **new}, shared=False)
    return replace(found, operands=(*found.operands, *extra))


def _ones(axis: Axis) -> Term:
    return Term(Const(1.0, (axis.size,)), (axis,))


def _single(axes: Axes) -> tuple[Axes, ...]:
    return tuple((axis,) for axis in axes)


def _inner(
    a: Product,
    b: Product,
    output: tuple[Axes, ...],
    lost: set[Axis],
    is_complex: bool,
    number: complex = 1.0,
) -> Ir:
    """The conjugate of `a` times `b`, summed over all axes but `output`, `lost` ones too."""
    operands = [*(_conjugate(t) if is_complex else t for t in a.operands), *b.operands]
    carried = {axis for term in operands for axis in term.axes}
    operands += [_ones(axis) for group in output for axis in group if axis not in carried]
    number *= complex(a.number).conjugate() * b.number
    number *= prod(axis.size for axis in lost if axis not in carried)
    value: Ir = (
        Contract(PRODUCT, tuple(operands), output) if operands else Const(1.0, (1,) * len(output))
    )
    if number == 1:
        return value
    axes = tuple(Axis(size) for size in value.shape)
    factor = number if isinstance(number, complex) and number.imag else complex(number).real
    return Map("multiply", (Term(Const(factor), ()), Term(value, axes)), axes)


def _conjugate(term: Term) -> Term:
    axes = tuple(Axis(size) for size in term.value.shape)
    return Term(Map("conj", (Term(term.value, axes),), axes), term.axes)


def _total(parts: Sequence[Ir]) -> Ir:
    total, *others = parts
    for part in others:
        axes = tuple(Axis(size) for size in part.shape)
        total = Map("add", (Term(total, axes), Term(part, axes)), axes)
    return total


def _among(axes: Axes, products: Sequence[Product]) -> Axes:
    """Those of the axes that an operand carries."""
    carried = {axis for product in products for term in product.operands for axis in term.axes}
    return tuple(axis for axis in axes if axis in carried)


def _parts(product: Product, layout: Layout) -> list[Product]:
    """The operands of A, grouped into those that axes link other than the batch's.

    All without columns are numbers, one a batch entry: one group.
    """
    groups: list[tuple[set[Axis], list[Term]]] = []
    for term in product.operands:
        axes = {axis for axis in term.axes if axis is not None and axis.size > 1}
        axes -= set(layout.batch)
        terms = [term]
        apart = []
        for other, members in groups:
            if axes & other:
                axes, terms = axes | other, [*members, *terms]
            else:
                apart.append((other, members))
        groups = [*apart, (axes, terms)]
    columns = set(layout.summed)
    found = [terms for axes, terms in groups if axes & columns]
    numbers = [term for axes, terms in groups if not axes & columns for term in terms]
    if numbers or not found:
        found.append(numbers)
    ones = [1.0] * (len(found) - 1)
    return [Product(n, tuple(ts)) for n, ts in zip([product.number, *ones], found, strict=True)]


def _block(
    maps: Sequence[Product],
    batch: Axes,
    layout: Layout,
    output: Axes,
    lost: set[Axis],
    is_complex: bool,
) -> Block:
    """The maps times themselves, as one matrix an entry of `batch`."""
    summed = _among(layout.summed, maps)
    primed = tuple(Axis(axis.size) for axis in summed)
    outside = {**{axis: axis for axis in output}, **dict(zip(summed, primed, strict=True))}
    grams = [
        _inner(a, renamed(b, outside, shared=True), (batch, summed, primed), lost, is_complex)
        for a in maps
        for b in maps
    ]
    return Block(batch, summed, _total(grams))
