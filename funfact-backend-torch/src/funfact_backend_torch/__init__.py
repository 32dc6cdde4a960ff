"""PyTorch as a FunFact backend: gradients, on CPUs and GPUs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from funfact.backends import several
from funfact.backends.capabilities import (
    Autodiff,
    Devices,
    Einsum,
    Linalg,
    Linearize,
    Share,
    Spread,
    Vmap,
)
from funfact.backends.contract import Array, Backend, Dtype, Namespace, Shape
from funfact.backends.draws import arguments
from funfact.backends.draws import seed as checked_seed
from funfact.backends.dtypes import NAMES, plain
from funfact.backends.functions import floating, real
from funfact.errors import DeviceError, DtypeError

__all__ = ["PyTorchBackend", "PyTorchOptions"]


@dataclass(frozen=True)
class PyTorchOptions:
    """Options of ``ff.use('torch', ...)``.

    `device` is a name from ``ff.devices('torch')``, or a kind such as
    ``'cuda'`` for its first device; None is the CPU. `devices`, names or ``'all'``, spreads
    the replicas of a fit over several; everything else lives on the first. `compile` takes
    ``torch.compile`` for the programs of a fit, which needs a C++ compiler on a CPU.
    """

    device: str | None = None
    devices: str | tuple[str, ...] | None = None
    compile: bool = False


class PyTorchBackend(Backend, Autodiff, Linearize, Vmap, Einsum, Linalg, Devices, Spread):
    """PyTorch.

    Examples
    --------
    >>> ab = PyTorchBackend()
    >>> g = ab.value_and_grad(lambda params: (params[0] ** 2, None))
    >>> (value, _), (gradient,) = g([ab.tensor(3.0)])
    >>> float(value), float(gradient)
    (9.0, 6.0)
    """

    protocol = 1
    requires = ("torch",)
    Options = PyTorchOptions
    creation = Backend.creation | {
        *("asarray", "as_tensor", "scalar_tensor", "logspace", "tril_indices", "triu_indices"),
        *("bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"),
        *("rand", "randint", "randn", "randperm"),
    }

    typed = Backend.typed | {"can_cast", "finfo", "iinfo", "result_type"}

    def __new__(cls, options: PyTorchOptions | None = None) -> PyTorchBackend:
        """The class that declares `Compile`, if that was asked for."""
        if cls is not PyTorchBackend or options is None or not options.compile:
            return super().__new__(cls)
        from .compiled import CompiledPyTorchBackend

        return super().__new__(CompiledPyTorchBackend)

    def __init__(self, options: PyTorchOptions | None = None) -> None:
        super().__init__(options)
        import torch

        from . import names
        from .einsum import einsum

        self._torch, self._einsum = torch, einsum
        self.xp = names
        self._dtypes = frozenset(getattr(torch, name) for name in NAMES if hasattr(torch, name))
        self._settle_devices()
        self._random = torch.Generator(self._native_device)
        self._random.seed()

    @property
    def package(self) -> Namespace:
        """PyTorch itself: ``ab.nn``, ``ab.hann_window``."""
        return self._torch

    # --- data

    def tensor(self, data: Any, dtype: Any = None) -> Array:
        """PyTorch tensor, a copy of `data`, on the chosen device."""
        torch, device = self._torch, self._native_device
        native = None if dtype is None else self.checked(data, dtype)
        if isinstance(data, torch.Tensor):
            return torch.clone(data.to(device, self._representable(native or data.dtype)))
        if self.holds(data):
            return torch.stack([self.tensor(item, native) for item in data])
        if not isinstance(data, (list, tuple, bool, int, float, complex)):
            data = _readable(data)
            native = native or self.dtype(data.dtype)
        try:
            return torch.tensor(data, dtype=native, device=device)
        except (TypeError, ValueError, RuntimeError):
            plain(data)  # says what is wrong with lists that hold no numbers, or are ragged
            raise

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        """NumPy array; bfloat16, which NumPy lacks, becomes float32."""
        if not isinstance(x, self._torch.Tensor):
            return np.asarray(x)
        x = x.detach().cpu().resolve_conj().resolve_neg()
        return (x.float() if x.dtype == self._torch.bfloat16 else x).numpy()

    def is_native(self, x: object) -> bool:
        """Whether `x` is a PyTorch tensor."""
        return isinstance(x, self._torch.Tensor)

    @property
    def default_dtype(self) -> Dtype:
        """PyTorch's own default, float32 unless it was changed there."""
        return self._torch.get_default_dtype()

    def dtype(self, dtype: Any) -> Dtype:
        """Native dtype; one that the device does not have is refused."""
        # PyTorch's compiler follows no names of dtypes, and in a step they take time
        known = isinstance(dtype, self._torch.dtype) and dtype in self._dtypes
        return self._representable(dtype if known else super().dtype(dtype))

    def _representable(self, dtype: Dtype) -> Dtype:
        # Metal has no double precision; PyTorch says so with a bare TypeError
        if self._native_device.type == "mps" and dtype in self._doubles:
            raise DtypeError(
                f"device 'mps' has no {self.dtype_name(dtype)}. Ask for float32 or complex64, "
                "or choose the CPU: ff.use('torch', device='cpu')."
            )
        return dtype

    @cached_property
    def _doubles(self) -> tuple[Dtype, ...]:
        return self._torch.float64, self._torch.complex128

    # Without the names of NumPy's dtypes, which the compiler of PyTorch does not follow.

    def dtype_name(self, x: Any) -> str:
        """Name of a dtype, or of an array's: ``'float32'``."""
        kind = x.dtype if isinstance(x, self._torch.Tensor) else x
        known = isinstance(kind, self._torch.dtype) and kind in self._dtypes
        return self._names[kind] if known else super().dtype_name(x)

    @cached_property
    def _names(self) -> dict[Dtype, str]:
        return {getattr(self._torch, n): n for n in NAMES if hasattr(self._torch, n)}

    def is_complex(self, x: Any) -> bool:
        """Whether a dtype, or an array's, is complex."""
        kind = x.dtype if isinstance(x, self._torch.Tensor) else x
        return kind.is_complex if isinstance(kind, self._torch.dtype) else super().is_complex(x)

    def is_floating(self, x: Any) -> bool:
        """Whether a dtype, or an array's, is real or complex floating."""
        kind = x.dtype if isinstance(x, self._torch.Tensor) else x
        if not isinstance(kind, self._torch.dtype):
            return super().is_floating(x)
        return kind.is_complex or kind.is_floating_point

    # --- NumPy's conventions, where PyTorch has others

    def conj(self, x: Array) -> Array:
        """Complex conjugate: a view, which unlike `xp.conj` vmap has a rule for."""
        return self._torch.conj(x)

    def array(self, data: Any, dtype: Any = None) -> Array:
        """`tensor`, under NumPy's name."""
        return self.tensor(data, dtype)

    def linspace(self, start: float, stop: float, num: int = 50, **kwargs: Any) -> Array:
        """`num` numbers from `start` to `stop`, which is one of them unless ``endpoint=False``."""
        return self.place(self.xp.linspace)(start, stop, num, **kwargs)

    def where(self, condition: Array, *branches: Any) -> Any:
        """Elements of one branch or the other; without branches, where `condition` holds."""
        return self.xp.where(condition, *branches) if branches else self.xp.nonzero(condition)

    def in_blocks(
        self, block: Callable[[int, int], Array], length: int, size: int, axis: int
    ) -> Array:
        """As the contract says, each block put in its place before the next one is made.

        Small blocks kept between large intermediate results would have the allocator of a CPU
        take fresh pages from the system for each of these, five to ten times as slow.
        """
        first = block(0, min(size, length))
        axis %= first.ndim
        if first.requires_grad:  # that of a result written to has all of it once for each block
            rest = (block(n, min(n + size, length)) for n in range(size, length, size))
            return self.concatenate([first, *rest], axis)
        result = first.new_empty((*first.shape[:axis], length, *first.shape[axis + 1 :]))
        result.narrow(axis, 0, first.shape[axis]).copy_(first)
        del first
        for n in range(size, length, size):
            stop = min(n + size, length)
            result.narrow(axis, n, stop - n).copy_(block(n, stop))
        return result

    def place(self, function: Callable[..., Array]) -> Callable[..., Array]:
        """A creation function that works on the chosen device."""
        honest = self.honest(function)
        return lambda *args, **kwargs: honest(*args, **{"device": self._native_device, **kwargs})

    def einsum(self, subscripts: str, *operands: Array) -> Array:
        """A matrix product, or PyTorch's einsum; operands of two dtypes are promoted first."""
        if len(operands) == 2 and operands[0].dtype != operands[1].dtype:
            common = self._torch.result_type(*operands)
            operands = tuple(x.to(common) for x in operands)
        first = operands[0]
        if first.device.type != "cpu" and not (first.is_floating_point() or first.is_complex()):
            # PyTorch has products of integers on the CPU alone
            return self._torch.einsum(subscripts, *(x.cpu() for x in operands)).to(first.device)
        return self._einsum(subscripts, *operands)

    # --- what every step of a fit does

    def squared_norm(self, x: Array, lead: int = 0) -> Array:
        """As the contract says, in one operation, or two if some axes stay; so is its gradient."""
        return self.squared_distance(x, x.new_zeros(()), lead)

    def squared_distance(self, x: Array, y: Array, lead: int = 0) -> Array:
        """As the contract says; see `squared_norm`."""
        if x.dtype != y.dtype:
            return self.squared_norm(x - y, lead)
        if x.is_complex():
            x, y = (self._torch.view_as_real(z.resolve_conj()) for z in (x, y))
        if not x.is_floating_point():
            return super().squared_norm(x - y, lead)
        # positional: 0 keeps the elements, 2 adds them up
        mse_loss = self._torch.ops.aten.mse_loss
        if not lead:
            return mse_loss(x, y, 2)
        each = mse_loss(x, y, 0)
        return each.flatten(lead).sum(-1) if x.ndim > lead else each

    def lerp(self, x: Array, y: Array, weight: float) -> Array:
        """As the contract says."""
        return self._torch.lerp(x, y, weight)

    def lerp_square(self, x: Array, y: Array, weight: float) -> Array:
        """As the contract says, in two operations where `y` is real."""
        squares = y.real**2 + y.imag**2 if y.is_complex() else y * y
        return self._torch.lerp(x, squares, weight)

    def add_quotient(self, x: Array, y: Array, z: Array, weight: Any) -> Array:
        """As the contract says, in one operation; PyTorch takes no tensor for the weight."""
        if isinstance(weight, self._torch.Tensor):
            return super().add_quotient(x, y, z, weight)
        if x.is_complex():  # a real divisor costs half as much as a complex one
            return x.add(y / z, alpha=weight)
        return self._torch.addcdiv(x, y, z, value=weight)

    def unpack(self, x: Array, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
        """As the contract says; a gradient takes one operation to be one vector again."""
        parts = x.split_with_sizes([prod(shape) for shape in shapes])
        return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]

    # --- capabilities

    def value_and_grad(
        self, f: Callable[..., tuple[Array, Any]]
    ) -> Callable[..., tuple[tuple[Array, Any], list[Array]]]:
        """As the contract says, which is PyTorch's convention for complex parameters too."""
        torch = self._torch

        # torch.func.grad would nest, but is slower by a fifth on small models, and refuses
        # in-place operations and autograd.Functions that people write in their losses.
        def g(params: list[Array], *args: Any) -> tuple[tuple[Array, Any], list[Array]]:
            tracked = [x.detach().requires_grad_() for x in params]
            with torch.enable_grad():
                value, aux = f(tracked, *args)
            if not value.requires_grad:  # f does not depend on any of them
                return (value, _detached(aux)), [torch.zeros_like(x) for x in params]
            gradients = torch.autograd.grad(value, tracked, materialize_grads=True)
            return (value.detach(), _detached(aux)), list(gradients)

        return g

    def linearize(
        self, f: Callable[[list[Array]], Array], params: list[Array]
    ) -> tuple[Array, Callable[[list[Array]], Array], Callable[[Array], list[Array]]]:
        """Reverse mode both ways: the transpose of the transposed product is the product."""
        vjp, zeros_like = self._torch.func.vjp, self._torch.zeros_like
        params = [x.detach() for x in params]
        value, pull = vjp(lambda *given: f(list(given)), *params)
        _, push = vjp(pull, zeros_like(value))
        return value, lambda tangents: push(tuple(tangents))[0], lambda x: list(pull(x))

    def vmap(self, f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0) -> Any:
        """``torch.func.vmap``."""
        return self._torch.func.vmap(f, in_axes, out_axes)

    # --- devices

    @property
    def device(self) -> str:
        """The device in use."""
        return str(self._native_device)

    def devices(self) -> tuple[str, ...]:
        """The CPU, and every device of the accelerator: ``'cuda:0'``."""
        torch = self._torch
        found = (
            torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        )
        if found is None:
            return ("cpu",)
        return ("cpu", *(f"{found.type}:{i}" for i in range(torch.accelerator.device_count())))

    def _find(self, asked: str) -> Any:
        # torch.device('cuda:99') is never refused, its first use is
        there = self.devices()
        kind, _, index = asked.partition(":")
        full = f"{kind}:{index or 0}"
        full = kind if full not in there and full == f"{kind}:0" else full
        if full not in there:
            raise DeviceError(f"PyTorch has no device {asked!r} here. It has {', '.join(there)}.")
        return self._torch.device(full)

    def _settle_devices(self) -> None:
        """Find the devices that the options name, and write down which they are."""
        if self.options.devices is None:
            self._native_device = self._find(
                "cpu" if self.options.device is None else self.options.device
            )
            self.options = replace(self.options, device=self.device)
            return
        there = self.devices()
        every = [name for name in there if not name.startswith("cpu")] or there
        chosen = several.chosen(self.options, every, self._find)
        self._native_device = chosen[0]
        self.options = replace(self.options, devices=tuple(map(str, chosen)))

    def shares(self, replicas: int) -> tuple[Share, ...]:
        """One share for each device, of sizes that differ by one at most."""
        each, more = divmod(replicas, len(self._places))
        sizes = [each + (n < more) for n in range(len(self._places))]
        return tuple(
            Share(place, size, _copies(place))
            for place, size in zip(self._places, sizes, strict=True)
            if size
        )

    @cached_property
    def _places(self) -> tuple[PyTorchBackend, ...]:
        """This backend, and the same on the other devices."""
        others = [
            type(self)(replace(self.options, device=name, devices=None))
            for name in (self.options.devices or ())[1:]
        ]
        for other in others:
            other.name = self.name
        return (self, *others)

    # --- random numbers

    def seed(self, n: int) -> None:
        """Make the random numbers that follow reproducible."""
        self.last_seed = checked_seed(n)
        self._random.manual_seed(self.last_seed)

    def normal(
        self, mean: complex = 0.0, std: float = 1.0, shape: Shape = (), dtype: Any = None
    ) -> Array:
        """As the contract says, drawn on the device."""
        size, native, mean, std = arguments(self, shape, dtype, mean=mean, std=std)
        return self._draw(self._torch.randn, size, native) * std + mean

    def uniform(
        self, low: float = 0.0, high: float = 1.0, shape: Shape = (), dtype: Any = None
    ) -> Array:
        """As the contract says, drawn on the device."""
        size, native, low, high = arguments(self, shape, dtype, low=low, high=high)
        offset = low * (1 + 1j) if self.is_complex(native) else low
        return self._draw(self._torch.rand, size, native) * (high - low) + offset

    def _draw(self, sampler: Callable[..., Array], size: tuple[int, ...], dtype: Dtype) -> Array:
        return sampler(size, generator=self._random, dtype=dtype, device=self._native_device)

    # --- stable functions, PyTorch's own

    def log_sum_exp(self, x: Array, axis: int | tuple[int, ...] | None = None) -> Array:
        """``log(sum(exp(x)))``; `x` real."""
        if axis == ():
            return super().log_sum_exp(x, axis)
        axes = tuple(range(x.ndim)) if axis is None else axis
        return self._torch.logsumexp(floating(self, x, "log_sum_exp"), axes)

    def relu(self, x: Array) -> Array:
        """``max(x, 0)``; `x` real."""
        return self._torch.relu(real(self, x, "relu"))

    def celu(self, x: Array, alpha: float = 1.0) -> Array:
        """Continuously differentiable exponential linear unit; `x` real."""
        return self._torch.celu(floating(self, x, "celu"), alpha)

    def sigmoid(self, x: Array) -> Array:
        """``1 / (1 + exp(-x))``."""
        return super().sigmoid(x) if self.is_complex(x) else self._torch.sigmoid(x)

    def erf(self, x: Array) -> Array:
        """Error function; `x` real."""
        return self._torch.erf(floating(self, x, "erf"))

    def erfc(self, x: Array) -> Array:
        """``1 - erf(x)``; `x` real."""
        return self._torch.erfc(floating(self, x, "erfc"))


def _copies(place: PyTorchBackend) -> Callable[[Array, int], Array]:
    return lambda x, axis: place.tensor(x)


def _detached(tree: Any) -> Any:
    """The same lists, tuples and dicts, of tensors that track no gradients."""
    if isinstance(tree, dict):
        return {key: _detached(item) for key, item in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(map(_detached, tree))
    return tree.detach() if hasattr(tree, "detach") else tree


def _readable(data: Any) -> np.ndarray[Any, Any]:
    """Data as an array that PyTorch reads, in C order and without bfloat16; a copy if need be."""
    array = plain(data)
    array = np.asarray(array, np.float32 if array.dtype.name == "bfloat16" else None, order="C")
    # NumPy lets an axis of size 1 have any stride, of which PyTorch refuses some
    return array.ravel().reshape(array.shape)
