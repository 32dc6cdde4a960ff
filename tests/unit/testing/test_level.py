"""Levels, from outcomes."""

import pytest

from funfact.testing.check import Verdict, text
from funfact.testing.level import CAPABILITIES, Outcome, level

GOOD = Outcome("TestBackend::test_einsum", "passed")
BAD = Outcome("TestBackend::test_einsum", "failed", (), "ab.einsum is wrong\n  got: 2")


def of(outcome: str, *needs: str) -> Outcome:
    return Outcome("TestBackend::test_it", outcome, needs)


@pytest.mark.parametrize(
    ("outcomes", "declared", "expected"),
    [
        ([GOOD], (), "forward"),
        ([GOOD, of("skipped", "Autodiff")], (), "forward"),
        ([GOOD, of("passed", "Autodiff")], ("Autodiff",), "fit"),
        ([GOOD, of("passed", "Linalg")], ("Devices", "Linalg"), "fit"),
        ([GOOD, of("failed", "Autodiff")], ("Autodiff",), "forward"),
        ([GOOD, of("failed", "Autodiff")], ("Autodiff", "Linalg"), "fit"),
        ([GOOD, of("failed", "Vmap")], CAPABILITIES, "fit"),
        ([GOOD], CAPABILITIES, "full"),
        ([GOOD, BAD], CAPABILITIES, "none"),
    ],
)
def test_levels(outcomes: list[Outcome], declared: tuple[str, ...], expected: str) -> None:
    assert level(outcomes, declared) == expected


def test_a_verdict_in_words() -> None:
    verdict = Verdict("echo", "none", ("Vmap",), 3, (BAD,), {"Autodiff": 89, "Einsum": 0})
    assert text(verdict) == (
        "echo: level none (expressions do not evaluate as they should)\n"
        "  passed    3 tests\n"
        "  failed    1\n"
        "  declared  Vmap\n"
        "  left out  Autodiff (89 tests), Einsum\n"
        "\n"
        "FAILED test_einsum\n"
        "  ab.einsum is wrong\n"
        "    got: 2"
    )
