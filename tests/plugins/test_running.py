"""Distributions that pip installs, upgrades, breaks and removes while Python runs.

Each row of the status table is one of a real environment: `pip` does its work in a virtual
environment, and a process that was started before it is asked what it sees.
"""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wheels import wheel

# Answers one question a line: Python's value of it, or the error.
SERVER = """
import json, sys
import funfact as ff
for line in sys.stdin:
    try:
        answer = eval(line)
    except ff.errors.FunFactError as exc:
        answer = f"{type(exc).__name__}: {exc}"
    print(json.dumps(answer, default=repr), flush=True)
"""
ARGUMENTS = ("-m", "pip", "--disable-pip-version-check", "--python")


class Environment:
    """A virtual environment with FunFact on its path, and a process that runs in it."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False, symlinks=os.name != "nt")
        self.folder = folder
        self.python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("FUNFACT_")}
        self.variables = {**inherited, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self.process = self.start()

    def start(self) -> "subprocess.Popen[str]":
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        command = [str(self.python), "-c", SERVER]
        return subprocess.Popen(command, env=self.variables, text=True, bufsize=1, **pipes)

    def ask(self, code: str) -> Any:
        """What the running process says."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(code + "\n")
        return json.loads(self.process.stdout.readline())

    def status(self, name: str) -> dict[str, Any]:
        """A row of the table, in the running process; empty if there is none."""
        found = self.ask(f"vars(ff.backends.status().get({name!r}, ff.errors))")
        return {} if "__name__" in found else found

    def fresh(self, code: str) -> Any:
        """What a new process says."""
        self.process, running = self.start(), self.process
        try:
            return self.ask(code)
        finally:
            self.stop()
            self.process = running

    def stop(self) -> None:
        """End the process."""
        self.process.communicate(timeout=60)

    def install(self, sample: str) -> None:
        """``pip install`` of a sample."""
        built = str(wheel(sample, self.folder))
        self.pip("install", "--no-index", "--no-deps", "--upgrade", built)

    def uninstall(self, distribution: str) -> None:
        """``pip uninstall``."""
        self.pip("uninstall", "--yes", distribution)

    def pip(self, *arguments: str) -> None:
        command = [sys.executable, *ARGUMENTS, str(self.python), *arguments]
        subprocess.run(command, env=self.variables, check=True, capture_output=True)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Environment]:
    environment = Environment(tmp_path / "environment")
    yield environment
    environment.stop()


def test_added_upgraded_and_removed(running: Environment) -> None:
    assert running.status("echo") == {}
    assert "No backend is called 'echo'" in running.ask("ff.use('echo')")
    running.install("good")
    row = running.status("echo")
    assert (row["state"], row["distribution"], row["version"]) == ("ready", "echo-arrays", "1.0")
    assert running.ask("'echo' in ff.available_backends")
    assert running.ask("ff.use('echo') or repr(ff.active_backend)") == "<backend 'EchoBackend'>"
    running.install("good-later")  # what was imported stays, and a new process has the new one
    assert running.status("echo")["version"] == "2.0"
    assert running.ask("ff.use('echo') or repr(ff.active_backend)") == "<backend 'EchoBackend'>"
    later = "ff.use('echo') or repr(ff.active_backend)"
    assert running.fresh(later) == "<backend 'LaterEchoBackend'>"
    running.uninstall("echo-arrays")
    assert not running.ask("'echo' in ff.available_backends")
    assert running.status("echo") == {}
    assert running.ask("repr(ff.active_backend)") == "<backend 'EchoBackend'>"
    assert "No backend is called 'echo'" in running.fresh("ff.use('echo')")


def test_upgraded_before_it_is_loaded(running: Environment) -> None:
    running.install("good")
    assert running.ask("'echo' in ff.available_backends")
    running.install("good-later")
    assert (
        running.ask("ff.use('echo') or repr(ff.active_backend)") == "<backend 'LaterEchoBackend'>"
    )


def test_the_library_goes_and_comes_back(running: Environment) -> None:
    running.install("needy")
    row = running.status("needy")
    assert row["state"] == "broken"
    assert row["cause"] == "it needs needed_library, which is not installed"
    assert row["remedy"] == "To install what it needs: pip install needy-arrays"
    assert running.ask("ff.use('needy')") == (
        "BrokenBackendError: backend 'needy' from needy-arrays 1.5 is broken: it needs "
        "needed_library, which is not installed. To install what it needs: "
        "pip install needy-arrays"
    )
    running.install("needed")
    row = running.status("needy")
    assert (row["state"], row["capabilities"]) == ("ready", ["Linalg"])
    running.uninstall("needed-library")
    assert running.status("needy")["state"] == "broken"
    running.install("needed")
    assert running.ask("ff.use('needy') or repr(ff.active_backend)") == "<backend 'NeedyBackend'>"
    running.uninstall("needed-library")  # it is loaded here, and stays
    assert running.ask("ff.active_backend.zeros(2).tolist()") == [0, 0]
    assert running.fresh("ff.backends.status()['needy'].state") == "broken"


def test_incompatible_until_it_is_gone(running: Environment) -> None:
    running.install("future")
    row = running.status("future")
    assert row["state"] == "incompatible"
    assert row["remedy"] == "To update it: pip install --upgrade funfact-core"
    running.uninstall("future-arrays")
    assert running.status("future") == {}


def test_ambiguous_until_one_is_gone(running: Environment) -> None:
    running.install("twin-one")
    assert running.status("twin")["state"] == "ready"
    running.install("twin-two")
    row = running.status("twin")
    assert row["state"] == "ambiguous"
    assert row["distribution"] == "twin-one, twin-two"
    assert row["remedy"] == "Say use('twin@twin-one') or use('twin@twin-two')."
    running.uninstall("twin-one")
    row = running.status("twin")
    assert (row["state"], row["distribution"]) == ("ready", "twin-two")
    assert running.ask("ff.use('twin') or type(ff.backends.current()).__doc__") == "Twin two."


def test_disabled_until_it_is_taken_out(running: Environment) -> None:
    running.install("good")
    running.ask("__import__('os').environ.update(FUNFACT_DISABLE_BACKENDS='echo')")
    row = running.status("echo")
    assert row["state"] == "disabled"
    assert row["remedy"] == "Take echo out of the environment variable FUNFACT_DISABLE_BACKENDS."
    assert "switched off by FUNFACT_DISABLE_BACKENDS='echo'" in running.ask("ff.use('echo')")
    running.ask("__import__('os').environ.pop('FUNFACT_DISABLE_BACKENDS')")
    assert running.status("echo")["state"] == "ready"
