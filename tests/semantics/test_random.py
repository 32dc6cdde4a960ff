"""Random expressions agree with the oracle, and random mistakes are refused where they stand."""

from typing import Any

import oracle
import pytest
from cases import check_text, written
from drawn import expressions, wild
from hypothesis import HealthCheck, event, given, settings

from funfact import errors

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]


@settings(max_examples=120, suppress_health_check=QUIET)
@given(drawn=expressions())
def test_random_expressions_agree_with_the_oracle(
    drawn: tuple[str, dict[str, Any], oracle.Value], backend: Any
) -> None:
    """Two to five operands, random indices, marks, output orders, sizes of 1."""
    text, data, expected = drawn
    event(f"tensors: {len(data)}")
    check_text(text, data, expected, backend)


@settings(max_examples=100, suppress_health_check=QUIET)
@given(drawn=expressions(products=True))
def test_random_products_agree_with_the_oracle(
    drawn: tuple[str, dict[str, Any], oracle.Value], backend: Any
) -> None:
    """Nested products, in which a contraction order is chosen."""
    check_text(*drawn, backend)


@settings(max_examples=600, suppress_health_check=QUIET)
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
