"""Models: an expression together with the values of its factors."""

from funfact.model.factorization import Factorization, view
from funfact.model.penalty import conditions_of, penalties

__all__ = ["Factorization", "conditions_of", "penalties", "view"]
