"""Data of the ledger: measured, from wheels that hold them, and drawn from seeds."""

from typing import Any

import numpy as np

__all__ = [
    "camera",
    "congruent",
    "digits",
    "fourier",
    "kinetic",
    "product_tensor",
    "serology",
]


def serology() -> Any:
    """Binding of antibodies, 438 samples x 6 antigens x 11 receptors, from TensorLy."""
    from tensorly.datasets import load_covid19_serology

    return np.asarray(load_covid19_serology().tensor)


def kinetic() -> Any:
    """Fluorescence, 64 x 12 x 10 x 60, from TensorLy, which fills what is missing with zeros."""
    from tensorly.datasets import load_kinetic

    return np.asarray(load_kinetic().tensor)


def digits() -> Any:
    """Handwritten digits, 1797 images of 64 pixels, from scikit-learn."""
    from sklearn.datasets import load_digits

    return load_digits().data


def camera(size: int = 128) -> Any:
    """The photograph of a cameraman from scikit-image, means of blocks, in [0, 1]."""
    from skimage.data import camera

    image = camera() / 255
    block = image.shape[0] // size
    return image.reshape(size, block, size, block).mean(axis=(1, 3))


def congruent(
    size: int, rank: int, congruence: float, noise: float, seed: int
) -> tuple[Any, list[Any]]:
    """A noisy CP tensor of three dimensions, and its factors, whose columns are nearly collinear.

    Two columns of a factor have the cosine `congruence`; `noise` is the share of the squared
    norm that is noise, as in Tomasi & Bro (2006).
    """
    rng = np.random.default_rng(seed)
    gram = np.full((rank, rank), congruence) + (1 - congruence) * np.eye(rank)
    root = np.linalg.cholesky(gram).T
    factors = [np.linalg.qr(rng.normal(size=(size, rank)))[0] @ root for _ in range(3)]
    clean = np.einsum("ir,jr,kr->ijk", *factors)
    drawn = rng.normal(size=clean.shape)
    scale = (noise / (1 - noise)) ** 0.5 * np.linalg.norm(clean) / np.linalg.norm(drawn)
    return clean + scale * drawn, factors


def product_tensor(rows: int, inner: int, columns: int) -> Any:
    """The tensor of the product of matrices, rows x inner by inner x columns."""
    one = [np.eye(n) for n in (rows, inner, columns)]
    tensor = np.einsum("ai,bj,ck->abjcki", *one)
    return tensor.reshape(rows * inner, inner * columns, columns * rows)


def fourier(size: int = 8) -> Any:
    """The unitary matrix of the discrete Fourier transform."""
    places = np.arange(size)
    return np.exp(2j * np.pi * np.outer(places, places) / size) / size**0.5
