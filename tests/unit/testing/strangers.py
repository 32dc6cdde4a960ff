"""Distributions of strangers, as files in a folder: what an installer would have put there."""

import os
import subprocess
import sys
from pathlib import Path

PLAIN = """
import numpy as np
from funfact.backends import Backend

class PlainBackend(Backend):
    protocol = 1
    requires = ("numpy",)

    def __init__(self, options=None):
        super().__init__(options)
        self.xp = np

    def tensor(self, data, dtype=None):
        from funfact.backends.dtypes import plain
        native = None if dtype is None else self.checked(data, dtype)
        return np.array(plain(data), native, order="C")

    def to_numpy(self, x):
        return np.asarray(x)

    def is_native(self, x):
        return isinstance(x, (np.ndarray, np.generic))
"""


def installed(folder: Path, source: str) -> None:
    """A distribution ``plain-arrays`` whose module claims the name ``plain``."""
    (folder / "plain_arrays.py").write_text(source)
    info = folder / "plain_arrays-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plain-arrays\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[funfact.backends]\nplain = plain_arrays:PlainBackend\n"
    )


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A fresh Python in that folder, which finds what is there."""
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
    )
