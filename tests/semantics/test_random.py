"""Random expressions agree with the oracle, and random mistakes are refused where they stand."""

from typing import Any

import numpy as np
import oracle
import pytest
from cases import assert_close, check_text, written
from drawn import expressions, is_tame, wild
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import funfact as ff
from funfact import errors

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]


@settings(max_examples=100, suppress_health_check=QUIET)
@given(drawn=expressions())
def test_random_expressions_agree_with_the_oracle(
    drawn: tuple[str, dict[str, Any], oracle.Value], backend: Any
) -> None:
    """Two to five operands, random indices, marks, output orders, sizes of 1."""
    text, data, expected = drawn
    event(f"tensors: {len(data)}")
    check_text(text, data, expected, backend)


@settings(max_examples=80, suppress_health_check=QUIET)
@given(drawn=expressions(products=True))
def test_random_products_agree_with_the_oracle(
    drawn: tuple[str, dict[str, Any], oracle.Value], backend: Any
) -> None:
    """Nested products, in which a contraction order is chosen."""
    check_text(*drawn, backend)


@settings(max_examples=40, suppress_health_check=QUIET)
@given(drawn=expressions(), append=st.booleans())
def test_each_replica_of_a_random_expression_is_that_expression(
    drawn: tuple[str, dict[str, Any], oracle.Value], append: bool, backend: Any
) -> None:
    """`vectorize(e, n)` is defined by: its replica r equals e with replica r's tensors."""
    text, data, _ = drawn
    axis = -1 if append else 0
    expr = ff.vectorize(written(text, {name: x.shape for name, x in data.items()}), 2, append)
    model = ff.Factorization.from_tsrex(expr, dtype=backend.float32, initialize=False)
    for name, x in data.items():
        model[name] = backend.tensor(np.stack([x, 2 - x], axis))
    value = np.moveaxis(backend.to_numpy(model()), axis, 0)
    for r, replica in enumerate((data, {name: 2 - x for name, x in data.items()})):
        with np.errstate(all="ignore"):
            expected = written(text, replica, oracle)
        if is_tame(expected):  # it was drawn to be so for the first replica alone
            assert_close(value[r], expected.x, expected.mag)


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
