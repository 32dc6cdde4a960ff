"""A part of the ledger that takes seconds: what FunFact takes by itself meets its floors."""

import pytest

from funfact.backends import Autodiff
from funfact.errors import DtypeError
from validation.ledger import Asked, judged
from validation.rows import ROWS
from validation.solve import solved

ANYWHERE = ["matrix", "tucker", "train"]
WITH_GRADIENTS = ["congruence", "product-222-6"]
TIMES = {"seconds", "time over TensorLy's"}


@pytest.fixture
def doubles(backend):
    """The backend, where it is set up for double precision."""
    try:
        backend.dtype("float64")
    except DtypeError:
        pytest.skip("needs double precision: JAX_ENABLE_X64=1")
    return backend


@pytest.mark.parametrize("name", ANYWHERE + WITH_GRADIENTS)
def test_floors_hold(name, doubles, backend_name):
    if name in WITH_GRADIENTS and not isinstance(doubles, Autodiff):
        pytest.skip("needs gradients")
    found = solved(name, Asked(backend_name, quick=True, alone=True))
    row = ROWS[name]
    floors = tuple(floor for floor in row.floors if floor.figure not in TIMES)
    for verdict in judged(floors, found.figures):
        assert verdict.held, verdict
