"""Models: an expression together with the values of its factors."""

from funfact.model.factorization import Factorization
from funfact.model.history import History, Outcome
from funfact.model.penalty import conditions_of, constraints_of, penalties, weighing
from funfact.model.view import view

__all__ = [
    "Factorization",
    "History",
    "Outcome",
    "conditions_of",
    "constraints_of",
    "penalties",
    "view",
    "weighing",
]
