"""What a model says of its fit: `Factorization.report`, and curves of losses."""

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import funfact as ff
from funfact.errors import MissingLibraryError, OptionError
from funfact.model import History, Outcome
from funfact.model.curves import svg

i, j, k, r = ff.indices("i, j, k, r")


@pytest.fixture(autouse=True)
def ab():
    with ff.using("numpy") as ab:
        ab.seed(0)
        yield ab


def cp(*shape, rank):
    a, b, c = (ff.tensor(x, n, rank) for x, n in zip("abc", shape, strict=True))
    return (a[i, ~r] * b[j, ~r]) * c[k, r]


def product_tensor():
    """Of two 2x2 matrices: element (ab, bc, ac) is 1."""
    target = np.zeros((2, 2, 2, 2, 2, 2))
    for a, b, c in np.ndindex(2, 2, 2):
        target[a, b, b, c, a, c] = 1
    return target.reshape(4, 4, 4)


def fit(expr, target, **options):
    return ff.factorize(expr, target, progress=False, stop_by=None, **options)


def test_too_few_components():
    # six products do not multiply two 2x2 matrices: the infimum of the squared error is 1
    # (Hopcroft & Kerr 1971: the rank is 7; so is the border rank, Landsberg 2006)
    fac = fit(cp(4, 4, 4, rank=6), product_tensor(), vec_size=30, max_steps=500, tol=1e-12)
    text = repr(fac.report())
    assert "replicas: 30, none reached tol=1e-12" in text
    # one start ends in a local optimum, at 2
    assert "optima: squared error 1.00: 29 of 30 replicas" in text
    assert re.search("advice: 29 of 30 replicas ended at the lowest loss.*more components", text)


def test_enough_components():
    fac = fit(cp(4, 4, 4, rank=7), product_tensor(), vec_size=30, max_steps=500, tol=1e-12)
    report, reached = fac.report(), int(fac.history.converged.sum())
    assert reached > 5
    assert f"replicas: 30, {reached} reached tol=1e-12" in repr(report)
    assert len(report.optima[0].replicas) == reached
    # the exact solutions are a family: no two starts end at the same one
    assert (report.optima[0].values, report.optima[0].factors) == (1, reached)
    assert f"the same model, by {reached} different sets of factors" in repr(report)


def test_one_optimum():
    rng = np.random.default_rng(0)
    target = np.einsum("ir,jr,kr->ijk", *(rng.normal(size=(n, 3)) for n in (6, 7, 8)))
    fac = fit(cp(6, 7, 8, rank=3), target, vec_size=4, max_steps=2000, tol=1e-12)
    assert "the same model, by the same factors up to order and scale" in repr(fac.report())
    every = fit(cp(6, 7, 8, rank=3), target, vec_size=4, max_steps=2000, tol=1e-12, returns="all")
    assert {str(fac.report().optima) for fac in every} == {str(every[0].report().optima)}


def history(losses, **options):
    best = np.array(losses, float)
    return History(
        steps=np.array([0, 50, 100]),
        losses=np.stack([best + 2, best + 1, best]),
        seconds=np.array([0.0, 0.5, 1.0]),
        best=best,
        converged=best < 1e-6,
        lost=(),
        tol=1e-6,
        outcome=Outcome.SETTLED,
        replica=0,
        **options,
    )


def told(losses, **options):
    fac = ff.Factorization.from_tsrex(cp(2, 2, 2, rank=1))
    fac.history = history(losses, **options)
    return repr(fac.report())


def test_all_that_is_known():
    text = told(
        [0.25, 0.5],
        method="LM",
        reason="it is small",
        loss_name="MSE",
        squares=8.0,
        target_norm=4.0,
        gradient_norms=np.array([[3.0, 3], [2, 2], [0.125, 1]]),
    )
    expected = """\
a[i, ~r] * b[j, ~r] * c[k, r], shape (2, 2, 2), float64
    method: LM, it is small
   outcome: the loss of no replica changes any more; for a lower one try more replicas \
(vec_size=) or a larger model
      loss: MSE 0.25, squared error 2.00, explained fit 0.646447
  gradient: norm 0.125
     steps: 100 in 1 s
  replicas: 2, none reached tol=1e-06
    optima: squared error 2.00: 1 of 2 replicas
            squared error 4.00: 1 of 2 replicas
    advice: the lowest loss was found by one of 2 replicas alone: more of them (vec_size=) may \
find a lower one"""
    assert text == expected


def test_what_was_asked_of_factors():
    u = ff.tensor("u", 2, 1, constrain="UnitNorm")
    v = ff.tensor("v", 2, 1, prefer=ff.conditions.NonNegative)
    fac = ff.Factorization.from_tsrex(u[i, ~r] * v[j, ~r] * ff.tensor("w", 2, 1)[k, r])
    fac.history = history([0.5])
    assert "   factors: u: constrain=UnitNorm; v: prefer=NonNegative\n" in repr(fac.report())
    assert "v: prefer=NonNegative" in fac.report()._repr_html_()


MADE = "all steps were made; for a lower loss, allow more (max_steps=) or more replicas (vec_size=)"


@pytest.mark.parametrize(
    ("outcome", "lr", "text"),
    [
        (Outcome.MAX_STEPS, None, MADE),
        (Outcome.MAX_STEPS, 0.1, MADE + ", or raise lr (0.1) or scale the data if they are far "),
        (Outcome.LOST, None, "starts closer to zero (initializer=)"),
        (Outcome.LOST, 0.01, "starts closer to zero (initializer=), or a smaller lr (0.01)"),
        (Outcome.CONVERGED, 0.1, "the tolerance was reached; for a lower loss, lower it (tol=)"),
    ],
)
def test_advice_speaks_of_a_learning_rate_where_there_is_one(outcome, lr, text):
    fac = ff.Factorization.from_tsrex(cp(2, 2, 2, rank=1))
    fac.history = replace(history([0.5]), outcome=outcome, lr=lr)
    assert text in fac.history.advice
    assert fac.history.advice in repr(fac.report())
    assert fac.history.advice in repr(fac)
    assert ("lr" in fac.history.advice) is (lr is not None and outcome is not Outcome.CONVERGED)


def test_little_that_is_known():
    text = told([1e-9])
    assert "gradient" not in text
    assert "optima: loss 1.00e-09: 1 of 1 replicas" in text
    assert "advice" not in text


def test_many_optima_are_counted():
    assert "2 more at 2 higher losses" in told(1.5 ** np.arange(10))


def test_a_model_that_was_not_fitted():
    fac = ff.Factorization.from_tsrex(cp(2, 2, 2, rank=1))
    with pytest.raises(OptionError, match=r"no fit to report on.*ff\.factorize\(expr, target\)"):
        fac.report()


def test_a_stored_model_tells_what_its_history_knows(tmp_path):
    fac = fit(cp(3, 3, 3, rank=1), np.ones((3, 3, 3)), vec_size=3)
    fac.save(tmp_path / "model.ff")
    loaded = ff.load(tmp_path / "model.ff")
    assert loaded.replicas is None
    assert [o.replicas for o in loaded.report().optima] == [o.replicas for o in fac.report().optima]
    assert loaded.history.explained == fac.history.explained


def test_replicas_are_kept_where_they_are_small(monkeypatch):
    fac = fit(cp(3, 3, 3, rank=1), np.ones((3, 3, 3)), vec_size=3)
    assert fac.replicas.shape == (3, 3, 3, 3)
    assert fac.copy().replicas is fac.replicas
    np.testing.assert_array_equal(ff.view(fac.replicas, fac.history.replica)(), fac())
    monkeypatch.setattr(sys.modules["funfact.fit.factorize"], "_KEPT", 26)
    assert fit(cp(3, 3, 3, rank=1), np.ones((3, 3, 3)), vec_size=3).replicas is None


class Tags(HTMLParser):
    """Checks that tags are closed, and collects the curves."""

    def __init__(self, html):
        super().__init__()
        self.open, self.curves = [], []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        if tag == "polyline":
            self.curves.append(dict(attrs)["points"].split())

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_curves_in_a_page():
    fac = ff.Factorization.from_tsrex(ff.tensor("u", np.ones(2))[i])
    fac.history = history([1e-2, 1e-1], reason="a < b")
    html = fac.report()._repr_html_()
    assert "a &lt; b" in html
    curves = Tags(html).curves
    assert [len(points) for points in curves] == [3, 3]
    heights = [float(point.split(",")[1]) for point in curves[1]]  # that of the model is last
    assert heights == sorted(heights)  # downwards
    # logarithmic: 2.01, 1.01 and 0.01, between the highest (2.1) and the lowest
    share = np.log10(2.1 / np.array([2.01, 1.01, 0.01])) / np.log10(2.1 / 0.01)
    np.testing.assert_allclose(np.array(heights), 8 + (heights[-1] - 8) * share, atol=0.06)


@pytest.mark.parametrize("losses", [[np.nan], [0.0]])
def test_nothing_to_draw(losses):
    empty = history(losses)
    empty.losses[:] = losses
    assert svg(empty) == ""


def test_a_plot_of_the_losses():
    matplotlib = pytest.importorskip("matplotlib", reason="what it draws with")
    matplotlib.use("Agg")
    ax = history([1e-2, 1e-1, 1e-3]).plot()
    assert ax.get_yscale() == "log"
    lines = [line.get_ydata() for line in ax.get_lines()]
    np.testing.assert_array_equal(lines[2], history([1e-2]).losses[:, 0])
    assert history([1.0]).plot(ax) is ax
    matplotlib.pyplot.close("all")


def test_no_plot_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingLibraryError, match=r"pip install matplotlib"):
        history([1.0]).plot()
