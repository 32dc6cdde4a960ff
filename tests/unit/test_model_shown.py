"""What a model shows in Jupyter, and models compared and copied."""

from html.parser import HTMLParser

import numpy as np
import pytest

import funfact as ff
from funfact.model import History, Outcome

i, j, r = ff.indices("i, j, r")


@pytest.fixture(autouse=True)
def on_numpy():
    with ff.using("numpy") as ab:
        ab.seed(0)
        yield


def low_rank(data=False):
    u = ff.tensor("u", np.ones((3, 2))) if data else ff.tensor("u", 3, 2)
    return u[i, r] * ff.tensor("v", 4, 2)[j, r]


def model(expr, **kwargs):
    return ff.Factorization.from_tsrex(expr, **kwargs)


def history(checkpoints):
    return History(
        steps=np.arange(checkpoints) * 50,
        losses=np.stack([np.arange(checkpoints, 0.0, -1), np.full(checkpoints, np.nan)], axis=1),
        seconds=np.linspace(0, 1, checkpoints),
        best=np.array([1.0, np.inf]),
        converged=np.array([False, False]),
        lost=(1,),
        tol=1e-6,
        outcome=Outcome.MAX_STEPS,
        replica=0,
    )


class Page(HTMLParser):
    """The tags of a text, and the cells of its tables row by row."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.rows = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data):
        if self.tags and self.tags[-1] in ("td", "th") and data.strip():
            self.rows[-1].append(data)


# --- what Jupyter shows


def test_the_formula_and_the_factors():
    expr = low_rank(data=True)
    text = model(expr, vec_size=2, dtype="float32")._repr_html_()
    assert "$$" in text
    assert Page(text).rows == [
        ["factor", "shape", "dtype"],
        ["u", "(3, 2)", "float32", "fixed"],
        ["v", "(2, 4, 2)", "float32", "optimised"],
    ]
    assert "script" not in Page(text).tags


def test_real_factors_of_a_complex_model():
    fac = model(ff.tensor("x", 3, real=True) * ff.tensor("z", 3), dtype="complex64")
    assert [row[2] for row in Page(fac._repr_html_()).rows[1:]] == ["float32", "complex64"]


def test_what_is_asked_of_factors():
    u = ff.tensor("u", 3, 3, constrain="NonNegative", prefer=ff.conditions.Unitary(weight=2.0))
    v = ff.tensor("v", 3, 3, constrain=ff.conditions.Simplex(axis=1))
    fac = model(u @ v @ ff.tensor("w", 3, 3, prefer=lambda x: x - 1) @ ff.tensor("t", 3, 3))
    states = [row[3] for row in Page(fac._repr_html_()).rows[1:]]
    assert states == [
        "optimised, constrain=NonNegative, prefer=Unitary(weight=2.0)",
        "optimised, constrain=Simplex(axis=1)",
        "optimised, prefer=<lambda>",
        "optimised",
    ]
    for state in states:
        assert f"(3, 3)  {state}\n" in repr(fac) + "\n"


def test_what_it_shows_is_escaped():
    def swap(x, ab):
        return x

    expr = ff.parametrized(swap, "x", 3, shape=3, name="<b>")
    text = model(expr)._repr_html_()
    assert "<b>" not in text
    assert "$$" in text


@pytest.mark.parametrize(("checkpoints", "rows"), [(1, 1), (4, 4), (201, 10)])
def test_after_a_fit_its_history(checkpoints, rows):
    fac = model(low_rank())
    fac.history = history(checkpoints)
    text = fac._repr_html_()
    assert "1 lost" in text
    assert "all steps were made" in text
    table = Page(text).rows[3:]
    assert table[0] == ["step", "loss", "seconds"]
    assert len(table) == rows + 1
    assert table[1] == ["0", str(checkpoints), "0"]
    assert table[-1][:2] == [str(50 * (checkpoints - 1)), "1"]


# --- copies


def test_a_copy_is_independent():
    fac = model(low_rank(), vec_size=2)
    fac.history = history(3)
    before, copied = np.array(fac["u"]), fac.copy()
    np.testing.assert_array_equal(copied(), fac())
    assert copied.tsrex is fac.tsrex
    assert copied.history is fac.history
    copied["u"] = np.zeros((2, 3, 2))
    np.testing.assert_array_equal(fac["u"], before)
    copied["v"][...] = 0
    assert np.all(fac["v"] != 0)


def test_a_copy_of_a_model_without_values():
    copied = model(low_rank(), initialize=False).copy()
    copied.factors = [np.ones((3, 2)), np.ones((4, 2))]
    np.testing.assert_array_equal(copied(), np.full((3, 4), 2.0))


# --- equality of structure


def test_models_of_one_structure():
    fac = model(low_rank())
    assert fac.same_structure(model(low_rank(), dtype="float32"))
    assert fac.same_structure(low_rank())
    assert fac.same_structure(fac.copy())
    assert low_rank().same_structure(low_rank())
    assert not low_rank().same_structure(low_rank()[j, i])


def test_models_of_another_structure():
    fac, u = model(low_rank()), ff.tensor("u", 3, 2)
    assert not fac.same_structure(low_rank(data=True))
    assert not fac.same_structure(model(low_rank(), vec_size=2))
    assert not fac.same_structure(u[i, r] * ff.tensor("v", 5, 2)[j, r])
    assert not fac.same_structure(u[i, r] + ff.tensor("v", 4, 2)[j, r])
    assert not model(u[i, r] * u[j, r]).same_structure(u[i, r] * ff.tensor("v", 3, 2)[j, r])
