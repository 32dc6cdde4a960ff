"""Reading the message of a refused expression."""

import re
from typing import Any

import numpy as np
import pytest

import funfact as ff
from funfact import errors

INDICES = ("alpha", "beta", "gamma", "delta")


def refusal(text: str, expected: type[Exception] = errors.FunFactError, **names: Any) -> str:
    """The message of the error that writing `text` raises.

    Tensors are given by shape and named as they are written; `alpha beta gamma delta` are
    indices.
    """
    words: dict[str, Any] = {name: ff.index(name) for name in INDICES}
    for name, given in names.items():
        words[name] = ff.tensor(name, *given) if isinstance(given, tuple) else given
    with pytest.raises(errors.FunFactError) as caught:
        eval(text, words | {"ff": ff, "np": np})  # the notation is Python's
    assert isinstance(caught.value, expected)
    return str(caught.value)


def assert_says(message: str, *facts: str | tuple[str, ...]) -> None:
    """Each fact stands in the message as a word of its own; a tuple holds alternatives."""
    for fact in facts:
        choices = (fact,) if isinstance(fact, str) else fact
        found = any(_stands_in(choice, message) for choice in choices)
        assert found, f"{' or '.join(map(repr, choices))} is not said in:\n{message}"


def _stands_in(fact: str, message: str) -> bool:
    left = r"(?<![A-Za-z0-9])" if fact[0].isalnum() else ""
    right = r"(?![A-Za-z0-9])" if fact[-1].isalnum() else ""
    return re.search(left + re.escape(fact) + right, message, re.IGNORECASE) is not None
