"""Gradient methods: optimisers with a state, and which of them a name stands for.

The public classes `Adam` and `RMSprop` are facades that keep the state of a rule
(`funfact.rules`), and `Optimizer` is what to derive from for a method of one's own.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import partial
from typing import Any, ClassVar

from funfact.arguments import called, check_call
from funfact.backends import current
from funfact.backends.contract import Array
from funfact.errors import OptionError, UnknownNameError
from funfact.rules import AdamRule, RMSpropRule, Rule

__all__ = [
    "RULES",
    "Adam",
    "Optimizer",
    "RMSprop",
    "check_optimizer",
    "rate_of",
    "rule_of",
]


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


_CALLED = " What makes a transformation is called for it: optax.adam(0.1)."


def check_optimizer(spec: Any, names: Iterable[str]) -> None:
    """Raise if something can make no optimiser of a list of factors and a rate.

    Parameters
    ----------
    spec : object
        A class, or a function of the factors.
    names : iterable of str
        Those that can be given instead, for the message.

    Raises
    ------
    OptionError
    """
    made: Any = spec.func if isinstance(spec, partial) else spec
    steps = callable(getattr(made, "step", None))
    if steps and not isinstance(made, type):
        name = type(made).__name__
        raise OptionError(
            f"optimizer is an instance of {name}, which has factors of its own. Give the class, "
            f"optimizer={name}, with options functools.partial({name}, ...): a fit makes its own."
        )
    stepless = isinstance(made, type) and not steps
    if not callable(spec) or stepless or inspect.isabstract(made):
        raise OptionError(
            f"optimizer={called(made)} is not an optimizer. Give a name ({', '.join(names)}), or a "
            "class with `__init__(factors, **kw)` and `step(grad)`; options go into "
            "functools.partial(ff.optim.Adam, beta1=0.8)."
        )
    check_call(
        spec,
        f"the optimizer {called(made)}",
        "factors",
        keywords=["lr"],
        advice="" if isinstance(made, type) else _CALLED,
    )
    if isinstance(made, type):
        step: Any = getattr(made, "step", None)
        check_call(step, f"{called(made)}.step", "self", "grad")


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
