"""The squared distance to a target, without ever forming the model.

With M a sum of products, ``|M - T|² = |M|² - 2 Re⟨T, M⟩ + |T|²`` takes two contractions
to a scalar. In ``|M|²`` factors meet factors (Gram matrices), and ``⟨T, M⟩`` sums over the
large axes of the target as soon as it has met a factor or two; the model, which may be far
larger than its factors, is in neither.

Only the gradient is taken of this form: its value loses all digits near a solution.
``∇|M|² = 2 Re⟨M', ∇M⟩`` with M' an equal model whose factors are held fixed, which
halves the work of differentiating both sides.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import product
from math import inf, prod
from typing import Any

from funfact.compiler.ir import PRODUCT, Axis, Const, Contract, Ir, Load, Map, Term, with_operands
from funfact.compiler.plan import TRAFFIC, Step, plan
from funfact.graph import fold, postorder

__all__ = ["Gram", "gram"]

_MOST = 3
"""Contractions in a sum, at most: every two of them make one term of the square."""

_FEW = 8
"""Operands up to which several orders of them are tried: of more, one takes long to plan."""

_MOVED = 32
"""Operations in the time that one element takes to or from memory, on processors of today."""

_PASSES = 4
"""How often elements of the model move between forming it and differentiating by it."""


@dataclass(frozen=True, eq=False, slots=True)
class Gram:
    """What to differentiate in place of half the squared distance.

    Attributes
    ----------
    ir : Ir
        Re⟨M', M⟩ - Re⟨M, T⟩, summed over replicas; a scalar.
    held : dict
        From the keys of what is optimised to those of the copies that are held fixed (M').
    target : object
        The key of the conjugate of the target, which is made once: of factors it would be made in
        each step, and again of their gradients.
    shape, order : tuples of int
        How the target is to be shaped, a dimension for each axis that the contractions name, and
        how these dimensions are then to be ordered, so that it is read as it lies in memory.
    work : tuple of 2 float
        Operations that its gradient takes, memory traffic included, and the residual's.
    calls : tuple of 2 int
        The same for the products of two arrays.
    """

    ir: Ir
    held: dict[object, object]
    target: object
    shape: tuple[int, ...]
    order: tuple[int, ...]
    work: tuple[float, float]
    calls: tuple[int, int]

    def gain(self, call: float = 0.0) -> float:
        """The predicted time of its gradient, over that of the residual's.

        A call of the library costs as much as `call` operations.
        """
        mine, residual = (w + call * n for w, n in zip(self.work, self.calls, strict=True))
        return mine / residual


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """A contraction times a number; `groups` are its dimensions without the replicas'."""

    weight: complex | float
    terms: tuple[Term, ...]
    replica: Axis
    groups: tuple[tuple[Axis, ...], ...]

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (self.replica, *(axis for group in self.groups for axis in group))

    @property
    def sizes(self) -> tuple[tuple[int, ...], ...]:
        return tuple([tuple([axis.size for axis in group]) for group in self.groups])


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the product with the model reads the target.

    Operands with the dimension `dim` of the target stand `behind` the others, or before them;
    `order` is that of the target's dimensions.
    """

    dim: int
    behind: bool
    order: tuple[int, ...]


def gram(
    root: Ir,
    replica: int,
    varying: Collection[object],
    conjugate: bool,
    call: float = 0.0,
    most: float = inf,
) -> Gram | None:
    """The form without the model, or None if `root` is no sum of few contractions.

    Parameters
    ----------
    root : Ir
        The model, with a dimension of replicas.
    replica : int
        Which dimension that is.
    varying : collection of objects
        The keys of what the gradient is taken by.
    conjugate : bool
        Whether numbers are complex.
    call, most : float
        None also where ``gain(call)`` would be above `most`; by calls alone this is seen before
        anything is planned.

    Examples
    --------
    >>> n, i, j, r = Axis(8), Axis(512), Axis(512), Axis(4)
    >>> u, v = Load("u", (8, 512, 4)), Load("v", (8, 512, 4))
    >>> uv = Contract(PRODUCT, (Term(u, (n, i, r)), Term(v, (n, j, r))), ((n,), (i,), (j,)))
    >>> form = gram(uv, 0, ("u", "v"), conjugate=False)
    >>> form.shape, form.ir.shape, form.gain() < 0.7
    ((512, 512), (), True)
    """
    parts = _parts(root, replica)
    if not 0 < len(parts) <= _MOST or len({part.sizes for part in parts}) > 1:
        return None
    if not parts[0].groups:  # a number is formed in no time
        return None
    moving = _moving(root, varying)
    forms = [Contract(PRODUCT, p.terms, tuple([(axis,) for axis in p.axes])) for p in parts]
    shape = tuple([size for group in parts[0].sizes for size in group])
    elements = parts[0].replica.size * prod(shape)
    work_of_residual, calls_of_residual = _cost(forms, moving)
    work_of_residual += _PASSES * _MOVED * elements
    calls_of_residual += _PASSES
    if call * _calls(parts, moving) > most * (work_of_residual + call * calls_of_residual):
        return None
    keys: dict[object, object] = {key: ("held", key) for key in varying}
    copies = _parts(_held(root, keys), replica)
    key, reading = "target", _reading(parts[0], shape)
    target = Load(key, tuple([shape[dim] for dim in reading.order]))
    terms = [
        (complex(copy.weight).conjugate() * part.weight, _square(copy, part, conjugate))
        for copy in copies
        for part in parts
    ]
    terms += [(-complex(part.weight), _inner(part, target, reading)) for part in parts]
    work, calls = _cost([contract for _, contract in terms], moving)
    form = Gram(
        ir=_sum(terms, conjugate),
        held=keys,
        target=key,
        shape=shape,
        order=reading.order,
        work=(work, work_of_residual),
        calls=(calls, calls_of_residual),
    )
    return None if form.gain(call) > most else form


# --- the model as a sum of contractions


def _parts(node: Ir, replica: int) -> list[_Part]:
    """The contractions that `node` is a sum of, in the order of its dimensions; none if it is not.

    Constants may multiply or divide; a sum that broadcasts is none of these.
    """
    match node:
        case Contract(semiring, terms, output) if semiring == PRODUCT and len(terms) > 1:
            if len(output[replica]) != 1:
                return []
            groups = output[:replica] + output[replica + 1 :]
            return [_Part(1, terms, output[replica][0], groups)]
        case Contract(semiring, (only,), output) if semiring == PRODUCT:
            single = tuple([group[0] for group in output if len(group) == 1])
            return _aligned(only, single, replica) if len(single) == len(output) else []
        case Map("add" | "subtract" as fn, (left, right), axes):
            a, b = (_aligned(term, axes, replica) for term in (left, right))
            return a + _times(-1 if fn == "subtract" else 1, b) if a and b else []
        case Map("negative", (only,), axes):
            return _times(-1, _aligned(only, axes, replica))
        case Map("multiply", (Term(Const(value, ())), other), axes) | Map(
            "multiply", (other, Term(Const(value, ()))), axes
        ):
            return _times(value, _aligned(other, axes, replica))
        case Map("divide", (other, Term(Const(value, ()))), axes) if value:
            return _times(1 / value, _aligned(other, axes, replica))
        case _:
            return []


def _aligned(term: Term, axes: tuple[Axis, ...], replica: int) -> list[_Part]:
    """The parts of an operand, their dimensions in the order of `axes`."""
    if len(term.axes) != len(axes) or set(term.axes) != set(axes):
        return []
    own = [axis for axis in term.axes if axis is not axes[replica]]
    order = [own.index(axis) for axis in axes if axis is not axes[replica]]
    return [
        _Part(part.weight, part.terms, part.replica, tuple([part.groups[n] for n in order]))
        for part in _parts(term.value, term.axes.index(axes[replica]))
    ]


def _times(weight: Any, parts: list[_Part]) -> list[_Part]:
    return [_Part(weight * p.weight, p.terms, p.replica, p.groups) for p in parts]


def _held(root: Ir, keys: dict[object, object]) -> Ir:
    """The same model, of copies of what is optimised."""

    def visit(node: Ir, below: list[Ir]) -> Ir:
        if isinstance(node, Load) and node.key in keys:
            return Load(keys[node.key], node.shape, node.real)
        return with_operands(node, below)

    return fold(root, visit)


# --- the two contractions


def _inner(part: _Part, target: Load, reading: _Reading) -> Contract:
    """Of the target, which is conjugated by then, with the model, for all replicas at once."""
    fresh: dict[Axis, Axis] = {}
    terms = _renamed(part.terms, fresh)
    axes = [fresh[axis] for axis in part.axes[1:]]
    terms = tuple(sorted(terms, key=lambda t: (axes[reading.dim] in t.axes) == reading.behind))
    along = tuple([axes[dim] for dim in reading.order])
    return Contract(PRODUCT, (*terms, Term(target, along)), ())


def _reading(part: _Part, shape: tuple[int, ...]) -> _Reading:
    """How the product with the model reads the target at the least price.

    Of orders of contraction that cost the same, that of the operands decides which is taken; so
    those that have the first or the last dimension of the target are put behind and in front.
    """
    stored, found = tuple(range(len(shape))), []
    ways = list(product((0, len(shape) - 1), (True, False)))
    for dim, behind in ways if len(part.terms) <= _FEW else ways[:1]:
        reading = _Reading(dim, behind, stored)
        inner = _inner(part, Load("target", shape), reading)
        price = plan(inner).cost + TRAFFIC * _across(inner)
        found.append((price, replace(reading, order=_as_read(inner))))
    # at one price, rather without a copy of the target
    return min(found, key=lambda one: (one[0], one[1].order != stored))[1]


def _across(inner: Contract) -> int:
    """Elements that are read across memory where the target is first met, and in its gradient.

    Both products read the target as it lies if it stands on the left and its last axes are
    summed: once along its rows, once along its columns. If its first axes are summed one of them
    reads it across, which took compiled programs up to three times as long; if they are scattered,
    it is copied. What it meets is copied, unless it has these axes in the same order.
    """
    met = _met(inner)
    if met is None:
        return 0
    step, place = met
    own, other, made = step.axes[place], step.axes[1 - place], step.axes[-1]
    target = prod(inner.terms[-1].value.shape)
    gone = tuple([axis for axis in own if axis not in made])
    as_it_lies = place == 0 and own[len(own) - len(gone) :] == gone
    in_order = tuple([axis for axis in other if axis in gone]) == gone
    return (0 if as_it_lies else target) + (0 if in_order else step.traffic - step.size - target)


def _met(inner: Contract) -> tuple[Step, int] | None:
    """The step that contracts the target, the last operand, and its place there."""
    return plan(inner).meeting(len(inner.terms) - 1)


def _as_read(inner: Contract) -> tuple[int, ...]:
    """The dimensions of the target, the last operand, in the order in which it is first met.

    Those that stay, as in the product, and then those that it sums, as in the other operand. As
    they are stored, if what it sums are the first or the last.
    """
    dims = tuple(range(len(inner.terms[-1].axes)))
    met = _met(inner)
    if met is None:
        return dims
    step, place = met
    own, other, made = step.axes[place], step.axes[1 - place], step.axes[-1]
    stay = [dim for dim in dims if own[dim] in made]
    gone = [dim for dim in dims if own[dim] not in made]
    if dims in ((*stay, *gone), (*gone, *stay)):
        return dims
    stay.sort(key=lambda dim: made.index(own[dim]))
    gone.sort(key=lambda dim: other.index(own[dim]))
    return (*stay, *gone)


def _square(copy: _Part, part: _Part, conjugate: bool) -> Contract:
    """Of one part with a copy of one: their results share all axes, what they sum they do not."""
    fresh: dict[Axis, Axis] = {}
    terms = _renamed(part.terms, fresh)
    shared = {mine: fresh[axis] for mine, axis in zip(copy.axes, part.axes, strict=True)}
    held = _renamed(copy.terms, shared)
    return Contract(PRODUCT, (*(map(_conjugate, held) if conjugate else held), *terms), ())


def _renamed(terms: tuple[Term, ...], fresh: dict[Axis, Axis]) -> tuple[Term, ...]:
    """The operands along axes of their own, which are added to `fresh`."""
    return tuple(
        Term(t.value, tuple([a and fresh.setdefault(a, Axis(a.size)) for a in t.axes]))
        for t in terms
    )


def _conjugate(term: Term) -> Term:
    axes = tuple([Axis(size) for size in term.value.shape])
    return Term(Map("conj", (Term(term.value, axes),), axes), term.axes)


def _sum(terms: list[tuple[complex, Contract]], conjugate: bool) -> Ir:
    total: Ir | None = None
    for weight, contract in terms:
        number = weight if conjugate else complex(weight).real
        factor = Term(Const(number), ())
        term = Term(Map("multiply", (factor, Term(contract, ())), ()), ())
        total = term.value if total is None else Map("add", (Term(total, ()), term), ())
    assert total is not None, "a model has at least one part"
    return Map("real", (Term(total, ()),), ()) if conjugate else total


# --- what it costs


def _moving(root: Ir, varying: Collection[object]) -> set[int]:
    """The nodes (by id) that a gradient passes through."""
    moving: set[int] = set()
    for node in postorder(root):
        own = isinstance(node, Load) and node.key in varying
        if own or any(id(child) in moving for child in node.below):
            moving.add(id(node))
    return moving


def _calls(parts: list[_Part], moving: set[int]) -> int:
    """How many at least it takes: one for each step, one for each operand with a gradient."""
    lengths = [len(part.terms) for part in parts]
    passed = [sum([id(t.value) in moving for t in part.terms]) for part in parts]
    return sum(
        [
            own + others - 1 + gradients
            for own, gradients in zip(lengths, passed, strict=True)
            for others in (1, *lengths)  # the target, or the operands of a copy
        ]
    )


def _cost(contracts: Iterable[Contract], moving: set[int]) -> tuple[float, int]:
    """Operations of contractions and of their gradient, memory traffic included, and calls.

    A step is run once forward, and once backward for each operand that a gradient
    passes through.
    """
    work, calls = 0.0, 0
    for node in contracts:
        sizes = [prod(t.value.shape) for t in node.terms]
        passed = [id(t.value) in moving for t in node.terms]
        for step in plan(node).steps:
            runs = 1 + sum(passed[position] for position in step.positions)
            moved = step.size + sum(sizes[position] for position in step.positions)
            work, calls = work + runs * (step.flops + _MOVED * moved), calls + runs
            carries = any(passed[position] for position in step.positions)
            for position in sorted(step.positions, reverse=True):
                del sizes[position], passed[position]
            sizes.append(step.size)
            passed.append(carries)
    return work, calls
