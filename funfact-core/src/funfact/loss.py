"""How far a model is from its target.

A loss compares elements; the fit averages (or sums) them, for each replica on its
own. Axes of the model before those of the target are replicas.

Examples
--------
A loss of one's own is one method:

>>> class Quartic(Loss):
...     def elementwise(self, model, target, ab):
...         return ab.abs(model - target) ** 4
>>> import funfact as ff
>>> with ff.using("numpy"):
...     float(Quartic(reduction="sum")([1.0, 2.0], [1.0, 0.0]))
16.0
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import log, prod
from typing import Any, ClassVar

from funfact.arguments import called, check_call, instance, named
from funfact.backends import current
from funfact.backends.active import activated
from funfact.backends.contract import Array, Backend
from funfact.backends.dtypes import at_least_single
from funfact.backends.mapped import explained, mapped
from funfact.errors import DtypeError, OptionError, ShapeError, TargetError, UnknownNameError

__all__ = [
    "KNOWN",
    "L1",
    "MSE",
    "VANISHED",
    "KLDivergence",
    "Loss",
    "PhaseInvariantL1",
    "PhaseInvariantMSE",
    "as_loss",
    "kl_divergence",
    "l1",
    "mse",
    "of_all",
    "per_replica",
]


@dataclass(frozen=True)
class Loss(ABC):
    """Base of the losses; one method to write, `elementwise`.

    Parameters
    ----------
    reduction : {'mean', 'sum'}
        Over the elements of the target.
    """

    reduction: str = "mean"

    separable: ClassVar[bool] = False
    """Whether the loss of an element depends on that element of model and target alone, so that
    it may be computed for a part of them (``memory_limit=``)."""

    def __post_init__(self) -> None:
        if self.reduction not in ("mean", "sum"):
            raise OptionError(
                f"{type(self).__name__}(reduction={self.reduction!r}): expected 'mean' or 'sum'."
            )

    @abstractmethod
    def elementwise(self, model: Array, target: Array, ab: Backend) -> Array:
        """The loss of each element.

        Parameters
        ----------
        model : array, shape (*replicas, *target.shape)
        target : array
        ab : Backend
            The backend of both; functions of arrays are its attributes.

        Returns
        -------
        real array, shape of `model`
        """

    def check(self, target: Array, ab: Backend) -> None:
        """Raise `TargetError` if the loss means nothing for this target; by default it does."""
        return None

    def __call__(
        self,
        model: Any,
        target: Any,
        sum_vec: bool = True,
        vectorized_along_last: bool = False,
    ) -> Array:
        """The loss, on the active backend.

        Parameters
        ----------
        model : array-like, shape of `target`, or with one replica axis more
        target : array-like
        sum_vec : bool
            Whether the losses of replicas are added up.
        vectorized_along_last : bool
            Whether the replica axis of `model` is the last instead of the first.

        Returns
        -------
        real array, shape () or (replicas,)
        """
        ab = current()
        model, target = (x if ab.is_native(x) else ab.tensor(x) for x in (model, target))
        if model.ndim > target.ndim and vectorized_along_last:
            model = ab.transpose(model, (model.ndim - 1, *range(model.ndim - 1)))
        losses = per_replica(self, model, target, ab)
        return ab.sum(losses) if sum_vec and losses.ndim else losses


def per_replica(loss: Loss, model: Array, target: Array, ab: Backend) -> Array:
    """The loss of each replica.

    Parameters
    ----------
    loss : Loss
    model : array, shape (*replicas, *target.shape)
    target : array
    ab : Backend

    Returns
    -------
    real array, shape (*replicas,), in single precision at least

    Raises
    ------
    ShapeError
        If the shapes disagree, or the loss returns another shape than the model's.
    DtypeError
        If the loss is complex, or of integers or truth values, which have no gradient.
    OptionError
        If the loss returns no array.
    """
    return _over(loss, model, target, ab, model.ndim - target.ndim)


def of_all(loss: Loss, model: Array, target: Array, ab: Backend) -> Array:
    """The losses of all replicas, added up; as `per_replica`, in fewer operations."""
    return _over(loss, model, target, ab, 0)


def _over(loss: Loss, model: Array, target: Array, ab: Backend, kept: int) -> Array:
    """The loss over all axes but the first `kept`."""
    lead = model.ndim - target.ndim
    if lead < 0 or tuple(model.shape[lead:]) != tuple(target.shape):
        raise ShapeError(
            f"the model has shape {tuple(model.shape)} and the target {tuple(target.shape)}. "
            "A loss compares them element by element, without broadcasting; the model may have "
            "replica axes in front."
        )
    # in half precision sums soon overflow, and have three digits
    model, target = (at_least_single(x, ab) for x in (model, target))
    total = _summed(loss, model, target, ab, kept)
    return total / prod(target.shape) if loss.reduction == "mean" else total


def _summed(loss: Loss, model: Array, target: Array, ab: Backend, kept: int) -> Array:
    if type(loss) is MSE:  # which most losses are, in an operation or two
        return ab.squared_distance(model, target, kept)
    with explained(f"the loss {named(loss)}", ab):
        values = loss.elementwise(model, target, ab)
    _check(f"{named(loss)}.elementwise", values, model, ab)
    # an empty tuple of axes means all of them to some libraries
    axes = tuple(range(kept, model.ndim))
    return ab.sum(values, axis=axes) if axes else values


def _check(who: str, values: Any, model: Array, ab: Backend) -> None:
    """Raise unless `values` is a real number for each element of `model`."""
    if not ab.is_tensor(values):
        raise OptionError(
            f"{who} returned a {type(values).__name__}. It is to return an array, the "
            "loss of each element: does it end with `return`?"
        )
    if tuple(values.shape) != tuple(model.shape):
        raise ShapeError(
            f"{who} returned shape {tuple(values.shape)} for a model of shape "
            f"{tuple(model.shape)}. It is to return one number per element; `reduction` says "
            "whether they are averaged or summed."
        )
    if ab.is_complex(values):
        raise DtypeError(
            f"{who} returned {ab.dtype_name(values)}. A loss is real: take "
            "`ab.abs` of a complex difference before raising it to a power."
        )
    if ab.is_floating(model) and not ab.is_floating(values):
        raise DtypeError(
            f"{who} returned {ab.dtype_name(values)}, which has no gradient. A loss is a real "
            "number that grows with the distance of model and target, such as their difference "
            "squared; a comparison like `model > target` is none."
        )


class MSE(Loss):
    """Squared error, ``abs(model - target) ** 2``."""

    separable = True

    def elementwise(self, model: Array, target: Array, ab: Backend) -> Array:
        return _squared(model - target, ab)


class L1(Loss):
    """Absolute error, ``abs(model - target)``."""

    separable = True

    def elementwise(self, model: Array, target: Array, ab: Backend) -> Array:
        return ab.abs(model - target)


class PhaseInvariantMSE(Loss):
    """Squared error after the phase of each replica is turned to fit best.

    The factor exp(i φ) that brings the model closest to the target in the mean
    square is the phase of their inner product, Σ conj(model) target; for real
    numbers it is a sign.
    """

    def elementwise(self, model: Array, target: Array, ab: Backend) -> Array:
        return _squared(_aligned(model, target, ab) - target, ab)


class PhaseInvariantL1(Loss):
    """Absolute error after the phase of each replica is turned to fit best.

    Best in the mean square, as with `PhaseInvariantMSE`: the phase that minimises
    the absolute error itself has no closed form. Zero only where model and
    target agree up to a phase.
    """

    def elementwise(self, model: Array, target: Array, ab: Backend) -> Array:
        return ab.abs(_aligned(model, target, ab) - target)


class KLDivergence(Loss):
    """Generalised Kullback-Leibler divergence, ``t log(t / m) - t + m``.

    Also called I-divergence; nonnegative, and zero only where model m and target t
    agree. The target is nonnegative. Where the model falls below 1e-6 of the
    target, negative values included, the logarithm is continued by a straight
    line, whose slope pulls the model back up; where the target is zero the
    divergence is m, and grows for negative m.

    References
    ----------
    Lee & Seung, Algorithms for Non-negative Matrix Factorization, NIPS 13, 2001.
    """

    separable = True

    def check(self, target: Array, ab: Backend) -> None:
        if ab.is_complex(target) or bool(ab.any(target < 0)):
            raise TargetError(
                "KLDivergence compares nonnegative numbers, and the target has "
                + (
                    "complex elements. Use loss='MSE' or 'L1', or give their squared sizes."
                    if ab.is_complex(target)
                    else "negative elements. Use loss='MSE' or 'L1', or clip the target at zero."
                )
            )

    def elementwise(self, model: Array, target: Array, ab: Backend) -> Array:
        if ab.is_complex(model):
            raise DtypeError(
                "KLDivergence compares nonnegative numbers, and the model is complex. "
                "Take ff.abs or ff.real of the expression, or use loss='MSE'."
            )
        clipped = ab.where(model > VANISHED * target, model, VANISHED * target)
        # Below this, the quotient overflows before the logarithm can tame it.
        positive = target > _VANISHING
        t = ab.where(positive, target, ab.ones_like(target))
        # As a function of the quotient, nothing cancels where it is close to one.
        quotient = ab.where(positive, clipped, ab.ones_like(model)) / t
        divergence = ab.where(positive, t * (quotient - 1 - ab.log(quotient)), clipped)
        return divergence + (clipped - model) * log(1 / VANISHED)

    def slope(self, model: Array, target: Array, ab: Backend) -> Array:
        """The derivative of `elementwise` by the model."""
        above = model > VANISHED * target
        t = ab.where(above & (target > _VANISHING), target, ab.zeros_like(model))
        m = ab.where(above, model, ab.ones_like(model))
        return ab.where(above, 1 - t / m, -log(1 / VANISHED) * ab.ones_like(model))


VANISHED = 1e-6
"""Of the target: where a model is less, its divergence is continued by a straight line."""

_VANISHING = 1e-30

mse = MSE()
l1 = L1()
kl_divergence = KLDivergence()

KNOWN: dict[str, type[Loss]] = {
    cls.__name__: cls for cls in (MSE, L1, KLDivergence, PhaseInvariantMSE, PhaseInvariantL1)
}
"""The losses that have names."""


def as_loss(spec: Any) -> Loss:
    """The loss that a name, a class, an instance or a function stands for.

    A function of model and target, of one replica, gives the loss of each element, with
    `funfact.active_backend` that of the fit. Names are compared without regard to case
    and underscores: ``'kl_divergence'``.

    Raises
    ------
    UnknownNameError
        If there is no loss of that name.
    OptionError
        If it is not a loss, or takes other arguments.
    """
    if isinstance(spec, str):
        folded = {name.lower(): cls for name, cls in KNOWN.items()}
        found = folded.get(spec.replace("_", "").lower())
        if found is None:
            raise UnknownNameError.among("loss", spec, KNOWN)
        return found()
    if isinstance(spec, type) and issubclass(spec, Loss):
        spec = instance(spec, "loss=")
    if callable(spec) and not isinstance(spec, Loss | type):
        check_call(spec, f"the loss function {called(spec)}", "model", "target")
        return _OfFunction(function=spec)
    if not isinstance(spec, Loss):
        raise OptionError(
            f"loss={spec!r} is not a loss. Give a name ({', '.join(KNOWN)}), a class or an "
            "instance derived from funfact.loss.Loss, or a function of model and target."
        )
    check_call(spec.elementwise, f"{type(spec).__name__}.elementwise", "model", "target", "ab")
    return spec


@dataclass(frozen=True)
class _OfFunction(Loss):
    """A user's function of model and target; of each replica on its own."""

    function: Any = None

    def elementwise(self, model: Array, target: Array, ab: Backend) -> Array:
        def each(one: Array) -> Array:
            who = f"the loss function {named(self)}"
            with explained(who, ab):
                values = self.function(one, target)
            _check(who, values, one, ab)
            return values

        with activated(ab):
            return each(model) if model.ndim == target.ndim else mapped(each, ab)(model)


def _squared(x: Array, ab: Backend) -> Array:
    # Squares of the parts: a modulus has no gradient at zero.
    return ab.real(x) ** 2 + ab.imag(x) ** 2 if ab.is_complex(x) else x * x


def _aligned(model: Array, target: Array, ab: Backend) -> Array:
    """`model` times the phase that brings each replica closest to `target`."""
    axes = tuple(range(model.ndim - target.ndim, model.ndim))
    inner = ab.conj(model) * target
    inner = ab.sum(inner, axis=axes, keepdims=True) if axes else inner
    size = ab.abs(inner)
    # Orthogonal to the target, any phase fits equally well; 0/0 would spoil the gradient.
    known = size > 0
    phase = ab.where(known, inner, ab.ones_like(inner)) / ab.where(known, size, ab.ones_like(size))
    return model * phase
