"""Random expressions agree with the oracle, and random mistakes are refused where they stand."""

from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

import funfact as ff

from . import oracle
from .cases import Notation, written
from .drawn import expressions, is_tame

# The same examples on every machine and in every class that inherits them. The function-scoped
# fixture that they share is `backend`, as good for the last example as for the first.
QUIET = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    report_multiple_bugs=False,
    suppress_health_check=[
        HealthCheck.differing_executors,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)


class Expressions(Notation):
    """Random expressions."""

    @settings(QUIET, max_examples=100)
    @given(drawn=expressions())
    def test_random_expressions_agree_with_the_oracle(
        self, drawn: tuple[str, dict[str, Any], oracle.Value], backend: Any
    ) -> None:
        """Two to five operands, random indices, marks, output orders, sizes of 1."""
        text, data, expected = drawn
        event(f"tensors: {len(data)}")
        self.check_text(text, data, expected, backend)

    @settings(QUIET, max_examples=80)
    @given(drawn=expressions(products=True))
    def test_random_products_agree_with_the_oracle(
        self, drawn: tuple[str, dict[str, Any], oracle.Value], backend: Any
    ) -> None:
        """Nested products, in which a contraction order is chosen."""
        self.check_text(*drawn, backend)

    @settings(QUIET, max_examples=40)
    @given(drawn=expressions(), append=st.booleans())
    def test_each_replica_of_a_random_expression_is_that_expression(
        self, drawn: tuple[str, dict[str, Any], oracle.Value], append: bool, backend: Any
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
                self.close(f"replica {r} of {text}", value[r], expected.x, expected.mag)
