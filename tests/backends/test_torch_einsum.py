"""Einsum by one matrix product; run with ``--backend torch``."""

import numpy as np
import pytest


@pytest.fixture
def torch(backend_name):
    if backend_name != "torch":
        pytest.skip("the einsum of the torch backend")
    return pytest.importorskip("torch")


SIZES = {"a": 3, "b": 1, "c": 4, "d": 2, "e": 5, "f": 2}

CASES = [
    *("ca,cd->ad", "ac,dc->ad", "ac,dc->da", "ca,dc->ad", "ac,cd->da"),
    *("bca,bcd->bad", "abc,adc->abd", "abc,adc->acbd", "abcd,aeb->acde", "abcd,aec->adbe"),
    *("abcd,aefc->aefdb", "acdef,afdg->aecg", "cab,cdb->dac", "fac,fdc->dfa", "ecba,cfa->befc"),
    *("a,a->", "a,c->ac", "a,c->ca", "ac,->ca", ",->", "ac,ac->", "ac,ac->ca", "b,b->b", "ba,b->a"),
    *("ac,d->ad", "aa,ac->c", "aac,cd->ad", "ac,ad->cd", "ab,cb->ac", "ac,ba->bc"),
]


@pytest.mark.parametrize("subscripts", CASES)
@pytest.mark.parametrize("dtype", ["float64", "complex128", "int64"])
def test_against_numpy(torch, subscripts, dtype):
    from funfact_backend_torch.einsum import einsum

    rng = np.random.default_rng(0)
    operands = subscripts.split("->")[0].split(",")
    arrays = [rng.normal(0, 4, [SIZES.get(n, 2) for n in term]) for term in operands]
    arrays = [(x * (1 + 2j) if dtype == "complex128" else x).astype(dtype) for x in arrays]
    found = einsum(subscripts, *map(torch.as_tensor, arrays))
    np.testing.assert_allclose(found.numpy(), np.einsum(subscripts, *arrays), rtol=1e-12)


@pytest.mark.parametrize("subscripts", CASES)
def test_gradients_are_those_of_the_library(torch, subscripts):
    from funfact_backend_torch.einsum import einsum

    generator = torch.Generator().manual_seed(0)
    operands = subscripts.split("->")[0].split(",")

    def gradients(f):
        generator.manual_seed(0)
        shapes = [[SIZES.get(n, 2) for n in term] for term in operands]
        arrays = [torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes]
        tracked = [
            x.transpose(0, -1).contiguous().transpose(0, -1) if x.ndim else x for x in arrays
        ]
        tracked = [x.requires_grad_() for x in tracked]
        return torch.autograd.grad(f(subscripts, *tracked).cos().sum(), tracked)

    for found, expected in zip(gradients(einsum), gradients(torch.einsum), strict=True):
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("subscripts", ["ac,cd->ad", "ac,dc->ad", "ca,cd->da", "ca,dc->ad"])
def test_a_large_matrix_times_few_columns_is_few_rows_times_the_matrix(torch, subscripts):
    from funfact_backend_torch.einsum import einsum

    rng, size = np.random.default_rng(0), {"a": 160, "c": 128, "d": 8}
    left, right = subscripts.split("->")[0].split(",")
    arrays = [rng.normal(size=[size[n] for n in term]) for term in (left, right)]
    large, few = (torch.as_tensor(x).requires_grad_() for x in arrays)
    found = einsum(subscripts, large, few)
    expected = np.einsum(subscripts, *arrays)
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-12, atol=1e-12)
    assert found.stride()[subscripts[-2:].index("a")] == 1
    weight = rng.normal(size=expected.shape)
    by_large, by_few = torch.autograd.grad((found * torch.as_tensor(weight)).sum(), [large, few])
    output = subscripts[-2:]
    for gradient, form, other in [
        (by_large, f"{output},{right}->{left}", arrays[1]),
        (by_few, f"{output},{left}->{right}", arrays[0]),
    ]:
        oracle = np.einsum(form, weight, other)
        np.testing.assert_allclose(gradient.numpy(), oracle, rtol=1e-12, atol=1e-12)


def test_sizes_that_disagree_are_refused(torch):
    from funfact_backend_torch.einsum import einsum

    with pytest.raises(RuntimeError, match=r"does not broadcast|size"):
        einsum("ac,cd->ad", torch.ones(3, 4), torch.ones(5, 2))
