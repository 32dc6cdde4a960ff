"""Methods of fits, and what a backend allows them."""

from funfact.backends import Autodiff
from funfact.errors import DtypeError
from funfact.fit.solvers.table import DERIVED

__all__ = ["STEPS", "able", "single", "widest"]

STEPS = {"ALS": 200, "LM": 250, "LBFGS": 200, "Adam": 900}
"""Of each method, in which it is to arrive; of the gradient methods one stands for all."""


def able(backend, method):
    needs = DERIVED[method].needs if method in DERIVED else (Autodiff,)
    return all(isinstance(backend, capability) for capability in needs)


def widest(backend, kind):
    """The widest dtype that the backend was set up for, what it rounds to, and its root."""
    wide = "complex128" if kind == "complex" else "float64"
    try:
        backend.dtype(wide)
    except DtypeError:
        return single(kind)
    return wide, 2e-14, 1e-6


def single(kind):
    """The same for single precision."""
    return "complex64" if kind == "complex" else "float32", 3e-6, 3e-3
