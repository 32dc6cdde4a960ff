"""The conformance kit: tests that tell the author of a backend whether it is right.

Needs pytest and hypothesis: ``pip install "funfact-core[testing]"``. There are three ways in:

- a class of tests to inherit in one's own suite, `BackendTests`;
- ``pytest -p funfact.testing.plugin --pyargs funfact.testing --funfact-backend NAME``
  on any installed backend;
- ``python -m funfact.backends check NAME``, which prints a level and what failed.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .suite import BackendTests

__all__ = ["BackendTests"]


def __getattr__(name: str) -> Any:
    # `check` says what to install where pytest is missing, so it is not imported before
    if name != "BackendTests":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import pytest

    pytest.register_assert_rewrite(
        *(f"{__name__}.{room}" for room in ("contract", "fits", "language"))
    )
    from .suite import BackendTests

    return BackendTests
