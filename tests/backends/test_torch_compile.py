"""``ff.use('torch', compile=True)``; run with ``--backend torch``."""

import shutil

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Autodiff, Compile, load
from funfact.errors import OptionError


@pytest.fixture
def compiled(backend_name):
    if backend_name != "torch":
        pytest.skip("an option of the torch backend")
    return load("torch", compile=True)


def test_it_is_declared_where_it_was_asked_for(compiled):
    assert isinstance(compiled, Compile)
    assert isinstance(compiled, Autodiff)
    assert not isinstance(load("torch"), Compile)
    assert load("torch", compile=True) is compiled


def test_a_machine_without_a_compiler(compiled, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(OptionError, match=r"calls a C\+\+ compiler, and there is none of c\+\+, g"):
        type(compiled)(compiled.options)


# PyTorch's compiler warns of PyTorch's own use of what it deprecates, as it is imported.
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_fits_are_those_of_the_library_as_it_is(compiled):
    (losses, factors), (expected, reference) = run("Adam", compile=True), run("Adam")
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    for x, y in zip(factors, reference, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-3, atol=1e-4)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning", "ignore:`torch._prims_common")
@pytest.mark.parametrize("method", ["LM", "LBFGS"])
def test_other_methods_end_where_they_do(compiled, method):
    """Their carries hold more than factors and moments."""
    (losses, _), (expected, _) = run(method, compile=True), run(method)
    np.testing.assert_allclose(losses[-1], expected[-1], rtol=1e-4)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning", "ignore:`torch._prims_common")
def test_a_program_is_that_of_whatever_arguments(compiled):
    """Of another shape, dtype or nesting, or with nothing in place of an array."""
    factor = compiled.tensor(np.array(2.0))

    def f(nest, more):
        total = sum(compiled.sum(x * factor) for x in nest["x"])
        return total if more is None else total + compiled.sum(more)

    program = compiled.compile(f)
    for shape, dtype in [((3,), "float32"), ((2, 3), "float32"), ((3,), "float64")]:
        x = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
        own, other = compiled.tensor(x), compiled.tensor(x + 1)
        for nest, more, expected in [
            ([own], None, 2 * x.sum()),
            ([own, own], None, 4 * x.sum()),
            ([own, other], None, 4 * x.sum() + 2 * x.size),
            ([own, own], own, 5 * x.sum()),
        ]:
            found = program({"x": nest}, more)
            np.testing.assert_allclose(compiled.to_numpy(found), expected)


def run(method, **options):
    """The losses and the factors of a small fit."""
    i, j, r = ff.indices("i, j, r")
    target = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
    u, v = ff.tensor("u", 6, 2), ff.tensor("v", 5, 2)
    with ff.using("torch", **options):
        ff.active_backend.seed(0)
        found = ff.factorize(u[i, r] * v[j, r], target, optimizer=method, max_steps=40,
                             vec_size=2, tol=0, progress=False)  # fmt: skip
    return found.history.losses, [found.backend.to_numpy(x) for x in found.factors]


def test_complex_gradients(compiled):
    gradient = compiled.value_and_grad(lambda params: (compiled.sum(abs(params[0]) ** 2), ()))
    z = compiled.tensor([1 + 2j, 3j])
    _, (found,) = gradient([z])
    np.testing.assert_allclose(compiled.to_numpy(found), 2 * compiled.to_numpy(z), rtol=1e-6)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning", "ignore:`torch._prims_common")
@pytest.mark.filterwarnings("ignore:Torchinductor does not support code generation for complex")
@pytest.mark.parametrize("name", ["float64", "complex64"])
def test_dtypes_in_what_is_compiled(compiled, name):
    def f(x):
        return compiled.astype(x, x.dtype) + compiled.eye(2, dtype=x.dtype)

    x = compiled.ones((2, 2), dtype=name)
    np.testing.assert_array_equal(compiled.to_numpy(compiled.compile(f)(x)), 1 + np.eye(2))
