"""Gradient methods: how a step follows from a gradient.

A *rule* is pure: `Rule.init` and `Rule.update` map lists of arrays to lists of
arrays, so that a fit can run many steps on the device without coming back. The
public classes `Adam` and `RMSprop` are facades that keep the state of a rule,
and `Optimizer` is what to derive from for a method of one's own.

Gradients point in the direction of steepest ascent, also for complex factors
(the gradient of ``abs(z)**2`` is ``2 * z``), so a step subtracts them. Second
moments are real: those of ``abs(g)**2``.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from math import expm1, log
from typing import Any, ClassVar, TypeAlias

from funfact.arguments import called, check_call, finite
from funfact.backends import current
from funfact.backends.capabilities import Compile, Repeat
from funfact.backends.contract import Array, Backend
from funfact.errors import OptionError, UnknownNameError

__all__ = [
    "RULES",
    "Adam",
    "AdamRule",
    "Optimizer",
    "RMSprop",
    "RMSpropRule",
    "Rule",
    "as_optimizer",
    "rate_of",
    "rule_of",
]

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
        count = ab.zeros((), dtype=_real_of(factors, ab)) if traced else 0.0
        return (
            count,
            [ab.zeros_like(x) for x in factors],
            [ab.zeros_like(ab.real(x)) for x in factors],
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
        epsilon = self.epsilon * root
        first = [ab.lerp(m, g, 1 - b1) for m, g in zip(first, grads, strict=True)]
        second = [ab.lerp(v, _abs2(g, ab), 1 - b2) for v, g in zip(second, grads, strict=True)]
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
            [ab.zeros_like(ab.real(x)) for x in factors],
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
        square = [ab.lerp(v, _abs2(g, ab), 1 - alpha) for v, g in zip(square, grads, strict=True)]
        spread = square
        if self.centered:
            mean = [ab.lerp(m, g, 1 - alpha) for m, g in zip(mean, grads, strict=True)]
            # a variance; rounding can take it below zero
            spread = [ab.relu(v - _abs2(m, ab)) for v, m in zip(square, mean, strict=True)]
        step = [g / (ab.sqrt(v) + self.epsilon) for g, v in zip(grads, spread, strict=True)]
        if self.momentum:
            velocity = [self.momentum * u + s for u, s in zip(velocity, step, strict=True)]
            step = velocity
        factors = [x - self.lr * s for x, s in zip(factors, step, strict=True)]
        return factors, (square, mean, velocity)

    def squares(self, state: State) -> tuple[Sequence[Array], float] | None:
        return None if self.weight_decay else (state[0], 1 - self.alpha)


class Optimizer(ABC):
    """Base of the optimisers with a state; one method to write, `step`.

    ``funfact.factorize(..., optimizer=MyOptimizer)`` makes one with the factors and
    the learning rate, ``MyOptimizer(factors, lr=0.1)``, and calls ``step(grad)``
    once a step. An optimiser of one's own costs a return to Python each step.

    Parameters
    ----------
    factors : list of arrays
        What is optimised. `step` replaces its entries, ``self.factors[n] = ...``,
        and whoever holds the list sees them. A sequence that is not a list is copied.
    **kw
        The options of the method.

    Examples
    --------
    >>> class Descent(Optimizer):
    ...     def __init__(self, factors, lr=0.1):
    ...         super().__init__(factors)
    ...         self.lr = lr
    ...     def step(self, grad):
    ...         for n, g in enumerate(grad):
    ...             self.factors[n] = self.factors[n] - self.lr * g
    >>> descent = Descent([2.0])
    >>> descent.step([4.0])
    >>> descent.factors
    [1.6]
    """

    def __init__(self, factors: Iterable[Array], **kw: Any) -> None:
        self.factors: list[Array] = factors if isinstance(factors, list) else list(factors)

    @abstractmethod
    def step(self, grad: Sequence[Array]) -> None:
        """Replace the entries of `self.factors`, given the gradient of each."""


class _Ruled(Optimizer):
    """An optimiser that keeps the state of a rule, on the backend active when it is made."""

    rule_type: ClassVar[type[Rule]]

    def __init__(self, factors: Iterable[Array] | None, **kw: Any) -> None:
        if factors is None:
            name = type(self).__name__
            raise OptionError(
                f"{name}() lacks the factors, which a fit gives it. To fit with options, give "
                f"the class with them: optimizer=functools.partial(ff.optim.{name}, epsilon=1e-6)."
            )
        self.rule = self.rule_type(**kw)
        ab = self._backend = current()
        if not isinstance(factors, Iterable) or ab.is_native(factors):
            raise OptionError(
                f"{type(self).__name__} got {factors!r:.60} as the factors: expected a list of "
                f"arrays, {type(self).__name__}([x, y])."
            )
        super().__init__(factors)
        wrong = next((x for x in self.factors if not ab.is_native(x)), None)
        if wrong is not None or not self.factors:
            raise OptionError(
                f"{type(self).__name__} got {'no factor' if wrong is None else f'{wrong!r:.60}'}: "
                f"expected arrays of {ab!r}. Make them with ff.active_backend.tensor(data)."
            )
        self._state = self.rule.init(self.factors, ab)

    def step(self, grad: Sequence[Array]) -> None:
        """Replace the entries of `self.factors`, given the gradient of each."""
        count = len(self.factors)
        given = len(grad) if isinstance(grad, Sequence) else None
        if given != count:
            raise OptionError(
                f"step got {f'{grad!r:.60}' if given is None else f'{given} arrays'} where the "
                f"gradients belong: expected a list of {count}, one for each factor."
            )
        self.factors[:], self._state = self.rule.update(
            self.factors, grad, self._state, self._backend
        )


class Adam(_Ruled):
    """Adam (Kingma & Ba, 2015), with bias correction.

    Parameters
    ----------
    factors : list of arrays, native to the active backend
    lr : float
    beta1, beta2 : float in [0, 1)
        Decay of the mean of the gradient, and of its square.
    epsilon : float
        Added to the root of the mean square.
    """

    rule_type = AdamRule

    def __init__(
        self,
        factors: Iterable[Array] | None = None,
        lr: float = 0.1,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(factors, lr=lr, beta1=beta1, beta2=beta2, epsilon=epsilon)


class RMSprop(_Ruled):
    """RMSprop (Tieleman & Hinton, 2012).

    Parameters
    ----------
    factors : list of arrays, native to the active backend
    lr : float
    alpha : float in [0, 1)
        Decay of the mean square of the gradient.
    epsilon : float
        Added to the root of the mean square.
    weight_decay : float
        Times the factor, added to its gradient.
    momentum : float in [0, 1)
        Share of the last step that the next one goes on with.
    centered : bool
        Whether the mean square is taken around the mean.
    """

    rule_type = RMSpropRule

    def __init__(
        self,
        factors: Iterable[Array] | None = None,
        lr: float = 0.1,
        alpha: float = 0.99,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(
            factors,
            lr=lr,
            alpha=alpha,
            epsilon=epsilon,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
        )


RULES: dict[str, type[_Ruled]] = {cls.__name__: cls for cls in (Adam, RMSprop)}
"""The optimisers that have names."""


def as_optimizer(spec: Any) -> Any:
    """The class, or function of the factors, that a name or a class stands for.

    Raises
    ------
    UnknownNameError
        If there is no optimiser of that name.
    OptionError
        If it cannot make an optimiser.
    """
    if isinstance(spec, str):
        folded = {name.lower(): cls for name, cls in RULES.items()}
        if spec.lower() not in folded:
            raise UnknownNameError.among("optimizer", spec, RULES)
        return folded[spec.lower()]
    made: Any = spec.func if isinstance(spec, partial) else spec
    stepless = isinstance(made, type) and not callable(getattr(made, "step", None))
    if isinstance(spec, Optimizer) or not callable(spec) or stepless or inspect.isabstract(made):
        raise OptionError(
            f"optimizer={called(made)} is not an optimizer. Give a name ({', '.join(RULES)}), or a "
            "class with `__init__(factors, **kw)` and `step(grad)`; options go into "
            "functools.partial(ff.optim.Adam, beta1=0.8)."
        )
    check_call(spec, f"the optimizer {called(made)}", "factors", keywords=["lr"])
    if isinstance(made, type):
        step: Any = getattr(made, "step", None)
        check_call(step, f"{called(made)}.step", "self", "grad")
    return spec


def rate_of(optimizer: Any) -> Any:
    """The learning rate that a `partial` was given, else 0.1."""
    given = optimizer.keywords if isinstance(optimizer, partial) else {}
    return given.get("lr", 0.1)


def rule_of(optimizer: Any, lr: float) -> Rule | None:
    """The rule behind a built-in class, or a `partial` of one; None for anything else.

    `lr` goes before that of the partial.

    A class derived from a built-in one may step in its own way, and has no rule.
    """
    options: dict[str, Any] = {}
    if isinstance(optimizer, partial) and not optimizer.args:
        optimizer, options = optimizer.func, optimizer.keywords
    if optimizer in RULES.values():
        rule = optimizer.rule_type
        known = [field.name for field in fields(rule)]
        for name in options:
            if name not in known:
                raise UnknownNameError.among(f"option of {optimizer.__name__}", name, known)
        return rule(**{**options, "lr": lr})  # type: ignore[no-any-return]  # found at run time
    return None


def _abs2(x: Array, ab: Backend) -> Array:
    return ab.real(x) ** 2 + ab.imag(x) ** 2 if ab.is_complex(x) else x * x


def _one_minus_power(base: float, count: Array | float, ab: Backend) -> Any:
    """``1 - base**count`` without cancellation: in single precision 0.999 itself is rounded."""
    if isinstance(count, float):
        return -expm1(count * log(base)) if base else 1.0
    return -ab.expm1(count * log(base)) if base else ab.ones_like(count)


def _real_of(factors: Sequence[Array], ab: Backend) -> Any:
    return ab.real(factors[0]).dtype


def _check_decay(name: str, value: float) -> None:
    number = finite(value)
    if number is None or not 0 <= number < 1:
        raise OptionError(f"{name}={value!r}: expected a number from 0 up to, not including, 1.")


def _check_size(name: str, value: float) -> None:
    number = finite(value)
    if number is None or number < 0:
        raise OptionError(f"{name}={value!r}: expected a finite number of at least 0.")
