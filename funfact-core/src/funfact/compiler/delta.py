"""An identity matrix in a (+, ×) contraction is a delta: it makes two axes one, and is gone.

Its axes are first split as finely as the rest of the contraction has them, so an identity
over the axis of a Kronecker product goes part by part.
"""

from funfact.compiler.ir import Axis, Const, Contract, Ir
from funfact.compiler.network import Network, Operand, closed, opened
from funfact.compiler.refine import Dim

__all__ = ["unified"]


def unified(node: Contract) -> Contract | None:
    """The contraction without its square identities, None if it has none to lose.

    Two axes of the result cannot become one: between them an identity stays. An axis that
    nothing else carries is a factor of its size if it is summed (a closed loop), and ones
    if it is not.

    Examples
    --------
    >>> from funfact.compiler.ir import PRODUCT, Load, Term
    >>> i, j, k = Axis(3), Axis(3), Axis(4)
    >>> eye, x = Const("eye", (3, 3)), Load("x", (3, 4))
    >>> product = Contract(PRODUCT, (Term(eye, (i, j)), Term(x, (j, k))), ((i,), (k,)))
    >>> [term.value.key for term in unified(product).terms]
    ['x']
    """
    if not any(_is_delta(term.value) for term in node.terms):
        return None
    network = opened(node)
    rest: list[Operand] = []
    gone: list[Dim] = []
    for operand in network.operands:
        if not _is_delta(operand.value) or not network.axes.align(*operand.dims):
            rest.append(operand)
            continue
        kept = _kept(network, *operand.dims)
        if len(kept) == len(network.axes.atoms(operand.dims[0])) and kept:
            rest.append(operand)
        else:
            rest += [Operand(Const("eye", (a.size, b.size)), ((a,), (b,))) for a, b in kept]
            gone += operand.dims
    if not gone:
        return None
    rest += _carriers(network, rest, gone)
    return closed(Network(tuple(rest), network.output, network.axes))


def _is_delta(value: Ir) -> bool:
    match value:
        case Const("eye", (rows, columns)):
            return rows == columns
        case _:
            return False


def _kept(network: Network, left: Dim, right: Dim) -> list[tuple[Axis, Axis]]:
    """Join the axes of an identity pair by pair; the pairs that had to stay apart."""
    axes, kept = network.axes, []
    for pair in zip(axes.atoms(left), axes.atoms(right), strict=True):
        (a,), (b,) = (axes.atoms((axis,)) for axis in pair)
        output = {axis for dim in network.output for axis in axes.atoms(dim)}
        if a is not b and {a, b} <= output:
            kept.append((a, b))
        else:
            axes.join(a, b)
    return kept


def _carriers(network: Network, rest: list[Operand], gone: list[Dim]) -> list[Operand]:
    """Operands in place of axes that only identities carried."""
    atoms = network.axes.atoms
    carried = {axis for operand in rest for dim in operand.dims for axis in atoms(dim)}
    output = {axis for dim in network.output for axis in atoms(dim)}
    loops = 1
    found: list[Operand] = []
    for axis in dict.fromkeys(axis for dim in gone for axis in atoms(dim)):
        if axis in output - carried:
            found.append(Operand(Const(1.0, (axis.size,)), ((axis,),)))
        elif axis not in carried:
            loops *= axis.size
    if loops > 1 or not (rest or found):
        found.append(Operand(Const(float(loops)), ()))
    return found
