"""Typed options, and those that hold for a process."""

import warnings
from dataclasses import dataclass

import pytest
from samples import TunableOptions

from funfact.backends import load
from funfact.backends.options import parse
from funfact.errors import OptionError


def test_defaults_and_values() -> None:
    assert parse(TunableOptions, "x", {}) == TunableOptions()
    assert parse(TunableOptions, "x", {"level": 3}).level == 3


def test_an_unknown_option_lists_the_known_ones() -> None:
    with pytest.raises(OptionError) as caught:
        parse(TunableOptions, "tunable", {"levle": 3})
    assert str(caught.value) == (
        "backend 'tunable' has no option 'levle'. Did you mean 'level'? "
        "It takes level: int = 1, wide: bool | None = None, unit: str | None = None."
    )


def test_a_backend_without_options_says_so(plain: str) -> None:
    with pytest.raises(OptionError, match="'plain' has no option 'device'"):
        load(plain, device="cpu")


@pytest.mark.parametrize(
    "given", [{"level": "high"}, {"level": True}, {"wide": 1}, {"unit": 3}, {"level": None}]
)
def test_a_value_of_another_type(given: dict[str, object]) -> None:
    (name, value), *_ = given.items()
    with pytest.raises(OptionError, match="It takes level: int") as caught:
        parse(TunableOptions, "tunable", given)
    assert f"option {name!r} of backend 'tunable' cannot be {value!r}" in str(caught.value)


def test_a_missing_option() -> None:
    @dataclass(frozen=True)
    class Needy:
        host: str

    with pytest.raises(OptionError, match="backend 'far' needs host"):
        parse(Needy, "far", {})


def test_same_options_same_backend(tunable: str) -> None:
    assert load(tunable, level=2) is load(tunable, level=2)
    assert load(tunable, level=2) is not load(tunable, level=3)


def test_a_process_option_stays_as_first_set(tunable: str) -> None:
    first = load(tunable, wide=True)
    with pytest.warns(UserWarning, match="option 'wide' of backend 'tunable' stays True") as caught:
        second = load(tunable, wide=False)
    assert second is first
    assert caught[0].filename == __file__
    assert "new process" in str(caught[0].message)
    assert "ff.use('tunable', wide=False)" in str(caught[0].message)


def test_leaving_a_process_option_out_does_not_warn(tunable: str) -> None:
    first = load(tunable, wide=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(tunable) is first
        assert load(tunable, wide=True) is first
        assert load(tunable, level=5).options.wide is True
