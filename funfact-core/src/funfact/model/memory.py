"""How much memory the evaluation of a model may take."""

import re
from string import digits
from typing import Any

from funfact.arguments import finite
from funfact.backends.contract import Backend
from funfact.compiler.blocks import Blocks, blocks
from funfact.compiler.ir import Ir
from funfact.errors import OptionError

__all__ = ["bytes_each", "bytes_of", "within"]

_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def bytes_of(limit: Any) -> int:
    """A number of bytes, or as text with a unit, large or small: ``'500 MB'``, ``'2gib'``.

    Raises
    ------
    OptionError

    Examples
    --------
    >>> bytes_of("2 kB"), bytes_of("1.5kib"), bytes_of(10), bytes_of(1e6)
    (2000, 1536, 10, 1000000)
    """
    if isinstance(limit, str):
        found = re.fullmatch(r"\s*(\d+\.?\d*)\s*([KMGT]?)(I?)B\s*", limit, re.IGNORECASE)
        if found:
            base = 1024 if found[3] else 1000
            return int(float(found[1]) * base ** _UNITS[found[2].upper()])
    elif (number := finite(limit)) is not None and number > 0 and number.is_integer():
        return int(limit)
    raise OptionError(
        f"memory_limit={limit!r}: expected a whole number of bytes above zero, or text with a unit "
        "(B, kB, MB, GB, TB, or KiB, MiB, GiB, TiB): '500 MB', '2 GiB'."
    )


def bytes_each(dtype: str) -> int:
    """Of one element of a data type, by its name.

    Examples
    --------
    >>> bytes_each("float32"), bytes_each("complex128")
    (4, 16)
    """
    bits = dtype[len(dtype.rstrip(digits)) :]
    return int(bits) // 8 if bits else 4


def within(ir: Ir, limit: Any, backend: Backend, dtype: Any) -> Blocks | None:
    """The blocks in which a model is evaluated; None without a limit.

    Raises
    ------
    OptionError
        If no blocks are small enough.
    """
    if limit is None:
        return None
    name = backend.dtype_name(dtype)
    size = bytes_each(name)
    found = blocks(ir, bytes_of(limit) // size)
    if found.need * size > bytes_of(limit):
        how = "in one piece" if found.axis is None else f"in blocks along axis {found.axis}"
        raise OptionError(
            f"memory_limit={limit!r}: an evaluation of this model in {name} takes at least "
            f"{found.need * size:,} bytes beside its factors and data ({how}). Allow as much, ask "
            "for parts of the value only, fac[0:10] with no limit, or give a narrower dtype."
        )
    return found
