"""The conformance kit: tests that tell the author of a backend whether it is right.

Needs pytest and hypothesis: ``pip install "funfact-core[testing]"``. There are three ways in:

- a class of tests to inherit in one's own suite, `BackendTests`;
- ``pytest -p funfact.testing.plugin --pyargs funfact.testing --funfact-backend NAME``
  on any installed backend;
- ``python -m funfact.backends check NAME``, which prints a level and what failed.
"""

import pytest

pytest.register_assert_rewrite(*(f"{__name__}.{room}" for room in ("contract", "fits", "language")))

from .suite import BackendTests  # noqa: E402  # asserts are rewritten in what is imported after

__all__ = ["BackendTests"]
