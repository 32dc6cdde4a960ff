"""Sets that can be imposed: their nearest points and tangents against NumPy, one at a time."""

import numpy as np
import pytest
from nearest import NEAREST, nearest

import funfact as ff
from funfact.backends import load
from funfact.backends.active import activated
from funfact.backends.standard import ArrayAPIBackend
from funfact.conditions import Condition, Constraint, as_constraint
from funfact.conditions.known import CONSTRAINTS
from funfact.errors import CapabilityError, DtypeError, OptionError, ShapeError, UnknownNameError

AB = load("numpy")
SQUARE = {"Unitary", "Symmetric", "PositiveDefinite"}


def draw(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    return (x + 1j * rng.normal(size=shape) if "complex" in dtype else x).astype(dtype)


def inner(x, y):
    return float(np.sum((x.conj() * y).real))


def shape_for(name):
    return (4, 4) if name in SQUARE else (5, 3)


def test_all_of_them_have_an_oracle():
    assert set(CONSTRAINTS) == set(NEAREST)


@pytest.mark.parametrize("name", NEAREST)
@pytest.mark.parametrize("dtype", ["float64", "complex128", "float32", "complex64"])
def test_nearest_points(name, dtype):
    x = draw((3, *shape_for(name)), dtype)
    constraint = as_constraint(name, shape_for(name))
    found = constraint.project(x, AB)
    tol = 1e-14 if dtype in ("float64", "complex128") else 1e-5
    assert found.dtype == x.dtype
    np.testing.assert_allclose(found, nearest(name, x), rtol=0, atol=10 * tol)
    np.testing.assert_allclose(constraint.project(found, AB), found, rtol=0, atol=10 * tol)
    start = constraint.project(constraint.start(x, AB), AB)
    np.testing.assert_allclose(start, nearest(name, start), rtol=0, atol=10 * tol)


@pytest.mark.parametrize("name", NEAREST)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_tangents(name, dtype):
    """Orthogonal projections, whose part of the descent leads to the nearest points at first."""
    shape = (3, *shape_for(name))
    constraint = as_constraint(name, shape[1:])
    x = constraint.project(draw(shape, dtype), AB)
    gradient, v, w = (draw(shape, dtype, seed) for seed in (1, 2, 3))
    along = constraint.tangent(x, gradient, AB)
    np.testing.assert_allclose(along(along(v)), along(v), atol=1e-14)
    assert inner(along(v), w) == pytest.approx(inner(v, along(w)), abs=1e-13)
    step = -1e-6 * along(gradient)
    moved = constraint.project(x + step, AB)
    np.testing.assert_allclose(moved, x + step, atol=1e-10)
    # the whole descent, brought back, is the same to first order
    np.testing.assert_allclose(constraint.project(x - 1e-6 * gradient, AB), moved, atol=1e-10)


@pytest.mark.parametrize("name", ["Simplex", "Monotone", "UnitNorm"])
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
def test_along_an_axis_of_a_tensor(name, axis):
    shape = (3, 4, 5)
    constraint = as_constraint(CONSTRAINTS[name](axis=axis), shape)
    x = draw((2, *shape), "float64")
    rows = np.moveaxis(x, axis if axis < 0 else axis + 1, 1)
    expected = [NEAREST[name](one.reshape(one.shape[0], -1)).reshape(one.shape) for one in rows]
    found = np.moveaxis(constraint.project(x, AB), axis if axis < 0 else axis + 1, 1)
    np.testing.assert_allclose(found, expected, atol=1e-13)


def test_numbers_that_never_rise():
    x = np.array([3.0, 1.0, 2.0, 0.0])
    falling = as_constraint(ff.conditions.Monotone(decreasing=True), (4,))
    np.testing.assert_allclose(falling.project(x, AB), [3, 1.5, 1.5, 0])


def test_monotone_exactly_and_what_is_equal_stays_equal():
    x = np.random.default_rng(0).normal(size=(50, 200)).cumsum(axis=1) + 1e6
    constraint = as_constraint("Monotone", (200, 1))
    found = constraint.project(x[..., None], AB)
    assert np.all(np.diff(found[..., 0]) >= 0)
    pooled = np.stack([NEAREST["Monotone"](row[:, None]) for row in x])
    np.testing.assert_allclose(found, pooled, rtol=1e-14)
    np.testing.assert_array_equal(np.diff(found[..., 0]) == 0, np.diff(pooled[..., 0]) == 0)


@pytest.mark.parametrize("size", [1e-200, 1e150])
def test_lengths_beyond_the_range_of_squares(size):
    found = as_constraint("UnitNorm", (2,)).project(size * np.array([3.0, 4.0]), AB)
    np.testing.assert_allclose(found, [0.6, 0.8])
    np.testing.assert_allclose(as_constraint("Simplex", (2,)).project(found * 1e9, AB), [0, 1])


def test_zeros_become_some_point_of_the_set():
    for name in NEAREST:
        x = as_constraint(name, (3, 3)).project(np.zeros((2, 3, 3)), AB)
        np.testing.assert_allclose(x, nearest(name, x), atol=1e-15)


@pytest.mark.parametrize("name", ["Unitary", "PositiveDefinite"])
def test_a_lost_replica_leaves_the_others_alone(name):
    x = draw((3, 2, 2), "float64")
    whole = as_constraint(name, (2, 2)).project(x, AB)
    x[1] = np.nan
    found = as_constraint(name, (2, 2)).project(x, AB)
    assert np.all(np.isnan(found[1]))
    np.testing.assert_allclose(found[[0, 2]], whole[[0, 2]])


REFUSED = {
    "wide": ("Unitary", (4, 3), r"Unitary .* \(4, 3\), whose .* 4x3, are not square.*Orthonormal"),
    "symmetric": ("Symmetric", (2, 3), r"2x3, are not square. Its last two sizes are to be equal"),
    "definite": ("PositiveDefinite", (2, 3), r"not square"),
    "columns": ("Orthonormal", (3, 4), r"4 columns of length 3 cannot be orthonormal"),
    "vector": ("Toeplitz", (3,), r"Toeplitz asks something of matrices, .* shape \(3,\)"),
    "scalar": ("Simplex", (), r"the vectors along an axis, and the tensor has shape \(\)"),
    "axis": (ff.conditions.UnitNorm(axis=2), (3, 4), r"UnitNorm\(axis=2\).*from -2 to 1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_shapes_are_refused_where_the_tensor_is_written(case):
    spec, shape, message = REFUSED[case]
    with pytest.raises(ShapeError, match=message):
        ff.tensor("u", *shape, constrain=spec)


class OnlyPreferred(Condition):
    def residual(self, x, ab):
        return x


class WithoutTangent(Constraint):
    def project(self, x, ab):
        return x


class OtherArguments(WithoutTangent):
    def tangent(self, x, ab):
        return lambda v: v


def same(x):
    return x


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("Positive", UnknownNameError, r"no constraint 'Positive'. Did you mean 'PositiveDefin"),
        (OnlyPreferred, OptionError, r"constrain=OnlyPreferred is nothing that can be imposed. Kn"),
        (abs, OptionError, r"constrain=abs is nothing that can be imposed"),
        (WithoutTangent, OptionError, r"constrain=WithoutTangent makes no instance.*tangent"),
        (OtherArguments, OptionError, r"tangent is called as f\(x, gradient, ab\), and takes"),
        (
            (abs,),
            OptionError,
            r"constrain=\(abs\): a set of your own is a pair of functions, \(pro",
        ),
        ([same, same], OptionError, r"is a list\. A set of your own is a tuple of two functions"),
        (("Unitary", "Diagonal"), OptionError, r"\('Unitary', 'Diagonal'\): .* Of several sets"),
        (
            (abs, WithoutTangent),
            OptionError,
            r"\(abs, WithoutTangent\): a set of your own is a pair",
        ),
        ((same, same), OptionError, r"same, of constrain=\(same, same\), is called as f\(x, grad"),
    ],
)
def test_what_cannot_be_imposed(spec, error, message):
    with pytest.raises(error, match=message):
        ff.tensor("u", 3, 3, constrain=spec)


def test_an_axis_is_an_integer():
    with pytest.raises(OptionError, match=r"Simplex\(axis='rows'\): expected an axis, an integer"):
        ff.conditions.Simplex(axis="rows")


class Bare(ArrayAPIBackend):
    """NumPy without a word of its decompositions."""

    protocol = 1
    requires = ("numpy",)
    namespace = "numpy"


@pytest.mark.parametrize("name", ["Orthonormal", "PositiveDefinite", "Unitary"])
def test_a_capability_that_is_not_declared_is_named(name):
    expr = ff.tensor("u", 3, 3, constrain=name)
    with activated(Bare()), pytest.raises(CapabilityError, match=rf"constrain={name} needs linear"):
        ff.Factorization.from_tsrex(expr)


@pytest.mark.parametrize("name", NEAREST)
def test_starts_are_in_the_set_wherever_replicas_stand(name):
    u = ff.tensor("u", 2, *shape_for(name), constrain=_along_columns(name))
    inner = ff.vectorize(u, 3, append=True)
    with ff.using("numpy") as ab:
        ab.seed(0)
        for append in (False, True):
            fac = ff.Factorization.from_tsrex(ff.vectorize(inner, 4, append=append))
            x = fac["u"] if append else np.moveaxis(fac["u"], 0, -1)
            for one in np.moveaxis(x.reshape(*x.shape[:-2], 12), -1, 0):
                np.testing.assert_allclose(one, nearest(name, one), atol=1e-13)


def _along_columns(name):
    """Of each matrix of a tensor with three axes."""
    return CONSTRAINTS[name](axis=1) if hasattr(CONSTRAINTS[name], "axis") else name


def test_data_and_starts_that_were_asked_for_are_brought_into_the_set():
    given = np.array([[1.0, 2.0], [3.0, 4.0]])
    for tensor in (
        ff.tensor("u", given, optimizable=True, constrain="Symmetric"),
        ff.tensor("u", 2, 2, initializer=given, constrain="Symmetric"),
    ):
        with ff.using("numpy"):
            fac = ff.Factorization.from_tsrex(tensor)
        np.testing.assert_array_equal(fac["u"], [[1, 2.5], [2.5, 4]])


@pytest.mark.parametrize("name", NEAREST)
def test_penalties_of_the_same(name):
    """Zero in the set, positive outside."""
    with ff.using("numpy"):
        condition = CONSTRAINTS[name]()
        x = draw((4, 4), "float64")
        inside = as_constraint(name, (4, 4)).project(x, AB)
        assert condition(x) > 1e-3
        assert condition(inside) < 1e-28


def centred(x):
    return x - x.mean()


def along_centred(x, gradient, v):
    return v - v.mean()


def test_a_pair_of_functions_sees_one_replica_wherever_replicas_stand():
    u = ff.tensor("u", 2, 5, constrain=(centred, along_centred))
    with ff.using("numpy") as ab:
        ab.seed(0)
        fac = ff.Factorization.from_tsrex(ff.vectorize(ff.vectorize(u, 3, append=True), 4))
    assert fac["u"].shape == (4, 2, 5, 3)
    np.testing.assert_allclose(fac["u"].mean(axis=(1, 2)), 0, atol=1e-15)
    constraint = as_constraint((centred, along_centred), (2, 5))
    x, v = draw((4, 3, 2, 5), "float64"), draw((4, 3, 2, 5), "float64", 1)
    found = constraint.tangent(x, x, AB)(v)
    np.testing.assert_allclose(found, v - v.mean(axis=(2, 3), keepdims=True), atol=1e-15)


@pytest.mark.parametrize(
    ("made", "error", "message"),
    [
        (lambda x: None, OptionError, r"returned a NoneType, and an array of <backend 'Numpy"),
        (
            lambda x: x[:1],
            ShapeError,
            r"returned an array of shape \(1,\) for a factor of shape \(3",
        ),
        (lambda x: x > 0, DtypeError, r"returned bool, and the factor is float64"),
        (lambda x: x * 1j, DtypeError, r"returned complex128, and the factor is float64"),
    ],
)
def test_what_a_function_of_a_pair_returns(made, error, message):
    u = ff.tensor("u", 3, constrain=(made, along_centred))
    who = r"<lambda>, of constrain=\(<lambda>, along_centred\), "
    with ff.using("numpy"), pytest.raises(error, match=who + message):
        ff.Factorization.from_tsrex(u)


def test_a_pair_in_a_wider_dtype_is_taken_in_that_of_the_factor():
    wide = (lambda x: np.float64(0.5) * np.ones(3), lambda x, gradient, v: 0.0 * v)
    with ff.using("numpy"):
        fac = ff.Factorization.from_tsrex(ff.tensor("u", 3, constrain=wide), dtype="float32")
    assert fac["u"].dtype == np.float32


# --- factors that are set


def low_rank(constrain, **options):
    u, v = ff.tensor("u", 3, 2, constrain=constrain), ff.tensor("v", 4, 2)
    i, j, r = ff.indices("i, j, r")
    with ff.using("numpy") as ab:
        ab.seed(0)
        return ff.Factorization.from_tsrex(u[i, r] * v[j, r], **options)


@pytest.mark.parametrize(
    ("constrain", "shown"),
    [
        ("NonNegative", "NonNegative"),
        (ff.conditions.NonNegative, "NonNegative"),
        (ff.conditions.UnitNorm(axis=1), r"UnitNorm\(axis=1\)"),
        ((centred, along_centred), r"\(centred, along_centred\)"),
    ],
)
def test_what_does_not_meet_what_is_imposed_is_refused(constrain, shown):
    fac = low_rank(constrain)
    before, far = fac["u"], np.array([[1.0, -0.25], [2, 2], [1, 1]])
    message = (
        rf"constrain={shown} of factor u: an element of the array is \d.* fac.nearest\('u', arr"
    )
    with pytest.raises(OptionError, match=message):
        fac["u"] = far
    with pytest.raises(OptionError, match=message):
        fac.factors = [far, np.ones((4, 2))]
    assert fac["u"] is before
    assert not np.array_equal(fac["v"], np.ones((4, 2)))
    fac["u"] = fac.nearest("u", far)
    fac["v"] = far[[0, 1, 2, 0]]
    np.testing.assert_allclose(fac["u"], as_constraint(constrain, (3, 2)).project(far, AB))


def test_how_far_it_is():
    with pytest.raises(OptionError, match=r"is 0\.25 away from the nearest"):
        low_rank("NonNegative")["u"] = [[1.0, -0.25], [2, 2], [1, 1]]


@pytest.mark.parametrize("axis", [0, -1])
def test_factors_of_replicas_are_set_and_brought_to_the_last_digit(axis):
    fac = low_rank("Orthonormal", vec_size=5, vec_axis=axis)
    x = np.random.default_rng(0).normal(size=(5, 3, 2))
    q = np.moveaxis(np.linalg.qr(x)[0], 0, axis)
    nearest = np.moveaxis(polar_of_each(x), 0, axis)
    np.testing.assert_allclose(fac.nearest("u", np.moveaxis(x, 0, axis)), nearest, atol=1e-14)
    fac["u"] = q * (1 + 1e-10)
    np.testing.assert_allclose(fac["u"], q, atol=1e-9)
    first = fac["u"][0] if axis == 0 else fac["u"][..., 0]
    np.testing.assert_allclose(first.T @ first, np.eye(2), atol=1e-15)


def polar_of_each(x):
    return np.stack([NEAREST["Orthonormal"](one) for one in x])


def test_what_is_not_finite_is_let_through():
    fac = low_rank("Simplex")
    fac["u"] = np.full((3, 2), np.nan)
    assert np.isnan(fac["u"]).all()


def test_nearest_where_nothing_is_imposed_is_the_same():
    fac = low_rank("Simplex", dtype="float32")
    found = fac.nearest("v", np.arange(8.0).reshape(4, 2))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.arange(8).reshape(4, 2))
    with pytest.raises(ShapeError, match=r"factor v of shape \(4, 2\) was given an array of shape"):
        fac.nearest("v", np.ones(3))


def test_a_stored_model_asks_for_a_pair_again(tmp_path):
    path = tmp_path / "model.ff"
    with ff.using("numpy"):
        u = ff.tensor("u", 2, 3, constrain=(centred, along_centred))
        ff.Factorization.from_tsrex(u).save(path)
        with pytest.raises(
            UnknownNameError, match=r"centred \(constrain of u\), along_centred \(con"
        ):
            ff.load(path)
        given = {"centred": centred, "along_centred": along_centred}
        (tensor,) = ff.load(path, own=given).tsrex.tensors
    assert tensor.constrain == (centred, along_centred)


def test_a_stored_model_remembers_its_settings(tmp_path):
    expr = ff.tensor("u", 3, 4, constrain=ff.conditions.Monotone(axis=1, decreasing=True))
    with ff.using("numpy"):
        ff.Factorization.from_tsrex(expr).save(tmp_path / "model.ff")
        (tensor,) = ff.load(tmp_path / "model.ff").tsrex.tensors
    assert tensor.constrain == ff.conditions.Monotone(axis=1, decreasing=True)
