"""How a fit went, for people: `Factorization.report`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from funfact.errors import OptionError
from funfact.language.render.names import names
from funfact.model.curves import svg
from funfact.model.factorization import Factorization
from funfact.model.history import History
from funfact.model.optima import Optimum, optima
from funfact.model.show import asked

__all__ = ["Report", "report"]

_LISTED = 8
"""Optima that are listed, at most."""

_LONGEST = 100
"""Characters of an expression that are shown."""


@dataclass(frozen=True, eq=False)
class Report:
    """How a fit went; it prints as text, and shows the curves of the losses in Jupyter.

    Attributes
    ----------
    model : str
        The expression, its shape and its data type.
    history : History
    optima : tuple of Optimum
        What the replicas found, the lowest loss first.
    advice : tuple of str
        What follows from the optima.
    asked : tuple of str
        What was imposed on each factor, and preferred: ``'u: constrain=NonNegative'``.
    """

    model: str
    history: History
    optima: tuple[Optimum, ...]
    advice: tuple[str, ...]
    asked: tuple[str, ...] = ()

    def __repr__(self) -> str:
        lines = [f"{name:>10}: {text}" if name else " " * 12 + text for name, text in _rows(self)]
        return "\n".join([self.model, *lines])

    def _repr_html_(self) -> str:
        rows = "\n".join(
            f"<tr><th>{escape(name)}</th><td style='text-align: left'>{escape(text)}</td></tr>"
            for name, text in _rows(self)
        )
        picture = svg(self.history)
        return f"<p><code>{escape(self.model)}</code></p>\n<table>\n{rows}\n</table>\n{picture}"


def report(fac: Factorization) -> Report:
    """The report of a fitted model; see `Factorization.report`."""
    if fac.history is None:
        raise OptionError(
            "there is no fit to report on: this model was not made by ff.factorize, whose models "
            "have a history. Fit it, fac = ff.factorize(expr, target), or show it: print(fac)."
        )
    written = repr(fac.tsrex)
    if len(written) > _LONGEST:
        written = written[: _LONGEST - 1] + "…"
    model = f"{written}, shape {fac.shape}, {fac.backend.dtype_name(fac.dtype)}"
    found = optima(fac.history, fac.replicas)
    return Report(model, fac.history, found, tuple(_advice(fac.history, found)), _asked(fac))


def _asked(fac: Factorization) -> tuple[str, ...]:
    named = names(fac.tsrex.node)
    told = ((named[t], ", ".join(asked(t))) for t in fac.tsrex.tensors)
    return tuple(f"{name}: {text}" for name, text in told if text)


def _advice(history: History, found: Sequence[Optimum]) -> Iterator[str]:
    """What the optima say of how to go on, where the tolerance was not reached."""
    count = sum(len(optimum.replicas) for optimum in found)
    if count < 2 or history.tol == 0 or history.converged.any():
        return
    lowest = len(found[0].replicas)
    if 2 * lowest > count:
        yield (
            f"{'all' if lowest == count else f'{lowest} of {count}'} replicas ended at the lowest "
            "loss, so other starts will hardly find a lower one: try a larger model, with more "
            "components"
        )
    elif lowest == 1:
        yield (
            f"the lowest loss was found by one of {count} replicas alone: more of them (vec_size=) "
            "may find a lower one"
        )


def _rows(told: Report) -> Iterator[tuple[str, str]]:
    history = told.history
    yield "method", ", ".join(filter(None, (history.method, history.reason)))
    yield "outcome", history.advice
    if told.asked:
        yield "factors", "; ".join(told.asked)
    yield "loss", _loss(history)
    norm = history.gradient_norm
    if norm is not None:
        yield "gradient", f"norm {norm:.3g}"
    yield "steps", f"{history.steps[-1]} in {history.seconds[-1]:.3g} s"
    yield "replicas", _replicas(history)
    names = ["optima"] + [""] * _LISTED
    yield from zip(names, _optima(told), strict=False)
    for text in told.advice:
        yield "advice", text


def _loss(history: History) -> str:
    texts = [f"{history.loss_name} {history.loss:.6g}".strip()]
    if history.squared_error is not None:
        texts.append(f"squared error {history.squared_error:#.3g}")
    if history.explained is not None:
        texts.append(f"explained fit {history.explained:.6f}")
    return ", ".join(texts)


def _replicas(history: History) -> str:
    reached = int(np.sum(history.converged))
    parts = [str(len(history.best))]
    if history.tol > 0:
        parts.append(f"{reached or 'none'} reached tol={history.tol:g}")
    if history.lost:
        parts.append(f"{len(history.lost)} were lost")
    if history.stopped:
        parts.append(f"{len(history.stopped)} were given up early")
    return ", ".join(parts)


def _optima(told: Report) -> Iterator[str]:
    """A line for each optimum, the rest in one."""
    squares = told.history.squares
    for optimum in told.optima[:_LISTED]:
        value = optimum.loss * (squares or 1)
        of_all = f"{len(optimum.replicas)} of {len(told.history.best)} replicas"
        what = "squared error" if squares else "loss"
        yield f"{what} {value:#.3g}: {of_all}{_sameness(optimum)}"
    rest = told.optima[_LISTED:]
    if rest:
        count = sum(len(optimum.replicas) for optimum in rest)
        yield f"{count} more at {len(rest)} higher losses"


def _sameness(optimum: Optimum) -> str:
    """Whether the replicas of an optimum found the same."""
    if optimum.compared < 2:
        return ""
    if optimum.values > 1:
        text = f"{optimum.values} different models"
    elif optimum.factors is None:
        text = "the same model"
    elif optimum.factors == 1:
        text = "the same model, by the same factors up to order and scale"
    else:
        text = f"the same model, by {optimum.factors} different sets of factors"
    some = f" (the best {optimum.compared} compared)"
    return f", {text}" + (some if optimum.compared < len(optimum.replicas) else "")
