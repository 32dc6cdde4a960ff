"""Run by test_devices.py in a process of its own: what is made on a device stays there."""

import sys
import threading

import numpy as np
from four_devices import four_devices, where

import funfact as ff
from funfact import active_backend as ab
from funfact.backends import Compile

NAME = sys.argv[1]
i, j = ff.indices("i, j")
EXPR = ff.tensor("u", 3)[i] * ff.tensor("d", [1.0, 2.0])[j] * 2.0


def lives(there, *arrays):
    for x in arrays:
        assert where(x) == there, (where(x), there)


def at_home(fac, there):
    """Its factors, and all that it computes."""
    first = np.zeros((fac.ndim, 1), int)
    lives(there, *fac.all_factors, fac(), fac[1, 0], fac.points(*first), fac.penalty())


def made(there):
    """What a person makes while a device, or several, are chosen."""
    lives(there, ab.tensor(np.ones(3)), ab.zeros(3), ab.eye(3), ab.linspace(0, 1, 3))
    lives(there, ab.normal(0, 1, 3), ab.uniform(0, 1, 3, dtype="complex64"))
    lives(there, ab.einsum("ij,j->i", ab.ones((3, 2)), ab.full((2,), 2.0)))
    built = ff.Factorization.from_tsrex(EXPR, vec_size=2)
    built.save("model.ff")
    fitted = ff.factorize(EXPR, np.ones((3, 2)), vec_size=3, max_steps=2, progress=False)
    return built, fitted, ff.load("model.ff")


def chosen(options, there):
    """All of it stays there, whatever is active afterwards."""
    ff.use(NAME, **options)
    models = made(there)
    assert ab.device == options.get("device", options.get("devices", [""])[0])
    ff.use(NAME, device="cpu:0")
    built = models[0]
    for fac in models:
        at_home(fac, there)
    lives(there, *ff.view(built, 1).factors, *built.copy().factors)
    lives(there, *built.to(NAME, **options).all_factors)
    lives({"cpu:1"}, *built.to(NAME, device="cpu:1").all_factors)
    lives({"cpu:0"}, *ff.load("model.ff").all_factors)
    built["u"] = np.ones((2, 3))
    lives(there, *built.factors)


def work(device, found):
    with four_devices(NAME), ff.using(NAME, device=device):
        for n in range(3):
            ab.seed(n)
            fac = ff.Factorization.from_tsrex(EXPR)
            at_home(fac, {device})
            found.append(ab.to_numpy(fac()))


def threads():
    results = {device: [] for device in ("cpu:0", "cpu:2", "cpu:3")}
    started = [threading.Thread(target=work, args=item) for item in results.items()]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    np.testing.assert_equal(list(results.values()), [results["cpu:0"]] * 3)
    assert len(results["cpu:0"]) == 3
    assert ab.device == "cpu:0"


if __name__ == "__main__":
    with four_devices(NAME):
        chosen({"device": "cpu:2"}, {"cpu:2"})
        # JAX has what is not spread on each of them, PyTorch on the first
        on_all = isinstance(ff.backends.load(NAME), Compile)
        chosen({"devices": ["cpu:3", "cpu:1"]}, {"cpu:3", "cpu:1"} if on_all else {"cpu:3"})
        threads()
