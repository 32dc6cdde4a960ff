"""`Compile`, `Repeat`, `Accumulate`, `Vmap`: functions of arrays made faster, longer, wider."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ...backends import Autodiff, Repeat, require
from ...errors import CapabilityError
from ..compare import fault, same_value, told
from ..group import needs
from .calls import Calls

RUN = "ab.repeated(step)(carry, n, *args)"


class Programs(Calls):
    """Functions of arrays made faster, longer and wider."""

    @needs("Repeat")
    def test_repeat_any_number_of_times(self, backend: Any) -> None:
        """``carry = step(carry, *args)``, n times, 0 included."""

        def step(carry: dict[str, Any], rate: Any) -> dict[str, Any]:
            return {"x": carry["x"] * rate, "steps": carry["steps"] + 1}

        run = backend.repeated(step)
        for n in (3, 0, 5):
            carry = {"x": backend.ones(2), "steps": backend.tensor(0)}
            with told(RUN, f"n = {n}"):
                carry = run(carry, n, backend.tensor(2.0))
            what = f"the number of steps of {RUN} with n = {n}"
            same_value(what, backend.to_numpy(carry["steps"]), n, 0)
            what = f"carry of {RUN} with n = {n}, where a step doubles it,"
            same_value(what, backend.to_numpy(carry["x"]), [2.0**n] * 2, 0)
        for rate in (3.0, 4.0):  # the arguments of a later call count
            carry = run({"x": backend.ones(2), "steps": backend.tensor(0)}, 1, backend.tensor(rate))
            what = f"carry of {RUN} with n = 1 and args = ({rate},)"
            same_value(what, backend.to_numpy(carry["x"]), [rate] * 2, 0)

    @needs("Repeat")
    def test_one_compilation_serves_every_number_of_steps(self, backend: Any) -> None:
        """Compiling again for each n would cost more than the steps."""
        traced: list[None] = []

        def step(carry: list[Any]) -> list[Any]:
            traced.append(None)
            return [carry[0] + 1]

        run = backend.repeated(step)
        steps = (30, 10, 50)
        for n in steps:
            run([backend.ones(2)], n)
        if 2 < len(traced) < sum(steps):  # a loop in Python calls it each time
            expected = "one compilation, with at most 2 calls of step, for n = 30, 10 and 50"
            raise fault(RUN, expected=expected, got=f"{len(traced)} calls")

    @needs("Repeat")
    def test_repeat_until_done(self, backend: Any) -> None:
        """No more steps than asked for, and what is done stays; inside a compiled function too."""

        def step(carry: list[Any]) -> list[Any]:
            return [backend.where(carry[0] < 100, carry[0] * 3, carry[0])]

        def done(carry: list[Any]) -> Any:
            return backend.all(carry[0] >= 100)

        call = "ab.repeated_until(step, done)(carry, n)"
        run = backend.repeated_until(step, done)
        for n, expected in ((0, [1.0, 4.0]), (2, [9.0, 36.0]), (50, [243.0, 108.0])):
            with told(call, f"n = {n}"):
                (found,) = run([backend.tensor([1.0, 4.0])], n)
            what = f"carry of {call} with n = {n}, where a step trebles what is below 100,"
            same_value(what, backend.to_numpy(found), expected, 0)
        inside = backend.repeated(lambda carry: run(carry, 1))
        with told(f"{call} in a step of ab.repeated"):
            (found,) = inside([backend.tensor([1.0, 4.0])], 2)
        same_value(f"{call} in a step of ab.repeated", backend.to_numpy(found), [9.0, 36.0], 0)

    @needs("Compile")
    def test_compile(self, backend: Any) -> None:
        """Arrays in lists, tuples and dicts go in and come out."""
        call = "ab.compile(f)({'a': x, 'b': [x]})"
        f = backend.compile(lambda tree: {"sum": tree["a"] + tree["b"][0], "none": None})
        x = backend.tensor([1.0, 2.0])
        with told(call):
            result = f({"a": x, "b": [x]})
        same_value(call, backend.to_numpy(result["sum"]), [2.0, 4.0], 0)
        if result["none"] is not None:
            raise fault(call, expected="None where f returns None", got=str(result["none"]))

    @needs("Compile")
    def test_what_starting_a_product_costs(self, backend: Any) -> None:
        """A number of operations, to weigh many small products against few large ones by."""
        if not 0 <= backend.started < 1e12:
            raise fault("ab.started", expected="a number from 0 to 1e12", got=str(backend.started))

    @needs("Compile")
    def test_a_compiled_function_heeds_its_arguments(self, backend: Any) -> None:
        """A later call has other data, or another shape: nothing of the first one is kept."""
        f = backend.compile(lambda x, y: backend.sum(x * y))
        for data in ([1.0, 2.0], [3.0, 4.0], [1.0, 2.0, 3.0]):
            x = backend.tensor(data)
            call = f"ab.compile(f)({data}, {data}), where f sums the products,"
            with told(call):
                found = backend.to_numpy(f(x, x))
            same_value(call, found, sum(v * v for v in data), 0)

    @needs("Compile")
    def test_what_is_at_hand_is_read_by_numpy(self, backend: Any) -> None:
        """In a program, too, where most arrays are not, as they have no values yet."""

        def f(x: Any) -> Any:
            return x + (backend.tensor(backend.to_numpy(x)) if backend.at_hand(x) else x)

        call = "ab.compile(f)(x), where f reads x by NumPy if ab.at_hand(x),"
        x = backend.tensor([1.0, 2.0])
        with told(call):
            found = [backend.to_numpy(g(x)) for g in (f, backend.compile(f))]
        same_value(call, found[0], [2.0, 4.0], 0)
        same_value(call, found[1], [2.0, 4.0], 0)

    @needs("Compile")
    def test_random_numbers_while_compiling_leave_the_seed_usable(self, backend: Any) -> None:
        """The state of the generator is no part of what is traced."""
        backend.seed(0)
        with told("ab.compile(f), where f draws from ab.normal,"):
            backend.compile(lambda x: x + backend.normal(0, 1, 2))(backend.zeros(2))
        found = backend.to_numpy(self.called(backend, "ab.normal(0, 1, 2)", {}))
        if not np.all(np.isfinite(found)):
            raise fault("ab.normal(0, 1, 2)", expected="finite numbers", got=found)

    @needs("Accumulate")
    def test_a_sum_term_by_term(self, backend: Any) -> None:
        """What stands at each position of the stacks, with the other arguments, added up."""
        call = "ab.accumulated(term)([x, y], z), where a term is exp(x * z) * y,"
        x, y, z = np.random.default_rng(0).normal(size=(3, 5, 4)).astype(np.float32)
        z = z[0]
        total = backend.accumulated(lambda items, z: backend.exp(items[0] * z) * items[1])
        stacks = [backend.tensor(x), backend.tensor(y)]
        with told(call):
            found = backend.to_numpy(total(stacks, backend.tensor(z)))
        same_value(call, found, np.sum(np.exp(x * z) * y, 0), 1e-5)

    @needs("Accumulate", "Autodiff")
    def test_the_gradient_of_a_sum_term_by_term(self, backend: Any) -> None:
        """By the stacks and by the other arguments."""
        call = "a gradient of ab.accumulated(term)([x, y], z), where a term is exp(x * z) * y,"
        x, y, z = np.random.default_rng(0).normal(size=(3, 5, 4)).astype(np.float32)
        z = z[0]
        total = backend.accumulated(lambda items, z: backend.exp(items[0] * z) * items[1])

        def f(params: list[Any]) -> tuple[Any, None]:
            return backend.sum(total(params[:2], params[2])), None

        with told(call):
            gradients = backend.value_and_grad(f)([backend.tensor(v) for v in (x, y, z)])[1]
        made = np.exp(x * z) * y
        expected = (made * z, np.exp(x * z), np.sum(made * x, 0))
        for gradient, one in zip(gradients, expected, strict=True):
            same_value(call, backend.to_numpy(gradient), one, 1e-4)

    @needs("Accumulate")
    def test_what_is_worth_a_sum_term_by_term(self, backend: Any) -> None:
        """A number of elements, to tell large arrays from small ones by."""
        if not backend.cache > 0:
            raise fault("ab.cache", expected="a number above 0", got=str(backend.cache))

    @needs("Vmap")
    def test_vmap(self, backend: Any) -> None:
        """Over an axis of one argument, while another is shared."""
        x, y = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
        call = "ab.vmap(f, in_axes=(0, None))(x, y)"
        f = backend.vmap(lambda a, b: backend.sum(a * b), in_axes=(0, None))
        with told(call):
            found = backend.to_numpy(f(backend.tensor(x), backend.tensor(y[0])))
        same_value(call, found, x @ y[0], 1e-5)

    @needs("Vmap")
    @pytest.mark.parametrize("out_axes", [0, 1])
    @pytest.mark.parametrize("in_axes", [0, 1])
    def test_vmap_over_axes(self, backend: Any, in_axes: int, out_axes: int) -> None:
        """The axis that goes in, and where it comes out."""
        x = np.arange(6, dtype=np.float32).reshape(2, 3)
        call = f"ab.vmap(f, in_axes={in_axes}, out_axes={out_axes})(x)"
        f = backend.vmap(lambda a: a * 2, in_axes=in_axes, out_axes=out_axes)
        with told(call):
            found = backend.to_numpy(f(backend.tensor(x)))
        same_value(call, found, 2 * x if in_axes == out_axes else 2 * x.T, 0)

    def test_a_capability_that_is_not_declared_has_no_method(self, backend: Any) -> None:
        """What a backend cannot do it does not declare; no method only raises."""
        for capability, method in ((Autodiff, "value_and_grad"), (Repeat, "repeated")):
            if isinstance(backend, capability):
                continue
            if method in dir(type(backend)):
                got = f"a class that has it without inheriting {capability.__name__}"
                raise fault(f"ab.{method}", expected="no such method", got=got)
            says = f"{capability.ability}, which <backend"
            with self.raises(f"require(ab, {capability.__name__})", CapabilityError, says):
                require(backend, capability, "fitting")
