"""The pytest plug-in of the kit: ``pytest -p funfact.testing.plugin --funfact-backend NAME``.

With ``--pyargs funfact.testing`` it runs the whole kit on any installed backend, and with
``--funfact-device NAME`` on one of its devices. It is no pytest entry point, which would cost
everybody's pytest the import of FunFact.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from .level import Outcome


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--funfact-backend``, ``--funfact-device`` and ``--funfact-report``."""
    group = parser.getgroup("funfact")
    group.addoption(
        "--funfact-backend",
        metavar="NAME",
        help="the installed backend that the tests of funfact.testing run on",
    )
    group.addoption(
        "--funfact-device",
        metavar="NAME",
        help="the device of that backend, such as 'cuda:0'; its own choice if not given",
    )
    group.addoption(
        "--funfact-report",
        metavar="FILE",
        type=Path,
        help="write the outcome of each test and what it needs to this file, as JSON",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Record what happens where a report is asked for."""
    path = config.getoption("--funfact-report")
    if path is not None:
        config.pluginmanager.register(Recorder(path))


def pytest_report_header(config: pytest.Config) -> str | None:
    """Name the backend at the top of pytest's output."""
    name = config.getoption("--funfact-backend")
    return None if name is None else f"funfact backend: {name}"


class Recorder:
    """Writes the outcomes of a session to a file, as JSON."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outcomes: list[Outcome] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test: its call, or the preparation where that went wrong."""
        if report.when == "call" or (report.outcome != "passed" and report.when == "setup"):
            name = report.nodeid.partition("::")[2]
            properties = dict(report.user_properties)
            needs = tuple(str(properties.get("needs", "")).split())
            self.outcomes.append(Outcome(name, report.outcome, needs, _message(report)))

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        self.path.write_text(json.dumps([asdict(outcome) for outcome in self.outcomes]))


def _message(report: pytest.TestReport) -> str:
    if report.outcome != "failed":
        return ""
    crash: Any = getattr(report.longrepr, "reprcrash", None)
    message = report.longreprtext if crash is None else str(crash.message)
    return message.removeprefix("AssertionError: ")
