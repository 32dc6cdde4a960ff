"""The form without the model has the gradient of half the squared distance."""

import numpy as np
import pytest
from plain import Plain

import funfact as ff
from funfact.compiler.fuse import fuse
from funfact.compiler.gram import gram
from funfact.compiler.ir import Contract, check
from funfact.compiler.lower import lower
from funfact.compiler.plan import plan
from funfact.graph import postorder

i, j, k, l, m, r, s, t = ff.indices("i, j, k, l, m, r, s, t")
N = 3


def tensor(symbol, *shape, **kwargs):
    return ff.tensor(symbol, *shape, **kwargs)


def cp():
    a, b, c = tensor("a", 4, 2), tensor("b", 5, 2), tensor("c", 6, 2)
    return a[i, ~r] * b[j, ~r] * c[k, r], "nir,njr,nkr->nijk"


def tucker():
    g, a, b = tensor("g", 2, 3), tensor("a", 4, 2), tensor("b", 5, 3)
    return g[r, s] * a[i, r] * b[j, s], "nrs,nir,njs->nij"


def train():
    a, b, c = tensor("a", 4, 2), tensor("b", 2, 5, 3), tensor("c", 3, 6)
    return a[i, r] * b[r, j, s] * c[s, k], "nir,nrjs,nsk->nijk"


def matrix(n=4):
    a, b = tensor("a", n, 2), tensor("b", n, 2)
    return a[i, r] * b[j, r], "nir,njr->nij"


def cp_of_three(n=4):
    a, b, c = (tensor(name, n, 2) for name in "abc")
    return a[i, ~r] * b[j, ~r] * c[k, r], "nir,njr,nkr->nijk"


def cp_of_five(n=2):
    a, b, c, d, e = (tensor(name, n, 2) for name in "abcde")
    expr = a[i, ~r] * b[j, ~r] * c[k, ~r] * d[l, ~r] * e[m, r]
    return expr, "nir,njr,nkr,nlr,nmr->nijklm"


def tucker_of_three(n=3):
    g, a, b, c = tensor("g", 2, 2, 2), tensor("a", n, 2), tensor("b", n, 2), tensor("c", n, 2)
    return g[r, s, t] * a[i, r] * b[j, s] * c[k, t], "nrst,nir,njs,nkt->nijk"


def train_of_four(n=3):
    a, b, c, d = tensor("a", n, 2), tensor("b", 2, n, 2), tensor("c", 2, n, 2), tensor("d", 2, n)
    return a[i, r] * b[r, j, s] * c[s, k, t] * d[t, l], "nir,nrjs,nskt,ntl->nijkl"


def ring(n=2):
    a, b, c = (tensor(name, 2, n, 2) for name in "abc")
    return a[r, i, s] * b[s, j, t] * c[t, k, r], "nris,nsjt,ntkr->nijk"


def symmetric():
    a = tensor("a", 4, 2)
    return a[i, ~r] * a[j, ~r] * a[k, r], "nir,njr,nkr->nijk"


def transposed():
    a, b = tensor("a", 4, 2), tensor("b", 5, 2)
    return (a[i, r] * b[j, r]) >> [j, i], "nir,njr->nji"


def sandwich():
    a, b = tensor("a", 5, 2), tensor("b", 4, 6, 2)
    return (a[j, r] * b[i, k, r]) >> [i, j, k], "njr,nikr->nijk"


def value_of(subscripts):
    def value(arrays):
        count = subscripts.split("->")[0].count(",") + 1
        return np.einsum(subscripts, *(arrays * count)[:count])

    return value


def difference():
    a, b, c, d = tensor("a", 4, 2), tensor("b", 2, 5), tensor("c", 4, 3), tensor("d", 3, 5)
    return 2 * (a @ b) - (c @ d) / 4, lambda x: 2 * x[0] @ x[1] - x[2] @ x[3] / 4


def kronecker():
    a, b, c = tensor("a", 2, 3), tensor("b", 3, 2), tensor("c", 6, 5)
    e = (a & b) @ c
    return e, lambda x: np.stack([np.kron(p, q) @ t for p, q, t in zip(*x, strict=True)])


def merged():
    a, b = tensor("a", 2, 3), tensor("b", 3, 2)
    return a & b, lambda x: np.stack([np.kron(p, q) for p, q in zip(*x, strict=True)])


def curved():
    a, b = tensor("a", 4, 2), tensor("b", 5, 2)
    e = ff.exp(a[i, r]) * b[j, r]
    return e, lambda x: np.exp(x[0]) @ x[1].swapaxes(1, 2)


CASES = [cp, tucker, train, symmetric, transposed, sandwich]
CASES += [matrix, cp_of_five, tucker_of_three, train_of_four, ring]
CASES += [difference, kronecker, merged, curved]


def draw(rng, shape, dtype):
    x = rng.normal(size=shape)
    return x + 1j * rng.normal(size=shape) if dtype == "complex128" else x


def slopes(f, arrays):
    """The direction of steepest ascent by each element, by central differences."""
    found = []
    for x in arrays:
        grad = np.zeros_like(x)
        for place in np.ndindex(x.shape):
            for unit in (1, 1j) if np.iscomplexobj(x) else (1,):
                start = x[place]
                x[place] = start + 1e-5 * unit
                up = f()
                x[place] = start - 1e-5 * unit
                grad[place] += unit * (up - f()) / 2e-5
                x[place] = start
        found.append(grad)
    return found


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_its_gradient_is_that_of_half_the_squared_distance(case, append, dtype):
    expr, value = case()
    value = value_of(value) if isinstance(value, str) else value
    many = ff.vectorize(expr, N, append=append)
    root, keys = fuse(many.ir), many.tensors
    form = gram(root, len(expr.shape) if append else 0, keys, dtype == "complex128")
    check(form.ir)
    rng = np.random.default_rng(3)
    arrays = [draw(rng, t.full_shape, dtype) for t in keys]
    held = [x.copy() for x in arrays]
    target = draw(rng, expr.shape, dtype)
    order = [*keys, *(form.held[t] for t in keys), form.target]
    scalar = lower(form.ir, order, Plain(), np.dtype(dtype))

    def without_model():
        read = target.reshape(form.shape).transpose(form.order).conj()
        return float(scalar([*arrays, *held, read]))

    def distance():
        first = [np.moveaxis(x, -1, 0) if append else x for x in arrays]
        return 0.5 * float(np.sum(np.abs(value(first) - target) ** 2))

    for a, b in zip(slopes(without_model, arrays), slopes(distance, arrays), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


def test_data_is_not_held():
    a, w = tensor("a", 4, 2), ff.tensor("w", np.ones((5, 2)))
    many = ff.vectorize(a[i, r] * w[j, r], N)
    varying = [t for t in many.tensors if t.optimizable]
    assert list(gram(fuse(many.ir), 0, varying, False).held) == varying


@pytest.mark.parametrize(
    "expr",
    [
        tensor("a", 4, 5)[i, j],
        ff.exp(tensor("a", 4, 2)[i, r] * tensor("b", 5, 2)[j, r]),
        tensor("a", 4)[i] * tensor("b", 5)[j] + tensor("c", 4, 5)[i, j],
        ff.minplus(tensor("a", 4, 2)[i, r], tensor("b", 2, 5)[r, j]),
        tensor("a", 4, 2) @ tensor("b", 2, 5) + 1,
    ],
)
def test_what_is_no_sum_of_products(expr):
    many = ff.vectorize(expr, N)
    assert gram(fuse(many.ir), 0, many.tensors, False) is None


def test_a_sum_of_four_is_left_alone():
    pairs = [tensor("a", 4, 2) @ tensor("b", 2, 5) for _ in range(4)]
    three, four = (ff.vectorize(sum(pairs[1:n], pairs[0]), N) for n in (3, 4))
    assert gram(fuse(three.ir), 0, three.tensors, False) is not None
    assert gram(fuse(four.ir), 0, four.tensors, False) is None


def gain(n, rank, replicas, call=0.0):
    u, v = tensor("u", n, rank), tensor("v", n, rank)
    many = ff.vectorize(u[i, r] * v[j, r], replicas)
    return gram(fuse(many.ir), 0, many.tensors, False).gain(call)


def test_it_gains_where_the_model_is_larger_than_its_factors():
    assert gain(512, 32, 8) < gain(512, 32, 1) < 0.7
    assert gain(8, 8, 8) > 0.7
    assert gain(32, 2, 1) < gain(32, 2, 1, call=1e6)


@pytest.mark.parametrize("call", [0.0, 1e2, 1e4, 1e6, 1e9])
@pytest.mark.parametrize("case", CASES)
def test_none_where_it_takes_more_than_is_asked(case, call):
    """With many calls nothing is planned to see that; the gain is that of the whole plan."""
    expr, _ = case()
    many = ff.vectorize(expr, 4)
    root, keys = fuse(many.ir), many.tensors
    gain = gram(root, 0, keys, conjugate=False).gain(call)
    for most in (0.5, 0.99 * gain, 1.01 * gain, 2.0):
        found = gram(root, 0, keys, conjugate=False, call=call, most=most)
        assert (found is None) == (gain > most)


@pytest.mark.parametrize(
    "case", [matrix, cp_of_three, cp_of_five, tucker_of_three, train_of_four, ring]
)
def test_the_target_is_read_as_it_is_stored(case):
    """Its last axes are summed and it stands on the left; a compiler would copy it otherwise."""
    expr, subscripts = case(8)
    many = ff.vectorize(expr, 2)
    form = gram(fuse(many.ir), 0, many.tensors, conjugate=False)
    axes = len(subscripts.split("->")[1]) - 1
    assert form.order == tuple(range(axes))
    (inner,) = (
        node
        for node in postorder(form.ir)
        if isinstance(node, Contract) and node.terms[-1].value.shape == (8,) * axes
    )
    step, place = plan(inner).meeting(len(inner.terms) - 1)
    left, _, result = step.axes
    stays = [axis in result for axis in left]
    assert place == 0
    assert stays == sorted(stays, reverse=True)


@pytest.mark.parametrize(
    ("case", "orders"),
    [(cp, [(0, 1, 2)]), (train, [(0, 1, 2)]), (sandwich, [(0, 2, 1), (1, 0, 2)])],
)
def test_the_target_is_copied_only_where_what_a_product_sums_is_scattered(case, orders):
    expr, _ = case()
    many = ff.vectorize(expr, N)
    assert gram(fuse(many.ir), 0, many.tensors, False).order in orders
