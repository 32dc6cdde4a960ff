"""The names that "Write a backend" asks of a namespace are enough."""

import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "write-a-backend.md"

SUITE = """
from types import SimpleNamespace

import numpy as np
import pytest
from funfact.backends import Backend
from funfact.testing import BackendTests

NAMES = "{names}".split()


class Few(Backend):
    protocol = 1

    def __init__(self, options=None):
        super().__init__(options)
        self.xp = SimpleNamespace(**{{name: getattr(np, name) for name in NAMES}})

    def tensor(self, data, dtype=None):
        return np.array(self.plain(data), None if dtype is None else self.checked(data, dtype))

    def to_numpy(self, x):
        return np.asarray(x)

    def is_native(self, x):
        return isinstance(x, (np.ndarray, np.generic))


class TestFew(BackendTests):
    @pytest.fixture
    def backend(self):
        return Few()
"""


def test_they_are_enough_for_the_kit(tmp_path: Path) -> None:
    block = PAGE.read_text("utf-8").partition("<!-- names -->\n```text\n")[2].partition("```")[0]
    suite = tmp_path / "test_few.py"
    suite.write_text(SUITE.format(names=" ".join(block.split())), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(suite)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
