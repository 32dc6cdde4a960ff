"""What all tests share: the backend under test, and reproducible random numbers."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from thinned import kept
from wheels import unpack

LOOPBACKS = ("opaque", "strict")

# Fits in the tests are small. Two OpenMP threads that share a busy machine wait for one
# another, and were seen to take twenty times as long as one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

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
        help="the backend that semantics and solvers are tested on (default: numpy); "
        "'strict' and 'opaque' are those of funfact.testing.loopback",
    )
    parser.addoption(
        "--device", metavar="NAME", help="of the backend, such as 'cuda:0'; its own choice if none"
    )
    parser.addoption(
        "--all-cases",
        action="store_true",
        help="of tables that are marked `thinned` too, on a backend that compiles each case",
    )
    parser.addoption(
        "--wheels",
        metavar="DIR",
        help="the folder of the built wheels, for tests/packaging and tests/plugins",
    )


def pytest_configure(config: pytest.Config) -> None:
    """A loopback that is asked for is installed for these tests, and the processes they start."""
    if config.getoption("--backend") in LOOPBACKS:
        folder = tempfile.TemporaryDirectory(prefix="funfact-loopback-")
        config.add_cleanup(folder.cleanup)
        unpack("loopback", Path(folder.name))
        sys.path.insert(0, folder.name)
        paths = folder.name, os.environ.get("PYTHONPATH", "")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))


def pytest_report_header(config: pytest.Config) -> str:
    return f"backend: {config.getoption('--backend')}"


_NEED_GRADIENTS = {"fit", "program"}
"""Fixtures that fit by gradients, of tests/solvers and tests/compat."""


@pytest.hookimpl(trylast=True)  # of what is asked for by -k, each value has its turn, too
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs gradients where there are none, and a part of long tables of cases.

    A backend without gradients is asked for what it can do; that it refuses the rest is tested.
    """
    asked = [item for item in items if _NEED_GRADIENTS & {*getattr(item, "fixturenames", ())}]
    tables = [item for item in items if item.get_closest_marker("thinned")]
    if not asked and not tables:
        return
    from funfact.backends import Autodiff, Compile, load

    backend = load(config.getoption("--backend"))
    out = set() if isinstance(backend, Autodiff) else {*asked}
    if isinstance(backend, Compile) and not config.getoption("--all-cases"):
        # each case is programs of its own, which take seconds
        out |= {*tables} - kept(tables)
    if out:
        config.hook.pytest_deselected(items=[item for item in items if item in out])
        items[:] = [item for item in items if item not in out]


@pytest.fixture(scope="session")
def backend_name(pytestconfig: pytest.Config) -> str:
    """The name given as ``--backend``."""
    return str(pytestconfig.getoption("--backend"))


@pytest.fixture
def backend(backend_name: str, pytestconfig: pytest.Config) -> Iterator[Any]:
    """The backend under test, active and seeded.

    One that is not installed is a failure: whoever asks for it means it.
    """
    from funfact import backends

    device = pytestconfig.getoption("--device")
    with backends.using(backend_name, **({"device": device} if device else {})):
        active = backends.current()
        active.seed(0)
        yield active
