"""Whether a fit can have room, asked before anything is made."""

from math import prod

from funfact.arguments import named
from funfact.backends.capabilities import Autodiff
from funfact.errors import OptionError
from funfact.fit.problem import Problem, bytes_held
from funfact.language.notation import TsrEx
from funfact.model.memory import bytes_each

__all__ = ["check_limit", "check_room"]

_LIMIT = 2**38
"""Bytes, 256 GiB. Some array libraries end the process where memory ends."""

_COPIES = 4
"""Of each factor, at least: itself, the best so far, its gradient, the state of the method."""


def check_room(tsrex: TsrEx, dtype: str, replicas: int) -> None:
    """Refuse more replicas than any device has room for; how much this one has is not asked.

    Raises
    ------
    OptionError

    Examples
    --------
    >>> import funfact as ff
    >>> check_room(ff.tensor("u", 8, 2), "float32", 1000)
    """
    size = bytes_each(dtype)
    factors = sum(prod(tensor.shape) for tensor in tsrex.tensors if tensor.optimizable)
    need = replicas * size * (_COPIES * factors + prod(tsrex.shape))
    if replicas > 1 and need > _LIMIT:
        raise OptionError(
            f"vec_size={replicas}: a fit of so many replicas of {factors} elements, with values "
            f"of {prod(tsrex.shape)}, takes at least {need / 2**30:.0f} GiB, and more than "
            f"{_LIMIT // 2**30} is not tried. Fit fewer at once: "
            f"vec_size={max(1, replicas * _LIMIT // need)} at most."
        )


def check_limit(problem: Problem, given: int | None) -> None:
    """Refuse a limit of memory, `given` bytes, in which no piece of a step fits.

    Raises
    ------
    OptionError
    """
    limit, pieces = problem.limit, problem.pieces
    if limit is None or not isinstance(problem.backend, Autodiff):  # whose methods need the whole
        return
    need = problem.at_once if pieces is None else pieces.need
    if need <= limit:
        return
    name = problem.backend.dtype_name(problem.dtype)
    each = bytes_held(name)
    how = "at once" if pieces is None else f"in pieces along axis {pieces.axis}"
    fewer = "" if problem.replicas == 1 else ", or fit fewer replicas at once (vec_size=)"
    narrower = ", or give a narrower dtype" if name in ("float64", "complex128") else ""
    whole = (
        ""
        if problem.loss.separable
        else (
            f" Only replicas are apart: the loss {named(problem.loss)} does not say that it is one "
            "of single elements. If it is, write it as a class with `separable = True`."
        )
    )
    raise OptionError(
        f"memory_limit={given:,} bytes: a step of this fit in {name} holds at least "
        f"{need * each:,} beside factors, target and data ({how}). Allow as "
        f"much{fewer}{narrower}.{whole}"
    )
