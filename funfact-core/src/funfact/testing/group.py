"""What all groups of tests share: the settings of an author, and the backend under test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

import pytest

from ..backends import Backend, load
from ..backends import capabilities as known
from ..backends.active import activated
from .compare import fault

__all__ = ["TOLERANCES", "Group", "needs"]

TOLERANCES: Mapping[str, float] = {
    "float32": 1e-5,
    "complex64": 1e-5,
    "float64": 1e-12,
    "complex128": 1e-12,
}
"""How far a result may be off in each dtype, relative to the size of what was added up."""

Test = TypeVar("Test", bound=Callable[..., Any])


def needs(*capabilities: str) -> Callable[[Test], Test]:
    """Mark a test as one for backends that declare these capabilities; others skip it.

    The names are kept on the function rather than in a mark of pytest's: an author whose
    settings say ``--strict-markers`` need not declare marks of ours.

    Examples
    --------
    >>> @needs('Autodiff', 'Vmap')
    ... def test_something(self, backend): ...
    >>> test_something.needs
    ('Autodiff', 'Vmap')
    """

    def mark(test: Test) -> Test:
        test.needs = capabilities  # type: ignore[attr-defined]  # functions have no such field
        return test

    return mark


class Group:
    """Base of the groups of tests.

    Attributes
    ----------
    tolerances : mapping of str to float
        By the name of a dtype, what replaces the entry of `TOLERANCES`.
    devices : sequence of str, optional
        The devices that the tests of devices try; all that the backend names if None.
    xfail : mapping of str to str
        Tests that are known to fail, ``'test_name'`` or ``'test_name[parameters]'``, and why.
        They are strict: one that passes is a failure, so that the entry goes when the reason
        is gone.
    """

    tolerances: ClassVar[Mapping[str, float]] = {}
    devices: ClassVar[Sequence[str] | None] = None
    xfail: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in cls.xfail:
            if not hasattr(cls, name.partition("[")[0]):
                raise AttributeError(
                    f"{cls.__name__}.xfail expects the failure of {name!r}, and there is no such "
                    "test. Names are those that pytest prints: 'test_name' or "
                    "'test_name[parameters]'."
                )

    def tolerance(self, dtype: str) -> float:
        """How far a result may be off in a dtype, relative to the size of what was added up."""
        return self.tolerances.get(dtype, TOLERANCES[dtype])

    @contextmanager
    def raises(self, call: str, error: type[Exception], says: str) -> Iterator[None]:
        """The block raises an error whose message has `says`, a regular expression, in it."""
        __tracebackhide__ = True
        expected = f"{error.__name__} with {says!r} in its message"
        try:
            yield
        except error as exc:
            if re.search(says, str(exc)) is None:
                raise fault(call, expected=expected, got=f"{type(exc).__name__}: {exc}") from exc
        except Exception as exc:
            raise fault(call, expected=expected, got=f"{type(exc).__name__}: {exc}") from exc
        else:
            raise fault(call, expected=expected, got="no error")

    @pytest.fixture
    def backend(self, request: pytest.FixtureRequest) -> Any:
        """The backend under test. An author overrides it, or names one with --funfact-backend."""
        name = request.config.getoption("--funfact-backend", None)
        if name is None:
            pytest.fail(
                "There is no backend to test. Override the fixture `backend` in the class, or "
                "name an installed one: pytest -p funfact.testing.plugin --funfact-backend NAME",
                pytrace=False,
            )
        device = request.config.getoption("--funfact-device", None)
        return load(name) if device is None else load(name, device=device)

    @pytest.fixture(autouse=True)
    def _prepared(self, request: pytest.FixtureRequest, backend: Backend) -> Iterator[None]:
        """The backend is active and seeded; what it does not declare is skipped."""
        needed = getattr(request.function, "needs", ())
        request.node.user_properties.append(("needs", " ".join(needed)))
        reason = self._expected_failure(request.node)
        if reason is not None:
            request.node.add_marker(pytest.mark.xfail(reason=reason, strict=True))
        for name in needed:
            if not isinstance(backend, getattr(known, name)):
                pytest.skip(f"{backend!r} does not declare {name}")
        with activated(backend):
            backend.seed(0)
            yield

    def _expected_failure(self, node: Any) -> str | None:
        return self.xfail.get(node.name, self.xfail.get(node.originalname))
