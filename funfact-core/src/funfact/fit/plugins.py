"""Where plug-ins come from: functions of the state, what a user gives, what is installed."""

import warnings
from collections.abc import Callable, Collection
from functools import cache
from typing import Any

import pluggy

from funfact.arguments import called, check_call, integer
from funfact.errors import OptionError
from funfact.fit.history import FitWarning
from funfact.fit.hooks import Fit, Hooks, State, hookimpl

__all__ = ["GROUP", "gradient_descent_plugin", "installed", "register"]

GROUP = "funfact.plugins"
"""The entry point group of packages that bring plug-ins."""


class _At:
    """Calls a function at chosen steps."""

    def __init__(
        self,
        function: Callable[[State], Any],
        next_step: Callable[[int], int | None],
        trigger: Callable[[State], Any] | None,
    ) -> None:
        self._function, self._next, self._trigger = function, next_step, trigger
        self._wanted: int | None = None

    @hookimpl
    def started(self, fit: Fit) -> None:
        self._wanted = None

    @hookimpl
    def next_step(self, step: int) -> int | None:
        self._wanted = self._next(step)
        return self._wanted

    @hookimpl
    def stepped(self, state: State) -> None:
        # A step that another plug-in asked for is none of this one's business.
        if state.step == self._wanted and (self._trigger is None or self._trigger(state)):
            self._function(state)

    def __call__(self, state: State) -> Any:
        return self._function(state)


def gradient_descent_plugin(
    *,
    every: int | None = None,
    at: int | Collection[int] | None = None,
    trigger: Callable[[State], Any] | None = None,
) -> Callable[[Callable[[State], Any]], Any]:
    """Turn a function of the state of a fit into a plug-in; used as a decorator.

    Parameters
    ----------
    every : int
        Call it after each so many steps.
    at : int or collection of int
        Call it after these steps; 0 is before the first.
    trigger : callable
        Call it after each step for whose state this is true. The fit then comes
        back to Python at every step, and evaluates a gradient more.

    Returns
    -------
    decorator
        Of a function that takes a `State`: ``step``, ``loss`` (one a replica), ``grad``
        and ``factors``. What it returns is ignored.

    Raises
    ------
    OptionError
        Unless exactly one of the three is given, and makes sense.

    Examples
    --------
    >>> @gradient_descent_plugin(every=100)
    ... def show(state):
    ...     print(state.step, state.loss.min())
    """
    if sum(option is not None for option in (every, at, trigger)) != 1:
        raise OptionError(
            "gradient_descent_plugin takes one of every=, at= and trigger=; got "
            f"every={every!r}, at={at!r}, trigger={trigger!r}."
        )
    if every is not None:
        _check_steps("every", [every], least=1)
        period = every
        return _decorator(lambda step: (max(step, 0) // period + 1) * period, None)
    if at is not None:
        listed = [at] if not isinstance(at, Collection) else list(at)
        _check_steps("at", listed, least=0)
        ordered = sorted(listed)
        return _decorator(lambda step: next((s for s in ordered if s > step), None), None)
    if not callable(trigger):
        raise OptionError(f"trigger={trigger!r} is not a function of the state.")
    check_call(trigger, f"the trigger {called(trigger)}", "state")
    return _decorator(lambda step: max(step, 0) + 1, trigger)


def _decorator(
    next_step: Callable[[int], int | None], trigger: Callable[[State], Any] | None
) -> Callable[[Callable[[State], Any]], Any]:
    def decorate(function: Callable[[State], Any]) -> _At:
        if not callable(function):
            raise OptionError(
                f"gradient_descent_plugin was put on {function!r:.60}, and goes on a function of "
                "the state of a fit: @ff.gradient_descent_plugin(every=100)."
            )
        check_call(function, f"the plug-in {called(function)}", "state")
        return _At(function, next_step, trigger)

    return decorate


def register(plugins: pluggy.PluginManager, given: Any) -> None:
    """Add the plug-ins that a user gave, and those that are installed.

    Raises
    ------
    OptionError
        If one of those given has none of the hooks, or one that does not exist.
    """
    if not isinstance(given, list | tuple):
        raise OptionError(f"plugins={given!r}: expected a list of plug-ins.")
    for plugin in given:
        if isinstance(plugin, type) or not _hooks_of(plugins, plugin):
            raise OptionError(
                f"{_called(plugin)} is not a plug-in. Make one of a function of the state with "
                "@ff.gradient_descent_plugin(every=100), or give an object with methods marked "
                f"@funfact.fit.hookimpl, named {', '.join(_names())}."
            )
    for plugin in (*given, *installed()):
        if not plugins.is_registered(plugin):
            _register(plugins, plugin)


def _register(plugins: pluggy.PluginManager, plugin: Any) -> None:
    try:
        plugins.register(plugin, name=f"{_called(plugin)} {len(plugins.get_plugins())}")
        plugins.check_pending()
    except pluggy.PluginValidationError as exc:
        name = _called(plugin)
        raise OptionError(
            f"the plug-in {name} has a hook that there is not, or one that takes what it is not "
            f"given: {str(exc).replace(repr(plugin), name)}. The hooks and their arguments are "
            "those of funfact.fit.Hooks."
        ) from exc


@cache
def installed() -> tuple[Any, ...]:
    """The plug-ins of installed packages; one that does not load is left out with a warning."""
    from importlib_metadata import distributions  # costs a fifth of importing NumPy

    found = []
    for distribution in distributions():
        try:
            # Parsing all entry points of all distributions would be slow.
            if GROUP in (distribution.read_text("entry_points.txt") or ""):
                points = [p for p in distribution.entry_points if p.group == GROUP]
                found += [_made(point.load()) for point in points]
        except Exception as exc:  # whatever is wrong with one distribution stays with it
            name = distribution.metadata["Name"] or distribution.locate_file("")
            warnings.warn(
                f"the plug-in of {name} does not load ({type(exc).__name__}: {exc}), and is left "
                f"out. Reinstall or remove it: pip uninstall {name}",
                FitWarning,
                stacklevel=2,
            )
    return tuple(found)


def _made(plugin: Any) -> Any:
    return plugin() if isinstance(plugin, type) else plugin


def _called(plugin: Any) -> str:
    """A plug-in in a message, without its address."""
    return str(getattr(plugin, "__name__", type(plugin).__name__))


def _names() -> list[str]:
    return [name for name in vars(Hooks) if not name.startswith("_")]


def _hooks_of(plugins: pluggy.PluginManager, plugin: Any) -> list[str]:
    return [name for name in _names() if plugins.parse_hookimpl_opts(plugin, name) is not None]


def _check_steps(name: str, steps: Collection[Any], least: int) -> None:
    for step in steps:
        number = integer(step)
        if number is None or number < least:
            raise OptionError(
                f"gradient_descent_plugin({name}=...) got {step!r}: expected a step, an integer "
                f"of at least {least}."
            )
