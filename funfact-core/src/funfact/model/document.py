"""A model as plain data, and plain data as a model: JSON and a list of arrays.

Nodes, indices and replica axes stand in one table, children before parents, and are
referred to by their place in it, so that what is shared stays shared. All other values are
written where they stand, those that JSON lacks as an object of one entry, such as
``{"ref": 3}``, ``{"array": 0}`` or ``{"Normal": {"std": 0.1, …}}``.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

import numpy as np

from funfact.backends.dtypes import name as dtype_name
from funfact.graph import postorder
from funfact.language.nodes import Node, Replicate, Tensor
from funfact.language.notation import TsrEx, rebuild
from funfact.model.typed import checked
from funfact.model.vocabulary import CLASSES, ENUMS, FUNCTIONS, THINGS, is_own

__all__ = ["Plain", "Reader", "Writer"]

Plain: TypeAlias = Any
"""What JSON holds."""

NpArray: TypeAlias = "np.ndarray[Any, Any]"


INSTANCE = "an instance with its settings"
"""How the place of an own thing ends that is neither a class nor a function."""


@dataclass(frozen=True, eq=False)
class Writer:
    """Writes values down; `things`, `arrays` and `own` is what they refer to.

    Parameters
    ----------
    to_numpy : callable
        What makes a NumPy array of any array.
    """

    to_numpy: Callable[[Any], NpArray]
    things: list[Plain] = field(default_factory=list)
    arrays: list[NpArray] = field(default_factory=list)
    own: dict[str, tuple[Any, str]] = field(default_factory=dict)
    """A user's own things, by a name that no two share, and where they stand."""
    _places: dict[int, int] = field(default_factory=dict)
    _known: dict[object, int] = field(default_factory=dict)

    def expression(self, tsrex: TsrEx) -> Plain:
        """A reference to the tree, all of which is put into `things`."""
        for node in _nodes(tsrex.node):
            self._thing(node)
        return self.value(tsrex.node)

    def value(self, x: Any, where: str = "") -> Plain:
        """Any value that stands in a field; `where` says which, for what cannot be written."""
        if hasattr(x, "shape") and hasattr(x, "dtype") and not isinstance(x, type):
            return {"scalar" if isinstance(x, np.generic) else "array": self._array(x)}
        match x:
            case None | bool() | int() | float() | str():
                return x
            case complex():
                return {"complex": [x.real, x.imag]}
            case tuple():
                return [self.value(entry, where) for entry in x]
            case list():
                return {"array": self._array(x)}
            case Enum():
                return {type(x).__name__: x.name}
        if x is ...:
            return {"...": None}
        if type(x) in THINGS.values():
            return {"ref": self._thing(x)}
        if is_own(x):
            return {"own": self._own(x, where)}
        if isinstance(x, type):
            return {"class": x.__name__}
        if type(x) in CLASSES.values():
            return {type(x).__name__: self._fields(x, where)}
        return {"function": next(name for name, known in FUNCTIONS.items() if known is x)}

    def _thing(self, x: Any) -> int:
        if id(x) not in self._places:
            written = [type(x).__name__, self._fields(x, "")]
            self._places[id(x)] = len(self.things)
            self.things.append(written)
        return self._places[id(x)]

    def _fields(self, x: Any, where: str) -> Plain:
        content = {f.name: getattr(x, f.name) for f in dataclasses.fields(x)}
        if content.get("dtype") is not None:
            content["dtype"] = dtype_name(content["dtype"], np.float64)
        owner = content.get("symbol" if isinstance(x, Tensor) else "name")
        return {
            name: self.value(entry, f"{name} of {owner}" if owner else where or name)
            for name, entry in content.items()
        }

    def _array(self, x: Any) -> int:
        array = self.to_numpy(x)
        # data of the expression are values of the model too, and take their room once
        same = (array.dtype, array.shape, hashlib.sha256(array.tobytes()).digest())
        if same not in self._known:
            self._known[same] = len(self.arrays)
            self.arrays.append(array)
        return self._known[same]

    def _own(self, x: Any, where: str) -> str:
        for name, (known, _) in self.own.items():
            if known is x:
                return name
        base = getattr(x, "__name__", type(x).__name__)
        name, number = base, 1
        while name in self.own:
            number += 1
            name = f"{base}_{number}"
        instance = not (isinstance(x, type) or hasattr(x, "__name__"))
        self.own[name] = (x, f"{where}, {INSTANCE}" if instance else where)
        return name


def _nodes(root: Node) -> list[Node]:
    """All nodes, also those of the expressions that were vectorised; children first."""
    roots, groups = [root], []
    for one in roots:  # which grows
        groups.append(postorder(one))
        roots += [node.original for node in groups[-1] if isinstance(node, Replicate)]
    return [node for group in reversed(groups) for node in group]


@dataclass(frozen=True, eq=False)
class Reader:
    """Reads values; the opposite of `Writer`.

    Parameters
    ----------
    arrays : sequence of arrays
    own : mapping
        The user's own things by name.
    """

    arrays: "list[NpArray]"
    own: Mapping[str, Any]
    things: list[Any] = field(default_factory=list)

    def expression(self, things: list[Plain], root: Plain) -> TsrEx:
        """The expression, in which everything has been checked as if it were written anew."""
        for kind, content in things:
            self.things.append(checked(THINGS[kind], self._fields(content)))
        return rebuild(self.value(root))

    def value(self, x: Plain) -> Any:
        """What was written."""
        if isinstance(x, list):
            return tuple(self.value(entry) for entry in x)
        if not isinstance(x, dict):
            return x
        ((tag, content),) = x.items()
        match tag:
            case "ref":
                return self.things[content]
            case "array":
                return self.arrays[content]
            case "scalar":
                return self.arrays[content][()]
            case "complex":
                return complex(*content)
            case "...":
                return ...
            case "own":
                return self.own[content]
            case "class":
                return CLASSES[content]
            case "function":
                return FUNCTIONS[content]
        if tag in ENUMS:
            return ENUMS[tag][content]
        return checked(CLASSES[tag], self._fields(content))

    def _fields(self, content: Mapping[str, Plain]) -> dict[str, Any]:
        return {name: self.value(entry) for name, entry in content.items()}
