"""Models in files: `save` and `load`."""

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from funfact.backends import current
from funfact.backends import load as load_backend
from funfact.backends.dtypes import NAMES, plain
from funfact.errors import OptionError, UnknownNameError
from funfact.model import container
from funfact.model.document import INSTANCE, Reader, Writer
from funfact.model.factorization import Factorization
from funfact.model.history import History
from funfact.model.values import counterpart, native

__all__ = ["load", "save"]

_DISPENSABLE = "initializer "
"""How the place of an own thing begins without which a model has the same value."""


def save(fac: Factorization, path: str | os.PathLike[str]) -> None:
    """Write a model to a file; see `Factorization.save`."""
    path = _path(path)
    ab = fac.backend

    def to_numpy(x: Any) -> "np.ndarray[Any, Any]":
        array = plain(ab.to_numpy(x) if ab.is_native(x) else x)
        # NumPy itself has no bfloat16; float32 holds its values
        return array.astype("float32") if array.dtype.name == "bfloat16" else array

    writer = Writer(to_numpy)
    root = writer.expression(fac.tsrex)
    document = {
        "backend": ab.name,
        "dtype": ab.dtype_name(fac.dtype),
        "values": [writer.value(value) for value in fac.stored],
        "history": writer.value(fac.history, "the history"),
        "seed": writer.value(fac.seed),
        "root": root,
        "things": writer.things,
        "own": {name: where for name, (_, where) in writer.own.items()},
    }
    container.write(path, document, writer.arrays)


def load(
    path: str | os.PathLike[str],
    backend: str | None = None,
    *,
    own: Mapping[str, Any] | None = None,
) -> Factorization:
    """A model from a file that `Factorization.save` wrote.

    Opening a file is safe: nothing in it is run. The expression is made of new tensors and
    indices, ``fac.tsrex.tensors``; symbols name the factors as before.

    Parameters
    ----------
    path : str or path
    backend : str, optional
        By default the active one, whichever the model was saved under. Values are the same
        bits where it has their dtype; where not, as JAX without ``enable_x64`` has no
        float64, its own for that data is used, and logged.
    own : mapping, optional
        What a file does not hold, by name: functions, conditions and initializers of your
        own.

    Returns
    -------
    Factorization
        With its ``history`` and ``seed``.

    Raises
    ------
    OptionError
        If `path` is no path.
    FileNotFoundError
        If there is no file.
    FileFormatError
        If it is no stored model, is damaged, or was written by a newer FunFact.
    UnknownNameError
        If something of your own is missing from `own`, or is not asked for.

    Warns
    -----
    UserWarning
        If the missing thing is an initializer, without which the model is the same.

    Examples
    --------
    >>> import funfact as ff, os, tempfile
    >>> u = ff.tensor("u", 3, 2, initializer=ff.initializers.Ones)
    >>> with tempfile.TemporaryDirectory() as folder, ff.using("numpy"):
    ...     path = os.path.join(folder, "model.ff")
    ...     ff.Factorization.from_tsrex(u @ ff.tensor("v", [1.0, 2.0])).save(path)
    ...     fac = ff.load(path)
    >>> fac.tsrex, fac()
    (u @ v, array([3., 3., 3.]))
    """
    path = _path(path)
    document, arrays = container.read(path)
    # before anything is warned of: without a backend there is no model
    ab = current() if backend is None else load_backend(backend)
    try:
        things = _own(path, document["own"], own or {})
        reader = Reader(arrays, things)
        tsrex = reader.expression(document["things"], document["root"])
        values = [reader.value(value) for value in document["values"]]
        shapes = [None if value is None else value.shape for value in values]
        if len(shapes) != len(tsrex.tensors) or any(
            shape not in (None, tensor.full_shape)
            for tensor, shape in zip(tsrex.tensors, shapes, strict=True)
        ):
            raise ValueError(f"values of shapes {shapes} do not belong to {tsrex!r}")
        history, seed = reader.value(document["history"]), reader.value(document["seed"])
        if not isinstance(history, History | None) or not isinstance(seed, int | None):
            raise TypeError(f"history {history!r:.40}, seed {seed!r:.40}")
        name = document["dtype"]
        if name not in NAMES:
            raise ValueError(f"{name!r} is no data type")
    except (UnknownNameError, OptionError):
        raise
    except container.DAMAGE as exc:
        raise container.damaged(path, exc) from exc
    dtype = counterpart(name, ab)
    fac = Factorization(tsrex, ab, dtype, native(tsrex.tensors, values, ab, dtype))
    fac.history, fac.seed = history, seed
    return fac


def _path(path: Any) -> Path:
    try:
        return Path(os.fsdecode(path))
    except TypeError as exc:
        raise OptionError(
            f"{path!r:.60} names no file. Expected a path, such as 'model.ff'."
        ) from exc


def _own(path: Path, places: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """The user's own things by name: those given, and None for an initializer that is not."""
    if not isinstance(given, Mapping):
        raise OptionError(f"own={given!r:.60}: expected the things by name, own={{'f': f}}.")
    for name, thing in given.items():
        if name not in places:
            raise UnknownNameError.among(f"function or object of your own in {path},", name, places)
        whole = places[name].endswith(INSTANCE)
        if isinstance(thing, type) if whole else not callable(thing):
            raise OptionError(
                f"own={{{name!r}: {thing!r:.60}}}: {path} was saved with "
                f"{'an instance' if whole else 'a function or a class'} there ({places[name]}). "
                "Give back one like it."
            )
    missing = {name: where for name, where in places.items() if name not in given}
    needed = {n: where for n, where in missing.items() if not where.startswith(_DISPENSABLE)}
    if needed:
        listed = ", ".join(f"{name} ({where})" for name, where in needed.items())
        call = ", ".join(f"{name!r}: ..." for name in needed)
        raise UnknownNameError(
            f"{path} holds a model made with functions or objects of your own, which no file "
            f"holds: {listed}. Give them back: ff.load(path, own={{{call}}})."
        )
    for name, where in missing.items():
        warnings.warn(
            f"{path} was saved with {name} ({where}), which no file holds; the tensor has none "
            f"now. Give it back if you need it: ff.load(path, own={{{name!r}: ...}}).",
            stacklevel=3,
        )
    return {**dict.fromkeys(missing), **given}
