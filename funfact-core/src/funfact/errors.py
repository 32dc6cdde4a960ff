"""One tree of exceptions.

Every error FunFact raises on purpose is a `FunFactError` and also the built-in
that a NumPy, JAX or PyTorch user would catch. A message says what happened with
the values, what was expected, and what to do next.
"""

__all__ = [
    "BackendError",
    "BrokenBackendError",
    "CapabilityError",
    "DeviceError",
    "DtypeError",
    "FitError",
    "FunFactError",
    "IndexingError",
    "NotationError",
    "OptionError",
    "ShapeError",
    "TargetError",
    "UnknownNameError",
]


class FunFactError(Exception):
    """Base of every error raised on purpose."""


class NotationError(FunFactError, TypeError):
    """Things that cannot stand beside one another in an expression."""


class IndexingError(FunFactError, ValueError):
    """An index list that does not fit what it is written on."""


class ShapeError(FunFactError, ValueError):
    """Sizes that cannot be combined."""


class DtypeError(FunFactError, TypeError):
    """A data type that cannot hold the data, or that is not available."""


class UnknownNameError(FunFactError, LookupError):
    """A name that is not in the list of known ones: a backend, a loss, an optimiser."""


class OptionError(FunFactError, ValueError):
    """An option that does not exist, or a value that it cannot take."""


class TargetError(FunFactError, ValueError):
    """Data that a model cannot be fitted to."""


class FitError(FunFactError, ArithmeticError):
    """A fit that has no answer to return."""


class BackendError(FunFactError, RuntimeError):
    """A backend that cannot be used as asked."""


class BrokenBackendError(BackendError, ImportError):
    """A backend that is installed and does not load."""


class CapabilityError(BackendError, NotImplementedError):
    """Something that the backend in use does not declare it can do."""


class DeviceError(BackendError, ValueError):
    """A device that is not there."""
