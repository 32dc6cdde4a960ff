"""The file of a stored model: a zip archive of one JSON document and NumPy arrays.

Nothing in it is run when it is opened, there is no pickle. It is written beside
its place and then put there, so that a file is the old one or the new one, and whole.
"""

import errno
import json
import os
import uuid
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from funfact.errors import FileFormatError

__all__ = ["DAMAGE", "damaged", "read", "write"]

FORMAT = "FunFact model"
VERSION = 1
_DOCUMENT = "model.json"

DAMAGE = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError),
    *(TypeError, ValueError, zipfile.BadZipFile, zlib.error),
)
"""What reading a file raises of which not every byte is right."""


def write(path: Path, document: dict[str, Any], arrays: "Sequence[np.ndarray[Any, Any]]") -> None:
    """Write a file whole, or not at all."""
    if not path.parent.is_dir():
        raise FileNotFoundError(
            errno.ENOENT, "there is no such folder; make it first", str(path.parent)
        )
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder; name a file in it", str(path))
    text = json.dumps({"format": FORMAT, "version": VERSION, **document})
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with open(beside, "xb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr(_DOCUMENT, text)
                for number, array in enumerate(arrays):
                    with archive.open(_member(number), "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as exc:
        if exc.filename == str(beside):  # a file that the user has never heard of
            raise type(exc)(exc.errno, exc.strerror, str(path)) from exc
        raise
    finally:
        beside.unlink(missing_ok=True)


def read(path: Path) -> "tuple[dict[str, Any], list[np.ndarray[Any, Any]]]":
    """The document and the arrays.

    Raises
    ------
    FileFormatError
        If the file is not a stored model, is damaged, or was written by a newer version.
    """
    with open(path, "rb") as file:
        start = file.read(2)
        if start != b"PK":
            raise _foreign(path)
        try:
            with zipfile.ZipFile(file) as archive:
                names = set(archive.namelist())
                if _DOCUMENT not in names:
                    raise _foreign(path)
                document = json.loads(archive.read(_DOCUMENT))
                if not isinstance(document, dict) or document.get("format") != FORMAT:
                    raise _foreign(path)
                if document["version"] != VERSION:
                    raise _newer(path, document["version"])
                return document, [_array(archive, n) for n in range(len(names) - 1)]
        except FileFormatError:
            raise
        except DAMAGE as exc:
            raise damaged(path, exc) from exc


def damaged(path: Path, cause: Exception) -> FileFormatError:
    """What to say of a file whose content does not fit together."""
    return FileFormatError(
        f"{path} is cut short or damaged: {cause}. A model that was saved is complete, "
        "so it was harmed afterwards: copy or download it again."
    )


def _array(archive: zipfile.ZipFile, number: int) -> "np.ndarray[Any, Any]":
    with archive.open(_member(number)) as member:
        array: np.ndarray[Any, Any] = np.lib.format.read_array(member, allow_pickle=False)
        member.read()  # to its end, where the checksum is compared
        return array


def _member(number: int) -> str:
    return f"arrays/{number}.npy"


def _foreign(path: Path) -> FileFormatError:
    return FileFormatError(
        f"{path} is not a model of FunFact. ff.load reads what fac.save(path) wrote; arrays alone "
        "are read by numpy.load and set by fac['u'] = array."
    )


def _newer(path: Path, version: object) -> FileFormatError:
    return FileFormatError(
        f"{path} has version {version} of the format, and this FunFact reads version {VERSION}. "
        "Update it: pip install --upgrade funfact-core."
    )
