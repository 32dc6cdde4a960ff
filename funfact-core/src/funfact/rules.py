"""Rules of gradient methods: how a step follows from a gradient.

A rule is pure: `Rule.init` and `Rule.update` map lists of arrays to lists of
arrays, so that a fit can run many steps on the device without coming back.

Gradients point in the direction of steepest ascent, also for complex factors
(the gradient of ``abs(z)**2`` is ``2 * z``), so a step subtracts them. Second
moments are real: those of ``abs(g)**2``.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, log
from typing import Any, TypeAlias

import numpy as np

from funfact.arguments import finite
from funfact.backends.capabilities import Compile, Repeat
from funfact.backends.contract import Array, Backend
from funfact.backends.dtypes import vanishing
from funfact.errors import OptionError

__all__ = ["AdamRule", "RMSpropRule", "Rule"]

State: TypeAlias = Any
"""Arrays in lists and tuples, whose shapes and dtypes never change.

Where the backend traces nothing, numbers of Python's too."""


@dataclass(frozen=True)
class Rule(ABC):
    """A gradient method as a pair of pure functions.

    Parameters
    ----------
    lr : float
        The learning rate.
    """

    lr: float = 0.1

    def __post_init__(self) -> None:
        if (finite(self.lr) or 0) <= 0:
            raise OptionError(f"lr={self.lr!r:.60}: expected a positive, finite learning rate.")

    @abstractmethod
    def init(self, factors: Sequence[Array], ab: Backend) -> State:
        """The state before the first step."""

    @abstractmethod
    def update(
        self, factors: Sequence[Array], grads: Sequence[Array], state: State, ab: Backend
    ) -> tuple[list[Array], State]:
        """Factors and state after one step.

        Parameters
        ----------
        factors, grads : sequences of arrays, equal in shapes and dtypes
        state : as `init` and `update` return it
        ab : Backend

        Returns
        -------
        list of arrays
            The new factors; the old ones are untouched.
        State
        """

    def squares(self, state: State) -> tuple[Sequence[Array], float] | None:
        """What the state after a first step tells of the gradient, if anything.

        Returns
        -------
        sequence of arrays and float, or None
            The squared moduli of the elements, for each factor, times that number.
        """
        return None


@dataclass(frozen=True)
class AdamRule(Rule):
    """Adam with bias correction; the state is the number of steps and two moments.

    References
    ----------
    Kingma & Ba, Adam: A Method for Stochastic Optimization, ICLR 2015, algorithm 1.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_decay("beta1", self.beta1)
        _check_decay("beta2", self.beta2)
        _check_size("epsilon", self.epsilon)

    def init(self, factors: Sequence[Array], ab: Backend) -> State:
        # where nothing is traced a number of Python's is as good, and costs no operations
        traced = isinstance(ab, Compile | Repeat)
        count = ab.tensor(np.zeros(()), _real_of(factors[0], ab)) if traced else 0.0
        return (
            count,
            [ab.zeros_like(x) for x in factors],
            [_real_zeros(x, ab) for x in factors],
        )

    def update(
        self, factors: Sequence[Array], grads: Sequence[Array], state: State, ab: Backend
    ) -> tuple[list[Array], State]:
        count, first, second = state
        b1, b2 = self.beta1, self.beta2
        count = count + 1
        # m / (1 - b1**t) and v / (1 - b2**t) of the paper, taken out of the elementwise part
        root = _one_minus_power(b2, count, ab) ** 0.5
        rate = self.lr * root / _one_minus_power(b1, count, ab)
        epsilon = _added(self.epsilon, factors, ab) * root
        first = [ab.lerp(m, g, 1 - b1) for m, g in zip(first, grads, strict=True)]
        second = [ab.lerp_square(v, g, 1 - b2) for v, g in zip(second, grads, strict=True)]
        factors = [
            ab.add_quotient(x, m, ab.sqrt(v) + epsilon, -rate)
            for x, m, v in zip(factors, first, second, strict=True)
        ]
        return factors, (count, first, second)

    def squares(self, state: State) -> tuple[Sequence[Array], float] | None:
        return state[2], 1 - self.beta2


@dataclass(frozen=True)
class RMSpropRule(Rule):
    """RMSprop; the state is the mean square, the mean if centered, the momentum if asked for.

    References
    ----------
    Tieleman & Hinton, Lecture 6.5, Neural Networks for Machine Learning, 2012;
    centered version: Graves, arXiv:1308.0850, 2013, equations 38 to 45.
    """

    alpha: float = 0.99
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    momentum: float = 0.0
    centered: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_decay("alpha", self.alpha)
        _check_decay("momentum", self.momentum)
        _check_size("epsilon", self.epsilon)
        _check_size("weight_decay", self.weight_decay)

    def init(self, factors: Sequence[Array], ab: Backend) -> State:
        return (
            [_real_zeros(x, ab) for x in factors],
            [ab.zeros_like(x) for x in factors] if self.centered else [],
            [ab.zeros_like(x) for x in factors] if self.momentum else [],
        )

    def update(
        self, factors: Sequence[Array], grads: Sequence[Array], state: State, ab: Backend
    ) -> tuple[list[Array], State]:
        square, mean, velocity = state
        alpha = self.alpha
        if self.weight_decay:
            grads = [g + self.weight_decay * x for g, x in zip(grads, factors, strict=True)]
        square = [ab.lerp_square(v, g, 1 - alpha) for v, g in zip(square, grads, strict=True)]
        spread = square
        if self.centered:
            mean = [ab.lerp(m, g, 1 - alpha) for m, g in zip(mean, grads, strict=True)]
            # a variance; rounding can take it below zero
            spread = [
                ab.relu(v - ab.squared_norm(m, m.ndim)) for v, m in zip(square, mean, strict=True)
            ]
        epsilon = _added(self.epsilon, factors, ab)
        step = [g / (ab.sqrt(v) + epsilon) for g, v in zip(grads, spread, strict=True)]
        if self.momentum:
            velocity = [self.momentum * u + s for u, s in zip(velocity, step, strict=True)]
            step = velocity
        factors = [x - self.lr * s for x, s in zip(factors, step, strict=True)]
        return factors, (square, mean, velocity)

    def squares(self, state: State) -> tuple[Sequence[Array], float] | None:
        return None if self.weight_decay else (state[0], 1 - self.alpha)


def _one_minus_power(base: float, count: Array | float, ab: Backend) -> Any:
    """``1 - base**count`` without cancellation: in single precision 0.999 itself is rounded."""
    if isinstance(count, float):
        return -expm1(count * log(base)) if base else 1.0
    return -ab.expm1(count * log(base)) if base else ab.ones_like(count)


def _added(epsilon: float, factors: Sequence[Array], ab: Backend) -> float:
    """What is added to roots of mean squares: in half precision 1e-8 is itself zero."""
    return max(epsilon, vanishing(factors[0], ab))


def _real_zeros(x: Array, ab: Backend) -> Array:
    return ab.zeros_like(x, dtype=_real_of(x, ab))


def _real_of(x: Array, ab: Backend) -> Any:
    """The dtype of its real part; what would make that part may have to be compiled first."""
    return ab.dtype(ab.xp.finfo(x.dtype).dtype)


def _check_decay(name: str, value: float) -> None:
    number = finite(value)
    if number is None or not 0 <= number < 1:
        raise OptionError(f"{name}={value!r}: expected a number from 0 up to, not including, 1.")


def _check_size(name: str, value: float) -> None:
    number = finite(value)
    if number is None or number < 0:
        raise OptionError(f"{name}={value!r}: expected a finite number of at least 0.")
