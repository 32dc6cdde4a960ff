r"""The formula: what a mathematician would write, parentheses only where they are needed."""

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from random_expressions import expressions

import funfact as ff
from funfact.language.merging import merge
from funfact.language.render.symbols import typeset

i, j, k, l, m, n, r = ff.indices("i j k l m n r")
a, b, c, T = (ff.tensor(name, 2, 2) for name in "abcT")
v, w, s = ff.tensor("v", 2), ff.tensor("w", 2), ff.tensor("s")
G = ff.tensor("G", 2, 2, 2)
U, V = ff.tensor("u_1", 2, 2), ff.tensor("alpha", 2, 2)

FORMULAS: list[tuple[Any, str]] = [
    # sums
    (a[i, r] * b[r, j], r"\sum_{r} a_{ir} b_{rj}"),
    (a[i, ~r] * b[j, ~r] * c[k, r], r"\sum_{r} a_{ir} b_{jr} c_{kr}"),
    (G[i, j, k] * a[i, l] * b[j, m], r"\sum_{i,j} G_{ijk} a_{il} b_{jm}"),
    (a[i, j] * (b[j, k] * c[k, l]), r"\sum_{k,j} a_{ij} b_{jk} c_{kl}"),
    (a[i, j] + b[j, k], r"\sum_{j} \left(a_{ij} + b_{jk}\right)"),
    (a[i, ~j] + b[j, k], r"a_{ij} + b_{jk}"),
    (v[i] - w[i], r"\sum_{i} \left(v_{i} - w_{i}\right)"),
    (a[i, j] / b[j, k], r"\sum_{j} \frac{a_{ij}}{b_{jk}}"),
    (a[i, j] ** b[j, k], r"\sum_{j} a_{ij}^{b_{jk}}"),
    (2 * a[i, j] >> [i], r"\sum_{j} 2 a_{ij}"),
    (a[i, i] >> [], r"\sum_{i} a_{ii}"),
    (ff.exp(a[i, j]) >> [i], r"\sum_{j} \exp\left(a_{ij}\right)"),
    (v[i] * w[i] + s[()], r"\sum_{i} v_{i} w_{i} + s"),
    (-(v[i] * w[i]) * v[j], r"\left(-\sum_{i} v_{i} w_{i}\right) v_{j}"),
    # an index that was summed, and is there again
    ((a[i, j] * b[j, k]) * c[j, l], r"\left(\sum_{j} a_{ij} b_{jk}\right) c_{jl}"),
    (c[j, l] * (a[i, j] * b[j, k]), r"c_{jl} \left(\sum_{j} a_{ij} b_{jk}\right)"),
    ((v[i] * w[i]) * (a[i, i] * w[i]), r"\sum_{i} v_{i} w_{i} \left(\sum_{i} a_{ii} w_{i}\right)"),
    # semirings
    (ff.minplus(a[i, j], b[j, k]), r"\min_{j} \left(a_{ij} + b_{jk}\right)"),
    (ff.viterbi(v[i], w[j]), r"v_{i} + w_{j}"),
    (
        ff.logsumexp(a[i, j], b[j, k]) * v[k],
        r"\sum_{k} \left(\operatorname*{logsumexp}_{j} \left(a_{ij} + b_{jk}\right)\right) v_{k}",
    ),
    (ff.minplus(a[i, j], b[j, k]) >> [], r"\min_{i,j,k} \left(a_{ij} + b_{jk}\right)"),
    (ff.semiring("max", "multiply")(a[i, j], b[j, k]), r"\max_{j} a_{ij} b_{jk}"),
    (ff.semiring("prod", "maximum")(v[i], w[i]), r"\prod_{i} \max\left(v_{i}, w_{i}\right)"),
    (
        ff.semiring("mean", "hypot")(v[i], w[i]),
        r"\operatorname*{mean}_{i} \operatorname{hypot}\left(v_{i}, w_{i}\right)",
    ),
    (
        ff.semiring(lambda x, axis: x, "add")(v[i], w[i]),
        r"\operatorname*{reduce}_{i} \left(v_{i} + w_{i}\right)",
    ),
    # Kronecker indices
    (a[[*i, ~j]] * b[i, j], r"a_{ij} \otimes_{i} b_{ij}"),
    (a[[*i, *j]] * b[i, j], r"a_{ij} \otimes_{ij} b_{ij}"),
    (a[[*i, j]] * b[i, j], r"\sum_{j} \left(a_{ij} \otimes_{i} b_{ij}\right)"),
    (v[[*i]] + w[i], r"v_{i} \oplus_{i} w_{i}"),
    (v[[*i]] ** w[i], r"v_{i}^{\otimes_{i} w_{i}}"),
    (v[[*i]] * w[i] * v[[*i]], r"v_{i} \otimes_{i} w_{i} \otimes_{i} v_{i}"),
    # parentheses
    (
        ff.exp(-((a[i, ~k] - b[j, ~k]) ** 2)) * v[k] + s[[]],
        r"\sum_{k} \exp\left(-\left(a_{ik} - b_{jk}\right)^{2}\right) v_{k} + s",
    ),
    ((v[i] + w[j]) * v[k], r"\left(v_{i} + w_{j}\right) v_{k}"),
    (v[i] - (w[j] - v[k]), r"v_{i} - \left(w_{j} - v_{k}\right)"),
    (v[i] + (w[j] - v[k]), r"v_{i} + w_{j} - v_{k}"),
    (v[i] + (-w[j]), r"v_{i} + \left(-w_{j}\right)"),
    (-v[i] * w[j], r"-v_{i} w_{j}"),
    (v[i] * -3, r"v_{i} \left(-3\right)"),
    (v[i] * 2, r"v_{i} \cdot 2"),
    (2 * v[i], "2 v_{i}"),
    ((v[i] ** 2) ** 3, r"\left(v_{i}^{2}\right)^{3}"),
    (v[i] ** (w[j] ** 2), "v_{i}^{w_{j}^{2}}"),
    ((-v[i]) ** 2, r"\left(-v_{i}\right)^{2}"),
    ((v[i] / w[j]) ** 2, r"\left(\frac{v_{i}}{w_{j}}\right)^{2}"),
    (v[i] / (w[j] + 1), r"\frac{v_{i}}{w_{j} + 1}"),
    # arrays without indices
    (a @ b @ v, "a b v"),
    (v @ a, r"v^{\top} a"),
    (a @ (b + c), r"a \left(b + c\right)"),
    (a & b & c, r"a \otimes b \otimes c"),
    (a & (b & c), r"a \otimes \left(b \otimes c\right)"),
    ((a & b) @ ff.eye(4), r"\left(a \otimes b\right) I_{4}"),
    (a * b, r"a \odot b"),
    (a / b, r"a \oslash b"),
    (a / 2, r"\frac{a}{2}"),
    (a**2, r"a^{\circ 2}"),
    (s * a, "s a"),
    (s**2, "s^{2}"),
    (a[i, j] * b[j, k] + c, r"\left[\sum_{j} a_{ij} b_{jk}\right]_{ik} + c"),
    (ff.zeros(2, 3) - ff.ones(3), r"0_{2 \times 3} - \mathbf{1}_{3}"),
    # the order of the axes
    (a[i, j] >> [j, i], r"\left[a_{ij}\right]_{ji}"),
    (a[~r, i] * b[r, j], r"\left[a_{ri} b_{rj}\right]_{irj}"),
    (a[i, j] * b[j, k] >> [k, i], r"\left[\sum_{j} a_{ij} b_{jk}\right]_{ki}"),
    (merge(G[i, j, k], [j], [i, k]), r"\left[G_{ijk}\right]_{j,\overline{ik}}"),
    # names, renaming, functions, numbers
    ((a @ b)[i, j], r"\left(a b\right)_{ij}"),
    (a[i, j][m, n], r"\left.a_{ij}\right|_{i \to m, j \to n}"),
    (a[i, j][i, ~j], "a_{ij}"),
    (a[i, j][m, ...], r"\left.a_{ij}\right|_{i \to m}"),
    (a[i, j][j, j], r"\left.a_{ij}\right|_{i \to j}"),
    (ff.eye(2)[i, j] * v[j], r"\sum_{j} \delta_{ij} v_{j}"),
    (U[i, j] ** 2, "{u_{1}}_{ij}^{2}"),
    (V[i, j] * 1, r"\alpha_{ij} \cdot 1"),
    (a[i, ...], "a_{i,i_{1}}"),
    (ff.abs(v) + ff.sqrt(v) + ff.conj(v), r"\left|v\right| + \sqrt{v} + \overline{v}"),
    (ff.erf(v) + ff.sigmoid(v), r"\operatorname{erf}\left(v\right) + \sigma\left(v\right)"),
    (ff.asin(v) - ff.real(v), r"\arcsin\left(v\right) - \operatorname{Re}\left(v\right)"),
    (v * (1 - 2j), r"v \left(1 - 2\mathrm{i}\right)"),
    (v * 1.5e-7, r"v \cdot 1.5 \times 10^{-7}"),
    (v * float("inf") + ff.pi, r"v \infty + \pi"),
    (ff.vectorize(a @ b, 8), r"\left[a b\right]_{\rho=1}^{8}"),
]


@pytest.mark.parametrize(("expr", "formula"), FORMULAS, ids=[repr(e) for e, _ in FORMULAS])
def test_what_a_mathematician_writes(expr: ff.TsrEx, formula: str) -> None:
    assert expr.latex == formula


def test_jupyter_sets_it_as_a_formula_of_its_own() -> None:
    assert a[i, r]._repr_html_() == "$$ a_{ir} $$"


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("u", "u"),
        ("u_1", "u_{1}"),
        ("T12", "T_{12}"),
        ("U1", "U_{1}"),
        ("alpha", r"\alpha"),
        ("Omega", r"\Omega"),
        ("Alpha", r"\mathrm{A}"),
        ("alpha_beta", r"\alpha_{\beta}"),
        ("beta2_max", r"\beta_{2,\mathrm{max}}"),
        ("core", r"\mathrm{core}"),
        ("x2y", r"\mathrm{x2y}"),
        ("u_1_2", "u_{1,2}"),
        ("α", "α"),
    ],
)
def test_symbols(symbol: str, expected: str) -> None:
    assert typeset(symbol) == expected


def test_tensors_of_one_symbol_are_told_apart_and_an_index_may_share_it() -> None:
    u, other, index = ff.tensor("u", 2), ff.tensor("u", 2), ff.index("u")
    assert (u[index] * other[index]).latex == r"\sum_{u} u_{u} {u_{2}}_{u}"
    assert ff.tensor("lambda", 2).latex == r"\lambda"


def test_a_long_part_that_stands_twice_is_given_after_the_formula() -> None:
    x = a[i, j]
    for _ in range(8):
        x = ff.exp(x) - 1
    formula = (ff.exp(x) + ff.sin(x)[i, ~j]).latex
    assert formula.count("where") == 1
    head, _, given = formula.partition(r" \quad \text{where} \quad ")
    assert "{X_{1}}_{ij}" in head
    assert given.startswith("{X_{1}}_{ij} = ")


def test_what_doubles_at_each_step_stays_short() -> None:
    x = a
    for _ in range(60):
        x = ff.tanh(x @ x + x)
    assert len(x.latex) < 10_000


def test_a_chain_of_thousands_takes_less_than_a_second() -> None:
    x = a
    for _ in range(3_000):
        x = x @ ff.tensor("a", 2, 2)
    started = time.process_time()
    formula = x.latex
    assert time.process_time() - started < 1
    assert formula.count("a_") == 3_000


@settings(max_examples=300)
@given(expr=expressions())
def test_it_is_well_formed(expr: ff.TsrEx) -> None:
    assert_well_formed(expr.latex)


@pytest.mark.parametrize(
    "formula", ["{a", "a}", r"\left(a", r"a\right)", "a_{i}_{j}", "a^2^3", "_a", r"{\left(}\right)"]
)
def test_the_check_is_one(formula: str) -> None:
    with pytest.raises(AssertionError):
        assert_well_formed(formula)


def assert_well_formed(formula: str) -> None:
    """Groups and delimiters are closed; nothing has two subscripts or two superscripts."""
    closing: list[str] = []
    taken: list[str | None] = [None]  # the scripts of what came last, in each open group
    script = [False]  # whether a script comes next
    for token in re.findall(r"\\(?:left|right)(?:\\.|.)|\\[a-zA-Z]+\*?|\\.|\S", formula):
        if token == "{" or token.startswith(r"\left"):
            closing.append("}" if token == "{" else r"\right")
            taken.append(None)
            script.append(False)
            continue
        if token in "_^":
            assert taken[-1] is not None, formula
            assert token not in taken[-1], formula
            taken[-1] += token
            script[-1] = True
            continue
        if token == "}" or token.startswith(r"\right"):
            assert closing, formula
            assert token.startswith(closing.pop()), formula
            taken.pop()
            script.pop()
        taken[-1] = taken[-1] if script[-1] else ""
        script[-1] = False
    assert not closing, formula
