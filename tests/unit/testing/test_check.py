"""``python -m funfact.backends check NAME``, on backends of strangers, with core alone."""

import json
from pathlib import Path

import pytest
from strangers import PLAIN, installed, python

CHECK = ("-m", "funfact.backends", "check", "plain")


def test_a_right_backend(tmp_path: Path) -> None:
    installed(tmp_path, PLAIN)
    done = python(tmp_path, *CHECK)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split(None, 1) for line in done.stdout.splitlines()]
    assert lines[0] == ["plain:", "level forward (expressions evaluate)"]
    assert [word for word, _ in lines[1:]] == ["passed", "declared", "left"]
    assert lines[2][1] == "-"
    assert "Autodiff (" in lines[3][1]


def test_a_wrong_backend(tmp_path: Path) -> None:
    wrong = PLAIN + "\n    def conj(self, x):\n        return x\n"
    installed(tmp_path, wrong)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")  # theirs
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "conftest.py").write_text("import something_of_theirs")
    done = python(tmp_path, *CHECK, "--json")
    assert done.returncode == 1, done.stdout + done.stderr
    verdict = json.loads(done.stdout)
    assert verdict["level"] == "none"
    assert verdict["declared"] == []
    assert verdict["passed"] > 500
    assert any("conj" in failure["message"] for failure in verdict["failures"])
    assert all(failure["outcome"] == "failed" for failure in verdict["failures"])


def test_no_such_backend(tmp_path: Path) -> None:
    done = python(tmp_path, *CHECK)
    assert done.returncode == 2
    assert "No backend is called 'plain'" in done.stderr


@pytest.mark.parametrize("missing", ["pytest", "hypothesis"])
def test_without_pytest(tmp_path: Path, missing: str) -> None:
    installed(tmp_path, PLAIN)
    hide = f"import sys; sys.modules[{missing!r}] = None\n"
    run = "from funfact.backends.__main__ import main; sys.exit(main(['check', 'plain']))"
    done = python(tmp_path, "-c", hide + run)
    assert done.returncode == 2
    assert f"the conformance kit needs {missing}, which this Python does not have" in done.stderr
    assert 'pip install "funfact-core[testing]"' in done.stderr
