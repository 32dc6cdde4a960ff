"""The quick start of FunFact 1.0.3, with whichever FunFact this Python has.

Writes one JSON line: the version, the mean squared error for each seed, and seconds. The
program uses names of 1.0.3 alone, so that both versions run it.
"""

import argparse
import json
import os
import time
from importlib.metadata import version

import numpy as np

import funfact as ff


def fit(seed, target):
    """The mean squared error of the best of eight replicas after 1,000 steps."""
    ff.active_backend.seed(seed)
    a = ff.tensor("a", target.shape[0], 2, prefer=ff.conditions.NonNegative())
    b = ff.tensor("b", target.shape[1], 2)
    c = ff.tensor("c", target.shape[2], 2)
    i, j, k, r = ff.indices("i, j, k, r")
    tsrex = (a[i, ~r] * b[j, r]) * c[k, r]
    fac = ff.factorize(tsrex, target, max_steps=1000, vec_size=8, penalty_weight=10)
    return float(np.mean((np.asarray(fac()) - target) ** 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="jax")
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    os.environ.setdefault("FUNFACT_PROGRESS", "0")
    ff.use(options.backend)
    target = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    began = time.perf_counter()
    errors = [fit(seed, target) for seed in range(options.seeds)]
    found = {"version": version(distribution()), "errors": errors}
    print(json.dumps(found | {"seconds": time.perf_counter() - began}))


def distribution():
    """2.0 is `funfact-core`; a `funfact` without it is 1.0.3."""
    return "funfact-core" if hasattr(ff, "using") else "funfact"


if __name__ == "__main__":
    main()
