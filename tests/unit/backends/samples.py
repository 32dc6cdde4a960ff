"""The smallest backends: core's tests run where no backend is installed."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from funfact.backends import Backend


class Plain(Backend):
    """The four required members and nothing else."""

    protocol = 1
    requires = ("numpy",)

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.xp = np

    def tensor(self, data: Any, dtype: Any = None) -> Any:
        return np.array(data, None if dtype is None else self.checked(data, dtype))

    def to_numpy(self, x: Any) -> Any:
        return np.asarray(x)

    def is_native(self, x: object) -> bool:
        return isinstance(x, (np.ndarray, np.generic))


@dataclass(frozen=True)
class TunableOptions:
    level: int = 1
    wide: bool | None = None
    unit: str | None = None


class Tunable(Plain):
    """A backend with options, one of which holds for the process."""

    Options = TunableOptions
    process_options = frozenset({"wide"})
