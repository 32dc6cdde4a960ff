"""Random expressions with everything in them that can be written, and awkward names."""

from random import Random
from typing import Any

from hypothesis import strategies as st

import funfact as ff
from funfact.errors import FunFactError
from funfact.language.merging import merge
from funfact.language.nodes import Generate

SYMBOLS = ("u", "u", "u_1", "k", "exp", "pi", "lambda", "alpha", "T12", "core", "x²", None)
INDEX_SYMBOLS = ("i", "i", "j", "k", "u", "if", "beta", None)
NUMBERS = (0, 1, -3, 2.5, -1e-7, 1e30, 1 + 2j, -2j, complex("nan"), float("inf"), float("nan"))
SHAPES = ((), (2,), (2, 2), (2, 2), (1, 2), (2, 2, 2))
OPERATORS = ("+", "-", "*", "/", "**", "@", "&", "minplus", "logsumexp", "viterbi")


@st.composite
def expressions(draw: Any) -> ff.TsrEx:
    """One of the expressions that `attempts` comes to; a seed says which."""
    rng = Random(draw(st.integers(0, 2**32 - 1)))
    return attempts(rng, rng.randint(3, 40))[-1]


def attempts(rng: Random, count: int) -> list[ff.TsrEx]:
    """What `count` attempts to write something with what was written before come to."""
    indices = [ff.index(symbol) for symbol in INDEX_SYMBOLS]
    symbols = [rng.choice(SYMBOLS) for _ in range(4)]
    pool = [ff.tensor(*[s for s in [symbol] if s], *rng.choice(SHAPES)) for symbol in symbols]
    pool += [ff.eye(2), ff.ones(2, 2), ff.pi, ff.tensor("D", [[1.0, 2.0], [3.0, 4.0]])]
    for _ in range(count):
        try:
            made = _step(rng, pool, indices)
        except FunFactError:
            continue
        if made.ndim <= 8:
            pool.append(made)
    return pool


def _step(rng: Random, pool: list[ff.TsrEx], indices: list[Any]) -> ff.TsrEx:
    """One more expression, made of earlier ones: late ones rather than early ones."""
    x, y = (pool[-1 - min(int(rng.expovariate(0.25)), len(pool) - 1)] for _ in "xy")
    match rng.randint(0, 14):
        case 0 | 1 | 2 | 3:
            return x[_list(rng, indices, x.ndim)]
        case 4 | 5:
            live = [*x.live_indices, *rng.choice([[], [...], indices[:1]])]
            return x >> _marked(rng, rng.sample(live, rng.randint(0, len(live))))
        case 6:
            return rng.choice([lambda x: -x, ff.exp, ff.conj, ff.abs, ff.relu])(x)
        case 7:
            return _binary(*rng.sample([x, rng.choice(NUMBERS)], 2), rng.choice(OPERATORS))
        case 8:
            return ff.vectorize(x, rng.randint(1, 3), append=rng.random() < 0.5)
        case 9:
            live = rng.sample(x.live_indices, len(x.live_indices))
            return merge(x, live[:1], live[1:])
        case 10:
            node = Generate(x.node, "made", _made, (2, 2))
            return ff.TsrEx(node, x)
        case _:
            return _binary(x, y, rng.choice(OPERATORS))


def _made(parameters: Any, ab: Any) -> Any:
    return parameters


def _list(rng: Random, indices: list[Any], ndim: int) -> Any:
    names = [rng.choice(indices) for _ in range(ndim)]
    if rng.randint(0, 3) == 0:
        where = rng.randint(0, ndim)
        names[where : where + rng.randint(0, 2)] = [...]
    return _marked(rng, names)


def _marked(rng: Random, names: list[Any]) -> list[Any]:
    written: list[Any] = []
    for name in names:
        mark = rng.choice("     ~*") if name is not ... else " "
        written += [~name] if mark == "~" else [*name] if mark == "*" else [name]
    return written


def _binary(x: Any, y: Any, op: str) -> Any:
    if op.isalpha():
        return getattr(ff, op)(x, y)
    return eval(f"x {op} y", {"x": x, "y": y})
