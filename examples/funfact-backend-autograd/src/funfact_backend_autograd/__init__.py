"""HIPS autograd as a FunFact backend: NumPy arrays, and gradients."""

from collections.abc import Callable
from threading import RLock
from typing import Any

import numpy as np

from funfact.backends import Array, Autodiff, Backend, Linalg

__all__ = ["AutogradBackend"]

# autograd numbers the traces of all threads with one counter: two at once would mix.
_ONE_AT_A_TIME = RLock()


class AutogradBackend(Backend, Autodiff, Linalg):
    """HIPS autograd: arrays are NumPy's and, where gradients are followed, boxes around them."""

    protocol = 1
    requires = ("autograd",)

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        from autograd import core, tracer

        from . import names

        self.xp, self._core, self._tracer = names, core, tracer

    def tensor(self, data: Any, dtype: Any = None) -> Array:
        """NumPy array, a copy of `data`, in C order; gradients follow boxes through it."""
        native = None if dtype is None else self.checked(data, dtype)
        if self._boxed(data):
            x = self.xp.array(data)
            return x if native is None else self.xp.astype(x, native)
        return np.array(self.plain(data), native, order="C")

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        """The array itself, out of its boxes."""
        return np.asarray(self._tracer.getval(x))

    def is_native(self, x: object) -> bool:
        """Whether `x` is a NumPy array or scalar, or a box."""
        return isinstance(x, (np.ndarray, np.generic)) or self._tracer.isbox(x)

    def _boxed(self, data: Any) -> bool:
        if isinstance(data, (list, tuple)):
            return any(map(self._boxed, data))
        return bool(self._tracer.isbox(data))

    def value_and_grad(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """As the contract says; autograd's gradient is conjugated, being that of the real part."""
        core, tracer, xp = self._core, self._tracer, self.xp

        # autograd.grad takes lists too, in a time that grows with the square of their length
        def g(params: list[Array], *args: Any) -> Any:
            with _ONE_AT_A_TIME, tracer.trace_stack.new_trace() as trace:
                roots = {core.VJPNode.new_root(): x for x in params}
                boxes = [tracer.new_box(x, trace, root) for root, x in roots.items()]
                value, aux = f(boxes, *args)
                found = self._walk_back(value) if tracer.isbox(value) else {}
            grads = [found.get(root, xp.zeros_like(x)) for root, x in roots.items()]
            cast = [xp.astype(xp.conj(d), x.dtype) for d, x in zip(grads, params, strict=True)]
            return (self._out_of(trace, value), self._out_of(trace, aux)), cast

        return g

    def _walk_back(self, value: Any) -> dict[Any, Array]:
        """The gradient of a boxed scalar for each node that it starts from."""
        found, roots = {value._node: (self._core.vspace(value).ones(), False)}, {}
        for node in self._tracer.toposort(value._node):
            grad, _ = found.pop(node)
            if not node.parents:
                roots[node] = grad
            for parent, more in zip(node.parents, node.vjp(grad), strict=True):
                found[parent] = self._core.add_outgrads(found.get(parent), more)
        return roots

    def _out_of(self, trace: int, x: Any) -> Any:
        """`x` and what is in it, without the boxes of a trace that is over."""
        if isinstance(x, (list, tuple)):
            return type(x)(self._out_of(trace, item) for item in x)
        if isinstance(x, dict):
            return {key: self._out_of(trace, item) for key, item in x.items()}
        return x._value if self._tracer.isbox(x) and x._trace == trace else x
