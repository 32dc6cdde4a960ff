"""Operations of tensors without indices: NumPy broadcasting, ``@`` and ``&``."""

from funfact.compiler.ir import PRODUCT, Axis, Contract, Map
from funfact.errors import NotationError, ShapeError
from funfact.language.meaning import Meaning, replica_axes, term
from funfact.language.nodes import Kron, Matmul, Pair
from funfact.language.render.line import pointed

__all__ = ["elementwise", "kron", "matmul"]


def elementwise(node: Pair, left: Meaning, right: Meaning) -> Meaning:
    """NumPy broadcasting by position, over the dimensions that the language sees."""
    try:
        axes = _broadcast(left.shape, right.shape)
    except ValueError:
        raise ShapeError(
            f"shapes {left.shape} and {right.shape} do not broadcast:\n{pointed(node)}\n"
            "Sizes are compared from the last dimension on and must be equal, or one of them 1. "
            "To pair by name instead of by position, give both operands indices."
        ) from None
    replicas = replica_axes(left, right)
    terms = tuple(term(m, replicas, axes[len(axes) - len(m.shape) :]) for m in (left, right))
    ir = Map(node.op, terms, (*replicas.values(), *axes))
    return Meaning(ir, None, tuple(replicas))


def matmul(node: Matmul, left: Meaning, right: Meaning) -> Meaning:
    """``np.matmul``: vectors and batch dimensions too."""
    _refuse(node, "@", left, right)
    a, b = left.shape, right.shape
    rows = [Axis(a[-2])] if len(a) > 1 else []
    columns = [Axis(b[-1])] if len(b) > 1 else []
    summed = Axis(a[-1])
    if (b[-2] if columns else b[-1]) != summed.size:
        raise ShapeError(
            f"shapes {a} and {b} do not fit `@`: the left has {a[-1]} columns, the right "
            f"{b[-2] if columns else b[-1]} rows:\n{pointed(node)}\n"
            "Both must be equal. Swap the operands or change a shape."
        )
    try:
        batch = _broadcast(a[:-2], b[:-2])
    except ValueError:
        raise ShapeError(
            f"the batch dimensions {a[:-2]} and {b[:-2]} in front of the matrices do not "
            f"broadcast:\n{pointed(node)}\nThey must be equal, or 1."
        ) from None
    replicas = replica_axes(left, right)
    before_a = batch[len(batch) - len(a[:-2]) :]
    before_b = batch[len(batch) - len(b[:-2]) :]
    terms = (
        term(left, replicas, [*before_a, *rows, summed]),
        term(right, replicas, [*before_b, summed, *columns]),
    )
    groups = tuple((axis,) for axis in (*replicas.values(), *batch, *rows, *columns))
    return Meaning(Contract(PRODUCT, terms, groups), None, tuple(replicas))


def kron(node: Kron, left: Meaning, right: Meaning) -> Meaning:
    """``np.kron`` of operands with equally many dimensions."""
    _refuse(node, "&", left, right)
    if len(left.shape) != len(right.shape):
        raise ShapeError(
            f"`&` of shapes {left.shape} and {right.shape}: a Kronecker product needs equally "
            f"many dimensions on both sides, not {len(left.shape)} and {len(right.shape)}:\n"
            f"{pointed(node)}\nIndex the operands and mark an index with a star: a[[*i, j]] * b[i]."
        )
    replicas = replica_axes(left, right)
    axes_a, axes_b = ([Axis(size) for size in m.shape] for m in (left, right))
    groups = tuple((axis,) for axis in replicas.values())
    ir = Contract(
        PRODUCT,
        (term(left, replicas, axes_a), term(right, replicas, axes_b)),
        groups + tuple(zip(axes_a, axes_b, strict=True)),
    )
    return Meaning(ir, None, tuple(replicas))


def _refuse(node: Matmul | Kron, sign: str, left: Meaning, right: Meaning) -> None:
    for side, meaning in (("left", left), ("right", right)):
        if meaning.indexed:
            raise NotationError(
                f"the {side} operand of `{sign}` has indices:\n{pointed(node)}\n"
                f"`{sign}` takes tensors without indices; with indices write "
                f"{'a[i, j] * b[j, k]' if sign == '@' else 'a[[*i, *j]] * b[i, j]'}. "
                "Python binds `*`, `@` and `+` tighter than `>>`, and `>>` tighter than `&`: "
                "set parentheses where you meant otherwise."
            )
        if not meaning.shape:
            raise ShapeError(
                f"the {side} operand of `{sign}` is a scalar:\n{pointed(node)}\n"
                f"`{sign}` needs at least one dimension on each side; to scale, write `*`."
            )


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> list[Axis]:
    """One axis for each dimension of the result; ValueError where sizes disagree."""
    width = max(len(a), len(b))
    pairs = zip((1,) * (width - len(a)) + a, (1,) * (width - len(b)) + b, strict=True)
    axes = []
    for p, q in pairs:
        if p != q and 1 not in (p, q):
            raise ValueError
        axes.append(Axis(q if p == 1 else p))
    return axes
