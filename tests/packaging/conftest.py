"""The built wheels, and environments to install them into."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from environments import Environment, fresh


@pytest.fixture(scope="session")
def wheels(pytestconfig: pytest.Config) -> Path:
    """The folder of the built wheels, given as ``--wheels``."""
    folder = pytestconfig.getoption("--wheels")
    if folder is None:
        pytest.fail("these tests need built wheels: run `nox -s packaging`, or give --wheels DIR")
    return Path(folder).resolve()


@pytest.fixture
def environment() -> Iterator[Environment]:
    """A fresh virtual environment."""
    with fresh() as env:
        yield env


@pytest.fixture(scope="session")
def plain(wheels: Path) -> Iterator[Environment]:
    """An environment with ``funfact``, no extras."""
    with fresh() as env:
        env.install(wheels, "funfact==2.0.0")
        yield env
