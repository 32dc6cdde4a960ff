"""Sample distributions beside the installed ones, and fresh processes that see them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from wheels import unpack

Run = Callable[..., str]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An empty folder that the processes of `run` have on their path."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


@pytest.fixture
def install(site: Path) -> Callable[..., None]:
    """``install('good', 'brittle')`` puts samples into `site`."""

    def install(*samples: str) -> None:
        for sample in samples:
            unpack(sample, site)

    return install


@pytest.fixture
def run(site: Path, tmp_path: Path) -> Run:
    """``run(code, FUNFACT_BACKEND='echo')``: what a fresh process prints, warnings included."""

    def run(code: str, *arguments: str, **environment: str) -> str:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("FUNFACT_")}
        done = subprocess.run(
            [sys.executable, *(arguments or ("-c", f"import funfact as ff\n{code}"))],
            env={**inherited, "PYTHONPATH": str(site), **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def refusal(run: Run) -> Run:
    """``refusal(call)``: the message of the error that a call raises in a fresh process."""

    def refusal(call: str, **environment: str) -> str:
        code = f"try:\n {call}\nexcept ff.errors.BackendError as exc:\n print(exc)"
        return run(f"import funfact.errors\n{code}", **environment).strip()

    return refusal
