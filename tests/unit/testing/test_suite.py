"""The class to inherit, as its author meets it: settings, skips and strict expected failures."""

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from strangers import PLAIN, installed, python

from funfact.testing import BackendTests
from funfact.testing.group import TOLERANCES, Group

# an author's own settings, stricter than most
SETTINGS = """
[pytest]
addopts = --strict-markers --strict-config -p no:cacheprovider -p no:asyncio
xfail_strict = true
filterwarnings = error
"""
THEIRS = """
import pytest
from plain_arrays import PlainBackend
from funfact.testing import BackendTests

class Rough(PlainBackend):
    def erf(self, x):
        return super().erf(x) * (1 + self.xp.asarray(2e-5, dtype=x.dtype))

class TestPlain(BackendTests):
    {settings}

    @pytest.fixture
    def backend(self):
        return Rough()
"""


def run(folder: Path, settings: str = "pass", *arguments: str) -> tuple[dict[str, str], str]:
    """The outcome of each test of an author's, and what pytest printed."""
    installed(folder, PLAIN)
    (folder / "pytest.ini").write_text(SETTINGS)
    (folder / "test_plain.py").write_text(THEIRS.format(settings=settings))
    report = ("-p", "funfact.testing.plugin", "--funfact-report=report.json")
    done = python(folder, "-m", "pytest", "-q", "-k", "erf", *report, *arguments)
    assert (folder / "report.json").exists(), done.stdout + done.stderr
    outcomes = json.loads((folder / "report.json").read_text())
    return {o["test"].partition("::")[2]: o["outcome"] for o in outcomes}, done.stdout


def failed(outcomes: dict[str, str]) -> set[str]:
    return {name for name, outcome in outcomes.items() if outcome == "failed"}


def test_a_fault_fails(tmp_path: Path) -> None:
    outcomes, printed = run(tmp_path)
    assert failed(outcomes) == {"test_elementwise[erf]"} | (failed(outcomes) & {*outcomes})
    assert "test_elementwise[erf]" in failed(outcomes)
    assert "ab.erf(x) is not what it should be" in printed
    assert "contract: Error function; `x` real." in printed


def test_tolerances_are_the_authors(tmp_path: Path) -> None:
    outcomes, _ = run(tmp_path, "tolerances = {'float32': 1e-3}")
    assert failed(outcomes) == set()


def test_an_expected_failure_is_named_by_test_or_by_parameter(tmp_path: Path) -> None:
    known = "xfail = {'test_elementwise[erf]': 'rough', 'test_on_tensors_without_indices': 'too'}"
    outcomes, printed = run(tmp_path, known)
    assert outcomes["test_elementwise[erf]"] == "skipped"  # as pytest reports it
    # strict: erf fails as expected, erfc passes and should have been left out
    assert "test_on_tensors_without_indices[erfc]" in failed(outcomes)
    assert "[XPASS(strict)] too" in printed


def test_an_expected_failure_of_no_test_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"no such test\. Names are those that pytest prints"):
        type("TestEcho", (BackendTests,), {"xfail": {"test_einsum_empty": "no empty einsum"}})


def test_without_a_backend(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text(
        "from funfact.testing import BackendTests\nclass TestNothing(BackendTests): pass\n"
    )
    done = python(tmp_path, "-m", "pytest", "-q", "-x", "-c", "/dev/null", "test_nothing.py")
    assert "There is no backend to test. Override the fixture `backend` in the class, or" in (
        done.stdout
    )


def test_a_device_that_is_named_is_the_one_tested(tmp_path: Path) -> None:
    installed(tmp_path, PLAIN)  # which has no devices
    kit = ("-p", "funfact.testing.plugin", "--pyargs", "funfact.testing", "-c", "/dev/null")
    asked = ("--funfact-backend=plain", "--funfact-device=gpu:7")
    done = python(tmp_path, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *kit, *asked)
    assert "backend 'plain' has no option 'device'. It takes no options." in done.stdout


def test_groups_share_no_name() -> None:
    """A helper of one group would silently stand in for another's."""
    homes: dict[str, Any] = {}
    for group in BackendTests.__mro__:
        if group in (object, Group, BackendTests):
            continue
        for name in vars(group):
            if not name.startswith("__"):
                assert homes.setdefault(name, group) is group, f"{name}: {group}, {homes[name]}"


def test_every_test_says_what_it_is_about() -> None:
    for name, function in inspect.getmembers(BackendTests, inspect.isfunction):
        if name.startswith("test_"):
            assert inspect.getdoc(function), name


def test_tolerance() -> None:
    own = type("TestEcho", (BackendTests,), {"tolerances": {"float32": 1e-3}})()
    assert own.tolerance("float32") == 1e-3
    assert own.tolerance("complex128") == TOLERANCES["complex128"]
