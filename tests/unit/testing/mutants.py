"""Backends with one fault each, and right ones to plant them in. All are NumPy inside."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from funfact.backends import (
    Accumulate,
    Autodiff,
    Backend,
    Compile,
    Devices,
    Linalg,
    Linearize,
    Repeat,
    Vmap,
)
from funfact.backends.dtypes import plain
from funfact.errors import DeviceError


class Right(Backend):
    """NumPy with core's defaults."""

    protocol = 1
    requires = ("numpy",)

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.xp = np

    def tensor(self, data: Any, dtype: Any = None) -> Any:
        native = None if dtype is None else self.checked(data, dtype)
        return np.array(plain(data), native, order="C")

    def to_numpy(self, x: Any) -> Any:
        return np.asarray(x)

    def is_native(self, x: object) -> bool:
        return isinstance(x, (np.ndarray, np.generic))


class Namespace:
    """A module of NumPy's, with some of its functions replaced."""

    def __init__(self, module: Any, **replaced: Any) -> None:
        self._module = module
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


# --- data


class SharesMemory(Right):
    def tensor(self, data: Any, dtype: Any = None) -> Any:
        x = super().tensor(data, dtype)
        return data if isinstance(data, np.ndarray) and data.dtype == x.dtype else x


class ReadsInFortranOrder(Right):
    def to_numpy(self, x: Any) -> Any:
        return np.reshape(np.ravel(x, "F"), np.shape(x))


class LosesDtype(Right):
    def to_numpy(self, x: Any) -> Any:
        x = np.asarray(x)
        return x.astype(np.complex128 if np.iscomplexobj(x) else np.float64)


class TakesListsForTensors(Right):
    def is_native(self, x: object) -> bool:
        return isinstance(x, (np.ndarray, np.generic, list))


# --- dtypes


class Truncates(Right):
    def tensor(self, data: Any, dtype: Any = None) -> Any:
        x = super().tensor(data, dtype)
        return x.astype(np.float32) if x.dtype == np.float64 else x


class DropsImaginaryParts(Right):
    def tensor(self, data: Any, dtype: Any = None) -> Any:
        native = None if dtype is None else self.dtype(dtype)
        x = np.array(plain(data), order="C")
        return x if native is None else (x.real if self.is_floating(native) else x).astype(native)


class WrapsAround(Right):
    def tensor(self, data: Any, dtype: Any = None) -> Any:
        x = np.array(plain(data), order="C")
        return x if dtype is None else x.astype(self.dtype(dtype))


# --- conventions


def _sum(x: Any, axis: Any = None, **kwargs: Any) -> Any:
    return np.sum(x, axis=-1 if axis == 0 else axis, **kwargs)


class WrongAxis(Right):
    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.xp = Namespace(np, sum=_sum)


class SampleDeviation(Right):
    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.xp = Namespace(np, std=lambda x, axis=None: np.std(x, axis, ddof=1))


class TransposesInverted(Right):
    def transpose(self, x: Any, axes: Any = None) -> Any:
        return np.transpose(x, None if axes is None else np.argsort(np.array(axes) % x.ndim))


class ConjugatesNothing(Right):
    def conj(self, x: Any) -> Any:
        return x


class ForgetsWhatIsLeft(Right):
    def in_blocks(self, block: Any, length: int, size: int, axis: int) -> Any:
        starts = range(0, length - size + 1, size)
        return self.concatenate([block(start, start + size) for start in starts], axis)


# --- einsum


class WrongDiagonal(Right):
    def einsum(self, subscripts: str, *operands: Any) -> Any:
        if subscripts == "aa->a":
            return np.diagonal(operands[0][::-1])
        return np.einsum(subscripts, *operands)


class TransposesProducts(Right):
    def einsum(self, subscripts: str, *operands: Any) -> Any:
        product = np.einsum(subscripts, *operands)
        return product.T if product.ndim > 1 and len(set(product.shape)) == 1 else product


class ForgetsTheLast(Right):
    def einsum(self, subscripts: str, *operands: Any) -> Any:
        """A sum over all but the last of what is summed, if that is one axis of one operand."""
        terms, out = subscripts.split("->")
        summed = [x for x in dict.fromkeys(terms.replace(",", "")) if x not in out]
        first = terms.split(",")[0]
        if len(summed) == 1 and summed[0] in first and operands[0].shape[first.index(*summed)] > 1:
            short = [slice(-1) if x == summed[0] else slice(None) for x in first]
            operands = (np.where(_mask(operands[0], short), operands[0], 0), *operands[1:])
        return np.einsum(subscripts, *operands)


def _mask(x: Any, key: list[slice]) -> Any:
    mask = np.zeros(np.shape(x), bool)
    mask[tuple(key)] = True
    return mask


class ConjugatesProducts(Right):
    def einsum(self, subscripts: str, *operands: Any) -> Any:
        return np.einsum(subscripts, *operands[:1], *map(np.conj, operands[1:]))


class TensorFloat32(Right):
    def einsum(self, subscripts: str, *operands: Any) -> Any:
        return np.einsum(subscripts, *map(self._rounded, operands))

    def _rounded(self, x: Any) -> Any:
        if x.dtype != np.float32:
            return x
        return (x.view(np.uint32) & np.uint32(0xFFFFE000)).view(np.float32)


# --- functions


class Overflows(Right):
    def log_sum_exp(self, x: Any, axis: Any = None) -> Any:
        with np.errstate(all="ignore"):
            return np.log(np.sum(np.exp(x), axis=axis))


class RoughErf(Right):
    def erf(self, x: Any) -> Any:
        return super().erf(x) * np.float32(1.001)


class Cancels(Right):
    def erfc(self, x: Any) -> Any:
        return 1 - self.erf(x)


class ReluInPlace(Right):
    def relu(self, x: Any) -> Any:
        y = super().relu(x)
        x[x < 0] = 0
        return y


# --- random numbers


class Unseeded(Right):
    def seed(self, n: int) -> None:
        super().seed(n)
        self._generator = np.random.default_rng()


class SeedsAgain(Right):
    def normal(self, *args: Any, **kwargs: Any) -> Any:
        self._generator = np.random.default_rng(self.last_seed)
        return super().normal(*args, **kwargs)


class TakesVariance(Right):
    def normal(self, mean: Any = 0, std: Any = 1, *args: Any, **kwargs: Any) -> Any:
        return super().normal(mean, std if std < 0 else std**0.5, *args, **kwargs)


class RealAndImaginaryAlike(Right):
    def normal(self, mean: Any = 0, std: Any = 1, shape: Any = (), dtype: Any = None) -> Any:
        x = super().normal(mean, std, shape, dtype)
        return x if not self.is_complex(x) else mean + (x.real - np.real(mean)) * (1 + 1j)


# --- derivatives: exact ones of a real function by complex steps would not do for complex
# parameters, so these are central differences in doubles


class Differs(Right, Autodiff, Linearize):
    """Gradients by finite differences: slow, right to five digits."""

    step = 1e-5

    def value_and_grad(self, f: Any) -> Any:
        def g(params: Any, *args: Any) -> Any:
            value, aux = f(params, *args)
            wide = [self._wide(x) for x in params]
            moved = lambda n, x: float(f([*wide[:n], x, *wide[n + 1 :]], *args)[0])  # noqa: E731  # a mutant in one line
            grads = [self._slopes(lambda x, n=n: moved(n, x), x) for n, x in enumerate(wide)]
            return (value, aux), [
                self.finish(d).astype(x.dtype) for d, x in zip(grads, params, strict=True)
            ]

        return g

    def finish(self, gradient: Any) -> Any:
        return gradient

    def _wide(self, x: Any) -> Any:
        return np.asarray(x, np.complex128 if np.iscomplexobj(x) else np.float64)

    def _slopes(self, f: Any, x: Any) -> Any:
        grad = np.zeros_like(x)
        for place in np.ndindex(x.shape):
            for unit in (1, 1j) if np.iscomplexobj(x) else (1,):
                h = np.zeros_like(x)
                h[place] = self.step * unit
                grad[place] += unit * (f(x + h) - f(x - h)) / (2 * self.step)
        return grad

    def linearize(self, f: Any, params: Any) -> Any:
        wide = [self._wide(x) for x in params]

        def push(tangents: Any) -> Any:
            ends = [
                f([x + s * self.step * t for x, t in zip(wide, tangents, strict=True)])
                for s in (1, -1)
            ]
            return (ends[0] - ends[1]) / (2 * self.step)

        def pull(cotangent: Any) -> Any:
            g = self.value_and_grad(lambda p: (np.sum(f(p) * cotangent), None))
            return g(wide)[1]

        return f(params), push, pull


class ConjugatesGradients(Differs):
    def finish(self, gradient: Any) -> Any:
        return np.conj(gradient)


class HalfTheGradient(Differs):
    def finish(self, gradient: Any) -> Any:
        return gradient / 2 if np.iscomplexobj(gradient) else gradient


class SwapsGradients(Differs):
    def value_and_grad(self, f: Any) -> Any:
        right = super().value_and_grad(f)

        def g(params: Any, *args: Any) -> Any:
            found, grads = right(params, *args)
            return found, grads[::-1]

        return g


class WideGradients(Differs):
    def value_and_grad(self, f: Any) -> Any:
        right = super().value_and_grad(f)

        def g(params: Any, *args: Any) -> Any:
            found, grads = right(params, *args)
            return found, [self._wide(d) for d in grads]

        return g


class PullsBackHalf(Differs):
    def linearize(self, f: Any, params: Any) -> Any:
        value, push, pull = super().linearize(f, params)
        return value, push, lambda cotangent: [x / 2 for x in pull(cotangent)]


# --- programs


class Runs(Right, Repeat, Accumulate, Compile, Vmap):
    """Loops and batches in Python, and nothing compiled."""

    def repeated(self, step: Any) -> Any:
        def run(carry: Any, n: int, *args: Any) -> Any:
            for _ in range(self.steps(n)):
                carry = step(carry, *args)
            return carry

        return run

    def steps(self, n: int) -> int:
        return n

    def accumulated(self, term: Any) -> Any:
        return lambda stacks, *args: sum(term(items, *args) for items in zip(*stacks, strict=True))

    def compile(self, f: Any) -> Any:
        return f

    def vmap(self, f: Any, in_axes: Any = 0, out_axes: Any = 0) -> Any:
        def mapped(*args: Any) -> Any:
            axes = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(args)
            size = next(x.shape[a] for x, a in zip(args, axes, strict=True) if a is not None)
            rows = [
                f(*(x if a is None else np.take(x, k, a) for x, a in zip(args, axes, strict=True)))
                for k in range(size)
            ]
            return np.stack(rows, self.out(out_axes))

        return mapped

    def out(self, axis: int) -> int:
        return axis


class OneStepShort(Runs):
    def steps(self, n: int) -> int:
        return max(0, n - 1)


class AddsAllButTheLast(Runs):
    def accumulated(self, term: Any) -> Any:
        total = super().accumulated(term)
        return lambda stacks, *args: total([x[:-1] for x in stacks], *args)


class StopsAtOnce(Runs):
    def repeated_until(self, step: Any, done: Any) -> Any:
        return lambda carry, n: step(carry) if n else carry


class CompilesForEachNumber(Runs):
    def repeated(self, step: Any) -> Any:
        compiled: dict[int, Any] = {}
        run = super().repeated(step)

        def lookup(carry: Any, n: int, *args: Any) -> Any:
            if n not in compiled:
                compiled[n] = step(carry, *args)  # traced, as a compiler would
            return carry

        return lambda carry, n, *args: run(carry, n, *args) if args else lookup(carry, n)


class BakesArgumentsIn(Runs):
    def compile(self, f: Any) -> Any:
        kept: list[Any] = []
        return lambda *args: f(*(kept or [kept.extend(args), *args][1:]))


class AlwaysTheFirstAxis(Runs):
    def out(self, axis: int) -> int:
        return 0


# --- linear algebra


class Solves(Right, Linalg):
    """NumPy's own."""


class OnlyTheFirstMatrix(Solves):
    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        cholesky = lambda x: np.stack([np.linalg.cholesky(x[0])] * len(x))  # noqa: E731  # a mutant in one line
        self.xp = Namespace(np, linalg=Namespace(np.linalg, cholesky=cholesky))


class SolvesBackwards(Solves):
    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        solve = lambda a, b: np.linalg.solve(a, b)[..., ::-1, :]  # noqa: E731  # a mutant in one line
        self.xp = Namespace(np, linalg=Namespace(np.linalg, solve=solve))


# --- devices


class Placed(np.ndarray):
    """An array that says where it is."""

    home = "one"

    @property
    def device(self) -> str:  # type: ignore[override]  # as a mutant is
        return self.home

    def __array_finalize__(self, source: Any) -> None:
        self.home = getattr(source, "home", "one")


@dataclass(frozen=True)
class PlacedOptions:
    device: str | None = None


class Places(Right, Devices):
    """Two devices in name."""

    Options = PlacedOptions

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        if self.options.device not in (None, *self.devices()):
            there = ", ".join(self.devices())
            raise DeviceError(f"Toys have no device {self.options.device!r} here. It has {there}.")

    @property
    def device(self) -> str:
        return self.options.device or "one"

    def devices(self) -> tuple[str, ...]:
        return ("one", "two")

    def put(self, x: Any) -> Any:
        x = np.asarray(x).view(Placed)
        x.home = self.device
        return x

    def tensor(self, data: Any, dtype: Any = None) -> Any:
        return self.put(super().tensor(np.asarray(data) if self.is_native(data) else data, dtype))

    def place(self, function: Any) -> Any:
        honest = super().place(function)
        return lambda *args, **kwargs: self.put(honest(*args, **kwargs))


class OnTheFirstDevice(Places):
    def place(self, function: Any) -> Any:
        honest = self.honest(function)
        return lambda *args, **kwargs: np.asarray(honest(*args, **kwargs)).view(Placed)


class AnyNameWillDo(Places):
    def __init__(self, options: Any = None) -> None:
        Right.__init__(self, options)
