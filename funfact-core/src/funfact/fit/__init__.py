"""Fitting models to data: one loop, solvers that step, hooks that watch."""

from funfact.fit.factorize import factorize
from funfact.fit.history import FitWarning, History, Outcome
from funfact.fit.hooks import Fit, Hooks, Point, State, hookimpl
from funfact.fit.plugins import gradient_descent_plugin

__all__ = [
    "Fit",
    "FitWarning",
    "History",
    "Hooks",
    "Outcome",
    "Point",
    "State",
    "factorize",
    "gradient_descent_plugin",
    "hookimpl",
]
