"""Tensors whose elements are a function of few parameters.

A generator is a function of one array of parameters. The parameters are what is
stored: what ``fac['theta']`` gives, what a fit changes, what an initialiser and a
condition apply to, and what becomes independent from replica to replica.

Examples
--------
A rotation of the plane, by an angle:

>>> import funfact as ff
>>> def rotation(angle, ab):
...     c, s = ab.cos(angle), ab.sin(angle)
...     return ab.reshape(ab.stack([c, -s, s, c]), (2, 2))
>>> R = ff.parametrized(rotation, "theta", shape=(2, 2), initializer=ff.initializers.Zeros)
>>> R, R.shape
(rotation(theta), (2, 2))
>>> with ff.using("numpy"):
...     fac = ff.Factorization.from_tsrex(R @ ff.tensor("v", [1.0, 0.0]))
>>> fac["theta"] = 0.5
>>> fac()
array([0.87758256, 0.47942554])
"""

import sys
from types import ModuleType

from .angle import angles, complex_of, trigonometric
from .generated import parametrized
from .planar import planar_rotation

__all__ = ["angles", "complex_of", "parametrized", "planar_rotation", "trigonometric"]


class _Callable(ModuleType):
    """`ff.parametrized` is this module, as in FunFact 1.0, and the function of that name."""

    __call__ = staticmethod(parametrized)


sys.modules[__name__].__class__ = _Callable
