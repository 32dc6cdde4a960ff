"""The expression that a person writes with operators: `TsrEx`."""

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np

from funfact.compiler import ir
from funfact.compiler.ir import Const, Ir
from funfact.errors import IndexingError, NotationError
from funfact.graph import fold, postorder
from funfact.language.literals import number
from funfact.language.meaning import Meaning, einspec
from funfact.language.nodes import (
    Apply,
    Binary,
    Index,
    Indexed,
    Kron,
    Label,
    Matmul,
    Node,
    Number,
    Pair,
    Rename,
    Replicate,
    Tensor,
    To,
    Unary,
    Written,
)
from funfact.language.render.line import line
from funfact.language.resolve import Outline, outline

if TYPE_CHECKING:
    from funfact.language.render.tree import Tree

__all__ = [
    "TakesExpressions",
    "TsrEx",
    "apply",
    "instead",
    "literal",
    "operand",
    "over",
    "rebuild",
]


T = TypeVar("T")

_KEPT = 32
"""Things that are kept with an expression, at most."""


class TakesExpressions:
    """What ``expr @`` leaves to its right operand: a template."""


class TsrEx:
    """A tensor expression: immutable, belonging to no backend, checked as it is written.

    Attributes
    ----------
    shape : tuple of int
    ndim : int
    live_indices : tuple of Index
        The indices of the result, in order; empty without any.
    einspec : str or None
        The pairing at the top, ``'abc,bd->acd|'``, Kronecker letters after the bar.
    tensors : tuple of Tensor
        The factors and data, each once, in the order in which they stand.
    asciitree : Tree
        The tree, as text; callable with the fields that it is to show.
    latex : str
        The formula as LaTeX, which Jupyter shows.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j, k = ff.indices("i, j, k")
    >>> a, b = ff.tensor("a", 2, 3), ff.tensor("b", 3, 4)
    >>> product = a[i, j] * b[j, k]
    >>> product
    a[i, j] * b[j, k]
    >>> product.shape, product.einspec
    ((2, 4), 'ab,bc->ac|')
    """

    __slots__ = ("_kept", "_node", "_outline")

    _node: Node
    _outline: Outline
    _kept: dict[Hashable, Any]

    # NumPy then leaves `array * expression` to the expression, which can explain itself.
    __array_ufunc__ = None
    # Without this, the old iteration protocol would call __getitem__ with 0, 1, 2, …
    __iter__ = None

    def __init__(self, node: Node, *below: "TsrEx") -> None:
        self._node = node
        self._outline = outline(node, [child._outline for child in below])
        self._kept = {}

    @property
    def _meaning(self) -> Meaning:
        if self._outline.open or self._outline.meaning is None:
            raise NotationError(
                f"{self!r} has a hole, and has neither shape nor value before it is filled: "
                "ff.template(pattern) @ expr."
            )
        return self._outline.meaning

    @property
    def node(self) -> Node:
        return self._node

    @property
    def ir(self) -> Ir:
        return self._meaning.ir

    @property
    def shape(self) -> tuple[int, ...]:
        return self._meaning.shape

    @property
    def ndim(self) -> int:
        return len(self._meaning.shape)

    @property
    def live_indices(self) -> tuple[Index, ...]:
        return tuple(label.index for label in self._meaning.labels or ())

    @property
    def einspec(self) -> str | None:
        return einspec(self._meaning)

    @property
    def has_hole(self) -> bool:
        """Whether `ff.hole` stands in it."""
        return self._outline.open

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        return self.once("tensors", lambda: _tensors(self._node))

    @property
    def original(self) -> "TsrEx | None":
        """The expression that `vectorize` was given; None for any other expression."""
        node = self._node
        if not isinstance(node, Replicate):
            return None
        return self.once("original", lambda: rebuild(node.original))

    @property
    def has_complex_constant(self) -> bool:
        """Whether a complex number, or a generator of complex elements, stands in it."""
        return self.once("complex", lambda: any(map(_is_complex, postorder(self.ir))))

    def once(self, name: Hashable, make: Callable[[], T]) -> T:
        """What `make` gave when it was first asked for under this name.

        It is kept with the expression, which never changes; if much is, all of it is dropped.
        """
        try:
            found: T = self._kept[name]
        except KeyError:
            found = make()
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[name] = found
        return found

    def plan(self) -> Any:
        """What it costs: the operations in the order in which they run, flops and peak memory.

        Returns
        -------
        funfact.compiler.report.Report
            Of one evaluation; it prints as a table.
        """
        # The one look the language takes down the pipe: for people, on request.
        from funfact.compiler.report import report

        return report(self.ir)

    def same_structure(self, other: Any) -> bool:
        """Whether the other is written alike; see `Factorization.same_structure`."""
        from funfact.language.equal import same  # which knows this class

        expression = getattr(other, "tsrex", other)  # of a model
        if not isinstance(expression, TsrEx):
            raise NotationError(
                f"same_structure compares with an expression or a model, and got {other!r:.60}."
            )
        return same(self, expression)

    @property
    def asciitree(self) -> "Tree":
        """The tree, which is shown as such; ``expr.asciitree('shape')`` adds fields to it."""
        from funfact.language.render.tree import Tree  # not needed to import funfact

        return Tree(self._node)

    @property
    def latex(self) -> str:
        """The formula, without dollars around it."""
        from funfact.language.render.latex import latex  # not needed to import funfact

        return latex(self._node)

    def _repr_html_(self) -> str:
        return f"$$ {self.latex} $$"

    def __repr__(self) -> str:
        return line(self._node)

    def __reduce__(self) -> Any:
        return rebuild, (self._node,)  # what is kept with it stays here

    def __getitem__(self, key: Any) -> "TsrEx":
        written = _written(key, self)
        known = None if self._outline.loose else self._outline.meaning
        if known is not None and known.indexed:
            return TsrEx(Rename(self._node, written), self)
        private = tuple(Index() for _ in known.shape) if known and ... in written else ()
        return TsrEx(Indexed(self._node, written, private), self)

    def __rshift__(self, key: Any) -> "TsrEx":
        return TsrEx(To(self._node, _written(key, self)), self)

    def __add__(self, other: Any) -> "TsrEx":
        return _binary(self, other, "add")

    def __radd__(self, other: Any) -> "TsrEx":
        return _binary(other, self, "add")

    def __sub__(self, other: Any) -> "TsrEx":
        return _binary(self, other, "subtract")

    def __rsub__(self, other: Any) -> "TsrEx":
        return _binary(other, self, "subtract")

    def __mul__(self, other: Any) -> "TsrEx":
        return _binary(self, other, "multiply")

    def __rmul__(self, other: Any) -> "TsrEx":
        return _binary(other, self, "multiply")

    def __truediv__(self, other: Any) -> "TsrEx":
        return _binary(self, other, "divide")

    def __rtruediv__(self, other: Any) -> "TsrEx":
        return _binary(other, self, "divide")

    def __pow__(self, other: Any) -> "TsrEx":
        return _binary(self, other, "pow")

    def __rpow__(self, other: Any) -> "TsrEx":
        return _binary(other, self, "pow")

    def __matmul__(self, other: Any) -> "TsrEx":
        if isinstance(other, TakesExpressions):
            return NotImplemented
        other = operand(other, self)
        return TsrEx(Matmul(self._node, other._node), self, other)

    def __rmatmul__(self, other: Any) -> "TsrEx":
        return operand(other, self) @ self

    def __and__(self, other: Any) -> "TsrEx":
        other = operand(other, self)
        return TsrEx(Kron(self._node, other._node), self, other)

    def __rand__(self, other: Any) -> "TsrEx":
        return operand(other, self) & self

    def __neg__(self) -> "TsrEx":
        return apply("negative", self)

    def __pos__(self) -> "TsrEx":
        return self

    def __abs__(self) -> "TsrEx":
        return apply("abs", self)

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotationError(
            f"{self!r} holds no values, so no array can be made of it. Build a model, "
            "ff.Factorization.from_tsrex(expr), and take its value, fac()."
        )

    def __bool__(self) -> NoReturn:
        raise NotationError(
            f"an expression has no truth value: {self!r} has no elements until a model is built "
            "on it. Build one with ff.Factorization.from_tsrex and test its value."
        )


def _tensors(root: Node) -> tuple[Tensor, ...]:
    return tuple(node for node in postorder(root) if isinstance(node, Tensor))


def _is_complex(node: Ir) -> bool:
    if isinstance(node, Const):
        return isinstance(node.value, complex)
    return isinstance(node, ir.Apply) and node.complex


def rebuild(root: Node, replace: Callable[[Tensor], Tensor] = lambda tensor: tensor) -> TsrEx:
    """The expression of a tree, each tensor replaced; what is shared stays shared."""

    def visit(node: Node, below: list[TsrEx]) -> TsrEx:
        return TsrEx(replace(node)) if isinstance(node, Tensor) else over(node, below)

    return fold(root, visit)


def over(node: Node, below: Sequence[TsrEx]) -> TsrEx:
    """The expression of `node` over other operands; `node` itself if they are the same."""
    if all(old is new.node for old, new in zip(node.below, below, strict=True)):
        return TsrEx(node, *below)
    if isinstance(node, Unary):
        return TsrEx(dataclasses.replace(node, child=below[0].node), *below)
    if isinstance(node, Binary):
        left, right = (operand.node for operand in below)
        return TsrEx(dataclasses.replace(node, left=left, right=right), *below)
    return TsrEx(node)


def apply(fn: str, x: Any) -> TsrEx:
    """The elementwise function `fn`, an array API name, of an expression or a number."""
    x = operand(x, None)
    return TsrEx(Apply(x._node, fn), x)


def literal(value: object, symbol: str | None = None) -> TsrEx:
    """A number as an expression."""
    python = number(value)
    assert python is not None, value
    try:
        complex(python)
    except OverflowError as exc:
        raise NotationError(
            f"a literal of {len(str(abs(int(python.real))))} digits is beyond what a "
            "floating-point number holds, about 1e308. Scale the expression."
        ) from exc
    return TsrEx(Number(python, symbol))


def operand(x: Any, beside: TsrEx | None) -> TsrEx:
    """`x` as an expression, or an error that says how to write it."""
    if isinstance(x, TsrEx):
        return x
    if number(x) is not None:
        return literal(x)
    where = f"stands beside the expression {beside!r}" if beside is not None else "is the argument"
    if isinstance(x, list | tuple) and any(isinstance(entry, Index | Label) for entry in x):
        what = "an index list"
        todo = (
            "Python binds `+ - * / @` tighter than `>>`, and `>>` tighter than `&`: set "
            "parentheses, (a[i, j] >> [j, i]) * b[j]."
        )
    elif hasattr(x, "shape") or isinstance(x, list | tuple):
        what = f"an array of shape {np.shape(x)}"
        todo = "Make it data of the expression: ff.tensor(array)."
    elif instead(x):
        what, todo = f"a {type(x).__name__}", instead(x)
    elif isinstance(x, Index | Label):
        what, todo = f"an index ({x!r})", "Indices stand in brackets: a[i, j]."
    else:
        what = f"{x!r}, a {type(x).__name__},"
        todo = "An operand is an expression (ff.tensor, ff.exp, …) or a number."
    raise NotationError(f"{what} {where}. {todo}")


def instead(x: Any) -> str:
    """What to write in place of `x`, which is no expression, if it says so by such a method."""
    say = getattr(x, "instead", None)
    return str(say()) if callable(say) else ""


def _binary(left: Any, right: Any, op: str) -> TsrEx:
    beside = left if isinstance(left, TsrEx) else right
    left, right = operand(left, beside), operand(right, beside)
    return TsrEx(Pair(left._node, right._node, op), left, right)


def _written(key: Any, expression: TsrEx) -> Written:
    """An index list as the tree keeps it; anything but indices and ``...`` is refused."""
    entries = list(key) if isinstance(key, tuple | list) else [key]
    if len(entries) == 1 and isinstance(entries[0], list | tuple):
        entries = list(entries[0])
    written: list[Any] = []
    for entry in entries:
        if isinstance(entry, Index):
            entry = Label(entry)
        if not (isinstance(entry, Label) or entry is ...):
            raise IndexingError(
                f"{entry!r} stands as an index of the expression {expression!r}. Expressions are "
                "indexed by what ff.index makes (i, ~i, *i) or `...`. Numbers and slices pick "
                "from the value of a model: fac = ff.Factorization.from_tsrex(expr)."
            )
        written.append(entry)
    return tuple(written)
