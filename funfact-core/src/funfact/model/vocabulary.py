"""What a stored model can name: a closed table, so that reading a file runs no code of its own.

Instances of these classes are stored by their fields, which are those of a dataclass.
Anything else, a user's own function or class, has no place in a file.
"""

from typing import Any, get_args

from funfact.compiler.ir import Semiring
from funfact.conditions import NoCondition
from funfact.conditions.known import CONSTRAINTS
from funfact.initializers import Eye, Normal, Ones, Uniform, VarianceScaling, Zeros
from funfact.language.nodes import Index, Label, Mark, Node, Replica
from funfact.model.history import History, Outcome
from funfact.parametrized.generated import Activating
from funfact.parametrized.planar import InPlane
from funfact.quantum.gates import SplitAxes
from funfact.quantum.standard import GENERATORS as ROTATIONS
from funfact.quantum.unitary import GENERATORS as FREE

__all__ = ["CLASSES", "ENUMS", "FUNCTIONS", "THINGS", "is_own"]

THINGS: dict[str, type] = {cls.__name__: cls for cls in (*get_args(Node), Index, Replica)}
"""What is itself: two of equal content are two, and one that stands twice is one."""

_CLASSES: tuple[type, ...] = (
    *(Label, Semiring, History, Activating, InPlane, SplitAxes),
    *(Zeros, Ones, Eye, Normal, Uniform, VarianceScaling),
    NoCondition,
    *CONSTRAINTS.values(),
)
CLASSES = {cls.__name__: cls for cls in _CLASSES}
"""Values: two of equal content are equal."""

ENUMS: dict[str, Any] = {"Mark": Mark, "Outcome": Outcome}

FUNCTIONS: dict[str, Any] = {**ROTATIONS, **FREE}
"""Generators that are no dataclass, by the name of their gate."""


def is_own(x: Any) -> bool:
    """Whether an initializer, a condition or a function is not one of FunFact's."""
    known = x in CLASSES.values() if isinstance(x, type) else type(x) in CLASSES.values()
    return not known and not any(x is function for function in FUNCTIONS.values())
