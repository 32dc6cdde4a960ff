"""Run by test_devices.py in a process of its own: fits on one device and on four.

Prints one line of JSON a case: what differs between the two, and where the arrays were.
"""

import json
import sys
from functools import partial

import numpy as np
from four_devices import four_devices

import funfact as ff
from funfact.fit import hookimpl

NAME = sys.argv[1]
i, j, k, r = ff.indices("i, j, k, r")
rng = np.random.default_rng(0)
TARGET = rng.normal(size=(5, 4, 3)).astype("float32")
DATA = ff.tensor("d", rng.normal(size=(3,)).astype("float32"))


def model(multilinear):
    b, c = ff.tensor("b", 4, 2), ff.tensor("c", 3, 2)
    if multilinear:
        return (ff.tensor("a", 5, 2)[i, ~r] * b[j, ~r]) * c[k, r]
    a = ff.tensor("a", 5, 2, prefer=ff.conditions.NonNegative)
    return ((a[i, ~r] * b[j, ~r]) * c[k, r]) + ff.exp(DATA[~k])


class Watch:
    """Where the factors of all replicas are, and the steps that a plug-in asked for."""

    def __init__(self):
        self.where, self.states = set(), []

    @hookimpl
    def checkpoint(self, point):
        for x in point.factors:
            spread = getattr(x, "sharding", None)
            parts = 1 if spread is None else len({str(s.index) for s in x.addressable_shards})
            self.where.add((tuple(x.shape), parts))
            # JAX's devices of one CPU share its threads: an exchange between them that nobody
            # waits for may be held up for good by the steps that are started after it.
            ff.active_backend.to_numpy(x)

    @hookimpl
    def next_step(self, step):
        return 10 if step < 10 else None

    @hookimpl
    def stepped(self, state):
        self.states.append([state.loss, *map(ff.active_backend.to_numpy, state.grad)])


def fit(devices, replicas, axis, multilinear=False, **options):
    ff.use(NAME, devices=devices)
    ff.active_backend.seed(7)
    watch = Watch()
    found = ff.factorize(
        model(multilinear),
        TARGET,
        vec_size=replicas,
        vec_axis=axis,
        plugins=[watch],
        returns="all",
        tol=0,
        progress=False,
        **{"optimizer": "Adam", "max_steps": 40, "checkpoint_freq": 20, **options},
    )
    return found, watch


def compare(one, four):
    """The largest difference of losses, factors and states, relative where they are above 1."""
    (models, watch), (others, other_watch) = one, four
    pairs = [(x.history.losses, y.history.losses) for x, y in zip(models, others, strict=True)]
    for x, y in zip(models, others, strict=True):
        assert x.history.replica == y.history.replica
        both = (map(model.backend.to_numpy, model.factors) for model in (x, y))
        pairs += zip(*both, strict=True)
    for x, y in zip(watch.states, other_watch.states, strict=True):
        pairs += zip(x, y, strict=True)
    for x, y in pairs:
        assert x.shape == y.shape
        np.testing.assert_array_equal(np.isnan(x), np.isnan(y))  # of replicas that were given up
    return max(float(np.nanmax(np.abs(x - y)) / max(1, np.nanmax(np.abs(x)))) for x, y in pairs)


def cubic(model, target):
    """A loss of a user's own, which makes arrays with the active backend."""
    ab = ff.active_backend
    return ab.abs(model - target) ** 3 + 0 * ab.sum(ab.ones(2))


class Descent(ff.optim.Optimizer):
    """A method of a user's own, which makes arrays with the active backend."""

    def __init__(self, factors, lr=0.1):
        super().__init__(factors)
        self.lr = ff.active_backend.tensor(lr, "float32")

    def step(self, grad):
        for n, g in enumerate(grad):
            self.factors[n] = self.factors[n] - self.lr * g


def compare_all(cases):
    names = ff.devices(NAME)
    for case in cases:
        devices, own = case.pop("devices"), case.pop("own", False)
        run = partial(
            fit, **case, **({"optimizer": Descent, "loss": cubic, "lr": 0.001} if own else {})
        )
        one, four = run(names[:1]), run(devices)
        shapes = sorted({(shape, parts) for shape, parts in four[1].where})
        print(json.dumps([compare(one, four), shapes]))
    fac = four[0][0]
    fac.save("model.ff")
    assert fac.to("numpy")().shape == TARGET.shape
    same = ff.load("model.ff")
    np.testing.assert_array_equal(fac.backend.to_numpy(same()), fac.backend.to_numpy(fac()))


if __name__ == "__main__":
    with four_devices(NAME):
        compare_all(json.loads(sys.argv[2]))
