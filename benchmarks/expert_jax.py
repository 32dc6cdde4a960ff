"""An expert's JAX: one compiled loop of Adam steps on the device, buffers donated."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["Descent", "evaluation"]

# as FunFact asks for: on a GPU products of float32 would else have 10 bits
jax.config.update("jax_default_matmul_precision", "highest")

RATE, BETA1, BETA2, EPSILON = 0.1, 0.9, 0.999, 1e-8


class Descent:
    """Adam on the mean squared error; replicas, if any, are the first axis of each factor.

    Parameters
    ----------
    model : function of the array library and the factors
    starts : sequence of arrays
    target : array
    prefer : tuple of str
        What is asked of the first factors by a penalty, `"Unitary"` or `"NonNegative"`.
    """

    def __init__(
        self, model: Callable[..., Any], starts: Sequence[Any], target: Any, prefer: tuple[str, ...]
    ) -> None:
        factors = [jnp.array(x) for x in starts]
        zeros = [jnp.zeros_like(x) for x in factors]
        moments = [jnp.zeros_like(x.real) for x in factors]
        self._carry = (jnp.zeros(()), factors, zeros, moments)
        self._target = jnp.array(target)
        self._model, self._prefer = model, prefer

    def advance(self, steps: int) -> None:
        """So many steps, started."""
        self._carry = _advance(self._carry, self._target, steps, self._model, self._prefer)

    def losses(self) -> Any:
        """Of each replica, without penalties, in NumPy; waits for the steps before."""
        return np.atleast_1d(_losses(self._carry[1], self._target, self._model))


def evaluation(model: Callable[..., Any], factors: Iterable[Any]) -> Callable[[], Any]:
    """A function that evaluates the model."""
    native = [jnp.array(x) for x in factors]
    compiled = jax.jit(partial(model, jnp))
    return lambda: compiled(*native)


@partial(jax.jit, static_argnames="model")
def _losses(factors: Any, target: Any, model: Any) -> Any:
    rest = model(jnp, *factors) - target
    return jnp.mean(_squares(rest), axis=tuple(range(-target.ndim, 0)))


def _objective(factors: Any, target: Any, model: Any, prefer: Any) -> Any:
    total = jnp.sum(_losses(factors, target, model))
    for x, asked in zip(factors, prefer, strict=False):
        total += jnp.sum(_PENALTIES[asked](x))
    return total


def _not_unitary(x: Any) -> Any:
    rest = jnp.conj(x.mT) @ x - jnp.eye(x.shape[-1], dtype=x.dtype)
    return _squares(rest) / x.shape[-1] ** 2


def _negative(x: Any) -> Any:
    return jnp.minimum(x, 0) ** 2 / (x.shape[-1] * x.shape[-2])


_PENALTIES = {"Unitary": _not_unitary, "NonNegative": _negative}


@partial(jax.jit, static_argnames=("model", "prefer"), donate_argnames="carry")
def _advance(carry: Any, target: Any, steps: Any, model: Any, prefer: Any) -> Any:
    gradient = jax.grad(_objective)

    def step(_: Any, carry: Any) -> Any:
        count, factors, first, second = carry
        # JAX's gradient of a real function of complex numbers is the conjugate of the ascent
        grads = [jnp.conj(g) for g in gradient(factors, target, model, prefer)]
        count = count + 1
        first = [BETA1 * m + (1 - BETA1) * g for m, g in zip(first, grads, strict=True)]
        second = [BETA2 * v + (1 - BETA2) * _squares(g) for v, g in zip(second, grads, strict=True)]
        root = jnp.sqrt(1 - BETA2**count)
        rate = RATE * root / (1 - BETA1**count)
        factors = [
            x - rate * m / (jnp.sqrt(v) + EPSILON * root)
            for x, m, v in zip(factors, first, second, strict=True)
        ]
        return count, factors, first, second

    return jax.lax.fori_loop(0, steps, step, carry)


def _squares(x: Any) -> Any:
    return x.real**2 + x.imag**2 if jnp.iscomplexobj(x) else x * x
