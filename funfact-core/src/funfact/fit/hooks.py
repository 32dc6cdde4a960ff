"""What can watch a fit, and what it is told.

A plug-in is any object with some of the methods of `Hooks`, each marked with
`hookimpl`, and each taking as many of the arguments as it wants. Plug-ins are given as
``factorize(..., plugins=[...])``; packages bring theirs as entry points in the group
``funfact.plugins``.

Examples
--------
>>> class Report:
...     @hookimpl
...     def checkpoint(self, point):
...         print(point.step, point.best.min())
"""

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pluggy

from funfact.backends.contract import Array, Backend

__all__ = ["Fit", "Hooks", "Point", "State", "hookimpl"]

_PROJECT = "funfact"
_hookspec = pluggy.HookspecMarker(_PROJECT)
hookimpl = pluggy.HookimplMarker(_PROJECT)
"""Marks a method of a plug-in as one of `Hooks`."""


@dataclass(frozen=True, eq=False)
class Fit:
    """What is known before the first step.

    Attributes
    ----------
    backend : Backend
    replicas : int
    append : bool
        Whether the replica axis is the last.
    tol : float
    stop_after : int
        How many replicas are to converge.
    max_steps, checkpoint_freq : int
    precision : float
        The distance from 1 to the next number of the factors' dtype.
    settles : bool
        Whether a loss that does not change between two checkpoints never will.
    gradient_norms : bool
        Whether the norm of the gradient is taken at checkpoints.
    method : str
        What the solver is called.
    reason : str
        Why it was chosen; empty if it was asked for.
    loss : str
        What the loss is called.
    squares : float or None
        What a loss is multiplied with to have the squared error; None if it is none.
    target_norm : float
        The root of the sum of squares of the target.
    lr : float or None
        The learning rate; None if the method has none, or one of its own.
    """

    backend: Backend
    replicas: int
    append: bool
    tol: float
    stop_after: int
    max_steps: int
    checkpoint_freq: int
    precision: float = 0.0
    settles: bool = False
    gradient_norms: bool = False
    method: str = ""
    reason: str = ""
    loss: str = ""
    squares: float | None = None
    target_norm: float = 0.0
    lr: float | None = None


@dataclass(frozen=True, eq=False)
class State:
    """A fit between two steps.

    Attributes
    ----------
    step : int
        How many steps have been made.
    loss : NumPy array, shape (replicas,)
        The loss of each replica after them, without penalties.
    grad : list of native arrays
        The gradient of the loss and the penalties, for each factor.
    factors : list of native arrays
        Good until the function that was given them returns: copy what is to be kept.
    """

    step: int
    loss: "np.ndarray[Any, Any]"
    grad: list[Array]
    factors: list[Array]


@dataclass(frozen=True, eq=False)
class Point:
    """A fit at a checkpoint.

    Attributes
    ----------
    step : int
    losses : NumPy array, shape (replicas,)
        Now, without penalties.
    best : NumPy array, shape (replicas,)
        The lowest at any checkpoint so far; infinite where none was finite.
    improved : NumPy array of bool, shape (replicas,)
        Whose loss is now lower than at all checkpoints before.
    alive : NumPy array of bool, shape (replicas,)
        Whose loss has been finite so far. The others have stopped.
    converged : NumPy array of bool, shape (replicas,)
        Whose best loss is below the tolerance.
    seconds : float
        Since the fit started.
    factors : list of native arrays
        Good until the hook returns: copy what is to be kept.
    running : NumPy array of bool, shape (replicas,)
        Who is still stepped; the others were given up, their losses are NaN from then on.
    gradient_norms : NumPy array, shape (replicas,), or None
        Of the gradient of the loss and the penalties by all factors; None where it is not taken.
    """

    step: int
    losses: "np.ndarray[Any, Any]"
    best: "np.ndarray[Any, Any]"
    improved: "np.ndarray[Any, Any]"
    alive: "np.ndarray[Any, Any]"
    converged: "np.ndarray[Any, Any]"
    seconds: float
    factors: list[Array]
    running: "np.ndarray[Any, Any]"
    gradient_norms: "np.ndarray[Any, Any] | None" = None


class Hooks:
    """The occasions on which a plug-in is called."""

    @_hookspec
    def started(self, fit: Fit) -> None:
        """Before the first step."""

    @_hookspec
    def next_step(self, step: int) -> int | None:
        """The next step after `step` that the plug-in wants to see, if any.

        It is then called with `stepped`. A stretch of steps ends there, at the price
        of a return to Python and of a gradient.
        """

    @_hookspec
    def stepped(self, state: State) -> None:
        """After a step that a plug-in wanted to see; other plug-ins see it too."""

    @_hookspec
    def checkpoint(self, point: Point) -> None:
        """At the start, every `checkpoint_freq` steps, and at the last step."""

    @_hookspec
    def stop(self, point: Point) -> Any:
        """After `checkpoint`: an `Outcome`, or anything else that is true, ends the fit."""

    @_hookspec
    def give_up(self, point: Point) -> Any:
        """After `stop`, if the fit goes on: the replicas to give up, as an array of booleans.

        They keep the best factors that they had. Steps of the others cost less as soon as
        half of the replicas are gone; programs for fewer are then compiled.
        """

    @_hookspec
    def stopped(self, outcome: Any) -> None:
        """After the last step, with the `Outcome`; None if an exception ended the fit."""


_marks: "WeakKeyDictionary[type, dict[str, Any]]" = WeakKeyDictionary()
"""How the attributes of a class are marked."""


class _Manager(pluggy.PluginManager):
    """Looks up once how the attributes of a class are marked, which is slow."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:
        if name.startswith("__"):  # what every object has
            return None
        if name in getattr(plugin, "__dict__", ()):
            return super().parse_hookimpl_opts(plugin, name)
        known = _marks.setdefault(type(plugin), {})
        if name not in known:
            known[name] = super().parse_hookimpl_opts(plugin, name)
        return known[name]

    def parse_hookspec_opts(self, module_or_class: Any, name: str) -> Any:
        if name.startswith("__"):
            return None
        return super().parse_hookspec_opts(module_or_class, name)


def manager() -> pluggy.PluginManager:
    """An empty plug-in manager that knows the hooks."""
    plugins = _Manager(_PROJECT)
    plugins.add_hookspecs(Hooks)
    return plugins
