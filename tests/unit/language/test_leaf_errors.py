"""Errors about tensors, indices and constants as they are made."""

from typing import Any

import numpy as np
import pytest
from refusal import assert_says

import funfact as ff
from funfact import errors

BAD = ["", "a b", "u_1_2", "a-b", "u+", "u_", "_1", "é!", "u__1", "a,b", "a.b", "$x$"]
GOOD = ["u", "U", "u_1", "U1", "alpha", "alpha_12", "u_ab", "B2", "x_i"]


@pytest.mark.parametrize("symbol", BAD)
def test_bad_symbols_of_tensors(symbol: str) -> None:
    """Symbols are letters, digits and one subscript (`u_1`, `U1`, `alpha`)."""
    with pytest.raises(errors.NotationError) as caught:
        ff.tensor(symbol, 2, 3)
    assert_says(str(caught.value), repr(symbol), ("letters", "subscript"))


@pytest.mark.parametrize("symbol", [s for s in BAD if s])
def test_bad_symbols_of_indices(symbol: str) -> None:
    """Symbols are letters, digits and one subscript (`u_1`, `U1`, `alpha`)."""
    with pytest.raises(errors.NotationError) as caught:
        ff.index(symbol)
    assert_says(str(caught.value), repr(symbol), ("letters", "subscript"))


@pytest.mark.parametrize("symbol", GOOD)
def test_good_symbols(symbol: str) -> None:
    assert symbol in repr(ff.tensor(symbol, 2)[ff.index("i")])
    assert symbol in repr(ff.tensor("t", 2)[ff.index(symbol)])


def test_a_bad_symbol_among_many() -> None:
    with pytest.raises(errors.NotationError) as caught:
        ff.indices("i, j-k, l")
    assert_says(str(caught.value), "j-k")


@pytest.mark.parametrize("given", [-1, 2.5, None, ["i", 3], 0.0])
def test_indices_take_names_or_a_count(given: Any) -> None:
    """`ff.indices('i, j, k')`, `ff.indices('i j k')`, `ff.indices(3)`."""
    with pytest.raises(errors.FunFactError):
        ff.indices(given)


@pytest.mark.parametrize("shape", [(-1,), (2, -3), (2, 2.5), ("n", "m", 2), (None,), (2, [3])])
def test_bad_sizes(shape: tuple[Any, ...]) -> None:
    """`ff.tensor('T', 2, 3, 4)`: sizes are whole numbers, not negative."""
    with pytest.raises(errors.FunFactError) as caught:
        ff.tensor("T", *shape)
    wrong = next(size for size in shape if not (isinstance(size, int) and size >= 0))
    assert_says(str(caught.value), str(wrong))


def test_masked_elements_are_refused() -> None:
    """A mask would be lost: data and starts are arrays with all of their elements."""
    masked = np.ma.masked_less([1.0, -1.0, -2.0], 0)
    for write in (
        lambda: ff.tensor("a", masked),
        lambda: ff.tensor("a", masked, optimizable=True),
        lambda: ff.tensor("a", 3, initializer=masked),
    ):
        with pytest.raises(errors.NotationError) as caught:
            write()
        assert_says(str(caught.value), "2 masked elements", "x.filled(0)")
    assert ff.tensor("a", np.ma.array([1.0, 2.0])).shape == (2,)


@pytest.mark.parametrize("data", [np.array(["a", "b"]), np.array([object()]), np.array([None])])
def test_data_that_are_no_numbers(data: Any) -> None:
    """`ff.tensor('T', array)`: an array of numbers."""
    with pytest.raises(errors.FunFactError) as caught:
        ff.tensor("T", data)
    assert_says(str(caught.value), "ff.tensor", ("number", "numbers"))


def test_a_tensor_out_of_an_expression() -> None:
    """`ff.tensor` makes a leaf: an expression is none."""
    with pytest.raises(errors.FunFactError):
        ff.tensor("T", ff.tensor("a", 3))


@pytest.mark.parametrize("make", ["zeros", "ones", "eye"])
def test_bad_sizes_of_constants(make: str) -> None:
    """`ff.zeros`, `ff.ones`, `ff.eye`: sizes are whole numbers, not negative."""
    for size in (-1, 2.5, "n"):
        with pytest.raises(errors.FunFactError) as caught:
            getattr(ff, make)(size)
        assert_says(str(caught.value), str(size))


def test_complex_data_in_a_real_model() -> None:
    """Complex into a real model is refused."""
    z = ff.tensor("z", np.array([1 + 2j, 3], np.complex64))
    a = ff.tensor("a", 2)
    for expr in (z * a, 2j * a, z[ff.index("i")]):
        with pytest.raises(errors.DtypeError) as caught, ff.using("numpy"):
            ff.Factorization.from_tsrex(expr, dtype="float32")
        assert_says(str(caught.value), "complex", "float32")


def test_data_belong_to_the_expression() -> None:
    """What becomes of an array later changes neither the data nor the start of a tensor."""
    data, rows = np.ones(2), [[1.0, 1.0], [1.0, 1.0]]
    d, u = ff.tensor("d", data), ff.tensor("u", 2, initializer=data)
    v = ff.tensor("v", 2, 2, initializer=rows)
    data[0] = rows[0][0] = 5.0
    with ff.using("numpy"):
        fac = ff.Factorization.from_tsrex(v @ (d * u))
    assert fac().tolist() == [2.0, 2.0]
