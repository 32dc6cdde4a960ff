"""The least a backend can be, over NumPy: the unit tests need no distribution but core."""

from typing import Any

import numpy as np

from funfact.backends.contract import Backend


class Plain(Backend):
    """The four required members, and the defaults for all the rest."""

    protocol = 1

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.xp = np

    def tensor(self, data: Any, dtype: Any = None) -> Any:
        return np.array(data, dtype if dtype is None else self.dtype(dtype))

    def to_numpy(self, x: Any) -> Any:
        return np.asarray(x)

    def is_native(self, x: object) -> bool:
        return isinstance(x, (np.ndarray, np.generic))
