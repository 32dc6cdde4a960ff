"""FunFact beside TensorLy on NumPy, what both have: ``python benchmarks/beside_tensorly.py``.

Sweeps of alternating least squares from the same factors, with the losses after each stretch
of them; a tensor train of an exact target, solved; and values. In turns, in one process.
"""

import argparse
import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import tensorly as tl
from measure import fitted, summary, timed_calls, value_of
from tensorly.cp_tensor import CPTensor, cp_to_tensor
from tensorly.decomposition import non_negative_parafac_hals, parafac, tensor_train, tucker
from tensorly.tr_tensor import tr_to_tensor
from tensorly.tt_tensor import tt_to_tensor
from tensorly.tucker_tensor import tucker_to_tensor
from workloads import WORKLOADS, random_factors

import funfact as ff
from funfact.fit import FitWarning

__all__ = ["COMPARED", "Sweeps"]

SWEEPS = 10
"""Of a stretch."""


class Sweeps:
    """TensorLy's iterations, as `measure.fitted` asks for them.

    Parameters
    ----------
    method : function of a target, its rank, ``init=``, ``n_iter_max=`` and ``tol=``
    pack : function of a list of factors
        TensorLy's form of them, `unpacked` to a value by `value`.
    value : function of that form
    """

    def __init__(
        self,
        method: Callable[..., Any],
        pack: Callable[[Sequence[Any]], Any],
        value: Callable[[Any], Any],
        *given: Any,
    ) -> None:
        _, starts, self._target, _ = given
        self._method, self._value, self._now = method, value, pack(starts)
        self._rank = tuple(starts[0].shape) if pack is _tucker else starts[0].shape[-1]

    def advance(self, steps: int) -> None:
        """So many sweeps."""
        options = {"init": self._now, "n_iter_max": steps, "tol": 0}
        self._now = self._method(self._target, self._rank, **options)

    def losses(self) -> Any:
        """The mean squared error, as an array of one."""
        return np.mean((self._value(self._now) - self._target) ** 2)[None]


def _cp(factors: Sequence[Any]) -> Any:
    return CPTensor((np.ones(factors[0].shape[-1], factors[0].dtype), list(factors)))


def _tucker(factors: Sequence[Any]) -> Any:
    core, *others = factors
    return core, list(others)


def _train(factors: Sequence[Any]) -> Any:
    first, *middle, last = factors
    return [first[None], *middle, last[..., None]]


def sweeps(name: str, *how: Any, **changes: Any) -> Callable[[int, float], dict[str, Any]]:
    """A measurement of sweeps of a workload."""

    def measured(pairs: int, seconds: float) -> dict[str, Any]:
        workload = replace(WORKLOADS[name], **changes)
        turns = fitted(workload, "numpy", SWEEPS, pairs + 1, "ALS", partial(Sweeps, *how))
        return summary(turns.ours[1:], turns.theirs[1:], SWEEPS)

    return measured


def values(name: str, pack: Any, value: Any) -> Callable[[int, float], dict[str, Any]]:
    """A measurement of values of a workload's model."""

    def measured(pairs: int, seconds: float) -> dict[str, Any]:
        factors = random_factors(WORKLOADS[name], np.random.default_rng(0))
        ours = value_of(WORKLOADS[name], "numpy", factors)
        return timed_calls(ours, lambda: value(pack(factors)), pairs, seconds)

    return measured


def solved_train(pairs: int, seconds: float) -> dict[str, Any]:
    """A measurement of TT-SVD against a fit, both of an exact target, to 1e-5 of its norm."""
    workload = WORKLOADS["train"]
    target = workload.model(np, *random_factors(workload, np.random.default_rng(0)))
    tol = 1e-10 * float(np.mean(target**2))
    ranks = [1, *(shape[0] for shape in workload.shapes[1:]), 1]

    def ours() -> Any:
        return ff.factorize(workload.tsrex(), target, optimizer="ALS", tol=tol, progress=False)

    with ff.using("numpy"):
        return timed_calls(ours, lambda: tensor_train(target, ranks), pairs, seconds)


COMPARED = {
    "a sweep of ALS, CP 64^3, rank 16": sweeps("cp", parafac, _cp, cp_to_tensor),
    "a sweep of ALS, five-way CP 16^5, rank 16": sweeps("cp-five", parafac, _cp, cp_to_tensor),
    "a sweep of HALS, CP 64^3, rank 16, nonnegative": sweeps(
        "cp", non_negative_parafac_hals, _cp, cp_to_tensor, prefer=("NonNegative",) * 3
    ),
    "a sweep, Tucker 64^3, core 8^3 (ALS / HOOI)": sweeps(
        "tucker", tucker, _tucker, tucker_to_tensor
    ),
    "exact tensor train 16^4, bond 8, to 1e-5 (ALS / TT-SVD)": solved_train,
    "value, CP 192^3, rank 32": values("cp-value", _cp, cp_to_tensor),
    "value, Tucker 64^3, core 8^3": values("tucker", _tucker, tucker_to_tensor),
    "value, tensor train 32^4, bond 8": values("train-large", _train, tt_to_tensor),
    "value, tensor ring 16^4, bond 8": values("ring", list, tr_to_tensor),
}
"""What is compared: FunFact's way / TensorLy's, where they differ."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument(
        "--seconds", type=float, default=0.15, help="that a stretch of values takes"
    )
    given = parser.parse_args()
    warnings.simplefilter("ignore", FitWarning)
    tl.set_backend("numpy")
    found = {title: measured(given.pairs, given.seconds) for title, measured in COMPARED.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
