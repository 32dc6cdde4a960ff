"""Gradients of what autograd.numpy lacks or gets wrong, against central differences."""

from threading import Event, Thread

import numpy as np
import pytest

from funfact_backend_autograd import AutogradBackend

REAL = np.array([[0.3, -1.2, 0.7]])
COMPLEX = REAL + 1j * np.array([[0.5, 0.4, -0.9]])
WEIGHTS = np.arange(1.0, 7.0).reshape(2, 3) * (1 - 0.5j)

CASES = {
    "where broadcasts": lambda ab, x: ab.where(ab.tensor([[True], [False]]), x, ab.exp(x)),
    "where promotes": lambda ab, x: ab.where(ab.tensor([[True], [False]]), x, 1j * x),
    "concatenate promotes": lambda ab, x: ab.concatenate([x, 1j * x]),
    "broadcast_to adds axes": lambda ab, x: ab.sum(ab.broadcast_to(x, (4, 2, 3)), axis=0),
    "take": lambda ab, x: ab.take(x, ab.tensor([0, 0]), axis=0),
    "astype drops nothing": lambda ab, x: ab.astype(x, "complex128") * ab.ones((2, 1)),
    "a diagonal": lambda ab, x: ab.einsum("iij->ij", ab.stack([ab.stack([x[0], x[0]])] * 2)),
    "a repeated index": lambda ab, x: ab.einsum("ij,jj->ij", ab.ones((2, 3)), x * ab.ones((3, 1))),
    "a tensor of tensors": lambda ab, x: ab.tensor([x[0], x[0] ** 2]),
    "acosh": lambda ab, x: ab.acosh(x + 0.1j) * ab.ones((2, 1)),
}


@pytest.fixture
def ab():
    return AutogradBackend()


def objective(ab, case):
    return lambda params: (ab.sum(ab.real(WEIGHTS * CASES[case](ab, params[0]))), None)


@pytest.mark.parametrize("x", [REAL, COMPLEX], ids=["real", "complex"])
@pytest.mark.parametrize("case", CASES)
def test_central_differences(ab, case, x):
    f = objective(ab, case)
    _, (found,) = ab.value_and_grad(f)([x])
    assert found.dtype == x.dtype
    expected = np.zeros_like(x)
    for direction in (1, 1j) if np.iscomplexobj(x) else (1,):
        for at in np.ndindex(x.shape):
            step = np.zeros_like(x)
            step[at] = 1e-6 * direction
            expected[at] += direction * (f([x + step])[0] - f([x - step])[0]) / 2e-6
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8)


def test_single_precision_stays(ab):
    x = ab.ones(2, dtype="float32")
    (value, _), (grad,) = ab.value_and_grad(lambda p: (ab.sum(p[0] ** 2.5), None))([x])
    assert value.dtype == grad.dtype == np.float32


def test_nothing_returned_is_a_box(ab):
    f = ab.value_and_grad(lambda p: (ab.sum(p[0]), {"x": [p[0]], "y": (p[0] * 2, 3)}))
    (value, aux), grads = f([ab.ones(2)])
    found = [value, aux["x"][0], aux["y"][0], grads[0]]
    assert all(isinstance(x, (np.ndarray, np.generic)) for x in found)


def test_a_gradient_of_a_gradient(ab):
    def slope(params):
        _, (inner,) = ab.value_and_grad(lambda p: (ab.sum(p[0] ** 3), None))(params)
        return ab.sum(inner), None

    (value, _), (second,) = ab.value_and_grad(slope)([ab.tensor([1.0, 2.0])])
    assert value == 15
    np.testing.assert_allclose(second, [6, 12])


def test_threads_take_turns(ab):
    """Traces that begin and end in another order would share a number, and mix."""
    began, joined = Event(), Event()

    def other(params):
        began.set()
        joined.wait(0.2)  # in vain: nobody else gets in meanwhile
        return ab.sum(params[0]), None

    def slope(params):
        joined.set()
        thread.join(1)
        inner = ab.value_and_grad(lambda p: (ab.sum(p[0] ** 2 * params[0]), None))
        return ab.sum(inner(params)[1][0]), None

    x = ab.tensor([1.0, 2.0])
    thread = Thread(target=ab.value_and_grad(other), args=([x],))
    thread.start()
    began.wait()
    _, (found,) = ab.value_and_grad(slope)([x])
    np.testing.assert_allclose(found, [4, 8])
