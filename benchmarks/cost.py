"""What a first fit costs: ``python benchmarks/cost.py cp-8 jax ours`` (or ``theirs``).

In a process of its own: the time from the call until 32 steps are made, or until the first
value is there, and the peak of memory beyond the imported library and the data of a fit. Where
a fit starts, and the factors of a value, are made within the call.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from measure import expert, expert_of, value_of
from peak import watched
from place import backend_of
from workloads import FITS, WORKLOADS, Workload, noise

import funfact as ff

__all__ = ["cost"]


STEPS = 32
"""Of a first fit."""


def cost(call: Callable[[], Any]) -> dict[str, float]:
    """Seconds and MiB of one call."""
    memory, begin = watched(), time.perf_counter()
    call()
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "memory": memory()}


def our_fit(workload: Workload, target: Any) -> None:
    """From the expression to the end of the first steps."""
    ff.factorize(
        workload.tsrex(),
        target,
        optimizer="Adam",
        vec_size=workload.replicas,
        tol=0,
        max_steps=STEPS,
        checkpoint_freq=STEPS,
        progress=False,
    )


def their_fit(workload: Workload, target: Any, backend: str) -> None:
    """Random starts, the same number of steps, the losses."""
    lead = (workload.replicas,) if workload.replicas > 1 else ()
    rng = np.random.default_rng(0)
    starts = [rng.normal(size=lead + shape).astype(workload.dtype) for shape in workload.shapes]
    fit = expert(backend).Descent(workload.model, starts, target, workload.prefer)
    fit.losses()
    fit.advance(STEPS)
    fit.losses()


def chosen(name: str, backend: str, side: str) -> Callable[[], Any]:
    """The call whose cost is asked for."""
    workload = WORKLOADS[name]
    if name in FITS:
        target = noise(workload)  # to make the data would take more memory than a fit
        if side == "ours":
            return lambda: our_fit(workload, target)
        return lambda: their_fit(workload, target, backend)
    make = value_of if side == "ours" else expert_of
    return lambda: getattr(make(workload, backend, made(workload))(), "block_until_ready", int)()


def made(workload: Workload) -> Iterator[Any]:
    """Factors, made one after another in no time; nobody but who takes them keeps them."""
    return (np.full(shape, shape[-1] ** -0.5, workload.dtype) for shape in workload.shapes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=WORKLOADS)
    parser.add_argument("backend")
    parser.add_argument("side", choices=["ours", "theirs"])
    given = parser.parse_args()
    # what torch.compile made before is on disk, and would be no first fit
    os.environ["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"
    call = chosen(given.name, given.backend, given.side)
    expert(given.backend)
    name, options = backend_of(given.backend)
    ff.use(name, **options)
    ab = ff.active_backend
    ab.to_numpy(ab.exp(ab.ones((4, 4))) @ ab.ones((4, 4)))  # the library sets itself up
    print(json.dumps(cost(call)))


if __name__ == "__main__":
    main()
