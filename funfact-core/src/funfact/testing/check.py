"""``python -m funfact.backends check NAME``: how far a backend has come, and what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from ..backends import load
from ..backends.capabilities import declared
from ..errors import BackendError
from .level import CAPABILITIES, LEVELS, Outcome, level

__all__ = ["Verdict", "check", "text"]

INSTALLATION = 'pip install "funfact-core[testing]"'


@dataclass(frozen=True)
class Verdict:
    """What the kit found; `level` is ``'none'``, ``'forward'``, ``'fit'`` or ``'full'``."""

    name: str
    level: str
    declared: tuple[str, ...]
    passed: int
    failures: tuple[Outcome, ...]
    skipped: dict[str, int]


def check(name: str) -> Verdict:
    """Run the kit on an installed backend, in a process of its own.

    Raises
    ------
    BackendError
        If pytest or hypothesis are missing, or the kit could not run. What
        `funfact.backends.load` raises where the backend itself cannot be used.
    """
    missing = [package for package in ("pytest", "hypothesis") if find_spec(package) is None]
    if missing:
        raise BackendError(
            f"the conformance kit needs {' and '.join(missing)}, which this Python does not "
            f"have. To install: {INSTALLATION}"
        )
    capabilities = declared(type(load(name)))
    outcomes = _outcomes(name)
    skipped = {
        capability: sum(o.outcome == "skipped" and capability in o.needs for o in outcomes)
        for capability in CAPABILITIES
        if capability not in capabilities
    }
    return Verdict(
        name=name,
        level=level(outcomes, capabilities),
        declared=capabilities,
        passed=sum(o.outcome == "passed" for o in outcomes),
        failures=tuple(o for o in outcomes if o.outcome == "failed"),
        skipped=skipped,
    )


def _outcomes(name: str) -> list[Outcome]:
    with tempfile.TemporaryDirectory(prefix="funfact-check-") as folder:
        report = Path(folder, "report.json")
        kit = ["-p", "funfact.testing.plugin", "--pyargs", "funfact.testing"]
        # neither the settings of a project around us nor pytest's other plug-ins have a say
        alone = ["-c", os.devnull, f"--rootdir={folder}", "--noconftest", "-p", "no:cacheprovider"]
        ours = [f"--funfact-backend={name}", f"--funfact-report={report}", "--tb=short"]
        ignored = {"PYTEST_ADDOPTS", "PYTEST_PLUGINS"}
        environment = {k: v for k, v in os.environ.items() if k not in ignored}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *kit, *alone, *ours],
            capture_output=True,
            text=True,
            env=environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        )
        if not report.exists():
            raise BackendError(
                f"the kit ended before it tested {name!r}, with status {done.returncode}. "
                f"pytest says:\n{(done.stdout + done.stderr)[-2000:]}"
            )
        return [
            Outcome(**{**o, "needs": tuple(o["needs"])}) for o in json.loads(report.read_text())
        ]


def text(verdict: Verdict, as_json: bool = False) -> str:
    """A verdict as people or programs read it."""
    if as_json:
        return json.dumps(asdict(verdict), indent=2)
    lines = [
        f"{verdict.name}: level {verdict.level} ({LEVELS[verdict.level]})",
        f"  passed    {verdict.passed} tests",
        f"  failed    {len(verdict.failures)}" if verdict.failures else "",
        f"  declared  {' '.join(verdict.declared) or '-'}",
        f"  left out  {_left_out(verdict.skipped)}" if verdict.skipped else "",
        *(part for failure in verdict.failures for part in ("", *_told(failure))),
    ]
    return "\n".join(line for n, line in enumerate(lines) if line or n > 4)


def _left_out(skipped: dict[str, int]) -> str:
    return ", ".join(
        f"{name} ({count} tests)" if count else name for name, count in skipped.items()
    )


def _told(failure: Outcome) -> Sequence[str]:
    needs = f"  (needs {', '.join(failure.needs)})" if failure.needs else ""
    test = failure.test.partition("::")[2]
    return [f"FAILED {test}{needs}", *(f"  {line}" for line in failure.message.splitlines())]
