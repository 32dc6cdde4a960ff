"""From FunFact 1.0.3, which was one distribution with the code that core has now."""

from pathlib import Path

import pytest
from environments import CHECKOUT, Environment

# as README.md and CHANGELOG.md have them
BEFORE = "pip uninstall -y funfact"
AFTER = "pip install --force-reinstall --no-deps funfact-core"

WORKS = "import funfact as ff; print(ff.available_backends, ff.tensor(2, 3).shape)"


@pytest.fixture
def old(environment: Environment) -> Environment:
    """An environment with FunFact 1.0.3 from the index."""
    environment.pip("install", "--no-deps", "funfact==1.0.3")
    return environment


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md"])
@pytest.mark.parametrize("command", [BEFORE, AFTER])
def test_the_pages_say_what_to_do(page: str, command: str) -> None:
    assert command in (CHECKOUT / page).read_text(encoding="utf-8")


def test_uninstalling_first_works(old: Environment, wheels: Path) -> None:
    old.pip(*BEFORE.split()[1:])
    old.install(wheels, "funfact==2.0.0")
    assert old.run(WORKS) == "['numpy'] (2, 3)"


def test_an_upgrade_in_place_is_mended_by_the_way_out(old: Environment, wheels: Path) -> None:
    old.install(wheels, "funfact==2.0.0")
    # pip removed the paths of 1.0.3 after core had written its own over them
    assert old.run("import funfact; print(funfact.__file__)") == "None"
    old.pip(*AFTER.split()[1:], "--find-links", str(wheels))
    assert old.run(WORKS) == "['numpy'] (2, 3)"
