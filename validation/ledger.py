"""What the ledger is made of: rows, what each must reach, and what came out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import nan

__all__ = ["Asked", "Attempt", "Floor", "Found", "Row", "Verdict", "judged"]


@dataclass(frozen=True)
class Asked:
    """How a row is to be solved.

    Attributes
    ----------
    backend : str
        That of the methods that are compared; what is said of NumPy is measured on NumPy.
    quick : bool
        Fewer starts and cases, for a look.
    alone : bool
        Only by the method that FunFact takes itself, and beside no other but a reference.
    """

    backend: str
    quick: bool = False
    alone: bool = False

    def count(self, whole: int, quick: int) -> int:
        """So many of something."""
        return quick if self.quick else whole


@dataclass(frozen=True)
class Floor:
    """What a figure has to be, at least or at most.

    Attributes
    ----------
    figure : str
        Its name among the figures of the row.
    at_least, at_most : float, optional
    """

    figure: str
    at_least: float | None = None
    at_most: float | None = None

    def __str__(self) -> str:
        if self.at_most is None:
            return f"at least {self.at_least:.5g}"
        return f"at most {self.at_most:.10g}"


@dataclass(frozen=True)
class Attempt:
    """One problem, solved by one method.

    Attributes
    ----------
    case : str
        Which of the problems of the row.
    solver : str
        The method; a library before it, where it is not FunFact's.
    result : float
        In the row's unit.
    seconds : float
        Of the call; of a second one where something is compiled.
    first : float, optional
        Seconds of the first call.
    good, starts : int, optional
        How many starts did what the row asks, of how many.
    auto : bool
        Whether it is what ``optimizer='auto'`` takes.
    """

    case: str
    solver: str
    result: float
    seconds: float
    first: float | None = None
    good: int | None = None
    starts: int | None = None
    auto: bool = False


@dataclass(frozen=True)
class Found:
    """All attempts at a row, and the figures that its floors speak of."""

    attempts: tuple[Attempt, ...]
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Row:
    """A family of problems with a known answer.

    Attributes
    ----------
    title : str
    what : str
        Data, model and what is compared, in a few sentences.
    source : str
        Where the reference comes from.
    unit : str
        What `Attempt.result` is.
    floors : tuple of Floor
    solve : function of Asked
    backends : tuple of str
        Those that it can be solved on; the first unless another is asked for.
    """

    title: str
    what: str
    source: str
    unit: str
    floors: tuple[Floor, ...]
    solve: Callable[[Asked], Found]
    backends: tuple[str, ...] = ("jax", "torch")


@dataclass(frozen=True)
class Verdict:
    """A floor, the figure, and whether it holds."""

    floor: Floor
    got: float
    held: bool


def judged(floors: tuple[Floor, ...], figures: Mapping[str, float]) -> tuple[Verdict, ...]:
    """Each floor beside its figure; one that was not measured is not held."""
    return tuple(_verdict(floor, figures.get(floor.figure, nan)) for floor in floors)


def _verdict(floor: Floor, got: float) -> Verdict:
    # written so that NaN fails
    low = floor.at_least is None or got >= floor.at_least
    high = floor.at_most is None or got <= floor.at_most
    return Verdict(floor, got, low and high)
