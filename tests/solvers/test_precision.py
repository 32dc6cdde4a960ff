"""Products of float32 are exact to float32 unless fewer bits are asked for."""

import numpy as np
import pytest

import funfact as ff
from funfact import backends
from funfact.errors import UnknownNameError

i, j, r = ff.indices("i, j, r")


def options_of(backend_name):
    if "matmul_precision" not in type(backends.load(backend_name)).Options.__annotations__:
        pytest.skip(f"backend {backend_name!r} has no option matmul_precision")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "HIGHEST"),
        ({"matmul_precision": "high"}, "HIGH"),
        ({"matmul_precision": "default"}, "DEFAULT"),
    ],
)
def test_jax_multiplies_as_precisely_as_was_asked_for(backend_name, options, expected):
    options_of(backend_name)
    import jax

    ab = backends.load(backend_name, **options)
    x = ab.ones((2, 2))
    products = [
        lambda x: ab.einsum("ij,jk->ik", x, x),
        lambda x: ab.matmul(x, x),
        ab.compile(lambda x: x @ x),
        ab.repeated(lambda x: x @ x),
        ab.value_and_grad(lambda params: (ab.sum(params[0] @ params[0]), None)),
    ]
    arguments = [(x,), (x,), (x,), (x, 2), ([x],)]
    for product, given in zip(products, arguments, strict=True):
        program = str(jax.make_jaxpr(product)(*given))
        assert f"(Precision.{expected}, Precision.{expected})" in program
    np.testing.assert_allclose(ab.to_numpy(ab.matmul(x, x)), 2)


def test_another_word_is_refused(backend_name):
    options_of(backend_name)
    message = (
        r"there is no matmul_precision 'hgih'\. Did you mean 'high'\? "
        r"Known are highest, high, default"
    )
    with pytest.raises(UnknownNameError, match=message):
        backends.load(backend_name, matmul_precision="hgih")


def test_torch_keeps_its_own_setting(fit, backend_name):
    if backend_name != "torch":
        pytest.skip("the setting is PyTorch's")
    import torch

    before = torch.get_float32_matmul_precision()
    try:
        for setting in ("highest", "high"):
            torch.set_float32_matmul_precision(setting)
            u, v = ff.tensor("u", 3, 1), ff.tensor("v", 2, 1)
            backends.load(backend_name, device="cpu")
            fit(u[i, r] * v[j, r], np.ones((3, 2)), max_steps=2)
            assert torch.get_float32_matmul_precision() == setting
    finally:
        torch.set_float32_matmul_precision(before)
