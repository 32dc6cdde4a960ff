"""The contract of backends as text: ``python tests/unit/backends/contract_snapshot.py`` saves it.

What is in it is promised to authors of backends: the public members of `Backend` and of the
capabilities, and the functions that an override may call.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from funfact.backends import capabilities, contract, draws, dtypes, einsum, functions, several
from funfact.backends.standard import ArrayAPIBackend

FILE = Path(__file__).with_name(f"contract-{contract.PROTOCOL}.txt")

HELPERS: list[Callable[..., Any]] = [
    *(draws.arguments, draws.seed, dtypes.plain, einsum.is_explicit),
    *(functions.floating, functions.real, several.chosen),
]


def text() -> str:
    """The contract, one member a line."""
    kinds = [contract.Backend, ArrayAPIBackend, contract.NoOptions]
    kinds += [getattr(capabilities, name) for name in capabilities.__all__ if name != "declared"]
    lines = [f"protocol {contract.PROTOCOL}"]
    for kind in kinds:
        bases = ", ".join(base.__name__ for base in kind.__bases__ if base is not object)
        lines += ["", f"class {kind.__name__}({bases})", *sorted(described(kind))]
    lines += ["", "functions", *sorted(f"    {full(f)}{signature(f)}" for f in HELPERS)]
    return "\n".join(lines) + "\n"


def members(kind: type) -> dict[str, Any]:
    """What a class defines or annotates itself, under public names."""
    found = {**dict.fromkeys(inspect.get_annotations(kind)), **vars(kind)}
    public = {name: value for name, value in found.items() if not name.startswith("_")}
    return public | ({"__init__": found["__init__"]} if "__init__" in found else {})


def described(kind: type) -> Iterator[str]:
    for name, value in members(kind).items():
        required = " (required)" if getattr(value, "__isabstractmethod__", False) else ""
        annotation = inspect.get_annotations(kind).get(name)
        if isinstance(value, property):
            yield f"    {name} {signature(value.fget)[len('(self)') :]}{required}"
        elif callable(value) and not isinstance(value, type):
            own = name != "__init__" or not is_dataclass(kind)
            yield f"    {name}{signature(value) if own else ''}{required}"
        elif is_dataclass(kind) and name in {field.name for field in fields(kind)}:
            yield f"    {name}: {annotation}"
        else:
            yield f"    {name}: {annotation or 'str'}{assigned(value)}"


def assigned(value: Any) -> str:
    if value is None:
        return ""
    shown = sorted(value) if isinstance(value, frozenset) else getattr(value, "__name__", value)
    return f" = {shown}" if isinstance(shown, str) and isinstance(value, type) else f" = {shown!r}"


def signature(f: Any) -> str:
    return str(inspect.signature(f)).replace("'", "")


def full(f: Callable[..., Any]) -> str:
    return f"{f.__module__}.{f.__qualname__}"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(f"saved {FILE}")
