"""Random mistakes are refused where they stand."""

from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings

from funfact import errors
from funfact.testing.language.cases import written
from funfact.testing.language.drawn import wild

QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much]


@settings(max_examples=400, suppress_health_check=QUIET)
@given(drawn=wild())
def test_what_cannot_be_evaluated_is_refused_where_it_is_written(
    drawn: tuple[str, dict[str, Any], bool],
) -> None:
    """Writing an expression checks everything: one that cannot be evaluated raises where it is
    written, as a FunFactError, and one that can does not."""
    text, data, allowed = drawn
    event(f"allowed: {allowed}")
    if allowed:
        written(text, data)
        return
    with pytest.raises(errors.FunFactError):
        written(text, data)
