"""The optima of a fit, from replicas whose factors are planted."""

import numpy as np
import pytest

import funfact as ff
from funfact.model import History, Outcome
from funfact.model.components import component_axes
from funfact.model.optima import optima

i, j, k, l, r, s = ff.indices("i, j, k, l, r, s")


@pytest.fixture(autouse=True)
def ab():
    with ff.using("numpy") as ab:
        ab.seed(0)
        yield ab


def history(losses, tol=0.0, **options):
    best = np.array(losses, float)
    return History(
        steps=np.array([0, 50]),
        losses=np.stack([best + 1, best]),
        seconds=np.array([0.0, 1.0]),
        best=best,
        converged=best < tol,
        lost=(),
        tol=tol,
        outcome=Outcome.SETTLED,
        replica=0,
        **options,
    )


def replicas(expr, planted, axis=0):
    """A model whose replicas have these factors: a list of them for each replica."""
    model = ff.Factorization.from_tsrex(expr, vec_size=len(planted), vec_axis=axis)
    model.factors = [np.stack(each, axis=axis) for each in zip(*planted, strict=True)]
    return model


def cp(shape=(4, 5, 6), rank=3):
    a, b, c = (ff.tensor(x, n, rank) for x, n in zip("abc", shape, strict=True))
    return (a[i, ~r] * b[j, ~r]) * c[k, r]


def drawn(*shapes, seed=0, kind=float):
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=(2, *shape)) for shape in shapes]
    return [x[0] + 1j * x[1] if kind is complex else x[0] for x in parts]


def disguised(factors, seed=1):
    """The same components in another order, with other sizes of their factors."""
    rng = np.random.default_rng(seed)
    rank = factors[0].shape[-1]
    order, first, second = rng.permutation(rank), *rng.uniform(-3, 3, size=(2, rank))
    scales = first, second, 1 / (first * second)
    return [(x * scale)[:, order] for x, scale in zip(factors, scales, strict=True)]


def test_losses_make_groups():
    found = optima(history([0.3, 1e-9, 0.1, np.inf, 0.1005, 3e-8], tol=1e-6), None)
    assert [optimum.replicas for optimum in found] == [(1, 5), (2, 4), (0,)]
    assert [optimum.loss for optimum in found] == [1e-9, 0.1, 0.3]
    assert {optimum.compared for optimum in found} == {0}


def test_what_is_exact_next_to_the_target_is_one_optimum():
    # losses of a mean over 8 elements, of a target whose mean square is 2
    losses = [1e-20, 1e-14, 1e-10]
    found = optima(history(losses, squares=8.0, target_norm=4.0), None)
    assert [optimum.replicas for optimum in found] == [(0, 1), (2,)]


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("kind", [float, complex])
def test_components_are_compared_up_to_order_and_scale(axis, kind):
    one, other = (drawn((4, 3), (5, 3), (6, 3), seed=n, kind=kind) for n in (0, 1))
    planted = [one, disguised(one), other, disguised(other, 2), disguised(other, 3)]
    expr = cp() * (1.0 if kind is float else 1.0 + 0j)
    (found,) = optima(history([1.0] * 5), replicas(expr, planted, axis))
    assert (found.compared, found.values, found.factors) == (5, 2, 2)


def test_one_value_by_different_factors():
    # the middle of an n-way sum of rank-one terms of one vector: u⊗(v+w) in two ways
    a, b, c = drawn((4,), (5,), (5,))
    d = drawn((6,))[0]
    ways = [(b, c), (b + c, b - c)]
    planted = []
    for p, q in ways:
        # a⊗(2b)⊗d as (p + q)-like splits: the columns of the middle factor add up to b + c
        rest = b + c - p - q
        planted.append([np.stack([a] * 3, 1), np.stack([p, q, rest], 1), np.stack([d] * 3, 1)])
    (found,) = optima(history([1.0, 1.0]), replicas(cp(), planted))
    assert (found.values, found.factors) == (1, 2)


def test_components_that_are_zero():
    one = drawn((4, 3), (5, 3), (6, 3))
    one[0][:, 1] = 0
    none = [0 * x for x in one]
    (found,) = optima(history([1.0] * 4), replicas(cp(), [one, disguised(one), none, none]))
    assert (found.values, found.factors) == (2, 2)


def test_where_factors_may_be_mixed_values_alone_are_compared():
    u, v = ff.tensor("u", 4, 2), ff.tensor("v", 5, 2)
    one = drawn((4, 2), (5, 2))
    mixing = np.array([[2.0, 1.0], [0.5, -1.0]])
    planted = [one, [one[0] @ mixing, one[1] @ np.linalg.inv(mixing).T], drawn((4, 2), (5, 2))]
    planted[2][0] += 1
    (found,) = optima(history([1.0] * 3), replicas(u[i, r] * v[j, r], planted))
    assert (found.compared, found.values, found.factors) == (3, 2, None)


def tensors(prefer=None):
    shapes = {"a": (4, 2), "b": (5, 2), "c": (6, 2), "w": (2,), "g": (2, 2), "m": (2, 4)}
    return {name: ff.tensor(name, *shape, prefer=prefer) for name, shape in shapes.items()}


def expressions():
    t = tensors()
    a, b, c, w, g, m = t.values()
    positive = tensors(ff.conditions.NonNegative)
    weights = ff.tensor("d", np.ones(2))
    return {
        "CP": ((a[i, ~r] * b[j, ~r]) * c[k, r], [2]),
        "CP with weights": (((a[i, ~r] * b[j, ~r]) * c[k, ~r]) * w[r], [2]),
        "matrix": (a[i, r] * b[j, r], []),
        "symmetric CP": ((a[i, ~r] * a[j, ~r]) * a[k, r], [2]),
        "nonnegative matrix": (positive["a"][i, r] * positive["b"][j, r], [2]),
        "half of it nonnegative": (positive["a"][i, r] * b[j, r], []),
        "Tucker": ((a[i, r] * g[r, s]) * b[j, s], []),
        "train": ((a[i, r] * g[r, s]) * m[s, j], []),
        "radial": (w[r] * ff.exp(-((a[i, ~r] - b[j, ~r]) ** 2)), [2]),
        "told apart by data": (((a[i, ~r] * b[j, ~r]) * c[k, ~r]) * weights[r], []),
        "two at once": ((a[i, ~r] * b[j, ~r]) * c[k, r] + (a[i, ~s] * b[j, ~s]) * c[k, s], [2, 2]),
    }


def sizes_of_components(model, is_complex=False):
    arrays, ab = model.all_factors, model.backend
    found = component_axes(model.ir, model.tsrex.tensors, arrays, ab, is_complex)
    return [axis.size for _, _, axis in found]


@pytest.mark.parametrize("name", expressions())
def test_which_indices_have_components(name):
    expr, sizes = expressions()[name]
    model = ff.Factorization.from_tsrex(expr, vec_size=3)
    assert sizes_of_components(model) == sizes


def masked(kept):
    """A set of one's own: of all elements but the kept ones nothing is left."""
    return (lambda x: x * kept), (lambda x, gradient, v: v * kept)


LOWER, ONES = np.tril(np.ones((6, 3))), np.ones((6, 3))
IMPOSED = {
    # L U and Q R are unique but for diagonal matrices between them (Golub & Van Loan 2013,
    # theorems 3.2.1 and 5.2.3); v[j, r] stands for U and R with its columns as rows
    "L U": ("LowerTriangular", "LowerTriangular", True),
    "Q R": ("Orthonormal", "LowerTriangular", True),
    "Q R, by an instance": (ff.conditions.Orthonormal(), ff.conditions.LowerTriangular, True),
    "L U of ones own": (masked(LOWER), masked(LOWER), True),
    "L L": ("LowerTriangular", "UpperTriangular", False),
    "all of ones own": (masked(ONES), masked(ONES), False),
    "rotated": ("Orthonormal", "Orthonormal", False),
    "L anything": ("LowerTriangular", None, False),
    # nine equations less the three of a diagonal matrix, of which lengths give six
    "lengths": ("UnitNorm", "UnitNorm", False),
    # ten equations for the elements of a matrix, which is a multiple of the identity then
    "convolution": ("Toeplitz", None, True),
    "nonnegative": ("NonNegative", ff.conditions.NonNegative, True),
    "probabilities": ("Simplex", ff.conditions.Simplex(axis=1), True),
    "half": ("NonNegative", None, False),
}


@pytest.mark.parametrize("dtype", ["float64", "complex128", "float32"])
@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("name", IMPOSED)
def test_what_is_imposed_on_two_factors_may_keep_components_apart(name, append, dtype):
    one, other, apart = IMPOSED[name]
    u, v = ff.tensor("u", 6, 3, constrain=one), ff.tensor("v", 6, 3, constrain=other)
    expr = u[i, r] * v[j, r]
    axis = -1 if append else 0
    model = ff.Factorization.from_tsrex(expr, dtype, vec_size=3, vec_axis=axis)
    assert sizes_of_components(model, "complex" in dtype) == ([3] if apart else [])


def test_factors_of_a_decomposition_that_is_unique_are_told_to_be_the_same():
    rng = np.random.default_rng(0)
    q, upper = np.linalg.qr(rng.normal(size=(4, 3)))
    signs = np.array([1.0, -1, -1])
    u, v = ff.tensor("u", 4, 3, constrain="Orthonormal"), ff.tensor("v", 3, 3)
    planted = [[q, upper.T], [q * signs, upper.T * signs]]
    turned = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    planted.append([q @ turned, upper.T @ turned])
    (found,) = optima(history([1.0] * 3), replicas(u[i, r] * v[j, r], planted))
    assert (found.values, found.factors) == (1, None)
    v = ff.tensor("v", 3, 3, constrain="LowerTriangular")
    (found,) = optima(history([1.0] * 2), replicas(u[i, r] * v[j, r], planted[:2]))
    assert (found.values, found.factors) == (1, 1)


def test_radial_functions_are_compared_too():
    expr = expressions()["radial"][0]
    one, other = ([x + 1 for x in drawn((2,), (4, 2), (5, 2), seed=n)] for n in (0, 1))
    swapped = [x[..., ::-1] for x in one]
    model = ff.Factorization.from_tsrex(expr, vec_size=3)
    order = [tensor.symbol for tensor in model.tsrex.tensors]
    planted = [[dict(zip("wab", x, strict=True))[n] for n in order] for x in (one, swapped, other)]
    (found,) = optima(history([1.0] * 3), replicas(expr, planted))
    assert (found.values, found.factors) == (2, 2)


def test_more_replicas_than_there_is_room_for():
    expr = ff.tensor("u", 2048)[i] * ff.tensor("v", 1024)[j]
    model = ff.Factorization.from_tsrex(expr, vec_size=4)
    (found,) = optima(history([1.0] * 4), model)
    assert (found.compared, len(found.replicas)) == (2, 4)
