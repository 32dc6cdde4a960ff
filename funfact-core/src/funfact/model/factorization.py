"""Models: an expression together with the values of its factors.

`Factorization` is a thin facade. What it holds is an expression, a backend, a data
type and one array for each tensor of the expression.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from funfact.backends import current, load
from funfact.backends.contract import Array, Backend
from funfact.compiler.ir import Ir
from funfact.errors import OptionError
from funfact.language.nodes import Tensor
from funfact.language.notation import TsrEx
from funfact.model import keys
from funfact.model.evaluation import evaluation
from funfact.model.factors import Factors, Key
from funfact.model.history import History
from funfact.model.new import prepared
from funfact.model.penalty import added
from funfact.model.show import html, text
from funfact.model.values import counterpart, native, start

if TYPE_CHECKING:
    from funfact.model.report import Report

__all__ = ["Factorization"]


class Factorization:
    """A tensor model: an expression whose factors have values.

    It belongs to the backend that was active when it was built, and goes on
    working there after a switch; `to` ports it to another one.

    Attributes
    ----------
    history : History or None
        How the fit went, for a model that `funfact.factorize` returned.
    replicas : Factorization or None
        The model with the best factors of all replicas of that fit. None if they take more than
        64 MiB in doubles, and in a file.
    seed : int or None
        What the backend's random numbers were last seeded with when the model was made.

    Examples
    --------
    >>> import funfact as ff
    >>> i, j, r = ff.indices("i, j, r")
    >>> u, v = ff.tensor("u", 3, 2, initializer=ff.initializers.Ones), ff.tensor("v", 4, 2)
    >>> with ff.using("numpy"):
    ...     fac = ff.Factorization.from_tsrex(u[i, r] * v[j, r])
    >>> fac["v"] = [[1, 2], [3, 4], [5, 6], [7, 8]]
    >>> fac()
    array([[ 3.,  7., 11., 15.],
           [ 3.,  7., 11., 15.],
           [ 3.,  7., 11., 15.]])
    """

    def __init__(
        self,
        tsrex: TsrEx,
        backend: Backend,
        dtype: Any,
        values: Sequence[Array | None],
        memory_limit: int | str | None = None,
    ) -> None:
        self._tsrex = tsrex
        self._backend = backend
        self._dtype = dtype
        self._factors = Factors(tsrex, backend, dtype, values)
        self._evaluation = evaluation(tsrex, backend, dtype, memory_limit)
        self.history: History | None = None
        self.replicas: Factorization | None = None
        self.seed: int | None = None

    @classmethod
    def from_tsrex(
        cls,
        tsrex: TsrEx,
        dtype: Any = None,
        vec_size: int | None = None,
        vec_axis: int = 0,
        initialize: bool = True,
        *,
        memory_limit: int | str | None = None,
    ) -> "Factorization":
        """A model of an expression on the active backend.

        Parameters
        ----------
        tsrex : TsrEx
        dtype : name or native dtype, optional
            The backend's default float, or the complex one of that width if a
            tensor holds complex data or the expression a complex number.
        vec_size : int, optional
            How many replicas; without it there is no replica axis.
        vec_axis : {0, -1}
            Where the replica axis stands: first or last.
        initialize : bool
            Whether factors that hold no data get values from their initialisers.
        memory_limit : int or str, optional
            Bytes that an evaluation may take beside factors and data, ``'2 GB'``. It is then made
            in blocks along an axis of the result, if need be. Fits keep more, for the gradient.

        Raises
        ------
        NotationError
            If `tsrex` is not an expression.
        OptionError
            For another `vec_axis`, a `vec_size` below 1, an initialiser or a condition
            that is none, or a `memory_limit` in which the model cannot be evaluated.
        CapabilityError
            If a constraint needs decompositions of matrices that the backend does not declare.
        DtypeError
            If the data type is no floating one, or real where there are complex data.
        ShapeError
            If an initialiser gives another shape than the tensor's.
        """
        backend = current()
        tsrex, settled = prepared(tsrex, dtype, vec_size, vec_axis, backend)
        made = cls(tsrex, backend, settled, [None] * len(tsrex.tensors), memory_limit)
        made._evaluation.check()  # before any value is made
        made._factors.arrays[:] = [
            start(tensor, backend, settled) if initialize or tensor.data is not None else None
            for tensor in tsrex.tensors
        ]
        made.seed = backend.last_seed
        return made

    def __call__(self) -> Array:
        """The value of the model, an array of shape `shape`, native to its backend."""
        return self._evaluation.value(self._factors.complete())

    @property
    def forward(self) -> Callable[[Sequence[Array]], Array]:
        """The pure function that gives the value from the values of all tensors, in order."""
        return self._evaluation.forward

    @property
    def ir(self) -> Ir:
        """What `forward` was made of: the expression in few, large contractions."""
        return self._evaluation.ir

    def points(self, *coordinates: Any) -> Array:
        """Scattered elements of the value, from just the parts of the factors that they need.

        Parameters
        ----------
        *coordinates : vectors of integers, one for each axis, all of one length or 1
            As those in ``array[i, j, k]``; negative ones count from the end.

        Returns
        -------
        array, shape (length,)

        Raises
        ------
        ShapeError
            If there is not one vector for each axis, or their lengths differ.
        RangeError
            If a coordinate lies outside of its axis; an `IndexError`.

        Examples
        --------
        >>> import funfact as ff
        >>> i, j = ff.indices("i, j")
        >>> u = ff.tensor("u", [1.0, 2.0, 3.0])
        >>> with ff.using("numpy"):
        ...     fac = ff.Factorization.from_tsrex(u[i] * u[j])
        >>> fac.points([0, 1, -1], [2, 1, -1])
        array([3., 4., 9.])
        """
        where = keys.coordinates(coordinates, self.shape)
        return self._evaluation.selection.at(self._factors.complete(), where, together=True)

    # --- factors

    @property
    def factors(self) -> tuple[Array, ...]:
        """The factors that a fit changes, in the order in which they stand.

        Assign a sequence to set all of them.
        """
        return self._factors.free()

    @factors.setter
    def factors(self, values: Iterable[Any]) -> None:
        self._factors.put_free(values)

    @property
    def all_factors(self) -> tuple[Array, ...]:
        """The values of all tensors, data included, in the order in which they stand."""
        return tuple(self._factors.complete())

    @property
    def stored(self) -> tuple[Array | None, ...]:
        """As `all_factors`, with None for those that have no value yet."""
        return tuple(self._factors.arrays)

    def __getitem__(self, key: Any) -> Array:
        """A factor, or a part of the value.

        A symbol or a tensor names a factor. Anything else picks from the value, computed
        from just the parts of the factors that it needs: for each axis an int (the axis stays,
        with size 1), a slice, or a list of ints or booleans; each axis stands on its own, as
        by `numpy.ix_`. `points` gives scattered elements.

        Examples
        --------
        >>> import funfact as ff
        >>> i, j = ff.indices("i, j")
        >>> u = ff.tensor("u", [1.0, 2.0, 3.0])
        >>> with ff.using("numpy"):
        ...     fac = ff.Factorization.from_tsrex(u[i] * u[j])
        >>> fac["u"]
        array([1., 2., 3.])
        >>> fac[-1, [0, 2]]
        array([[3., 9.]])
        """
        if isinstance(key, str | TsrEx | Tensor):
            return self._factors.at(key)
        return self._evaluation.selection.of(self._factors.complete(), key)

    def __setitem__(self, key: Key, value: Any) -> None:
        """Set a factor. Shape, dtype and what is imposed on it (``constrain=``) are checked.

        A factor of a model with replicas has their axis too. NaN and infinity are let through.

        Raises
        ------
        OptionError
            If it does not meet what is imposed; `nearest` gives one that does. Within half of
            the digits, the nearest is what is set.
        """
        self._factors.put(key, value)

    def nearest(self, key: Key, value: Any) -> Array:
        """The nearest array to `value` that meets what is imposed on a factor (``constrain=``).

        Examples
        --------
        >>> import funfact as ff
        >>> with ff.using("numpy"):
        ...     fac = ff.Factorization.from_tsrex(ff.tensor("u", 3, constrain="Simplex"))
        >>> fac["u"] = fac.nearest("u", [0.5, 0.25, 0.0])
        >>> fac["u"].round(3)
        array([0.583, 0.333, 0.083])
        """
        return self._factors.nearest(key, value)

    # --- what it is

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its value."""
        return self._tsrex.shape

    @property
    def ndim(self) -> int:
        """How many axes its value has."""
        return len(self.shape)

    @property
    def tsrex(self) -> TsrEx:
        """The expression; with `vec_size`, the vectorised one."""
        return self._tsrex

    @property
    def dtype(self) -> Any:
        """The native dtype of the factors."""
        return self._dtype

    @property
    def memory_limit(self) -> int | str | None:
        """What an evaluation may take beside factors and data, as it was given."""
        return self._evaluation.memory_limit

    @property
    def backend(self) -> Backend:
        """The backend it belongs to."""
        return self._backend

    def penalty(self, sum_leafs: bool = True, sum_vec: bool | None = None) -> Array:
        """What the conditions of the factors (``prefer=``) add to the loss.

        Parameters
        ----------
        sum_leafs : bool
            Whether the penalties of the factors are added up.
        sum_vec : bool, optional
            Whether those of the replicas are; by default they are not.

        Returns
        -------
        real array
            Its axes: the factors, in the order of `factors` (unless `sum_leafs`), the
            replicas (unless `sum_vec`).
        """
        return added(self._tsrex, self.factors, self._backend, sum_leafs, bool(sum_vec))

    def report(self) -> "Report":
        """How the fit went, for people: as text, and in Jupyter with the curves of the losses.

        Method, outcome with advice, loss and explained fit, the norm of the gradient, steps and
        time, and the optima that the replicas found: which ended at the same loss, and whether they
        are the same model with the same factors.

        Returns
        -------
        funfact.model.report.Report
            It prints as text; its fields are there to be read.

        Raises
        ------
        OptionError
            If the model was not fitted.

        Examples
        --------
        >>> import funfact as ff, numpy as np
        >>> i, j, r = ff.indices("i, j, r")
        >>> target = np.outer(np.arange(1.0, 4.0), np.arange(1.0, 5.0))
        >>> with ff.using("numpy") as ab:
        ...     ab.seed(0)
        ...     u, v = ff.tensor("u", 3, 1), ff.tensor("v", 4, 1)
        ...     fac = ff.factorize(u[i, r] * v[j, r], target, vec_size=4, stop_by=None)
        >>> fac.report()  # doctest: +ELLIPSIS
        u[i, r] * v[j, r], shape (3, 4), float64
            method: ALS, the model is linear in each factor, and the loss is the squared error
           outcome: the tolerance was reached; for a lower loss, lower it (tol=)
              loss: MSE ..., squared error ..., explained fit 1.0...
             steps: 50 in ... s
          replicas: 4, 4 reached tol=1e-06
            optima: squared error ...: 4 of 4 replicas, the same model
        """
        from funfact.model.report import report  # which compares models

        return report(self)

    def to(self, backend: str, **options: Any) -> "Factorization":
        """The same model on another backend, whatever is active.

        Values are kept. Where the other backend has no such dtype, as JAX without
        ``enable_x64`` has no float64, its own for that data is used, and logged.

        Parameters
        ----------
        backend : str
        **options
            As for ``ff.use``.

        Examples
        --------
        >>> import funfact as ff
        >>> with ff.using("numpy"):
        ...     fac = ff.Factorization.from_tsrex(ff.tensor("a", 2, 2) @ ff.tensor("b", 2, 2))
        >>> fac.to("numpy").backend
        <backend 'NumpyBackend'>
        """
        other = load(backend, **options)
        dtype = counterpart(self._backend.dtype_name(self._dtype), other)
        arrays = [None if x is None else self._backend.to_numpy(x) for x in self.stored]
        return self._like(other, dtype, native(self._tsrex.tensors, arrays, other, dtype))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one file, whole or not at all; `funfact.load` reads it.

        The file holds the factors, the expression, dtype, seed and history, whichever
        backend it comes from. It is safe to open: a zip archive of JSON and NumPy arrays, no
        pickle. Functions, conditions and initializers of your own have no
        place in it, only their names: give them to `load` again.

        Parameters
        ----------
        path : str or path
            An existing file is replaced. No ending is added.
        """
        from funfact.model.store import save  # which makes models

        save(self, path)

    def __reduce__(self) -> Any:
        raise OptionError(
            "a model is not pickled: it holds a compiled function. Write it to a file with "
            "fac.save(path) and read it with ff.load(path), also in another process."
        )

    def __copy__(self) -> "Factorization":
        return self.copy()

    def __deepcopy__(self, _: Any) -> "Factorization":
        return self.copy()

    def copy(self) -> "Factorization":
        """A model of the same expression whose factors are arrays of its own.

        Examples
        --------
        >>> import funfact as ff
        >>> with ff.using("numpy"):
        ...     fac = ff.Factorization.from_tsrex(ff.tensor("u", 2, initializer=[1.0, 2.0]))
        >>> other = fac.copy()
        >>> other["u"] = [0.0, 0.0]
        >>> fac["u"]
        array([1., 2.])
        """
        values = [None if x is None else self._backend.tensor(x) for x in self.stored]
        return self._like(self._backend, self._dtype, values)

    def same_structure(self, other: Any) -> bool:
        """Whether the other's expression is written alike, whatever the values.

        To each tensor and index here corresponds one there, in all the places where it
        stands. Tensors agree in shape, in whether a fit changes them and in whether they hold
        data; symbols, data, dtypes and backends may differ.

        Examples
        --------
        >>> import funfact as ff
        >>> (i, j), (p, q) = ff.indices("i, j"), ff.indices("p, q")
        >>> u, v, w = ff.tensor("u", 3, 2), ff.tensor("v", 3, 2), ff.tensor("w", 3, 4)
        >>> with ff.using("numpy"):
        ...     fac = ff.Factorization.from_tsrex(ff.exp(u[i, j]))
        >>> fac.same_structure(ff.exp(v[p, q])), fac.same_structure(ff.exp(w[p, q]))
        (True, False)
        """
        return self._tsrex.same_structure(other)

    def __repr__(self) -> str:
        return text(self)

    def _repr_html_(self) -> str:
        return html(self)

    # --- inside

    def _like(
        self, backend: Backend, dtype: Any, values: Sequence[Array | None]
    ) -> "Factorization":
        """A model of the same expression that remembers what this one does."""
        made = Factorization(self._tsrex, backend, dtype, values, self.memory_limit)
        made.history, made.replicas, made.seed = self.history, self.replicas, self.seed
        return made
