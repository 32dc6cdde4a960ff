"""Models on NumPy: values, factors, penalties, replicas, and what they refuse."""

import copy
import pickle

import numpy as np
import pytest

import funfact as ff
from funfact.errors import (
    DtypeError,
    NotationError,
    OptionError,
    RangeError,
    ShapeError,
    UnknownNameError,
)

i, j, r = ff.indices("i, j, r")


@pytest.fixture(autouse=True)
def on_numpy():
    with ff.using("numpy") as ab:
        ab.seed(0)
        yield


def low_rank(**kwargs):
    u, v = ff.tensor("u", 3, 2, **kwargs), ff.tensor("v", 4, 2, **kwargs)
    return u, v, u[i, r] * v[j, r]


def model(expr, **kwargs):
    return ff.Factorization.from_tsrex(expr, **kwargs)


# --- values and factors


def test_it_evaluates_its_expression():
    _, _, expr = low_rank()
    fac = model(expr)
    np.testing.assert_allclose(fac(), fac["u"] @ fac["v"].T, rtol=1e-12)
    assert fac.shape == (3, 4)
    assert fac.ndim == 2
    assert fac.tsrex is expr
    assert fac.dtype == np.float64
    assert repr(fac.backend) == "<backend 'NumpyBackend'>"
    assert fac.history is None


def test_factors_are_those_optimised():
    data = np.arange(12.0).reshape(3, 4)
    w = ff.tensor("w", data)
    u, v, expr = low_rank()
    fac = model(w[i, j] * expr)
    assert [x.shape for x in fac.factors] == [(3, 2), (4, 2)]
    assert [x.shape for x in fac.all_factors] == [(3, 4), (3, 2), (4, 2)]
    np.testing.assert_array_equal(fac["w"], data)
    np.testing.assert_array_equal(fac[w], data)
    np.testing.assert_array_equal(fac[u], fac.factors[0])
    np.testing.assert_array_equal(fac[v.tensors[0]], fac.factors[1])


def test_setting_factors():
    u, _, expr = low_rank()
    fac = model(expr)
    fac["u"] = np.ones((3, 2), "int64")
    fac["v"] = [[1, 2], [3, 4], [5, 6], [7, 8]]
    np.testing.assert_array_equal(fac(), np.tile([3.0, 7, 11, 15], (3, 1)))
    fac[u] = np.zeros((3, 2))
    assert not fac().any()
    fac.factors = [np.ones((3, 2)), np.ones((4, 2))]
    np.testing.assert_array_equal(fac(), np.full((3, 4), 2.0))
    assert fac["u"].dtype == np.float64


def test_what_is_set_is_a_copy():
    _, _, expr = low_rank()
    fac, x = model(expr), np.ones((3, 2))
    fac["u"] = x
    x[0, 0] = 7
    assert fac["u"][0, 0] == 1


def test_a_value_is_a_copy_even_of_a_factor_that_an_identity_leaves_alone():
    a = ff.tensor("a", np.ones((3, 2)))
    fac = ff.Factorization.from_tsrex(ff.eye(3) @ a)
    fac()[:] = 7
    np.testing.assert_array_equal(fac["a"], np.ones((3, 2)))


def test_a_factor_of_another_shape_is_refused():
    _, _, expr = low_rank()
    fac = model(expr)
    with pytest.raises(ShapeError, match=r"factor u of shape \(3, 2\) was given .* \(2,\)"):
        fac["u"] = np.ones(2)
    with pytest.raises(ShapeError, match=r"1 factors were assigned, and the model has 2 .* u of"):
        fac.factors = [np.ones((3, 2))]
    before = fac["u"]
    with pytest.raises(ShapeError):
        fac.factors = [np.ones((3, 2)), np.ones((2, 2))]
    np.testing.assert_array_equal(fac["u"], before)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ([1.0, 1e300], DtypeError, r"1e\+300 does not fit into float32, whose largest .*3.4e\+38"),
        (
            np.array([-1e300, 1.0]),
            DtypeError,
            r"-1e\+300 does not fit into float32.*scale the data",
        ),
        (np.ma.masked_less([1.0, -1.0], 0), OptionError, r"1 masked elements.*Fill them"),
    ],
)
def test_what_a_factor_does_not_hold_is_refused(value, error, message):
    u = ff.tensor("u", 2)
    fac = ff.Factorization.from_tsrex(u, dtype="float32")
    fac["u"] = [1.0, 2.0]
    with pytest.raises(error, match=message):
        fac["u"] = value
    with pytest.raises(error, match=message):
        fac.factors = [value]
    np.testing.assert_array_equal(fac["u"], [1, 2])
    start = ff.tensor("u", 2, initializer=lambda shape: value)
    with pytest.raises(error, match=message):
        ff.Factorization.from_tsrex(start, dtype="float32")
    fac["u"] = [np.inf, np.nan]  # are what they are
    np.testing.assert_array_equal(fac["u"], [np.inf, np.nan])


def test_data_that_a_dtype_does_not_hold_are_refused():
    for tensor in (ff.tensor("a", [1e300]), ff.tensor("a", 1, initializer=np.array([1e300]))):
        with pytest.raises(DtypeError, match=r"1e\+300 does not fit into float32"):
            ff.Factorization.from_tsrex(tensor, dtype="float32")
        assert ff.Factorization.from_tsrex(tensor, dtype="float64")() == [1e300]


def test_a_complex_factor_of_a_real_model_is_refused():
    _, _, expr = low_rank()
    with pytest.raises(DtypeError, match=r"imaginary part would be lost"):
        model(expr)["u"] = np.ones((3, 2)) * 1j


def test_an_unknown_name_lists_the_names():
    _, _, expr = low_rank()
    fac = model(expr)
    with pytest.raises(UnknownNameError, match=r"no factor 'w'.* Known are u, v"):
        fac["w"]
    with pytest.raises(UnknownNameError, match=r"names no factor.*there are u of shape"):
        fac[expr]
    with pytest.raises(UnknownNameError, match=r"names no factor.*there are u of shape"):
        fac[0] = 1.0
    with pytest.raises(UnknownNameError, match=r"does not stand in this model"):
        fac[ff.tensor("u", 3, 2)]


def test_two_tensors_with_one_symbol_are_two_factors():
    a, b = ff.tensor("u", 3, 2), ff.tensor("u", 2, 4)
    fac = model(a @ b)
    with pytest.raises(
        UnknownNameError, match=r"'u' names 2 factors: u of shape \(3, 2\), u_2 of sh"
    ):
        fac["u"]
    assert fac[a].shape == (3, 2)
    assert fac[b].shape == fac["u_2"].shape == (2, 4)


def test_one_tensor_is_one_factor_however_often_it_stands():
    v = ff.tensor("V", 3, 3)
    fac = model(v @ v)
    assert len(fac.factors) == 1
    np.testing.assert_allclose(fac(), fac["V"] @ fac["V"])


# --- starts and dtypes


def test_starts():
    a = ff.tensor("a", 2, 3, initializer=ff.initializers.Ones)
    b = ff.tensor("b", 2, 3, initializer=ff.initializers.Uniform(2.0))
    c = ff.tensor("c", 2, 3, initializer=lambda shape: np.full(shape, 7))
    d = ff.tensor("d", 2, 3, initializer=np.arange(6).reshape(2, 3))
    e = ff.tensor("e", np.arange(6).reshape(2, 3), optimizable=True)
    fac = model(a + b + c + d + e)
    assert (fac["a"] == 1).all()
    assert ((fac["b"] >= 0) & (fac["b"] < 2)).all()
    assert (fac["c"] == 7).all()
    assert (fac["d"] == np.arange(6).reshape(2, 3)).all()
    assert len(fac.factors) == 5
    assert all(x.dtype == np.float64 for x in fac.factors)


def test_the_default_start_is_standard_normal():
    x = model(ff.tensor("x", 300, 300))()
    assert x.mean() == pytest.approx(0, abs=0.02)
    assert x.std() == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_what_is_preferred_nonnegative_starts_so_unless_a_start_is_given(dtype):
    prefer = ff.conditions.NonNegative
    fac = model(ff.tensor("x", 50, prefer=prefer), dtype=dtype, vec_size=3)
    assert fac["x"].dtype == dtype
    assert (fac["x"].real > 0).all()
    assert not fac["x"].imag.any()
    given = model(ff.tensor("x", 50, prefer=prefer, initializer=ff.initializers.Normal))
    assert (given["x"] < 0).any()


@pytest.mark.parametrize(
    ("expr", "dtype", "expected"),
    [
        (lambda: ff.tensor("x", 2), None, "float64"),
        (lambda: ff.tensor("x", 2), "float32", "float32"),
        (lambda: ff.tensor("x", 2), complex, "complex128"),
        (lambda: ff.tensor("x", np.ones(2, "float32")), None, "float64"),
        (lambda: ff.tensor("x", 2) * ff.tensor("d", np.ones(2) * 1j), None, "complex128"),
        (lambda: ff.tensor("x", 2) * 1j, None, "complex128"),
        (lambda: ff.tensor("x", 2, initializer=[1j, 1]), None, "complex128"),
        (lambda: ff.tensor("x", 2) * 1j, "complex64", "complex64"),
    ],
)
def test_dtypes(expr, dtype, expected):
    fac = model(expr(), dtype=dtype)
    assert fac.backend.dtype_name(fac.dtype) == expected
    assert fac().dtype == expected
    assert all(x.dtype == expected for x in fac.all_factors)


def test_complex_into_real_is_refused():
    d = ff.tensor("d", np.ones(2) * 1j)
    with pytest.raises(DtypeError, match=r"the data of d is complex, and the model is.* float32"):
        model(ff.tensor("x", 2) * d, dtype="float32")
    with pytest.raises(DtypeError, match=r"a number.* is complex"):
        model(ff.tensor("x", 2) * 1j, dtype=float)
    with pytest.raises(DtypeError, match=r"dtype=int32: the factors of a model are floating"):
        model(ff.tensor("x", 2), dtype="int32")


def test_without_initialisation():
    _, _, expr = low_rank()
    fac = model(expr, initialize=False)
    with pytest.raises(OptionError, match=r"initialize=False, and no value has been set for u of"):
        fac()
    fac["u"], fac["v"] = np.ones((3, 2)), np.ones((4, 2))
    np.testing.assert_array_equal(fac(), np.full((3, 4), 2.0))


def test_a_model_is_made_of_an_expression():
    with pytest.raises(NotationError, match=r"a model is made of an expression, not of array"):
        model(np.ones(3))
    with pytest.raises(UnknownNameError, match=r"no condition 'positive'. Did you mean 'Positive"):
        model(ff.tensor("x", 2, prefer="positive"))
    with pytest.raises(UnknownNameError, match=r"no initializer 'ones'. Did you mean 'Ones'"):
        model(ff.tensor("x", 2, initializer="ones"))


# --- replicas


@pytest.mark.parametrize(("axis", "shape"), [(0, (5, 3, 4)), (-1, (3, 4, 5))])
def test_replicas(axis, shape):
    u, v, expr = low_rank()
    fac = model(expr, vec_size=5, vec_axis=axis)
    assert fac.shape == fac().shape == shape
    a, b = (np.moveaxis(fac[x], axis, 0) for x in (u, v))
    assert a.shape == (5, 3, 2)
    expected = np.einsum("nir,njr->nij", a, b)
    np.testing.assert_allclose(np.moveaxis(fac(), axis, 0), expected, rtol=1e-12)
    for n in (0, 3, -1):
        one = ff.view(fac, n)
        assert one.tsrex.shape == (3, 4)
        np.testing.assert_allclose(one(), expected[n], rtol=1e-12)
        np.testing.assert_array_equal(one[u], a[n])


def test_replicas_draw_the_same_numbers_wherever_their_axis_stands():
    _, _, expr = low_rank()
    first = model(expr, vec_size=5)
    ff.active_backend.seed(0)
    last = model(expr, vec_size=5, vec_axis=-1)
    np.testing.assert_array_equal(np.moveaxis(first["u"], 0, -1), last["u"])


def test_models_of_one_expression_share_what_was_made_of_it():
    *_, expr = low_rank()
    first, second = (ff.Factorization.from_tsrex(expr, vec_size=2) for _ in range(2))
    assert first.tsrex is second.tsrex
    assert first.ir is second.ir
    assert first.forward is second.forward
    assert ff.view(first, 0).forward is ff.view(second, 1).forward
    narrow = ff.Factorization.from_tsrex(expr, vec_size=2, dtype="float32")
    assert narrow.forward is not first.forward
    assert not np.array_equal(first["u"], second["u"])


def test_replicas_share_data():
    w = ff.tensor("w", np.ones((3, 4)))
    _, _, expr = low_rank()
    fac = model(w[i, j] * expr, vec_size=5)
    assert fac["w"].shape == (3, 4)
    assert fac["u"].shape == (5, 3, 2)
    np.testing.assert_array_equal(ff.view(fac, 2)["w"], fac["w"])


def test_replicas_of_replicas():
    x = ff.tensor("x", 2, 3)
    inner = ff.vectorize(x, 4, append=True)
    fac = model(inner, vec_size=5)
    assert fac.shape == fac["x"].shape == (5, 2, 3, 4)
    one = ff.view(fac, 1)
    assert one.shape == (2, 3, 4)
    np.testing.assert_array_equal(one(), fac()[1])
    np.testing.assert_array_equal(ff.view(one, 2)(), fac()[1, :, :, 2])


def test_an_expression_that_is_vectorised_already():
    fac = model(ff.vectorize(low_rank()[2], 6))
    np.testing.assert_array_equal(ff.view(fac, 4)(), fac()[4])


def test_what_view_refuses():
    _, _, expr = low_rank()
    with pytest.raises(OptionError, match=r"has no replicas to take one from"):
        ff.view(model(expr), 0)
    with pytest.raises(RangeError, match=r"replica 5 was asked for, and the model has 5: 0 to 4"):
        ff.view(model(expr, vec_size=5), 5)
    with pytest.raises(IndexError):
        ff.view(model(expr, vec_size=5), -6)


@pytest.mark.parametrize("vec_axis", [1, None, "last"])
def test_the_replica_axis_is_first_or_last(vec_axis):
    with pytest.raises(
        OptionError, match=r"vec_axis=.*: the replica axis comes first \(0\) or last"
    ):
        model(low_rank()[2], vec_axis=vec_axis)


@pytest.mark.parametrize("vec_size", [0, -1, 1.5, True])
def test_there_is_a_whole_number_of_replicas(vec_size):
    with pytest.raises(OptionError, match=r"1 or more"):
        model(low_rank()[2], vec_size=vec_size)


# --- penalties


def test_penalties():
    conditions = ff.conditions
    normal = ff.initializers.Normal(1.0)
    a = ff.tensor("a", 2, 3, prefer=conditions.NonNegative, initializer=normal)
    b = ff.tensor("b", 3, 3, prefer=conditions.Diagonal(weight=2.0, reduction="sum"))
    c = ff.tensor("c", 3, 4)
    fac = model(a @ b @ c)
    negative = np.mean(np.minimum(fac["a"], 0) ** 2)
    outside = 2 * np.sum((fac["b"] - np.diag(np.diag(fac["b"]))) ** 2)
    assert fac.penalty() == pytest.approx(negative + outside)
    np.testing.assert_allclose(fac.penalty(sum_leafs=False), [negative, outside, 0])


@pytest.mark.parametrize("axis", [0, -1])
def test_penalties_of_replicas(axis):
    u, v, expr = low_rank(prefer=ff.conditions.NonNegative, initializer=ff.initializers.Normal)
    fac = model(expr, vec_size=5, vec_axis=axis)
    a, b = (np.moveaxis(fac[x], axis, 0) for x in (u, v))
    each = [np.mean(np.minimum(x, 0) ** 2, axis=(1, 2)) for x in (a, b)]
    np.testing.assert_allclose(fac.penalty(), each[0] + each[1])
    np.testing.assert_allclose(fac.penalty(sum_leafs=False), each)
    np.testing.assert_allclose(fac.penalty(sum_leafs=False, sum_vec=True), np.sum(each, axis=1))
    assert fac.penalty(sum_vec=True) == pytest.approx(np.sum(each))


def test_penalties_of_replicas_of_replicas():
    x = ff.tensor("x", 2, 3, prefer=ff.conditions.UpperTriangular)
    fac = model(ff.vectorize(x, 4, append=True), vec_size=5)
    expected = np.mean(np.tril(np.moveaxis(fac["x"], -1, 1), -1) ** 2, axis=(2, 3)).sum(axis=1)
    np.testing.assert_allclose(fac.penalty(), expected)


def test_no_penalty():
    assert model(ff.tensor("d", np.ones(3))).penalty() == 0
    assert model(low_rank()[2]).penalty() == 0


# --- repr


def test_repr():
    w = ff.tensor("w", np.ones((3, 4)))
    text = repr(model(w[~i, ~j] * low_rank()[2], vec_size=5))
    assert "w[~i, ~j] * " in text
    assert "shape (5, 3, 4), float64 on <backend 'NumpyBackend'>" in text
    assert [line.split() for line in text.splitlines()[2:]] == [
        ["w", "(3,", "4)", "fixed"],
        ["u", "(5,", "3,", "2)", "optimised"],
        ["v", "(5,", "4,", "2)", "optimised"],
    ]


def test_it_stays_on_its_backend(monkeypatch):
    fac = model(low_rank()[2])
    value = fac()
    with ff.using("numpy"):
        np.testing.assert_array_equal(fac(), value)
    ported = fac.to("numpy")
    assert ported is not fac
    np.testing.assert_array_equal(ported(), value)
    ported["u"] = np.zeros((3, 2))
    np.testing.assert_array_equal(fac(), value)


def test_what_is_no_model_replica_factor_or_slice():
    fac = model(ff.tensor("u", 3, 2), vec_size=4)
    with pytest.raises(
        OptionError, match=r"factors=3: expected a sequence.*u of shape \(4, 3, 2\)"
    ):
        fac.factors = 3
    with pytest.raises(OptionError, match=r"view takes a replica of a model, and got a int"):
        ff.view(3, 0)
    for replica in (1.0, True):
        with pytest.raises(OptionError, match=rf"replica {replica}: expected an integer"):
            ff.view(fac, replica)
    with pytest.raises(OptionError, match=r"for axis 0 is no slice of positions .*cannot be zero"):
        fac[::0]


def test_pickling_points_to_files_and_copying_copies():
    fac = model(ff.tensor("u", 3))
    with pytest.raises(OptionError, match=r"not pickled.*fac.save\(path\)"):
        pickle.dumps(fac)
    for other in (copy.copy(fac), copy.deepcopy(fac)):
        np.testing.assert_array_equal(other["u"], fac["u"])
        other["u"] = np.zeros(3)
        assert np.any(fac["u"])


@pytest.mark.parametrize(
    "build", [lambda u, i, j: u, lambda u, i, j: u[i, j] >> [j, i], lambda u, i, j: ff.real(u)]
)
def test_a_value_shares_no_memory_with_a_factor(build):
    i, j = ff.indices("i, j")
    fac = model(build(ff.tensor("u", 2, 2), i, j))
    before = fac["u"].copy()
    value = fac()
    value[...] = 0
    np.testing.assert_array_equal(fac["u"], before)
