"""What is measured: each model as FunFact writes it, beside the one by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest
from string import ascii_lowercase
from typing import Any

import numpy as np
from by_hand import (
    bells,
    brick_places,
    bricks,
    chain,
    circuit,
    cp,
    cp_five,
    matrix,
    minplus,
    ring,
    train,
    tucker,
)

import funfact as ff

__all__ = [
    "FITS",
    "FORWARD",
    "WORKLOADS",
    "Workload",
    "bricks_of",
    "cp_of",
    "matrix_of",
    "noise",
    "random_factors",
    "tucker_of",
]

i, j, k, l, m, p, q, r, s = ff.indices("i, j, k, l, m, p, q, r, s")


@dataclass(frozen=True)
class Workload:
    """A model, twice.

    Attributes
    ----------
    title : str
        What it is called in the table.
    shapes : tuple of shapes
        Of the factors, in the order in which both functions take them.
    expression : function of tensors
    model : function of the array library and the factors
    replicas : int
    dtype : str
    prefer : tuple of str
        What is asked of each factor by a penalty, the first ones first; of the others nothing.
    earlier : function of tensors, optional
        The expression as FunFact 1.0.3 can write it, where that is another.
    target : function of nothing, optional
        Random factors' model and a tenth of noise unless given.
    part : int, optional
        The only element along the first axis that is asked for.
    """

    title: str
    shapes: tuple[tuple[int, ...], ...]
    expression: Callable[..., Any]
    model: Callable[..., Any]
    replicas: int = 1
    dtype: str = "float32"
    prefer: tuple[str, ...] = ()
    earlier: Callable[..., Any] | None = None
    target: Callable[[], Any] | None = None
    part: int | None = None

    @property
    def names(self) -> str:
        """A letter for each factor."""
        return ascii_lowercase[: len(self.shapes)]

    def tsrex(self) -> Any:
        """The expression, of new tensors."""
        tensors = [
            ff.tensor(name, *shape, prefer=getattr(ff.conditions, asked)() if asked else None)
            for name, shape, asked in zip_longest(self.names, self.shapes, self.prefer)
        ]
        known = self.earlier is None or hasattr(ff, "quantum")
        return self.expression(*tensors) if known else self.earlier(*tensors)

    def data(self) -> Any:
        """What is fitted."""
        if self.target:
            return self.target().astype(self.dtype)
        rng = np.random.default_rng(1)
        made = self.model(np, *random_factors(self, rng))
        noise = rng.normal(0, 0.1 * made.std(), made.shape)
        return (made + noise).astype(self.dtype)


def noise(workload: Workload) -> Any:
    """Numbers of the shape and dtype of the data; single precision from the start."""
    shape, rng = workload.tsrex().shape, np.random.default_rng(0)
    return rng.standard_normal(shape, dtype="float32").astype(workload.dtype, copy=False)


def random_factors(workload: Workload, rng: np.random.Generator) -> list[Any]:
    """Factors of one replica, whose products are of order one."""
    draws = (rng.normal(0, 1, (2, *shape)) / shape[-1] ** 0.5 for shape in workload.shapes)
    kind = np.dtype(workload.dtype)
    return [(x + 1j * y if kind.kind == "c" else x).astype(kind) for x, y in draws]


# --- as FunFact has it


def _placed(qubits: int, places: list[tuple[int, int]]) -> Callable[..., Any]:
    def circuit_of(*tensors: Any) -> Any:
        gates = [ff.quantum.gate(x) @ at for x, at in zip(tensors, places, strict=True)]
        return ff.quantum.Circuit(qubits, gates).to_tsrex()

    return circuit_of


def _multiplied(qubits: int, places: list[tuple[int, int]]) -> Callable[..., Any]:
    """The same as a product of matrices, each a Kronecker product."""

    def placed(x: Any, first: int) -> Any:
        parts = [ff.eye(2**first), x, ff.eye(2 ** (qubits - first - 2))]
        return reduce(lambda a, b: a & b, [part for part in parts if part.shape != (1, 1)])

    def circuit_of(*tensors: Any) -> Any:
        factors = [placed(x, first) for x, (first, _) in zip(tensors, places, strict=True)]
        return reduce(lambda a, b: b @ a, factors)

    return circuit_of


def _cp(a: Any, b: Any, c: Any) -> Any:
    return a[i, ~r] * b[j, ~r] * c[k, r]


def _cp_five(a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    return a[i, ~r] * b[j, ~r] * c[k, ~r] * d[l, ~r] * e[m, r]


def _train(a: Any, b: Any, c: Any, d: Any) -> Any:
    return a[i, p] * b[p, j, q] * c[q, k, r] * d[r, l]


def _chain(*tensors: Any) -> Any:
    return reduce(lambda a, b: a @ b, tensors)


def matrix_of(n: int, rank: int, replicas: int) -> Workload:
    """A square matrix of low rank."""
    title = f"matrix {n}x{n}, rank {rank}{_times(replicas)}"
    shapes = ((n, rank), (n, rank))
    return Workload(title, shapes, lambda a, b: a[i, r] * b[j, r], matrix, replicas)


def cp_of(n: int, rank: int, replicas: int = 1, **options: Any) -> Workload:
    """A CP model of three equal sizes."""
    title = options.pop("title", f"CP {n}^3, rank {rank}{_times(replicas)}")
    return Workload(title, ((n, rank),) * 3, _cp, cp, replicas, **options)


def _tucker(g: Any, a: Any, b: Any, c: Any) -> Any:
    return g[p, q, r] * a[i, p] * b[j, q] * c[k, r]


def tucker_of(n: int, core: int) -> Workload:
    """A Tucker model of three equal sizes."""
    shapes = ((core,) * 3, *((n, core),) * 3)
    return Workload(f"Tucker {n}^3, core {core}^3", shapes, _tucker, tucker)


def _train_of(n: int, bond: int) -> Workload:
    shapes = ((n, bond), (bond, n, bond), (bond, n, bond), (bond, n))
    return Workload(f"tensor train {n}^4, bond {bond}", shapes, _train, train)


def bricks_of(qubits: int, layers: int) -> Workload:
    """Layers of gates on neighbouring qubits, even and odd ones in turn."""
    places = brick_places(qubits, layers)
    return Workload(
        f"brick wall of {len(places)} gates on {qubits} qubits",
        ((4, 4),) * len(places),
        _placed(qubits, places),
        bricks(qubits, layers),
        dtype="complex64",
        prefer=("Unitary",) * len(places),
        earlier=_multiplied(qubits, places),
    )


def _times(replicas: int) -> str:
    return f", {replicas} replicas" if replicas > 1 else ""


def _product_tensor(n: int = 2) -> Any:
    one = np.eye(n)
    return np.einsum("ad,be,cf->abecfd", one, one, one).reshape((n * n,) * 3)


def _fourier(n: int = 8) -> Any:
    return np.exp(2j * np.pi * np.outer(range(n), range(n)) / n) / n**0.5


FITS = {
    "matrix": matrix_of(512, 32, 1),
    "matrix-8": matrix_of(512, 32, 8),
    "cp": cp_of(64, 16),
    "cp-8": cp_of(64, 16, 8),
    "cp-large": cp_of(128, 32),
    "cp-five": Workload("five-way CP 16^5, rank 16", ((16, 16),) * 5, _cp_five, cp_five),
    "cp-nonnegative": Workload(
        "CP 3x4x5, rank 2, one factor nonnegative, 8 replicas",
        ((3, 2), (4, 2), (5, 2)),
        lambda a, b, c: (a[i, ~r] * b[j, r]) * c[k, r],
        cp,
        replicas=8,
        prefer=("NonNegative",),
        target=lambda: np.arange(60.0).reshape(3, 4, 5),
    ),
    "tucker": tucker_of(64, 8),
    "train": _train_of(16, 8),
    "train-large": _train_of(32, 8),
    "ring": Workload(
        "tensor ring 16^4, bond 8",
        ((8, 16, 8),) * 4,
        lambda a, b, c, d: a[p, i, q] * b[q, j, r] * c[r, k, s] * d[s, l, p],
        ring,
    ),
    "bells": Workload(
        "RBF 256x256, rank 12, 16 replicas",
        ((256, 12), (256, 12), (12,)),
        lambda x, y, w: ff.exp(-((x[i, ~r] - y[j, ~r]) ** 2)) * w[r],
        bells,
        replicas=16,
    ),
    "circuit": Workload(
        "3-qubit circuit, unitary gates, 32 replicas",
        ((4, 4),) * 3,
        _placed(3, [(0, 1), (1, 2), (0, 1)]),
        circuit,
        replicas=32,
        dtype="complex64",
        prefer=("Unitary",) * 3,
        earlier=_multiplied(3, [(0, 1), (1, 2), (0, 1)]),
        target=_fourier,
    ),
    "bricks": bricks_of(6, 4),
    "bricks-8": bricks_of(8, 4),
    "bricks-10": bricks_of(10, 4),
    "product": cp_of(
        4, 7, 256, target=_product_tensor, title="2x2x2 product tensor, rank 7, 256 replicas"
    ),
}
"""Models that are fitted by Adam, with gradients."""

FORWARD = {
    "chain": Workload("eight matrices 512x512", ((512, 512),) * 8, _chain, chain),
    "cp-value": cp_of(192, 32),
    "cp-slice": cp_of(192, 32, part=7, title="one slice of CP 192^3, rank 32"),
    "minplus": Workload(
        "min-plus product 512x512",
        ((512, 512),) * 2,
        lambda a, b: ff.minplus(a[i, r], b[j, r]),
        minplus,
    ),
}
"""Models that are evaluated; backends without gradients take part."""

WORKLOADS = FITS | FORWARD
