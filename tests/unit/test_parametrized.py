"""Parametrised tensors: how they are written, what they refuse, and how they read."""

from typing import Any

import numpy as np
import pytest
from plain import Plain

import funfact as ff
from funfact import errors
from funfact.backends.active import activated
from funfact.compiler.ir import Apply, check
from funfact.initializers import STANDARD, Uniform, Zeros
from funfact.language.equal import same
from funfact.language.nodes import Tensor

i, j, k = ff.indices("i, j, k")


@pytest.fixture(autouse=True)
def on_plain() -> Any:
    """A backend without `Vmap`, so that replicas are taken one by one."""
    with activated(Plain()) as backend:
        yield backend


def rotation(angle: Any, ab: Any) -> Any:
    c, s = ab.cos(angle), ab.sin(angle)
    return ab.reshape(ab.stack([c, -s, s, c]), (2, 2))


def outer(x: Any, ab: Any) -> Any:
    return x[:, None] * x[None, :]


def rotated(t: float) -> Any:
    return np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])


def model(expr: Any, **kwargs: Any) -> Any:
    return ff.Factorization.from_tsrex(expr, **kwargs)


# --- values


def test_its_parameters_are_the_factor() -> None:
    R = ff.parametrized(rotation, "theta", shape=(2, 2))
    assert R.shape == (2, 2)
    fac = model(R)
    assert fac["theta"].shape == ()
    fac["theta"] = 0.3
    np.testing.assert_allclose(fac(), rotated(0.3))


def test_parameters_of_any_shape() -> None:
    def gram(x: Any, ab: Any) -> Any:
        return ab.einsum("abc,abd->cd", x, x)

    fac = model(ff.parametrized(gram, "x", 4, 3, 2, shape=(2, 2)))
    x = fac["x"]
    assert x.shape == (4, 3, 2)
    np.testing.assert_allclose(fac(), np.einsum("abc,abd->cd", x, x))


@pytest.mark.parametrize("optimizable", [None, False, True])
def test_data_are_parameters(optimizable: bool | None) -> None:
    R = ff.parametrized(rotation, "theta", np.array(0.3), shape=(2, 2), optimizable=optimizable)
    (theta,) = R.tensors
    assert theta.optimizable is bool(optimizable)
    np.testing.assert_allclose(model(R)(), rotated(0.3))


def test_it_stands_in_expressions_like_any_tensor() -> None:
    x, array = np.arange(3.0), np.random.default_rng(0).normal(size=(3, 2))
    D = ff.parametrized(outer, "x", x, shape=(3, 3))
    a = ff.tensor("a", array)
    value = model(D[i, ~j] * ff.exp(a[j, k]) >> [k, j, i])()
    np.testing.assert_allclose(value, np.einsum("ij,jk->kji", np.outer(x, x), np.exp(array)))


def test_one_tensor_of_parameters_can_serve_several() -> None:
    theta = ff.tensor("theta")
    there = ff.parametrized(rotation, theta, shape=(2, 2))
    back = ff.parametrized(rotation, -theta, shape=(2, 2))
    fac = model(there @ back)
    assert len(fac.factors) == 1
    np.testing.assert_allclose(fac(), np.eye(2), atol=1e-12)


def test_a_generator_of_one_argument_finds_the_models_backend_active() -> None:
    seen = []

    def generator(x: Any) -> Any:
        seen.append(repr(ff.active_backend))
        return ff.active_backend.exp(x)

    mine = model(ff.parametrized(generator, "x", np.zeros(3), shape=3))

    class Other(Plain):
        protocol = 1

    with activated(Other()):
        np.testing.assert_array_equal(mine(), np.ones(3))
    assert seen == ["<backend 'Plain'>"]


def test_numpy_functions_are_generators() -> None:
    fac = model(ff.parametrized(np.exp, "x", np.zeros(3), shape=3, name="exp"))
    np.testing.assert_array_equal(fac(), np.ones(3))


def test_an_optional_second_argument_is_left_alone() -> None:
    def scaled(x: Any, by: float = 2.0) -> Any:
        return by * x

    np.testing.assert_array_equal(
        model(ff.parametrized(scaled, "x", np.ones(3), shape=3))(), 2 * np.ones(3)
    )


# --- replicas


@pytest.mark.parametrize("axis", [0, -1])
def test_replicas_have_parameters_of_their_own(axis: int) -> None:
    fac = model(ff.parametrized(outer, "x", 3, shape=(3, 3)), vec_size=4, vec_axis=axis)
    x = np.moveaxis(fac["x"], axis, 0)
    assert x.shape == (4, 3)
    expected = np.einsum("ri,rj->rij", x, x)
    np.testing.assert_allclose(np.moveaxis(fac(), axis, 0), expected)


def test_the_generator_sees_one_replica() -> None:
    shapes = []

    def generator(x: Any, ab: Any) -> Any:
        shapes.append(x.shape)
        return x

    model(ff.parametrized(generator, "x", 3, shape=3), vec_size=4)()
    assert shapes == [(3,)] * 4


def test_a_batched_generator_sees_all_replicas() -> None:
    shapes = []

    def generator(x: Any, ab: Any) -> Any:
        shapes.append(x.shape)
        return x[..., :, None] * x[..., None, :]

    D = ff.parametrized(generator, "x", 3, shape=(3, 3), batched=True)
    fac = model(ff.vectorize(ff.vectorize(D, 4), 2))
    x = fac["x"]
    np.testing.assert_allclose(fac(), np.einsum("rsi,rsj->rsij", x, x))
    assert shapes == [(2, 4, 3)]


def test_fixed_parameters_are_shared() -> None:
    fac = model(ff.parametrized(outer, "x", np.arange(3.0), shape=(3, 3)), vec_size=4)
    assert fac["x"].shape == (3,)
    assert fac().shape == (4, 3, 3)


# --- options


def test_initializer_and_prefer_are_of_the_parameters() -> None:
    D = ff.parametrized(
        outer, "x", 3, shape=(3, 3), initializer=Zeros, prefer=ff.conditions.NonNegative
    )
    fac = model(D)
    np.testing.assert_array_equal(fac["x"], np.zeros(3))
    fac["x"] = [-3.0, 0.0, 0.0]
    assert fac.penalty() == pytest.approx(3.0)


def test_a_start_is_asked_for_so_that_no_fit_scales_it() -> None:
    (x,) = ff.parametrized(outer, "x", 3, shape=(3, 3)).tensors
    assert x.initializer is STANDARD


def test_real_parameters_of_a_complex_model() -> None:
    R = ff.parametrized(rotation, "theta", shape=(2, 2), real=True)
    fac = model(R, dtype="complex64", vec_size=3)
    assert fac["theta"].dtype == np.float32
    assert fac().dtype == np.complex64
    fac["theta"] = np.ones(3)
    assert fac["theta"].dtype == np.float32
    np.testing.assert_allclose(fac()[1], rotated(1.0), rtol=1e-6)


def test_parameters_are_of_the_models_dtype_otherwise() -> None:
    fac = model(ff.parametrized(outer, "x", 3, shape=(3, 3)), dtype="complex128")
    assert fac["x"].dtype == np.complex128
    assert np.abs(fac().imag).max() > 0


@pytest.mark.parametrize(
    "given", [ff.tensor("z", np.array(0.5 + 3j)), ff.tensor("z") * 1j, np.array(0.5 + 3j)]
)
def test_complex_parameters_are_refused_where_real_ones_are_taken(given: Any) -> None:
    with pytest.raises(errors.DtypeError, match="imaginary part would be lost"):
        ff.parametrized(rotation, given, shape=(2, 2), real=True)
    ff.parametrized(rotation, given, shape=(2, 2), complex=True)


def test_a_generator_may_write_into_its_parameters() -> None:
    def first_is_one(x: Any, ab: Any) -> Any:
        x[0] = 1.0
        return x

    fac = model(ff.parametrized(first_is_one, "x", 2, initializer=[5.0, 7.0], shape=2))
    assert fac().tolist() == [1.0, 7.0]
    assert fac["x"].tolist() == [5.0, 7.0]


@pytest.mark.parametrize(
    ("generator", "facts"),
    [
        (lambda: 0, ["f(parameters)", "takes ()"]),
        (lambda x, ab, y: 0, ["f(parameters, ab)", "takes (x, ab, y)"]),
        (lambda *, x: 0, ["f(parameters)", "takes (*, x)"]),
    ],
)
def test_a_generator_of_other_arguments_is_refused(generator: Any, facts: list[str]) -> None:
    with pytest.raises(errors.OptionError, match="the generator <lambda>") as caught:
        ff.parametrized(generator, "x", 3, shape=3)
    for fact in facts:
        assert fact in str(caught.value)


def test_the_name_of_a_generator_is_a_string() -> None:
    with pytest.raises(errors.NotationError, match="name=3: the name of a generator"):
        ff.parametrized(outer, "x", 3, shape=(3, 3), name=3)


@pytest.mark.parametrize("angle", [np.nan, np.inf, np.array([1.0, -np.inf])])
def test_an_angle_that_is_not_finite_is_refused(angle: Any) -> None:
    with pytest.raises(errors.OptionError, match="not all finite"):
        ff.planar_rotation(0, 1, 2, theta=angle)


def test_complex_elements_make_the_model_complex() -> None:
    def phases(x: Any, ab: Any) -> Any:
        return ab.cos(x) + 1j * ab.sin(x)

    e = ff.parametrized(phases, "x", 3, shape=3, real=True, complex=True)
    assert e.has_complex_constant
    fac = model(2 * e)
    assert fac().dtype == np.complex128
    np.testing.assert_allclose(fac(), 2 * np.exp(1j * fac["x"]))


def test_a_real_tensor_works_beside_a_generator() -> None:
    x = ff.tensor("x", 3, real=True)
    fac = model(ff.parametrized(outer, x, shape=(3, 3), real=True) @ x * 1j)
    assert fac["x"].dtype == np.float64
    np.testing.assert_allclose(fac(), 1j * np.outer(fac["x"], fac["x"]) @ fac["x"])


# --- reading


def test_it_reads_as_a_function_of_its_parameters() -> None:
    R = ff.parametrized(rotation, "theta", shape=(2, 2))
    assert repr(R[i, j] * ff.tensor("v", 2)[j]) == "rotation(theta)[i, j] * v[j]"
    assert repr(ff.parametrized(rotation, "theta", shape=(2, 2), name="G")) == "G(theta)"
    assert repr(ff.parametrized(lambda x: x, "x", 2, shape=2)) == "generated(x)"


def test_the_intermediate_representation_is_well_formed() -> None:
    expr = ff.vectorize(ff.parametrized(outer, "x", 3, shape=(3, 3)), 2)
    check(expr.ir)
    assert isinstance(expr.ir, Apply)
    assert (expr.ir.shape, expr.ir.lead) == ((2, 3, 3), 1)


def test_the_module_of_1_0_3_can_be_called() -> None:
    from funfact.parametrized import parametrized, planar_rotation

    assert ff.parametrized.planar_rotation is planar_rotation
    assert repr(parametrized(outer, "x", 3, shape=(3, 3))) == "outer(x)"


# --- errors


def test_another_shape_than_declared_names_both() -> None:
    fac = model(ff.parametrized(rotation, "theta", shape=(2, 3)), vec_size=5)
    with pytest.raises(errors.ShapeError) as caught:
        fac()
    message = str(caught.value)
    assert "rotation" in message
    assert "(2, 2)" in message
    assert "shape=(2, 3)" in message
    assert "replicas are added by FunFact" in message


def test_a_batched_one_must_keep_the_replicas() -> None:
    fac = model(ff.parametrized(rotation, "t", shape=(2, 2), batched=True), vec_size=2)
    with pytest.raises((errors.ShapeError, ValueError)):
        fac()

    def first(x: Any, ab: Any) -> Any:
        return x[0]

    fac = model(ff.parametrized(first, "t", 2, shape=2, batched=True), vec_size=3)
    with pytest.raises(errors.ShapeError, match=r"\(3, 2\) was expected.*replicas in front"):
        fac()


def test_something_else_than_an_array() -> None:
    fac = model(ff.parametrized(lambda x: [x, x], "t", shape=2))
    with pytest.raises(errors.NotationError, match=r"returned a list.*<backend 'Plain'>.*stack"):
        fac()


def test_complex_elements_in_a_real_model() -> None:
    def phases(x: Any, ab: Any) -> Any:
        return x + 1j

    fac = model(ff.parametrized(phases, "x", 3, shape=3))
    with pytest.raises(errors.DtypeError, match=r"phases returned complex128.*complex=True"):
        fac()
    declared = ff.parametrized(phases, "x", 3, shape=3, complex=True)
    with pytest.raises(errors.DtypeError, match=r"phases is complex.*float32"):
        model(declared, dtype="float32")


@pytest.mark.parametrize("shape", [0, (2, 0), (2, 1.5), -1, True])
def test_no_shape(shape: Any) -> None:
    with pytest.raises(errors.ShapeError, match="expected the shape of the tensor"):
        ff.parametrized(rotation, "theta", shape=shape)


def test_no_generator() -> None:
    with pytest.raises(errors.NotationError, match=r"the generator is 'theta'.*a function"):
        ff.parametrized("theta", shape=(2, 2))


def test_indexed_parameters() -> None:
    with pytest.raises(errors.NotationError, match="parameters of outer have indices"):
        ff.parametrized(outer, ff.tensor("x", 3)[i], shape=(3, 3))


def test_options_of_an_expression() -> None:
    with pytest.raises(errors.OptionError, match=r"expression x, and initializer, prefer can"):
        ff.parametrized(outer, ff.tensor("x", 3), shape=(3, 3), initializer=Zeros, prefer=Zeros)


def test_complex_data_cannot_be_real() -> None:
    with pytest.raises(errors.DtypeError, match="real=True, and the data is complex128"):
        ff.parametrized(outer, "x", np.ones(3) * 1j, shape=(3, 3), real=True)


# --- planar rotations


@pytest.mark.parametrize(("p", "q", "n"), [(0, 1, 2), (1, 0, 2), (0, 2, 3), (3, 1, 5)])
def test_planar_rotation_turns_one_axis_towards_another(p: int, q: int, n: int) -> None:
    G = model(ff.planar_rotation(p, q, n, theta=0.3))()
    expected = np.eye(n)
    expected[p, p] = expected[q, q] = np.cos(0.3)
    expected[q, p], expected[p, q] = np.sin(0.3), -np.sin(0.3)
    np.testing.assert_allclose(G, expected, atol=1e-15)
    unit = np.eye(n)
    np.testing.assert_allclose(G @ unit[p], np.cos(0.3) * unit[p] + np.sin(0.3) * unit[q])


def test_planar_rotation_is_orthogonal_for_every_replica() -> None:
    G = ff.planar_rotation(0, 2, 4)
    (theta,) = G.tensors
    assert theta.shape == ()
    assert theta.initializer == Uniform(scale=2 * np.pi)
    value = model(G, vec_size=6)()
    np.testing.assert_allclose(value @ value.swapaxes(-1, -2), [np.eye(4)] * 6, atol=1e-14)


def test_planar_rotation_as_in_1_0_3() -> None:
    G = ff.planar_rotation(0, 1, 2, initializer=np.array([0.3]), optimizable=True)
    np.testing.assert_allclose(model(G)(), rotated(0.3))


def test_planar_rotation_names_its_angle() -> None:
    assert repr(ff.planar_rotation(0, 1, 3, theta="phi")) == "planar_rotation(phi)"
    shared = ff.tensor("phi")
    assert ff.planar_rotation(0, 1, 3, theta=2 * shared).tensors == (shared.node,)
    free = ff.planar_rotation(0, 1, 3, theta=0.5, optimizable=True).tensors
    assert [(t.optimizable, float(t.data)) for t in free] == [(True, 0.5)]
    assert not any(isinstance(n, Tensor) for n in ff.planar_rotation(0, 1, 3, theta=0.5).tensors)


@pytest.mark.parametrize("given", [(0, 0, 3), (0, 3, 3), (-1, 0, 3), (0, 1, 1), (0.5, 1, 3)])
def test_no_plane(given: Any) -> None:
    with pytest.raises(errors.ShapeError, match="two different coordinates"):
        ff.planar_rotation(*given)


@pytest.mark.parametrize("given", [1j, "1 + 1", {"theta": 0}, [1, None]])
def test_no_angle(given: Any) -> None:
    with pytest.raises(errors.NotationError):
        ff.planar_rotation(0, 1, 2, theta=given)


def test_an_angle_is_one_number() -> None:
    with pytest.raises(errors.ShapeError, match=r"shape \(2,\), and \(\) is expected"):
        ff.planar_rotation(0, 1, 2, theta=ff.tensor("x", 2))


def test_options_of_a_fixed_angle_are_refused() -> None:
    with pytest.raises(errors.OptionError, match="prefer can"):
        ff.planar_rotation(0, 1, 2, theta=ff.tensor("x"), prefer=ff.conditions.NonNegative)


def test_equal_ones_have_equal_generators() -> None:
    def one_argument(x: Any) -> Any:
        return x

    def made(generator: Any) -> Any:
        return ff.parametrized(generator, "x", 3, shape=3, name="f")

    assert same(made(outer), made(outer))
    assert same(made(one_argument), made(one_argument))
    assert not same(made(outer), made(one_argument))
    turn = ff.planar_rotation
    assert same(turn(0, 1, 3, theta="t"), turn(0, 1, 3, theta="t"))
    assert not same(turn(0, 1, 3, theta="t"), turn(0, 2, 3, theta="t"))


@pytest.mark.parametrize("angle", [ff.tensor("a", np.array(0.3j)), ff.tensor("a") * 1j])
def test_a_complex_angle_is_refused(angle):
    with pytest.raises(errors.DtypeError, match="imaginary part would be lost"):
        ff.planar_rotation(0, 1, 2, theta=angle)
