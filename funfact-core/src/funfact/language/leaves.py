"""What an expression is made of: indices and tensors, checked as they are made."""

import copy
import operator
import re
from typing import Any

import numpy as np

from funfact.arguments import check_unmasked
from funfact.errors import DtypeError, NotationError, ShapeError
from funfact.language.nodes import Index, Tensor
from funfact.language.notation import TsrEx

__all__ = ["checked_symbol", "index", "indices", "tensor"]

_SYMBOL = re.compile(r"[^\W\d_][^\W_]*(_[^\W_]+)?")


def index(symbol: str | None = None) -> Index:
    """An index, by which the axes of tensors are named.

    Parameters
    ----------
    symbol : str, optional
        How it is shown: letters and digits, and one subscript (``'i'``, ``'i_1'``).
        Two indices of one symbol are two indices.

    Examples
    --------
    >>> import funfact as ff
    >>> i = ff.index("i")
    >>> i
    index('i')
    """
    return Index(checked_symbol(symbol))


def indices(spec: str | int) -> tuple[Index, ...]:
    """Several indices at once, named in a string, or so many without names.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j = ff.indices("i, j")
    >>> len(ff.indices("i j k")), len(ff.indices(3))
    (3, 3)
    """
    if isinstance(spec, str):
        return tuple(index(symbol) for symbol in spec.replace(",", " ").split())
    if isinstance(spec, bool) or not hasattr(spec, "__index__") or spec < 0:
        raise NotationError(
            f"ff.indices({spec!r}): expected names, 'i, j, k', or how many there are to be, 3."
        )
    return tuple(Index() for _ in range(spec))


def tensor(
    *spec: Any,
    initializer: Any = None,
    optimizable: bool | None = None,
    prefer: Any = None,
    real: bool = False,
    constrain: Any = None,
) -> TsrEx:
    """A tensor of a given shape, to be found by a fit, or one that holds data.

    Parameters
    ----------
    *spec
        A symbol (optional), then the sizes, or an array: ``tensor('u', 3, 2)``,
        ``tensor(3, 2)``, ``tensor('u', array)``, ``tensor(array)``; ``tensor('c')`` is a scalar.
        The array is copied: what becomes of it later does not change the expression.
    initializer : class, instance, callable on a shape, or array, optional
        Where a fit starts; see `funfact.initializers`. An array is copied.
    optimizable : bool, optional
        Whether a fit may change it. By default a shape is, data is not.
    prefer : name, class, instance or function of the factor, optional
        A condition whose violation is penalised; see `funfact.conditions`.
    real : bool
        Whether it holds real numbers in a complex model too: an angle, an amplitude.
    constrain : name, class or instance of a constraint, or pair of functions, optional
        A condition that holds exactly, at the start of a fit, after every step and in the
        result: ``'Unitary'``, ``ff.conditions.Simplex(axis=1)``, ``(project, tangent)`` for a set
        of your own; see `funfact.conditions.as_constraint`.

    Raises
    ------
    NotationError
        If the arguments are neither sizes nor one array, or the symbol is not a name.
    ShapeError
        If a size is not positive, or no tensor of this shape can be as `constrain` says.
    OptionError, UnknownNameError
        If `constrain` is nothing that can be imposed.
    DtypeError
        If `real` is asked of complex data.

    Examples
    --------
    >>> import funfact as ff
    >>> ff.tensor("u", 3, 2).shape
    (3, 2)
    >>> ff.tensor("T", [[1.0, 2.0]]).tensors[0].optimizable
    False
    """
    for name, flag in (("optimizable", optimizable), ("real", real)):
        if not (flag is None or isinstance(flag, bool | np.bool_)):
            raise NotationError(f"ff.tensor got {name}={flag!r}: expected True or False.")
    symbol = spec[0] if spec and isinstance(spec[0], str) else None
    rest = spec[1:] if symbol is not None else spec
    if not all(isinstance(size, int | np.integer) and size is not True for size in rest):
        data = _data(rest)
        if initializer is not None:
            raise NotationError(
                "a tensor that holds data starts from that data; it takes no initializer. "
                "Give sizes instead of the array, and the array as initializer."
            )
        if real and "complex" in str(data.dtype):
            raise DtypeError(
                f"real=True, and the data is {data.dtype}: the imaginary part would be lost. "
                "Leave real out, or give abs, real or imag of the array."
            )
        shape, free = tuple(map(int, np.shape(data))), bool(optimizable)
    else:
        data, shape = None, tuple(operator.index(size) for size in rest)
        if isinstance(initializer, list) or _is_array(initializer):
            initializer = _own(initializer)
        free = optimizable is None or bool(optimizable)
    if any(size < 1 for size in shape):
        raise ShapeError(f"a tensor of shape {shape} has no elements. Each size is at least 1.")
    if constrain is not None:
        from funfact.conditions import as_constraint  # few expressions need it

        as_constraint(constrain, shape)
    return TsrEx(
        Tensor(
            checked_symbol(symbol),
            shape,
            data,
            initializer,
            free,
            prefer,
            real=real,
            constrain=constrain,
        )
    )


def _data(rest: tuple[Any, ...]) -> Any:
    """The one array among the arguments of `tensor`."""
    if len(rest) != 1 or isinstance(rest[0], TsrEx | str | tuple):
        raise NotationError(
            f"ff.tensor got ({_shown(rest)}): expected sizes, ff.tensor('u', 3, 2), or one array, "
            "ff.tensor('u', array)."
        )
    try:
        data = np.asarray(rest[0]) if isinstance(rest[0], list | float | complex) else rest[0]
    except ValueError as exc:
        raise NotationError(
            f"ff.tensor got {_shown(rest)}, whose lists are of unequal lengths. "
            "An array has rows of one length."
        ) from exc
    numeric = getattr(getattr(data, "dtype", None), "kind", "f") in "biufcV"
    if not (_is_array(data) and numeric):
        raise NotationError(
            f"ff.tensor got {_shown(rest)}, which is not an array of numbers. Give a NumPy, JAX or "
            "PyTorch array, or a nested list of numbers."
        )
    return _own(data)


def _is_array(x: Any) -> bool:
    return hasattr(x, "shape") and hasattr(x, "dtype") and not isinstance(x, type)


def _own(data: Any) -> Any:
    """A copy of an array, of whatever library; one with masked elements is refused."""
    check_unmasked(data, "what ff.tensor got", NotationError)
    for method in ("copy", "clone"):
        duplicate = getattr(data, method, None)
        if callable(duplicate) and not isinstance(data, list):
            return duplicate()
    return copy.deepcopy(data)


def _shown(arguments: tuple[Any, ...]) -> str:
    return ", ".join(f"{argument!r:.40}" for argument in arguments)


def checked_symbol(symbol: str | None) -> str | None:
    if symbol is not None and not (isinstance(symbol, str) and _SYMBOL.fullmatch(symbol)):
        raise NotationError(
            f"{symbol!r} is not a symbol. A symbol is made of letters and digits, a letter first, "
            "with at most one subscript: 'u', 'U1', 'u_1', 'alpha'."
        )
    return symbol
