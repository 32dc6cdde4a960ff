"""The pytest plug-in of the kit: ``pytest -p funfact.testing.plugin --funfact-backend NAME``.

With ``--pyargs funfact.testing`` it runs the whole kit on any installed backend. It is no
pytest entry point, which would cost everybody's pytest the import of FunFact.
"""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--funfact-backend``."""
    parser.getgroup("funfact").addoption(
        "--funfact-backend",
        metavar="NAME",
        help="the installed backend that the tests of funfact.testing run on",
    )


def pytest_report_header(config: pytest.Config) -> str | None:
    """Name the backend at the top of pytest's output."""
    name = config.getoption("--funfact-backend")
    return None if name is None else f"funfact backend: {name}"
