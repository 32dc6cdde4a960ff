"""Fit a nonnegative four-way CP model to measured fluorescence, and draw what it finds.

The data are 64 samples of three catecholamines (with interfering substances),
whose fluorescence was measured at 12 emission and 10 excitation wavelengths
while they reacted for 20 minutes [1]_. Each component of the model is one
substance: how much of it each sample holds, its emission and its excitation
spectrum, and how it comes and goes in time.

A part of the measurements (0.4 %) is missing. They are masked, not filled: both
sides are multiplied by zero there, so the fit knows nothing about them and
nothing is made up. In FunFact a mask is one more factor of the expression.

.. [1] Nikolajsen, Booksh, Hansen & Bro, Quantifying catecholamines using multi-way
   kinetic modelling, Analytica Chimica Acta 475, 2003, 137-150. The data ship with
   TensorLy.
"""

import argparse
import time

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from tensorly.datasets import load_kinetic

import funfact as ff


def fit(data, mask, rank, replicas, steps):
    """The best of several nonnegative CP models of the measured part of `data`."""
    a, b, c, d = (
        ff.tensor(name, size, rank, constrain=ff.conditions.NonNegative)
        for name, size in zip("abcd", data.shape, strict=True)
    )
    w = ff.tensor("w", mask)
    i, j, k, l, r = ff.indices("i, j, k, l, r")

    model = a[i, ~r] * b[j, ~r] * c[k, ~r] * d[l, r]
    masked = model * w[i, j, k, l] >> [i, j, k, l]
    return ff.factorize(
        masked, data * mask, vec_size=replicas, max_steps=steps, tol=0, progress=True
    )


def components(fac):
    """The factors, all scale moved to the samples, largest first."""
    samples, *profiles = (np.array(ff.active_backend.to_numpy(fac[name])) for name in "abcd")
    for profile in profiles:
        top = profile.max(axis=0)
        profile /= top
        samples *= top
    order = np.argsort(-np.linalg.norm(samples, axis=0))
    return [factor[:, order] for factor in (samples, *profiles)]


def explained(data, mask, factors):
    """Share of the squared norm of the measured data that the model explains."""
    residual = (data - np.einsum("ir,jr,kr,lr->ijkl", *factors)) * mask
    return 1 - np.sum(residual**2) / np.sum((data * mask) ** 2)


def draw(factors, ticks, labels, path):
    """One panel a mode, one line a component."""
    figure, axes = plt.subplots(2, 2, figsize=(10, 6.5), layout="constrained")
    for axis, factor, tick, label in zip(axes.flat, factors, ticks, labels, strict=True):
        sampled = label == "Measurements"
        for number, column in enumerate(factor.T, start=1):
            axis.plot(tick, column, ".-" if sampled else "-", label=f"component {number}")
        axis.set(xlabel="Sample" if sampled else label, ylim=(0, None))
        axis.set_ylabel("Amount (fluorescence, a.u.)" if sampled else "Relative to its maximum")
    axes.flat[0].legend(frameon=False)
    figure.suptitle("Kinetic fluorescence: a[i,~r] * b[j,~r] * c[k,~r] * d[l,r], nonnegative")
    figure.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", default="numpy", help="or jax, torch (default: %(default)s)")
    parser.add_argument("--rank", type=int, default=3, help="components (default: %(default)s)")
    parser.add_argument("--replicas", type=int, default=4, help="random starts at once")
    parser.add_argument("--steps", type=int, default=200, help="steps of the solver")
    parser.add_argument("--output", default="quickstart.png", help="the picture to write")
    options = parser.parse_args()

    kinetic = load_kinetic()
    mask = ~kinetic.missing_values_position
    data = np.where(mask, kinetic.tensor, 0.0).astype(np.float32)
    scale = np.sqrt(np.mean(data**2))

    ff.use(options.backend)
    ff.active_backend.seed(0)
    start = time.perf_counter()
    fac = fit(data / scale, mask.astype(np.float32), options.rank, options.replicas, options.steps)
    seconds = time.perf_counter() - start

    factors = components(fac)
    factors[0] *= scale
    draw(factors, kinetic.ticks, kinetic.ticks_labels, options.output)
    history = fac.history
    print(f"model     {options.rank} nonnegative components of {' x '.join(map(str, data.shape))}")
    print(f"backend   {ff.active_backend!r}")
    print(f"fit       {explained(data, mask, factors):.5f} of the squared norm explained")
    print(f"solver    {history.method}: {history.reason}")
    print(f"steps     {history.steps[-1]}, {seconds:.1f} s")
    print(f"replica   {history.replica} won, of {len(history.best)}")
    print(f"picture   {options.output}")


if __name__ == "__main__":
    main()
