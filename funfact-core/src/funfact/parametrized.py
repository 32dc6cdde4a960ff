"""Tensors whose elements are a function of few parameters.

A generator is a function of one array of parameters. The parameters are what is
stored: what ``fac['theta']`` gives, what a fit changes, what an initialiser and a
condition apply to, and what becomes independent from replica to replica.

Examples
--------
A rotation of the plane, by an angle:

>>> import funfact as ff
>>> def rotation(angle, ab):
...     c, s = ab.cos(angle), ab.sin(angle)
...     return ab.reshape(ab.stack([c, -s, s, c]), (2, 2))
>>> R = ff.parametrized(rotation, "theta", shape=(2, 2), initializer=ff.initializers.Zeros)
>>> R, R.shape
(rotation(theta), (2, 2))
>>> with ff.using("numpy"):
...     fac = ff.Factorization.from_tsrex(R @ ff.tensor("v", [1.0, 0.0]))
>>> fac["theta"] = 0.5
>>> fac()
array([0.87758256, 0.47942554])
"""

import inspect
import math
import operator
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from types import ModuleType
from typing import Any

import numpy as np

from funfact.backends.active import activated
from funfact.backends.contract import Array, Backend
from funfact.errors import NotationError, OptionError, ShapeError
from funfact.initializers import STANDARD, Uniform
from funfact.language.literals import number
from funfact.language.nodes import Generate
from funfact.language.notation import TsrEx, literal, tensor

__all__ = ["angles", "parametrized", "planar_rotation", "trigonometric"]

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
        backend vectorises it over replicas.
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
        If parameters that are an expression are given options of a tensor.

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
    if any(isinstance(s, bool) or not hasattr(s, "__index__") or s < 1 for s in sizes):
        raise ShapeError(
            f"shape={shape!r}: expected the shape of the tensor, integers of at least 1."
        )
    below = _parameters(parameters, initializer, optimizable, prefer, real)
    node = Generate(
        below.node,
        name=name or _name(generator),
        generator=_with_backend(generator),
        shape=tuple(map(operator.index, sizes)),
        real=real,
        complex=complex,
        batched=batched,
    )
    return TsrEx(node, below)


def _parameters(
    spec: tuple[Any, ...], initializer: Any, optimizable: bool | None, prefer: Any, real: bool
) -> TsrEx:
    if len(spec) == 1 and isinstance(spec[0], TsrEx):
        options = {"initializer": initializer, "optimizable": optimizable, "prefer": prefer}
        given = [name for name, value in options.items() if value is not None]
        if given:
            raise OptionError(
                f"the parameters are the expression {spec[0]!r}, and {', '.join(given)} can be "
                "given to a tensor alone. Give it to the ff.tensor that stands in the expression."
            )
        return spec[0]
    make = partial(tensor, *spec, optimizable=optimizable, prefer=prefer, real=real)
    made = make(initializer=initializer)
    if initializer is None and made.tensors[0].data is None:
        made = make(initializer=STANDARD)
    return made


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
    made: Generator = generator if _positional(generator) >= 2 else _Activating(generator)
    return made


@dataclass(frozen=True)
class _Activating:
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


def planar_rotation(
    i: int,
    j: int,
    n: int,
    initializer: Any = None,
    optimizable: bool | None = None,
    *,
    theta: Any = None,
    prefer: Any = None,
) -> TsrEx:
    """The rotation of the plane of two coordinates: a Givens rotation.

    Parameters
    ----------
    i, j : int
        The plane, two of 0, …, n - 1.
    n : int
        The size of the matrix.
    initializer, optimizable, prefer
        Of the angle, as in ``ff.tensor``; it starts anywhere in [0, 2π).
    theta : str, number or scalar expression, optional
        The angle: what it is called, its value (fixed, unless `optimizable`), or where
        it comes from.

    Returns
    -------
    TsrEx, shape (n, n)
        The identity but for ``[i, i] = [j, j] = cos(theta)``, ``[j, i] = sin(theta)`` and
        ``[i, j] = -sin(theta)``: it turns the axis i towards the axis j.

    Raises
    ------
    ShapeError
        If i and j are not two different coordinates of n.

    References
    ----------
    Golub & Van Loan, Matrix Computations, 4th edition, 2013, section 5.1.8 (there
    transposed).

    Examples
    --------
    >>> import funfact as ff
    >>> with ff.using("numpy"):
    ...     fac = ff.Factorization.from_tsrex(ff.planar_rotation(0, 2, 3, theta=0.5))
    >>> fac()
    array([[ 0.87758256,  0.        , -0.47942554],
           [ 0.        ,  1.        ,  0.        ],
           [ 0.47942554,  0.        ,  0.87758256]])
    """
    if any(isinstance(k, bool) or not hasattr(k, "__index__") for k in (i, j, n)) or not (
        i != j and 0 <= i < n and 0 <= j < n
    ):
        raise ShapeError(
            f"planar_rotation({i!r}, {j!r}, {n!r}): expected two different coordinates of the "
            "plane, from 0 to n - 1, and the size n of the matrix, at least 2."
        )
    if np.shape(initializer) == (1,):
        initializer = np.reshape(initializer, ())  # FunFact 1.0 stored the angle as a vector of one
    return parametrized(
        _in_plane(i, j, n),
        angles(theta, (), initializer, optimizable, prefer),
        shape=(n, n),
        name="planar_rotation",
        real=True,
        batched=True,
    )


@cache  # so that equal rotations have the same generator
def _in_plane(i: int, j: int, n: int) -> Generator:
    plane, quarter = np.zeros((2, n, n))
    plane[i, i] = plane[j, j] = 1
    quarter[j, i], quarter[i, j] = 1, -1
    return trigonometric(np.eye(n) - plane, plane, quarter)


def angles(
    given: Any,
    shape: tuple[int, ...] = (),
    initializer: Any = None,
    optimizable: bool | None = None,
    prefer: Any = None,
) -> TsrEx:
    """Angles as they are written: new ones (None or their symbol), numbers, or an expression.

    New ones start anywhere in [0, 2π), numbers are fixed unless `optimizable`.

    Raises
    ------
    NotationError
        If they are nothing of the kind.
    ShapeError
        If they have another shape than `shape`.
    """
    if given is None or isinstance(given, str):
        return tensor(
            *(() if given is None else (given,)),
            *shape,
            initializer=Uniform(scale=2 * math.pi) if initializer is None else initializer,
            optimizable=optimizable,
            prefer=prefer,
            real=True,
        )
    if not isinstance(given, TsrEx):
        given = _numbers(given, initializer, optimizable, prefer)
        initializer = optimizable = prefer = None
    if given.shape != shape:
        raise ShapeError(
            f"the angles {given!r:.60} have shape {given.shape}, and {shape} is expected. "
            f"Give a symbol for angles that a fit finds, or numbers of shape {shape}."
        )
    return _parameters((given,), initializer, optimizable, prefer, True)


def _numbers(given: Any, initializer: Any, optimizable: bool | None, prefer: Any) -> TsrEx:
    value = number(given)
    if isinstance(value, int | float) and not (optimizable or initializer or prefer):
        return literal(value)
    data = np.asarray(given)
    if data.dtype.kind not in "biuf":
        raise NotationError(
            f"{given!r:.60} is no angle. Give a symbol, 'theta', for one that a fit finds, a real "
            "number, or an expression."
        )
    data = data.astype(float)
    return tensor(data, initializer=initializer, optimizable=optimizable, prefer=prefer, real=True)


def trigonometric(constant: Any, cosine: Any, sine: Any, rate: float = 1.0) -> Generator:
    """The generator of ``constant + cos(rate * x) * cosine + sin(rate * x) * sine``.

    Parameters
    ----------
    constant, cosine, sine : arrays of one shape
    rate : float

    Returns
    -------
    callable
        ``generate(x, ab)``: of real x, shape (...), an array of shape (..., *shape), complex
        where one of the arrays is; a generator that is `batched`.
    """
    complex = any(map(np.iscomplexobj, (constant, cosine, sine)))
    wide = (..., *(None for _ in np.shape(constant)))

    def generate(x: Array, ab: Backend) -> Array:
        dtype = complex_of(x, ab) if complex else x.dtype
        c, s = ab.cos(rate * x)[wide], ab.sin(rate * x)[wide]
        return (
            ab.tensor(constant, dtype) + c * ab.tensor(cosine, dtype) + s * ab.tensor(sine, dtype)
        )

    return generate


def complex_of(x: Array, ab: Backend) -> Any:
    """The native complex dtype that is as wide as that of `x`."""
    return ab.dtype("complex128" if ab.dtype_name(x) in ("float64", "complex128") else "complex64")


class _Callable(ModuleType):
    """`ff.parametrized` is this module, as in FunFact 1.0, and the function of that name."""

    __call__ = staticmethod(parametrized)


sys.modules[__name__].__class__ = _Callable
