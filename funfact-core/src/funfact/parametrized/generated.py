"""A tensor that a function makes of parameters."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from funfact.arguments import called, check_call, integer
from funfact.backends.active import activated
from funfact.backends.contract import Array, Backend
from funfact.errors import DtypeError, NotationError, OptionError, ShapeError
from funfact.initializers import STANDARD
from funfact.language.leaves import tensor
from funfact.language.nodes import Generate
from funfact.language.notation import TsrEx

__all__ = ["Activating", "Generator", "parametrized", "refuse_complex", "shared"]

Generator = Callable[[Array, Backend], Array]


def parametrized(
    generator: Callable[..., Array],
    *parameters: Any,
    shape: int | tuple[int, ...],
    name: str | None = None,
    initializer: Any = None,
    optimizable: bool | None = None,
    prefer: Any = None,
    real: bool = False,
    complex: bool = False,
    batched: bool = False,
) -> TsrEx:
    """A tensor that a function makes of parameters.

    Parameters
    ----------
    generator : callable
        ``generator(parameters, ab)`` or ``generator(parameters)``: from one native array
        to another, of shape `shape`. `ab` is the model's backend; in a generator of
        one argument, ``ff.active_backend`` is. It is to be pure, like anything that is
        differentiated and compiled, and is written for one set of parameters: the
        backend vectorises it over replicas. What it is handed is a copy, its own to change.
    *parameters
        What ``ff.tensor`` takes: a symbol and sizes, or data. Or an expression without
        indices, so that several tensors can share their parameters.
    shape : int or tuple of int
        That of the tensor, which the generator is held to when it is evaluated.
    name : str, optional
        How the generator is shown; by default its own name.
    initializer, optimizable, prefer
        Of the parameters, as in ``ff.tensor``; they start from the standard normal
        distribution, and are never scaled to the target.
    real : bool
        Whether the parameters are real numbers in a complex model too.
    complex : bool
        Whether the elements are complex, which makes the model complex.
    batched : bool
        Whether the generator makes (..., *shape) of (..., *shape of the parameters) by
        itself, all replicas at once.

    Returns
    -------
    TsrEx, shape `shape`

    Raises
    ------
    NotationError
        If `generator` is no function, or the parameters have indices.
    ShapeError
        If `shape` is none; and where the model is evaluated, if the generator returns
        another one.
    OptionError
        If parameters that are an expression are given options of a tensor; if the generator
        takes other arguments.
    DtypeError
        If `real` is asked of complex parameters.

    Examples
    --------
    A symmetric matrix of three parameters, and a product of two that share theirs:

    >>> import funfact as ff
    >>> def symmetric(x, ab):
    ...     return ab.reshape(ab.stack([x[0], x[1], x[1], x[2]]), (2, 2))
    >>> x = ff.tensor("x", 3)
    >>> S, D = (ff.parametrized(symmetric, y, shape=(2, 2)) for y in (x, 2 * x))
    >>> S @ D
    symmetric(x) @ symmetric(2 * x)
    """
    sizes: tuple[Any, ...] = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    whole = tuple(integer(size) or 0 for size in sizes)
    if any(size < 1 for size in whole):
        raise ShapeError(
            f"shape={shape!r}: expected the shape of the tensor, integers of at least 1."
        )
    if not isinstance(name, str | None):
        raise NotationError(f"name={name!r:.60}: the name of a generator is a string.")
    below = _below(parameters, initializer, optimizable, prefer, real)
    node = Generate(
        below.node,
        name=name or _name(generator),
        generator=_with_backend(generator),
        shape=whole,
        real=real,
        complex=complex,
        batched=batched,
    )
    return TsrEx(node, below)


def _below(
    spec: tuple[Any, ...], initializer: Any, optimizable: bool | None, prefer: Any, real: bool
) -> TsrEx:
    if len(spec) == 1 and isinstance(spec[0], TsrEx):
        given = spec[0]
        if real:
            refuse_complex(given, "the parameters")
        return shared(given, initializer=initializer, optimizable=optimizable, prefer=prefer)
    make = partial(tensor, *spec, optimizable=optimizable, prefer=prefer, real=real)
    made = make(initializer=initializer)
    if initializer is None and made.tensors[0].data is None:
        made = make(initializer=STANDARD)
    return made


def shared(expr: TsrEx, **options: Any) -> TsrEx:
    """Parameters that come from an expression, which takes no options of a tensor.

    Raises
    ------
    OptionError
        If there are some.
    """
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise OptionError(
            f"the parameters are the expression {expr!r}, and {', '.join(given)} can be "
            "given to a tensor alone. Give it to the ff.tensor that stands in the expression."
        )
    return expr


def refuse_complex(expr: TsrEx, what: str) -> None:
    """Raise if an expression that stands for real numbers is known to be complex.

    Raises
    ------
    DtypeError
        If a complex number, complex data or a complex generator stands in it.
    """
    data = [t.data.dtype for t in expr.tensors if t.data is not None]
    if expr.has_complex_constant or any("complex" in str(dtype) for dtype in data):
        raise DtypeError(
            f"{what} {expr!r:.60} are complex, and are to be real numbers: the imaginary part "
            "would be lost. Take ff.real, ff.imag or ff.abs of the data itself."
        )


def _name(generator: Any) -> str:
    name = getattr(generator, "__name__", "")
    return name if name.isidentifier() else "generated"


def _with_backend(generator: Any) -> Generator:
    """`generator` as a function of the parameters and the backend."""
    if not callable(generator):
        raise NotationError(
            f"the generator is {generator!r:.60}, and is to be a function from an array of "
            "parameters to an array: ff.parametrized(generator, 'theta', 3, shape=(2, 2))."
        )
    what = f"the generator {called(generator)}"
    if _positional(generator) >= 2:
        check_call(generator, what, "parameters", "ab")
        made: Generator = generator
        return made
    check_call(generator, what, "parameters")
    return Activating(generator)


@dataclass(frozen=True)
class Activating:
    """A generator of one argument, called while the model's backend is the active one."""

    generator: Callable[[Array], Array]

    def __call__(self, parameters: Array, ab: Backend) -> Array:
        with activated(ab):
            return self.generator(parameters)

    @property
    def __name__(self) -> str:
        return _name(self.generator)


def _positional(function: Any) -> int:
    """How many arguments without defaults it takes by position."""
    try:
        given = inspect.signature(function).parameters.values()
    except ValueError:  # some functions written in C do not tell
        return 1
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in kinds and p.default is p.empty for p in given)
