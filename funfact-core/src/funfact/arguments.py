"""Arguments that people give: what they are, asked where they are given."""

import inspect
import math
import operator
import sys
from collections.abc import Callable, Sequence
from typing import Any, SupportsFloat, SupportsIndex, TypeVar, cast

import numpy as np

from funfact.errors import FunFactError, OptionError

__all__ = ["called", "check_call", "check_unmasked", "finite", "instance", "integer", "named"]

T = TypeVar("T")


def integer(x: object) -> int | None:
    """`x` as a Python integer; None if it is none. Truth values are none.

    Examples
    --------
    >>> import numpy as np
    >>> integer(np.int64(3)), integer(3.0), integer(True), integer(np.array([1, 2]))
    (3, None, None, None)
    """
    if isinstance(x, bool):
        return None
    try:
        return operator.index(cast(SupportsIndex, x))
    except TypeError:
        return None


def finite(x: object) -> float | None:
    """`x` as a Python float; None if it is no finite real number. Truth values are none.

    Examples
    --------
    >>> finite(3), finite("3"), finite(float("nan")), finite(1j), finite(np.True_)
    (3.0, None, None, None, None)
    """
    if isinstance(x, bool | np.bool_ | str | bytes):
        return None
    try:
        number = float(cast(SupportsFloat, x))
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def check_unmasked(x: object, what: str, error: type[FunFactError] = OptionError) -> None:
    """Raise if `x` is a masked array of NumPy's, whose masked elements would be taken for others.

    Examples
    --------
    >>> check_unmasked(np.ma.masked_less([1.0, -1.0], 0), "the array")
    Traceback (most recent call last):
    funfact.errors.OptionError: the array is a masked array with 1 masked elements, and a tensor \
holds all of its elements. Fill them, x.filled(0); to leave elements out of a loss, multiply model \
and target by a mask that is zero there and else one.
    """
    ma = sys.modules.get("numpy.ma")  # there is no such array without it, and it is not cheap
    if ma is None or not isinstance(x, ma.MaskedArray) or not ma.is_masked(x):
        return
    raise error(
        f"{what} is a masked array with {ma.getmaskarray(x).sum()} masked elements, and a tensor "
        "holds all of its elements. Fill them, x.filled(0); to leave elements out of a loss, "
        "multiply model and target by a mask that is zero there and else one."
    )


def called(function: object) -> str:
    """A function or a class in a message, or several of them: by its name, if it has one.

    Examples
    --------
    >>> called(len), called((abs, len)), called([abs]), called(3)
    ('len', '(abs, len)', '[abs]', '3')
    """
    if isinstance(function, tuple | list):
        listed = ", ".join(map(called, function))
        return f"({listed})" if isinstance(function, tuple) else f"[{listed}]"
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) else f"{function!r:.60}"


def named(x: object) -> str:
    """An object in a message: by the function of a user's own that it holds, else by its class.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> named(SimpleNamespace(function=len)), named(3)
    ('len', 'int')
    """
    return called(getattr(x, "function", type(x)))


def check_call(
    function: Callable[..., Any],
    what: str,
    *positional: str,
    keywords: Sequence[str] = (),
    advice: str = "",
) -> None:
    """Raise unless a user's function can be called with these arguments.

    Parameters
    ----------
    function : callable
    what : str
        What it is there for, such as ``'the loss function f'``.
    *positional : str
        What the arguments are called that it is given by position.
    keywords : sequence of str
        The names of those that it is given by name.
    advice : str
        What else an error says.

    Raises
    ------
    OptionError

    Examples
    --------
    >>> check_call(lambda x: x, "the loss", "model", "target")
    Traceback (most recent call last):
    funfact.errors.OptionError: the loss is called as f(model, target), and takes (x). Write it \
with just these arguments.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C do not tell
        return
    try:
        signature.bind(*positional, **dict.fromkeys(keywords))
    except TypeError:
        given = ", ".join([*positional, *(f"{name}={name}" for name in keywords)])
        raise OptionError(
            f"{what} is called as f({given}), and takes {_bare(signature)}. Write it with "
            f"just these arguments.{advice}"
        ) from None


def _bare(signature: inspect.Signature) -> inspect.Signature:
    """Without annotations, which may be lines long."""
    empty = inspect.Parameter.empty
    parameters = [each.replace(annotation=empty) for each in signature.parameters.values()]
    return inspect.Signature(parameters)


def instance(cls: Callable[[], T], what: str) -> T:
    """An instance of a class that was given in place of one.

    Raises
    ------
    OptionError
        If it takes more than its class to make one.
    """
    try:
        return cls()
    except TypeError as exc:
        raise OptionError(
            f"{what}{called(cls)} makes no instance without arguments: {exc}. Give an instance, or "
            "write the methods that the class lacks."
        ) from exc
