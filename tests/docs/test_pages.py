"""Every example in the documentation runs, each page in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
RUNNER = Path(__file__).with_name("page.py")
PAGES = sorted(
    path.relative_to(CHECKOUT).as_posix()
    for pattern in ("README.md", "docs/**/*.md", "funfact-*/README.md")
    for path in CHECKOUT.glob(pattern)
)


def run(page: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(RUNNER), str(page)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_run(page: str, tmp_path: Path) -> None:
    done = run(CHECKOUT / page, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_example_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n```py\nx = 1\n```\n\n```py\n>>> x + 1\n3\n```\n", encoding="utf-8")
    assert "DocTestFailure" in run(page, tmp_path).stderr
    page.write_text("# Page\n\n    ```py\n    1 / 0\n    ```\n", encoding="utf-8")
    done = run(page, tmp_path)
    assert "ZeroDivisionError" in done.stderr
    assert f'"{page}", line 4' in done.stderr


def test_an_example_is_left_out_for_a_reason(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- not run: needs a GPU -->\n```py\n1 / 0\n```\n", encoding="utf-8")
    assert run(page, tmp_path).stdout == "0 examples\n"


def test_files_and_commands(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    lines = [
        *("<!-- run -->", "```bash", "mkdir here", "cd here", "```"),
        *('```py title="one.py"', "ONE = 1", "```"),
        *("<!-- run as: cp one.py $SITE/two.py -->", "```bash", "install two", "```"),
        *("<!-- run -->", "```bash", "python -c 'import two; print(two.ONE)' > said", "```"),
        *("```bash", "a command that is only shown", "```"),
        *("```py", "assert open('said').read() == '1\\n'", "```"),
    ]
    page.write_text("\n".join(lines), encoding="utf-8")
    done = run(page, tmp_path)
    assert done.stdout == "5 examples\n", done.stderr
    page.write_text("<!-- run -->\n```bash\necho seen; false; true\n```\n", encoding="utf-8")
    done = run(page, tmp_path)
    assert done.returncode == 1
    assert f"{page}, line 2: status 1\nseen" in done.stderr
