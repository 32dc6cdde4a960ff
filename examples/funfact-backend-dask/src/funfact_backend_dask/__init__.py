"""Dask as a FunFact backend: values of models in chunks, computed when they are asked for."""

from dataclasses import dataclass
from typing import Any

from funfact.backends import Array, ArrayAPIBackend

__all__ = ["DaskBackend", "DaskOptions"]


@dataclass(frozen=True)
class DaskOptions:
    """Options of ``ff.use('dask', ...)``: `chunks` is the size of one, in every axis."""

    chunks: int | str = "auto"


class DaskBackend(ArrayAPIBackend):
    """dask.array, through the namespace that array-api-compat has for it."""

    protocol = 1
    requires = ("dask",)
    namespace = "array_api_compat.dask.array"
    Options = DaskOptions

    def tensor(self, data: Any, dtype: Any = None) -> Array:
        """Dask array of such chunks."""
        return super().tensor(data, dtype).rechunk(self.options.chunks)

    def eye(self, n: int, m: int | None = None, **kwargs: Any) -> Array:
        """Identity; of Dask's own, that of 2026.8 fails where `m` is not `n`."""
        rows, columns = n, n if m is None else m
        return self.place(self.xp.eye)(max(rows, columns), **kwargs)[:rows, :columns]
