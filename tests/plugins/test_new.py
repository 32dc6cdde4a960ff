"""A package written by ``python -m funfact.backends new`` is clean, and passes its tests."""

import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., str]


@pytest.fixture
def package(run: Run, tmp_path: Path) -> Path:
    """What the command has written."""
    said = run("", "-m", "funfact.backends", "new", "fast-arrays")
    assert "at the places 1 to 5 of src/funfact_backend_fast_arrays/__init__.py" in said
    return tmp_path / "funfact-backend-fast-arrays"


def test_it_is_formatted_and_lint_clean(package: Path) -> None:
    rules = ["--select", "B,C4,E,F,I,PIE,PT,RUF,SIM,UP,W", "--line-length", "100"]
    for command in (["check", *rules], ["format", "--check", "--line-length", "100"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", "."],
            cwd=package,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_its_level_is_forward(package: Path, site: Path, run: Run) -> None:
    """Installed as an installer would, but for the network: a path, and the metadata."""
    project = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]
    (package / "src").rename(site / "src")
    info = site / "src" / "fast.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = project["entry-points"]["funfact.backends"]
    (info / "entry_points.txt").write_text(
        "[funfact.backends]\n" + "".join(f"{k} = {v}\n" for k, v in points.items())
    )
    where = {"PYTHONPATH": str(site / "src")}
    assert "fast-arrays" in run("", "-m", "funfact.backends", **where)
    verdict = run("", "-m", "funfact.backends", "check", "fast-arrays", **where)
    assert verdict.startswith("fast-arrays: level forward")
    assert "failed" not in verdict
    collected = run("", "-m", "pytest", "--collect-only", "-q", str(package), **where)
    assert "test_conformance.py::TestConformance::" in collected
