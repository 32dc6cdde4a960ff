"""``python -m funfact.backends new NAME``: a package for a backend, ready to be tested.

Examples
--------
>>> sorted(package('fast-arrays'))[-2:]
['src/funfact_backend_fast_arrays/py.typed', 'tests/test_conformance.py']
"""

from __future__ import annotations

import re
import tempfile
from importlib.resources import files
from pathlib import Path

from ..errors import OptionError
from .discovery import entries
from .entries import FIRST_PARTY, normalise

__all__ = ["new", "package"]

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")

_TEMPLATES = {
    ".github/workflows/ci.yml": "ci.yml.txt",
    ".gitignore": "gitignore.txt",
    "README.md": "README.md.txt",
    "pyproject.toml": "pyproject.toml.txt",
    "src/@MODULE@/__init__.py": "module.py.txt",
    "tests/test_conformance.py": "test_conformance.py.txt",
}


def new(name: str, path: Path | None = None) -> Path:
    """Write a package for a backend of that name, whole or not at all.

    Parameters
    ----------
    name : str
        What people will type: small letters, digits, and ``-`` or ``_`` between them.
    path : Path, optional
        The folder to make; ``funfact-backend-NAME`` in the working directory by default.

    Returns
    -------
    Path
        That folder.

    Raises
    ------
    OptionError
        If the name is not of that form, belongs to FunFact's own backends or to one that is
        installed; if the folder exists, which is then left as it is, or the one around it does not.
    """
    _check(name)
    folder = Path(_words(name)["@DISTRIBUTION@"]) if path is None else path
    if folder.exists() or folder.is_symlink():
        raise OptionError(
            f"{folder} exists already, and nothing was written. "
            "Move it away, or name another folder: --path FOLDER"
        )
    if not folder.parent.is_dir():
        raise OptionError(f"there is no folder {folder.parent} to make {folder.name} in.")
    with tempfile.TemporaryDirectory(prefix=".funfact-", dir=folder.parent) as scratch:
        whole = Path(scratch, "package")
        for file, text in package(name).items():
            target = whole / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        whole.rename(folder)
    return folder


def package(name: str) -> dict[str, str]:
    """The files of such a package: their paths inside it, and their text."""
    template = files(__package__) / "template"
    texts = {
        file: (template / source).read_text(encoding="utf-8") for file, source in _TEMPLATES.items()
    }
    texts["src/@MODULE@/py.typed"] = ""
    return {_filled(file, name): _filled(text, name) for file, text in texts.items()}


def _filled(text: str, name: str) -> str:
    for word, meaning in _words(name).items():
        text = text.replace(word, meaning)
    return text


def _words(name: str) -> dict[str, str]:
    plain = name.replace("_", "-")
    return {
        "@NAME@": name,
        "@DISTRIBUTION@": f"funfact-backend-{plain}",
        "@MODULE@": "funfact_backend_" + name.replace("-", "_"),
        "@CLASS@": "".join(part.capitalize() for part in plain.split("-")) + "Backend",
    }


def _check(name: str) -> None:
    """Raise `OptionError` for a name that cannot be a backend's, or is another's."""
    if not _NAME.fullmatch(name):
        raise OptionError(
            f"{name!r} cannot be the name of a backend: people type it, and a distribution, a "
            "module and a class are named after it. Use small letters, digits, and '-' or '_' "
            "between them, such as 'fast-arrays'."
        )
    if name in FIRST_PARTY:
        raise OptionError(
            f"the name {name!r} belongs to {FIRST_PARTY[name].distribution}. Choose another one."
        )
    for entry in entries():
        if normalise(entry.name) == normalise(name):
            raise OptionError(
                f"a backend {entry.name!r} is installed already, from {entry.source}, and two of "
                "one name are in each other's way. Choose another name, or uninstall that one."
            )
