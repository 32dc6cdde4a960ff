"""JAX as a FunFact backend: every capability, on CPUs, GPUs and TPUs."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial, wraps
from typing import Any

import numpy as np

from funfact.backends import several
from funfact.backends.capabilities import (
    Accumulate,
    Autodiff,
    Compile,
    Devices,
    Einsum,
    Linalg,
    Linearize,
    Repeat,
    Share,
    Spread,
    Vmap,
)
from funfact.backends.contract import Array, Backend, Dtype, Namespace
from funfact.backends.dtypes import plain
from funfact.backends.functions import floating, real
from funfact.errors import DeviceError, DtypeError, UnknownNameError

__all__ = ["JAXBackend", "JAXOptions"]

_PRECISIONS = ("highest", "high", "default")
_REPLICAS = "replicas"  # the axis of the mesh
_PRODUCTS = frozenset({"dot", "inner", "matmul", "tensordot", "vdot", "vecdot"})


@dataclass(frozen=True)
class JAXOptions:
    """Options of ``ff.use('jax', ...)``.

    `device` is a name from ``ff.devices('jax')``, or a platform such as
    ``'gpu'`` for its first device. `devices`, names or ``'all'``, spreads the replicas
    of a fit over several; everything else lives on each of them. `enable_x64` allows 64-bit
    numbers; it holds for the process. None leaves each as JAX has it. `matmul_precision`,
    ``'highest'``, ``'high'`` or ``'default'``, is that of products in float32, for which JAX
    itself takes fewer bits on accelerators.
    """

    device: str | None = None
    devices: str | tuple[str, ...] | None = None
    enable_x64: bool | None = None
    matmul_precision: str = "highest"


class JAXBackend(
    Backend, Autodiff, Accumulate, Linearize, Compile, Repeat, Vmap, Einsum, Linalg, Devices, Spread
):
    """JAX.

    Examples
    --------
    >>> ab = JAXBackend(JAXOptions(device='cpu'))
    >>> g = ab.value_and_grad(lambda params: (params[0] ** 2, None))
    >>> (value, _), (gradient,) = g([ab.tensor(3.0)])
    >>> float(value), float(gradient)
    (9.0, 6.0)
    """

    protocol = 1
    requires = ("jax",)
    Options = JAXOptions
    process_options = frozenset({"enable_x64"})
    creation = Backend.creation | {
        *("array", "asarray", "identity", "tri", "logspace", "geomspace", "indices"),
        *("bartlett", "blackman", "hamming", "hanning", "kaiser"),
    }

    def __init__(self, options: JAXOptions | None = None) -> None:
        super().__init__(options)
        import jax

        from . import einsum

        self._jax, self._einsum = jax, einsum
        self.xp = jax.numpy
        if self.options.matmul_precision not in _PRECISIONS:
            asked = self.options.matmul_precision
            raise UnknownNameError.among("matmul_precision", asked, _PRECISIONS)
        self._home, self._first = self._homes()
        if self.options.enable_x64 is not None:
            jax.config.update("jax_enable_x64", self.options.enable_x64)
        self.options = replace(self.options, enable_x64=bool(jax.config.jax_enable_x64))
        self.seed(secrets.randbits(32))

    @property
    def package(self) -> Namespace:
        """JAX itself: ``ab.nn``, ``ab.lax``."""
        return self._jax

    # --- data

    def tensor(self, data: Any, dtype: Any = None) -> Array:
        """JAX array, a copy of `data`, on the chosen device."""
        native = None if dtype is None else self.checked(data, dtype)
        if isinstance(data, self._jax.core.Tracer):
            return self.xp.array(data, native, device=self._home)
        if isinstance(data, self._jax.Array) and native in (None, data.dtype):
            return self._jax.device_put(data, self._home, may_alias=False)
        if not isinstance(data, (self._jax.Array, list, tuple, int, float, complex)):
            return self._copied(plain(data), native)  # tensors of other libraries, too
        try:
            return self.xp.array(data, native, device=self._home)
        except (TypeError, ValueError, OverflowError):
            plain(data)  # says what is wrong with lists that hold no numbers, or are ragged
            raise

    def copy(self, x: Array) -> Array:
        """`x`, copied on its devices without a compiled program."""
        if isinstance(x, self._jax.core.Tracer):
            return self.xp.copy(x)
        return self._jax.device_put(x, may_alias=False) if self.is_native(x) else self.tensor(x)

    def zeros_like(self, x: Array, dtype: Any = None, **options: Any) -> Array:
        """Zeros, where `x` is; made without a compiled program."""
        if options or not self.is_native(x) or isinstance(x, self._jax.core.Tracer):
            return self.place(self.xp.zeros_like)(x, dtype=dtype, **options)
        native = x.dtype if dtype is None else self.dtype(dtype)
        # bound to a device only if `x` is: JAX compiles once more for arrays that are
        where = x.sharding if x.committed else None
        return self._jax.device_put(np.zeros(x.shape, native), where)

    def _copied(self, data: np.ndarray[Any, Any], native: Dtype | None) -> Array:
        """A NumPy array, converted by NumPy: JAX would compile that for each shape."""
        kind = native or self._jax.dtypes.canonicalize_dtype(data.dtype)
        with np.errstate(over="ignore"):  # JAX does not warn either
            own = np.array(data, kind, order="C")  # which JAX may keep as it is
        return self._jax.device_put(own, self._home)

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        """NumPy array, for reading."""
        return np.asarray(x)

    def is_native(self, x: object) -> bool:
        """Whether `x` is a JAX array, a traced one included."""
        return isinstance(x, self._jax.Array)

    @property
    def default_dtype(self) -> Dtype:
        """float32, or float64 if 64-bit numbers are enabled."""
        return self.xp.dtype("float64" if self._jax.config.jax_enable_x64 else "float32")

    def dtype(self, dtype: Any) -> Dtype:
        """Native dtype; 64-bit numbers are refused unless they are enabled."""
        native = self.xp.dtype(super().dtype(dtype))
        if self._jax.dtypes.canonicalize_dtype(native) != native:
            raise DtypeError(
                f"JAX has no {native.name} in this process, since 64-bit numbers are not enabled: "
                f"it would use {self._jax.dtypes.canonicalize_dtype(native).name} instead. Make "
                "ff.use('jax', enable_x64=True) the first use of JAX in a new process, or ask "
                "for a dtype of 32 bits."
            )
        return native

    # --- products, as precise as was asked for

    def einsum(self, subscripts: str, *operands: Array) -> Array:
        """JAX's einsum."""
        return self._einsum.compiled_einsum(subscripts, self.options.matmul_precision, *operands)

    def __getattr__(self, name: str) -> Any:
        found = super().__getattr__(name)
        if name not in _PRODUCTS:
            return found
        return partial(found, precision=self.options.matmul_precision)

    # --- capabilities

    def value_and_grad(
        self, f: Callable[..., tuple[Array, Any]]
    ) -> Callable[..., tuple[tuple[Array, Any], list[Array]]]:
        """As the contract says; JAX's gradient is conjugated, being that of the real part."""
        g = self._jax.value_and_grad(self._einsum.in_reverse(f), has_aux=True)

        def conjugated(params: list[Array], *args: Any) -> tuple[tuple[Array, Any], list[Array]]:
            outcome, gradients = g(params, *args)
            return outcome, [self.conj(gradient) for gradient in gradients]

        return self._precise(conjugated)

    def accumulated(self, term: Callable[..., Array]) -> Callable[..., Array]:
        """A compiled loop, whose gradient is a loop too."""
        jax = self._jax

        def total(stacks: list[Array], *args: Any) -> Array:
            made = jax.checkpoint(lambda items: term(items, *args))
            like = jax.eval_shape(made, [x[0] for x in stacks])
            zero = self.xp.zeros(like.shape, like.dtype)
            return jax.lax.scan(lambda so_far, items: (so_far + made(items), None), zero, stacks)[0]

        return jax.jit(self._precise(total))

    @property
    def cache(self) -> float:
        """That of a CPU; compilers for accelerators make one loop of such sums as they are."""
        return super().cache if self.device.startswith("cpu") else float("inf")

    def linearize(
        self, f: Callable[[list[Array]], Array], params: list[Array]
    ) -> tuple[Array, Callable[[list[Array]], Array], Callable[[Array], list[Array]]]:
        """``jax.linearize``, and its transpose."""
        value, push = self._precise(self._jax.linearize)(f, params)
        transposed = self._jax.linear_transpose(push, params)
        return value, self._precise(push), self._precise(lambda x: transposed(x)[0])

    def at_hand(self, x: Array) -> bool:
        """Whether it is no tracer, and on a CPU."""
        known = not isinstance(x, self._jax.core.Tracer)
        return known and all(device.platform == "cpu" for device in x.devices())

    def compile(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """``jax.jit``."""
        return self._jax.jit(self._precise(f))  # the precision is settled while `f` is traced

    def repeated(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """A compiled loop; the buffers of the carry are donated."""
        jax = self._jax

        def run(carry: Any, n: int, *args: Any) -> Any:
            return jax.lax.fori_loop(0, n, lambda _, inner: step(inner, *args), carry)

        return jax.jit(self._precise(run), donate_argnums=0)

    def repeated_until(
        self, step: Callable[..., Any], done: Callable[[Any], Array]
    ) -> Callable[..., Any]:
        """A compiled loop that ends early; the buffers of the carry are donated."""
        jax = self._jax

        def run(carry: Any, n: int, *args: Any) -> Any:
            def going(state: tuple[Any, Any]) -> Any:
                return (state[0] < n) & ~done(state[1])

            def body(state: tuple[Any, Any]) -> tuple[Any, Any]:
                return state[0] + 1, step(state[1], *args)

            return jax.lax.while_loop(going, body, (0, carry))[1]

        return jax.jit(self._precise(run), donate_argnums=0)

    def vmap(self, f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0) -> Any:
        """``jax.vmap``."""
        return self._precise(self._jax.vmap(f, in_axes, out_axes))

    def _precise(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """`f`, whose own products are as precise as was asked for too, however they are written."""

        @wraps(f)
        def precise(*args: Any) -> Any:
            with self._jax.default_matmul_precision(self.options.matmul_precision):
                return f(*args)

        return precise

    # --- devices

    @property
    def device(self) -> str:
        """The device in use; of several, the first."""
        return _device_name(self._first or self._default_device)

    @cached_property
    def _default_device(self) -> Any:
        return self._jax.device_put(0.0).device  # what makes an array would be compiled

    def devices(self) -> tuple[str, ...]:
        """All devices of all platforms that JAX finds here: ``'cpu:0'``, ``'gpu:0'``."""
        kinds = dict.fromkeys((self._jax.default_backend(), "gpu", "tpu", "cpu"))
        return tuple(
            dict.fromkeys(_device_name(device) for kind in kinds for device in self._of_kind(kind))
        )

    def _of_kind(self, kind: str) -> list[Any]:
        try:
            return list(self._jax.devices(kind))
        except (RuntimeError, AssertionError):  # the latter where JAX_PLATFORMS leaves it out
            return []

    def _find(self, asked: str) -> Any:
        kind, _, index = asked.partition(":")
        found = self._of_kind(kind) if kind else []  # '' would be the default platform
        if not (index or "0").isdigit() or int(index or 0) >= len(found):
            raise DeviceError(
                f"JAX has no device {asked!r} here. It has {', '.join(self.devices())}."
            )
        return found[int(index or 0)]

    def _homes(self) -> tuple[Any, Any]:
        """Where arrays are put, and the first device there; None where JAX is to choose."""
        if self.options.devices is None:
            device = None if self.options.device is None else self._find(self.options.device)
            return device, device
        every = [_device_name(device) for device in self._jax.local_devices()]
        chosen = several.chosen(self.options, every, self._find)
        names = tuple(map(_device_name, chosen))
        if len({device.platform for device in chosen}) > 1:
            raise DeviceError(
                f"devices={list(names)!r} are of several kinds, and JAX spreads an array over "
                "devices of one kind. Leave the others out."
            )
        self.options = replace(self.options, devices=names)
        mesh = self._jax.sharding.Mesh(np.array(chosen), (_REPLICAS,))
        return self._jax.NamedSharding(mesh, self._jax.P()), chosen[0]

    def shares(self, replicas: int) -> tuple[Share, ...]:
        """One share, in arrays that are spread over the devices in even parts."""
        count = 1 if self.options.devices is None else len(self.options.devices)
        return (Share(self, -(-replicas // count) * count, self._put),)

    def _put(self, x: Array, axis: int) -> Array:
        where = self._home
        if self.options.devices is not None:
            spec = self._jax.P(*(_REPLICAS if d == axis else None for d in range(x.ndim)))
            where = self._jax.NamedSharding(where.mesh, spec)
        return self._jax.device_put(x, where, may_alias=False)

    def place(self, function: Callable[..., Array]) -> Callable[..., Array]:
        """A creation function that works on the chosen device."""
        honest = super().place(function)
        if self._home is None:
            return honest

        # not all of them take a device; all heed the default one, which is this thread's
        @wraps(function)
        def placed(*args: Any, **kwargs: Any) -> Array:
            with self._jax.default_device(self._first):
                made = honest(*args, **kwargs)
            # Unless put there, what is computed from it alone would land on the default device.
            # While f is traced, its arguments decide that.
            traced = isinstance(made, self._jax.core.Tracer)
            return made if traced else self._jax.device_put(made, self._home)

        return placed

    # --- stable functions, JAX's own

    def log_sum_exp(self, x: Array, axis: int | tuple[int, ...] | None = None) -> Array:
        """``log(sum(exp(x)))``; `x` real."""
        if 0 in x.shape or axis == ():
            return super().log_sum_exp(x, axis)
        return self._jax.nn.logsumexp(floating(self, x, "log_sum_exp"), axis=axis)

    def relu(self, x: Array) -> Array:
        """``max(x, 0)``; `x` real."""
        return self._jax.nn.relu(real(self, x, "relu"))

    def celu(self, x: Array, alpha: float = 1.0) -> Array:
        """Continuously differentiable exponential linear unit; `x` real."""
        return self._jax.nn.celu(floating(self, x, "celu"), alpha)

    def erf(self, x: Array) -> Array:
        """Error function; `x` real."""
        return self._jax.scipy.special.erf(floating(self, x, "erf"))

    def erfc(self, x: Array) -> Array:
        """``1 - erf(x)``; `x` real."""
        return self._jax.scipy.special.erfc(floating(self, x, "erfc"))

    def acosh(self, x: Array) -> Array:
        """Inverse hyperbolic cosine, the principal branch for complex `x`."""
        if not self.is_complex(x):
            return self.xp.acosh(x)
        # jax 0.10 has the sign of its derivative wrong in the left half-plane.
        return self.xp.log(x + self.xp.sqrt(x - 1) * self.xp.sqrt(x + 1))


def _device_name(device: Any) -> str:
    return f"{device.platform}:{device.id}"
