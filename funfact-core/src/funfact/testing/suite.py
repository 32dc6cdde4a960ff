"""All groups of tests as one class to inherit."""

from .contract.conventions import Conventions
from .contract.data import Data
from .contract.derivatives import Derivatives
from .contract.draws import Draws
from .contract.dtypes import Dtypes
from .contract.einsum import Einsum
from .contract.functions import Functions
from .contract.linear_algebra import LinearAlgebra
from .contract.places import Places
from .contract.programs import Programs
from .fits.gradients import Gradients
from .fits.steps import Fits
from .language.expressions import Expressions
from .language.functions import ElementwiseFunctions
from .language.kept import Kept
from .language.kronecker import Kronecker
from .language.lists import Lists
from .language.numbers import Numbers
from .language.pairing import Pairing
from .language.rename import Rename
from .language.replicas import Replicas
from .language.semirings import Semirings
from .language.sizes import Sizes

__all__ = ["BackendTests"]


# pytest runs the tests of the last base first: what comes early explains what fails later
class BackendTests(
    Fits,
    Gradients,
    Expressions,
    Replicas,
    Semirings,
    ElementwiseFunctions,
    Numbers,
    Rename,
    Sizes,
    Lists,
    Kronecker,
    Kept,
    Pairing,
    Places,
    Programs,
    Derivatives,
    LinearAlgebra,
    Draws,
    Functions,
    Einsum,
    Conventions,
    Dtypes,
    Data,
):
    """Everything that a backend has to do, as tests: the conformance kit.

    Inherit it in a test file, and override the fixture `backend`. `tolerances`, `devices` and
    `xfail` are optional (`funfact.testing.group.Group`). Tests of a capability that the backend
    does not declare are skipped; none is skipped for another reason.

    Examples
    --------
    >>> import pytest
    >>> class TestEcho(BackendTests):
    ...     tolerances = {'float32': 1e-4}
    ...     xfail = {'test_einsum_of_empty_axes': 'echo-arrays 2.1 has no empty einsum'}
    ...     @pytest.fixture
    ...     def backend(self):
    ...         from funfact_backend_echo import EchoBackend
    ...         return EchoBackend()
    """
