"""The unit tests need no distribution but core."""

from typing import Any

import numpy as np
from plain import Plain

from funfact import backends
from funfact.backends.capabilities import Linalg
from funfact.backends.dtypes import plain


class NumpyBackend(Plain, Linalg):
    """Stands in for the NumPy backend where it is not installed: no SciPy, core's defaults."""

    protocol = 1

    def tensor(self, data: Any, dtype: Any = None) -> Any:
        return np.array(plain(data), None if dtype is None else self.checked(data, dtype))


if "numpy" not in backends.available():
    backends.register_backend("numpy", NumpyBackend)
