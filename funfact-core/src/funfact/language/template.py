"""Patterns with a hole, which expressions fill.

A template is a function of one expression, written as an expression in which
`hole` stands for it. Filling writes the same operations again with the expression
in place of the hole, so that whatever holds for an expression that is written by
hand holds for one that a template gives, errors included.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, overload

from funfact.errors import FunFactError, NotationError
from funfact.graph import fold
from funfact.language.nodes import Hole, Indexed, Node, Number, Rename
from funfact.language.notation import TakesExpressions, TsrEx, operand, over
from funfact.language.render.line import pointed

__all__ = ["Template", "hole", "rewritten", "template"]

hole = TsrEx(Hole())
"""Where the expression stands that fills a template; see `template`."""


@dataclass(frozen=True, eq=False)
class Template(TakesExpressions):
    """What `template` makes: `pattern` is the expression with the hole."""

    pattern: TsrEx

    # NumPy leaves `array @ template` to the template, which can explain itself.
    __array_ufunc__ = None

    @overload
    def __matmul__(self, other: TsrEx) -> TsrEx: ...
    @overload
    def __matmul__(self, other: "Template") -> "Template": ...
    def __matmul__(self, other: Any) -> Any:
        if isinstance(other, Template):
            return Template(self @ other.pattern)
        if not isinstance(other, TsrEx):
            operand(other, None)  # an array or an index is refused in their own words
            raise NotationError(
                f"{other!r} cannot fill {self!r}: a template is filled with an expression. "
                "Write the number where the hole is."
            )
        try:
            return rewritten(self.pattern, lambda node: other if isinstance(node, Hole) else None)
        except FunFactError as exc:
            pattern, filling = pointed(self.pattern.node), pointed(other.node)
            raise type(exc)(f"{exc}\nThis comes of filling\n{pattern}\nwith\n{filling}") from exc

    def __rmatmul__(self, other: TsrEx) -> TsrEx:
        return self @ other

    def __getitem__(self, key: Any) -> "Template":
        return Template(self.pattern[key])

    def __repr__(self) -> str:
        return f"template({self.pattern!r})"

    def _repr_html_(self) -> str:
        return self.pattern._repr_html_()


def template(pattern: TsrEx | int) -> Template:
    """A function of one expression, written with a hole.

    Parameters
    ----------
    pattern : TsrEx
        An expression in which `ff.hole` stands, any number of times. It can be
        indexed like a tensor: ``ff.hole[i, k]``. The number 0 stands for a hole where
        there is no `ff.hole`, as in FunFact 1.0.

    Returns
    -------
    Template
        ``t @ expr``, and ``expr @ t``, is the pattern with `expr` in the hole. Indices
        that are written on the hole rename those of `expr`, in order, or index it if
        it has none; where none are written, those of `expr` take part as they are.
        ``t[m, n]`` renames the indices of the result, and ``t @ u``, with another
        template, is the template that fills `u` first. Tensors of the pattern are
        the same factors in all that it gives.

    Raises
    ------
    NotationError
        If there is neither a hole nor a 0 in it.

    Examples
    --------
    Gaussians, summed with weights, of anything that has the index k:

    >>> import funfact as ff
    >>> i, j, k = ff.indices("i, j, k")
    >>> a, u, v = ff.tensor("a", 2), ff.tensor("u", 5, 2), ff.tensor("v", 6, 2)
    >>> gaussians = ff.template(ff.exp(-(ff.hole**2)) * a[k])
    >>> gaussians @ (u[i, ~k] - v[j, ~k])
    exp(-(u[i, ~k] - v[j, ~k])**2) * a[k]
    >>> gaussians @ u[i, k]
    exp(-u[i, k]**2) * a[k]

    With indices on the hole, it takes any matrix:

    >>> trace = ff.template(ff.hole[i, i] >> [])
    >>> trace @ (u @ ff.tensor("w", 2, 5))
    (u @ w)[i, i] >> []
    """
    body = operand(pattern, None)
    if not body.has_hole:
        body = rewritten(body, lambda node: hole if _zero(node) else None)
    if not body.has_hole:
        raise NotationError(
            f"{body!r} has no hole. Write ff.hole where the expression is to stand: "
            "ff.template(ff.exp(-ff.hole))."
        )
    return Template(body)


def rewritten(expr: TsrEx, put: Callable[[Node], TsrEx | None]) -> TsrEx:
    """The same operations written once more, with what `put` gives in the place of a node."""

    def visit(node: Node, below: list[TsrEx]) -> TsrEx:
        given = put(node)
        if given is not None:
            return given
        if isinstance(node, Indexed | Rename) and below[0].node is not node.child:
            # Whether this renames or indexes is known only now.
            return below[0][node.written]
        return over(node, below)

    return fold(expr.node, visit)


def _zero(node: Node) -> bool:
    return isinstance(node, Number) and type(node.value) is int and node.value == 0
