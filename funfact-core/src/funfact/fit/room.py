"""Whether the replicas of a fit can have room anywhere, asked before any is made."""

import re
from math import prod

from funfact.errors import OptionError
from funfact.language.notation import TsrEx

__all__ = ["check_room"]

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
    bits = re.search(r"\d+$", dtype)
    size = int(bits.group()) // 8 if bits else 4
    factors = sum(prod(tensor.shape) for tensor in tsrex.tensors if tensor.optimizable)
    need = replicas * size * (_COPIES * factors + prod(tsrex.shape))
    if replicas > 1 and need > _LIMIT:
        raise OptionError(
            f"vec_size={replicas}: a fit of so many replicas of {factors} elements, with values "
            f"of {prod(tsrex.shape)}, takes at least {need / 2**30:.0f} GiB, and more than "
            f"{_LIMIT // 2**30} is not tried. Fit fewer at once: "
            f"vec_size={max(1, replicas * _LIMIT // need)} at most."
        )
