"""FunFact's fits, by the method that it takes itself and by each other that applies."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import funfact as ff
from funfact.errors import CapabilityError, OptionError
from funfact.fit import hookimpl
from validation.ledger import Asked, Attempt

__all__ = ["EXACT", "LOOKS", "METHODS", "Fit", "attempt", "by_each", "fit"]

METHODS = ("ALS", "LM", "LBFGS", "Adam")

LOOKS = {"LM": 10}
"""Steps between two looks at the losses, where they are not 50: only there can a fit end."""

EXACT = 1e-30
"""A tolerance that only an exact fit reaches: others end when their losses have settled."""


@dataclass(frozen=True, eq=False)
class Fit:
    """How a fit went.

    Attributes
    ----------
    method : str
    models : list of Factorization
        One for each replica, the best first.
    seconds, first : float
        Of a second call and of the first, which compiles.
    auto : bool
        Whether FunFact chose the method.
    """

    method: str
    models: list[Any]
    seconds: float
    first: float
    auto: bool

    @property
    def losses(self) -> list[float]:
        """The loss of each replica, the best first."""
        return [model.history.loss for model in self.models]

    def factors(self, names: Iterable[str]) -> list[list[Any]]:
        """These factors of each model, as NumPy arrays."""
        names = list(names)
        return [[model.backend.to_numpy(model[name]) for name in names] for model in self.models]


class Limit:
    """A plug-in that ends a fit after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @hookimpl
    def stop(self, point: Any) -> bool:
        return bool(point.seconds > self._seconds)


def fit(
    tsrex: Any,
    target: Any,
    method: str = "auto",
    *,
    seed: int = 0,
    limit: float = 10.0,
    twice: bool = True,
    **options: Any,
) -> Fit:
    """Fit on the active backend.

    `twice` from the same starts, as the second call compiles nothing; but once only if the first
    call takes longer than `limit`, after which fits are ended.
    """
    given = {"tol": EXACT, "stop_by": None, "returns": "all", "progress": False} | options
    given |= {"checkpoint_freq": LOOKS[method]} if method in LOOKS else {}

    def call() -> tuple[float, list[Any]]:
        ff.active_backend.seed(seed)
        begin = time.perf_counter()
        found = ff.factorize(tsrex, target, optimizer=method, plugins=[Limit(limit)], **given)
        return time.perf_counter() - begin, list(found)

    first, models = call()
    seconds, models = call() if twice and first < limit else (first, models)
    return Fit(models[0].history.method, models, seconds, first, method == "auto")


def by_each(
    asked: Asked,
    tsrex: Any,
    target: Any,
    *,
    named: tuple[str, ...] = (),
    limit: float = 10.0,
    **options: Any,
) -> Iterator[Fit]:
    """A fit by the method that FunFact takes, then one by each other that applies.

    That method and those `named` have the triple of the `limit`; they are what floors speak of.
    """
    chosen = fit(tsrex, target, limit=3 * limit, **options)
    yield chosen
    for method in named if asked.alone else METHODS:
        if method != chosen.method:
            own = 3 * limit if method in named else limit
            with suppress(OptionError, CapabilityError):  # it says why, as it should
                yield fit(tsrex, target, method, limit=own, **options)


def attempt(case: str, fit: Fit, result: float, good: int | None = None) -> Attempt:
    """A line of the ledger; `good` of all replicas did what is asked."""
    starts = None if good is None else len(fit.models)
    first = None if fit.first == fit.seconds else fit.first
    return Attempt(case, fit.method, result, fit.seconds, first, good, starts, fit.auto)
