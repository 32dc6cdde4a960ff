"""What all tests share: the backend under test, and reproducible random numbers."""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

# The same examples on every machine. The function-scoped fixture that they share is
# `backend`, which is as good for the last example as for the first.
hypothesis.settings.register_profile(
    "funfact",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("funfact")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--backend",
        default="numpy",
        metavar="NAME",
        help="the backend that semantics and solvers are tested on (default: numpy)",
    )
    parser.addoption(
        "--wheels",
        metavar="DIR",
        help="the folder of the built wheels, for tests/packaging and tests/plugins",
    )


def pytest_report_header(config: pytest.Config) -> str:
    return f"backend: {config.getoption('--backend')}"


@pytest.fixture(scope="session")
def backend_name(pytestconfig: pytest.Config) -> str:
    """The name given as ``--backend``."""
    return str(pytestconfig.getoption("--backend"))


@pytest.fixture
def backend(backend_name: str) -> Iterator[Any]:
    """The backend under test, active and seeded.

    One that is not installed is a failure: whoever asks for it means it.
    """
    from funfact import backends

    with backends.using(backend_name):
        active = backends.current()
        active.seed(0)
        yield active
