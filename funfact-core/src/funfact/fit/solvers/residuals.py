"""A least-squares problem as methods of second order see it: real vectors in, real vectors out.

The factors of one replica are one row of real numbers, a complex factor its real and then its
imaginary parts; so is its residual. Its sum of squares is what is minimised, divided
by the loss of a model of zeros: of order one whatever the units of the data.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from funfact.arguments import named
from funfact.backends.contract import Array, Backend, Dtype
from funfact.conditions import weighted_residual
from funfact.fit.imposed import FREE, Along, Imposed, imposed
from funfact.fit.problem import Problem, values
from funfact.loss import MSE
from funfact.model import conditions_of
from funfact.model.values import replicas_first, stored_dtype

__all__ = ["Layout", "imposed_rows", "residual_of", "unit_of", "why_not_squares"]


@dataclass(frozen=True, eq=False)
class Layout:
    """How the factors of a problem stand in the rows of one real array.

    Attributes
    ----------
    backend : Backend
    shapes : tuple of shapes
        Of the factors of one replica.
    dtypes : tuple of native dtypes
        Of the factors.
    append : bool
        Whether the replica axis of the factors is their last.
    """

    backend: Backend
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[Dtype, ...]
    append: bool

    @classmethod
    def of(cls, problem: Problem) -> "Layout":
        """That of the factors of `problem`."""
        ab, append = problem.backend, problem.append
        full = [tensor.full_shape for tensor in problem.optimised]
        return cls(
            backend=ab,
            shapes=tuple(shape[:-1] if append else shape[1:] for shape in full),
            dtypes=tuple(stored_dtype(t, ab, problem.dtype) for t in problem.optimised),
            append=append,
        )

    @property
    def size(self) -> int:
        """Real numbers in a row."""
        pairs = zip(self.shapes, self.dtypes, strict=True)
        return sum(prod(shape) * self._parts(dtype) for shape, dtype in pairs)

    def _parts(self, dtype: Dtype) -> int:
        return 2 if self.backend.is_complex(dtype) else 1

    @cached_property
    def parts(self) -> "tuple[Layout, ...]":
        """One for each factor alone."""
        pairs = zip(self.shapes, self.dtypes, strict=True)
        return tuple(replace(self, shapes=(shape,), dtypes=(dtype,)) for shape, dtype in pairs)

    def split(self, x: Array) -> list[Array]:
        """The rows of each factor, from rows of all."""
        begin, rows = 0, []
        for part in self.parts:
            rows.append(x[:, begin : begin + part.size])
            begin += part.size
        return rows

    def pack(self, factors: Sequence[Array]) -> Array:
        """The factors as an array of shape ``(replicas, size)``."""
        ab, rows = self.backend, []
        for x in factors:
            if self.append:
                x = ab.transpose(x, (x.ndim - 1, *range(x.ndim - 1)))
            rows.append(as_real_rows(x, ab))
        return ab.concatenate(rows, axis=1)

    def unpack(self, x: Array) -> list[Array]:
        """The factors in an array of shape ``(replicas, size)``."""
        ab, begin, factors = self.backend, 0, []
        for shape, dtype in zip(self.shapes, self.dtypes, strict=True):
            count = prod(shape)
            part = x[:, begin : begin + count]
            begin += count
            if self._parts(dtype) == 2:
                part = ab.astype(part, dtype) + 1j * x[:, begin : begin + count]
                begin += count
            part = ab.reshape(part, (x.shape[0], *shape))
            if self.append:
                part = ab.transpose(part, (*range(1, part.ndim), 0))
            factors.append(part)
        return factors


def imposed_rows(problem: Problem, layout: Layout) -> Imposed:
    """What is imposed on the factors, as it is on the rows that they stand in."""
    of_factors = imposed(problem)
    if of_factors is FREE:
        return FREE

    def face(x: Array, gradient: Array, reach: Array | None) -> tuple[Along, Array]:
        along, base = of_factors.face(layout.unpack(x), layout.unpack(gradient), reach)
        return lambda v: layout.pack(along(layout.unpack(v))), layout.pack(base)

    return Imposed(lambda x: layout.pack(of_factors.project(layout.unpack(x))), face)


def as_real_rows(x: Array, ab: Backend) -> Array:
    """An array, replicas in front, as one row of real numbers a replica."""
    x = ab.reshape(x, (x.shape[0], -1))
    return ab.concatenate([ab.real(x), ab.imag(x)], axis=1) if ab.is_complex(x) else x


def unit_of(target: Array, ab: Backend) -> Array:
    """One over the loss of a model of zeros, by which that of any model is measured."""
    square = ab.sum(as_real_rows(ab.reshape(target, (1, -1)), ab) ** 2)
    return 1 / ab.where(square > 0, square, ab.ones_like(square))


def why_not_squares(problem: Problem) -> str | None:
    """Why the problem is not one of least squares; None if it is."""
    if type(problem.loss) is not MSE:
        return f"the loss is {named(problem.loss)}, not a sum of squares"
    for tensor, condition in zip(problem.optimised, conditions_of(problem.optimised), strict=True):
        if condition is not None and problem.penalty_weight and condition.elementwise != "mse":
            return f"the penalty of {tensor.symbol or 'a factor'} is not a sum of squares"
    return None


def residual_of(problem: Problem, layout: Layout) -> Callable[[Array, Array, list[Array]], Array]:
    """``r(x, target, data)``: the residual of each replica, shape ``(replicas, any)``."""
    ab = problem.backend
    weight = problem.penalty_weight
    asked = [
        (n, tensor, condition)
        for n, (tensor, condition) in enumerate(
            zip(problem.optimised, conditions_of(problem.optimised), strict=True)
        )
        if condition is not None and weight
    ]

    def function(x: Array, target: Array, data: list[Array]) -> Array:
        factors = layout.unpack(x)
        error = as_real_rows(values(problem, factors, data) - target, ab)
        scale = ab.sqrt(unit_of(target, ab))
        rows = [error * scale]
        count = prod(target.shape) if problem.loss.reduction == "mean" else 1
        for n, tensor, condition in asked:
            lead = len(tensor.replicas)
            residual = weighted_residual(
                condition, replicas_first(tensor, ab)(factors[n]), ab, lead
            )
            rows.append(as_real_rows(residual, ab) * (scale * (weight * count) ** 0.5))
        return ab.concatenate(rows, axis=1) if len(rows) > 1 else rows[0]

    return function
