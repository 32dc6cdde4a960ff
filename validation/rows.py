"""All rows of the ledger, in the order of the page."""

from validation import bells, circuits, components, matrices, nonnegative, products, races, trees
from validation.ledger import Row

__all__ = ["ROWS"]

FAMILIES = (matrices, trees, components, products, nonnegative, circuits, bells, races)

ROWS: dict[str, Row] = {name: row for family in FAMILIES for name, row in family.ROWS.items()}
