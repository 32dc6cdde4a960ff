"""What the outcomes of the kit say of a backend: its level, and why it has no higher one.

| level | what it means |
|---|---|
| forward | all tests pass that need no capability: expressions evaluate |
| fit | forward, and all of `Autodiff` or all of `Linalg`: models are fitted |
| full | forward, and every capability there is |

Examples
--------
>>> outcomes = [Outcome('test_sum', 'passed'), Outcome('test_svd', 'passed', ('Linalg',))]
>>> level(outcomes, ('Linalg',))
'fit'
>>> level([*outcomes, Outcome('test_einsum', 'failed')], ('Linalg',))
'none'
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..backends import capabilities

__all__ = ["CAPABILITIES", "LEVELS", "SOLVERS", "Outcome", "level", "sound"]

CAPABILITIES = tuple(
    name
    for name in capabilities.__all__
    if capabilities.Capability in getattr(getattr(capabilities, name), "__bases__", ())
)
SOLVERS = ("Autodiff", "Linalg")
"""Each of them alone lets a model be fitted."""


LEVELS = {
    "none": "expressions do not evaluate as they should",
    "forward": "expressions evaluate",
    "fit": "expressions evaluate and models are fitted",
    "full": "expressions evaluate, models are fitted, and nothing is left out",
}


@dataclass(frozen=True)
class Outcome:
    """What became of one test: ``'passed'``, ``'failed'`` or ``'skipped'``."""

    test: str
    outcome: str
    needs: tuple[str, ...] = ()
    message: str = ""


def level(outcomes: Sequence[Outcome], declared: Sequence[str]) -> str:
    """``'none'``, ``'forward'``, ``'fit'`` or ``'full'``.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Of the whole kit.
    declared : sequence of str
        The capabilities that the backend declares.
    """
    if any(outcome.outcome == "failed" and not outcome.needs for outcome in outcomes):
        return "none"
    good = sound(outcomes, declared)
    if set(CAPABILITIES) <= good:
        return "full"
    return "fit" if good.intersection(SOLVERS) else "forward"


def sound(outcomes: Sequence[Outcome], declared: Sequence[str]) -> set[str]:
    """The capabilities that are declared and do not fail."""
    broken = {name for o in outcomes if o.outcome == "failed" for name in o.needs}
    return set(declared) - broken
