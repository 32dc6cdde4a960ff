"""Cases: an expression as text, evaluated by FunFact and by the oracle."""

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import funfact as ff
from funfact import errors

from ..compare import given, same_value, told
from ..group import Group
from . import oracle

INDICES = "ijklmnpqr"
Data = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """An expression, its tensors' data, and what NumPy makes of it in its own words."""

    text: str
    numpy: str | None
    data: dict[str, Any] = field(default_factory=dict)


def row(text: str, numpy: str | None = None, **tensors: Any) -> Any:
    """One row of a table: tensors are given by shape (drawn from [0.5, 1.5]) or as an array."""
    rng = np.random.default_rng(zlib.crc32(text.encode()))
    data = {
        name: uniform(rng, given) if isinstance(given, tuple) else given
        for name, given in tensors.items()
    }
    return pytest.param(Case(text, numpy, data), id=re.sub(r"\s+", "", text))


def rows(*table: Any) -> Callable[[Any], Any]:
    return pytest.mark.parametrize("case", table)


def uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return rng.uniform(0.5, 1.5, shape).astype(np.float32)


def written(text: str, data: Data, world: Any = ff) -> Any:
    """The expression in the words of one world: FunFact's, or the oracle's.

    Tensors are given by their data, or by a shape: then they are random.
    """
    names: dict[str, Any] = {name: world.index(name) for name in INDICES}
    for name, x in data.items():
        names[name] = world.tensor(name, *(x if isinstance(x, tuple) else (x,)))
    return eval(text, names | {"ff": world, "np": np})  # the notation is Python's


def computed(expr: Any, backend: Any, dtype: str = "float32") -> Any:
    """The value of an expression whose tensors are all data, as a NumPy array."""
    model = ff.Factorization.from_tsrex(expr, dtype=getattr(backend, dtype))
    value = backend.to_numpy(model())
    assert value.dtype == dtype
    return value


class Notation(Group):
    """Base of the groups that compare the value of expressions with the oracle's."""

    def close(self, what: str, found: Any, expected: Any, magnitude: Any, given: str = "") -> None:
        """Equal in shape, and to the tolerance in the size of what was added up."""
        same_value(what, found, expected, self.tolerance("float32") * magnitude, given)

    def check(self, case: Case, backend: Any, dtype: str = "float32") -> None:
        """FunFact, the oracle and NumPy agree on a case."""
        expected = written(case.text, case.data, oracle)
        if case.numpy is not None:
            double = {k: np.asarray(v, np.result_type(v, np.float64)) for k, v in case.data.items()}
            by_numpy = eval(case.numpy, double | {"np": np})  # NumPy's own words
            assert np.shape(by_numpy) == expected.shape
            np.testing.assert_allclose(expected.x, by_numpy, rtol=1e-12)
        self.check_text(case.text, case.data, expected, backend, dtype)

    def check_text(
        self, text: str, data: Data, expected: oracle.Value, backend: Any, dtype: str = "float32"
    ) -> None:
        """The value of a text is the one that is expected."""
        expr = written(text, data)
        assert expr.shape == expected.shape
        assert expr.ndim == len(expected.shape)
        assert len(expr.live_indices or ()) == len(expected.labels)
        what, arguments = f"the value of {text}", given(data)
        with told(what, arguments):
            value = computed(expr, backend, dtype)
        self.close(what, value, expected.x, expected.mag, arguments)


def refused(text: str, data: Data, **others: Any) -> str:
    """The message of the error that writing an expression raises."""
    with pytest.raises(errors.FunFactError) as caught:
        written(text, {**data, **others})
    return str(caught.value)
