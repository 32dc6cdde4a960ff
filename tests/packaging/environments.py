"""Fresh virtual environments, as a stranger would make them."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PINS = ("-c", str(CHECKOUT / "constraints.txt"))


@dataclass(frozen=True)
class Environment:
    """A virtual environment outside the checkout, which is also where it runs."""

    root: Path

    @property
    def python(self) -> str:
        return str(self.root / ("Scripts" if os.name == "nt" else "bin") / "python")

    def pip(self, *words: str, cwd: Path | None = None) -> None:
        run([self.python, "-m", "pip", *words], cwd or self.root)

    def install(self, wheels: Path, *requirements: str) -> None:
        """Install what the wheels hold, and the rest at pinned versions from the index."""
        self.pip("install", *PINS, "--find-links", str(wheels), *requirements)

    def run(self, code: str) -> str:
        """What `code` prints in a new process that sees this environment alone."""
        return run([self.python, "-I", "-c", code], self.root).strip()

    def installed(self) -> set[str]:
        """The names of the distributions in it."""
        listing = run([self.python, "-m", "pip", "list", "--format=freeze"], self.root)
        return {line.partition("==")[0].lower() for line in listing.splitlines()}


@contextmanager
def fresh() -> Iterator[Environment]:
    """A new environment, removed afterwards: with an array library in it, it is large."""
    with tempfile.TemporaryDirectory(prefix="funfact-") as folder:
        env = Environment(Path(folder, "venv"))
        run([sys.executable, "-m", "venv", str(env.root)], Path(folder))
        yield env


def run(command: Sequence[str], cwd: Path) -> str:
    """Run a command that must succeed; its standard output."""
    done = subprocess.run(command, cwd=cwd, env=outside(), capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def outside() -> dict[str, str]:
    """This process's environment variables, less those that speak of its own Python."""
    ours = ("PYTHON", "FUNFACT_", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1"
    }
