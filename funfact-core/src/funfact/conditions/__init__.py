"""What a factor is to be like: preferred (``prefer=``) or imposed (``constrain=``).

A condition measures how far a factor is from what is asked: its `residual` is zero
where it holds. Preferred, it is a penalty: the squared (or absolute) residual, averaged (or
summed) over the elements, times a weight. A condition that is a `Constraint` can be imposed as
well: then it holds exactly, at the start of a fit, after every step and in the result.

The last axes of an array are those of the factor, any axes before them are replicas, as with
NumPy's generalised ufuncs; matrix conditions look at the last two.

Examples
--------
A condition of one's own is one method:

>>> class SumsToOne(Condition):
...     def residual(self, x, ab):
...         return ab.sum(x, axis=-1, keepdims=True) - 1
>>> import funfact as ff
>>> with ff.using("numpy"):
...     float(SumsToOne()(ff.active_backend.ones((3, 2))))
1.0
"""

from funfact.conditions.condition import Condition, NoCondition, violation, weighted_residual
from funfact.conditions.cones import Monotone, NonNegative, PositiveDefinite
from funfact.conditions.constraint import Constraint
from funfact.conditions.known import as_condition, as_constraint
from funfact.conditions.linear import (
    Diagonal,
    LowerTriangular,
    Symmetric,
    Toeplitz,
    UpperTriangular,
)
from funfact.conditions.unit import Orthonormal, Simplex, Unitary, UnitNorm

__all__ = [
    "Condition",
    "Constraint",
    "Diagonal",
    "LowerTriangular",
    "Monotone",
    "NoCondition",
    "NonNegative",
    "Orthonormal",
    "PositiveDefinite",
    "Simplex",
    "Symmetric",
    "Toeplitz",
    "UnitNorm",
    "Unitary",
    "UpperTriangular",
    "as_condition",
    "as_constraint",
    "violation",
    "weighted_residual",
]
