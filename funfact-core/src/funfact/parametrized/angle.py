"""Angles, and the tensors whose elements are their sines and cosines."""

import math
from typing import Any

import numpy as np

from funfact.backends.contract import Array, Backend
from funfact.errors import NotationError, OptionError, ShapeError
from funfact.initializers import Uniform
from funfact.language.leaves import tensor
from funfact.language.literals import number
from funfact.language.notation import TsrEx, literal
from funfact.parametrized.generated import Generator, refuse_complex, shared

__all__ = ["angles", "complex_of", "trigonometric"]


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
    DtypeError
        If they are complex.
    OptionError
        If they are NaN or infinite.
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
    refuse_complex(given, "the angles")
    return shared(given, initializer=initializer, optimizable=optimizable, prefer=prefer)


def _numbers(given: Any, initializer: Any, optimizable: bool | None, prefer: Any) -> TsrEx:
    value = number(given)
    try:
        data = np.asarray(given if value is None else value)
    except ValueError:  # rows of unequal lengths
        data = np.asarray(None)
    if data.dtype.kind not in "biuf":
        raise NotationError(
            f"{given!r:.60} is no angle. Give a symbol, 'theta', for one that a fit finds, a real "
            "number, or an expression."
        )
    if not np.all(np.isfinite(data)):
        raise OptionError(f"the angles {given!r:.60} are not all finite. Give finite numbers.")
    if value is not None and not optimizable and initializer is None and prefer is None:
        return literal(value)
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
