"""Index lists: ``T[i, j]``, ``expr[m, n]`` and ``expr >> [j, i]`` on anything but a pairing."""

from collections.abc import Sequence

from funfact.compiler.ir import PRODUCT, Axis, Contract
from funfact.errors import IndexingError, ShapeError
from funfact.language.meaning import Meaning, project, replica_axes, term
from funfact.language.nodes import Index, Indexed, Label, Mark, Merge, Node, Rename, To, Written
from funfact.language.render.line import pointed
from funfact.language.render.names import names

__all__ = ["attach", "complete", "merge", "refuse_repeats", "rename", "show", "transpose"]


def attach(node: Indexed, child: Meaning) -> Meaning:
    """``T[i, j]``: one index for each dimension of something without indices."""
    fresh = [Label(index) for index in node.private or [Index() for _ in child.shape]]
    labels = _spread(node, node.written, fresh, f"{len(fresh)} dimensions, shape {child.shape}")
    return _diagonals(node, child, labels)


def rename(node: Rename, child: Meaning) -> Meaning:
    """``expr[m, n]``: other indices, in order; marks that were there stay."""
    old = child.labels or ()
    labels = _spread(node, node.written, old, f"{len(old)} live indices")
    marked = [
        new if new.mark is not Mark.NONE else Label(new.index, before.mark)
        for new, before in zip(labels, old, strict=True)
    ]
    return _diagonals(node, child, marked)


def transpose(node: To, child: Meaning) -> Meaning:
    """``expr >> [j, i]``: the live indices in that order; those left out are summed."""
    live = child.labels or ()
    labels = complete(node.written, live)
    refuse_repeats(node, labels)
    axis_of = {label.index: Axis(size) for label, size in zip(live, child.shape, strict=True)}
    output = [axis_of[label.index] for label in labels]
    return Meaning(project(child, list(axis_of.values()), output), labels, child.replicas)


def merge(node: Merge, child: Meaning) -> Meaning:
    """``merge(expr, [i, j], [k])``: each group of indices becomes a dimension without one."""
    live = [label.index for label in child.labels or ()]
    named = [index for group in node.groups for index in group]
    if child.labels is None or len(named) != len(live) or set(named) != set(live):
        have = ", ".join(show(node, index) for index in live) or "none"
        raise IndexingError(
            f"merge on an expression whose indices are {have}:\n"
            f"{pointed(node)}\n"
            "The groups together name each of them once: merge(T[i, j, k], [i], [j, k])."
        )
    axis_of = {index: Axis(size) for index, size in zip(live, child.shape, strict=True)}
    replicas = replica_axes(child)
    operand = term(child, replicas, list(axis_of.values()))
    groups = tuple(tuple(axis_of[index] for index in group) for group in node.groups)
    output = tuple((axis,) for axis in replicas.values()) + groups
    return Meaning(Contract(PRODUCT, (operand,), output), None, child.replicas)


def complete(written: Written, live: Sequence[Label]) -> tuple[Label, ...]:
    """A ``>>`` list with its ``...`` replaced by the live indices that it does not name."""
    named = {entry.index for entry in written if isinstance(entry, Label)}
    rest = [Label(label.index) for label in live if label.index not in named]
    labels: list[Label] = []
    for entry in written:
        labels += [entry] if isinstance(entry, Label) else rest
    return tuple(labels)


def refuse_repeats(node: To, labels: Sequence[Label]) -> None:
    seen: set[Index] = set()
    for label in labels:
        if label.index in seen:
            raise IndexingError(
                f"index {show(node, label.index)} stands twice in the list after `>>`:\n"
                f"{pointed(node, [label.index])}\n"
                "Each index of the result is named once. For a diagonal, repeat the index "
                "on the tensor itself: a[i, i]."
            )
        seen.add(label.index)


def show(node: Node, index: Index) -> str:
    """How the rendering of `node` calls an index, in quotes."""
    return repr(names(node).get(index, index.symbol or "without a name"))


def _spread(node: Node, written: Written, default: Sequence[Label], expected: str) -> list[Label]:
    """The written labels, one for each of `default`, which ``...`` falls back to."""
    dots = written.count(...)
    named = len(written) - dots
    if dots > 1 or (named != len(default) if not dots else named > len(default)):
        what = f"{named} {'index' if named == 1 else 'indices'}"
        entries = [entry.index for entry in written if isinstance(entry, Label)]
        raise IndexingError(
            f"{what}{' and more than one `...`' if dots > 1 else ''} on something with "
            f"{expected}:\n{pointed(node, entries)}\n"
            "Write one index for each dimension, or one `...` for those you do not name."
        )
    where = written.index(...) if dots else named
    skipped = default[where : where + len(default) - named]
    labels: list[Label] = []
    for entry in written:
        labels += [entry] if isinstance(entry, Label) else skipped
    return labels


def _diagonals(node: Node, child: Meaning, labels: Sequence[Label]) -> Meaning:
    """Label the dimensions; equal labels take the diagonal, at the first of them."""
    axis_of: dict[Index, Axis] = {}
    marks: dict[Index, Mark] = {}
    axes: list[Axis] = []
    for label, size in zip(labels, child.shape, strict=True):
        axis = axis_of.setdefault(label.index, Axis(size))
        if axis.size != size:
            raise ShapeError(
                f"index {show(node, label.index)} runs along two dimensions of one operand, "
                f"of sizes {axis.size} and {size}:\n{pointed(node, [label.index])}\n"
                "A repeated index takes the diagonal, which needs equal sizes. "
                "Write two different indices, or change the shape."
            )
        if marks.get(label.index) is not Mark.KRON and (
            label.mark is not Mark.NONE or label.index not in marks
        ):
            marks[label.index] = label.mark
        axes.append(axis)
    ir = project(child, axes, list(axis_of.values()))
    return Meaning(ir, tuple(Label(i, marks[i]) for i in axis_of), child.replicas)
