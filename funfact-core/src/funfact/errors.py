"""One tree of exceptions.

Every error FunFact raises on purpose is a `FunFactError` and also the built-in
that a NumPy, JAX or PyTorch user would catch. A message says what happened with
the values, what was expected, and what to do next.
"""

from collections.abc import Iterable

__all__ = [
    "BackendError",
    "BrokenBackendError",
    "CapabilityError",
    "DeviceError",
    "DtypeError",
    "FileFormatError",
    "FitError",
    "FunFactError",
    "IndexingError",
    "NotationError",
    "OptionError",
    "RangeError",
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

    @classmethod
    def among(cls, what: str, name: str, known: Iterable[str]) -> "UnknownNameError":
        """`name` is no `what`: list the `known` ones, and say which comes nearest."""
        from difflib import get_close_matches

        names = list(known)
        folded = {candidate.lower(): candidate for candidate in names}
        longer = [candidate for candidate in folded if name and candidate.startswith(name.lower())]
        close = longer[:1] or get_close_matches(name.lower(), folded, n=1)
        hint = f" Did you mean {folded[close[0]]!r}?" if close else ""
        choices = f"Known are {', '.join(names)}." if names else "There are none."
        return cls(f"there is no {what} {name!r}.{hint} {choices}")


class OptionError(FunFactError, ValueError):
    """An option that does not exist, or a value that it cannot take."""


class RangeError(FunFactError, IndexError):
    """A position outside of an axis."""


class TargetError(FunFactError, ValueError):
    """Data that a model cannot be fitted to."""


class FitError(FunFactError, ArithmeticError):
    """A fit that has no answer to return."""


class FileFormatError(FunFactError, ValueError):
    """A file that is no stored model, or one that cannot be read."""


class MissingLibraryError(FunFactError, ImportError):
    """A library that FunFact does not depend on, and that what was asked for needs."""


class BackendError(FunFactError, RuntimeError):
    """A backend that cannot be used as asked."""


class BrokenBackendError(BackendError, ImportError):
    """A backend that is installed and does not load."""


class CapabilityError(BackendError, NotImplementedError):
    """Something that the backend in use does not declare it can do."""


class DeviceError(BackendError, ValueError):
    """A device that is not there."""
