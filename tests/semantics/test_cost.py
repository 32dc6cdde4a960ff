"""What an expression may cost: memory of products, time of long chains."""

import functools
import operator
import subprocess
import sys
import textwrap
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import funfact as ff
from funfact.compiler.lower import lower


def orthogonal(seed: int, n: int) -> Any:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0].astype(np.float32)


def test_matmul_allocates_little() -> None:
    """float32 300x300 `@` 300x300 on NumPy: tracemalloc peak of at most 3 result-sized arrays."""
    n = 300
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0.5, 1.5, (2, n, n)).astype(np.float32)
    with ff.using("numpy"):
        model = ff.Factorization.from_tsrex(ff.tensor("x", x) @ ff.tensor("y", y), dtype="float32")
        peak, value = measured(model)
    assert value.dtype == np.float32
    assert peak <= 3 * n * n * 4, f"{peak / (n * n * 4):.1f} arrays of the result's size"
    np.testing.assert_allclose(value, x @ y, rtol=1e-4)


@pytest.mark.parametrize(
    "text",
    [
        "a[i, j] * b[j, k]",
        "a[i, j] * b[k, j]",
        "a[j, i] * b[j, k] >> [k, i]",
        "a[i, j] * b[j, k] >> []",
        "a[i, j] * b[j, k] >> [j]",
        "a[i, j] * b[j, k] * c[k, i]",
        "a @ b",
        "ff.exp(a[i, j] * b[j, k]) * c[k, l]",
    ],
)
def test_products_are_never_broadcast(text: str) -> None:
    """Products summed over shared indices go to the backend's einsum or matmul, never through a
    broadcast product: 400x400x400 elements are not made."""
    n = 400
    names: dict[str, Any] = dict(zip("ijkl", ff.indices("i j k l"), strict=True))
    names |= {name: ff.tensor(name, np.full((n, n), 1 / n, np.float32)) for name in "abc"}
    with ff.using("numpy"):
        model = ff.Factorization.from_tsrex(eval(text, names | {"ff": ff}), dtype="float32")
        peak, _ = measured(model)
    assert peak <= 6 * n * n * 4, f"{peak / (n * n * 4):.1f} matrices"


def measured(model: Any) -> tuple[int, Any]:
    model()
    tracemalloc.start()
    try:
        value = model()
        return tracemalloc.get_traced_memory()[1], np.asarray(value)
    finally:
        tracemalloc.stop()


def test_products_stay_small_on_every_backend(backend_name: str) -> None:
    """Products go to einsum or matmul on all backends: peak memory of a fresh process."""
    pytest.importorskip("resource", reason="peak memory is asked of a POSIX system")
    script = """
        import resource, sys
        import numpy as np
        import funfact as ff
        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MiB on Linux
        ff.use(sys.argv[1])
        i, j, k = ff.indices("i j k")
        def product(n):
            a, b = (ff.tensor(s, np.full((n, n), 1 / n, np.float32)) for s in "ab")
            expr = a[i, j] * b[j, k] + (a[i, j] * b[k, j] >> [k, i]) >> []
            return float(ff.active_backend.to_numpy(ff.Factorization.from_tsrex(expr)()))
        product(8)
        before = peak()
        product(700)
        print(peak() - before)
    """
    done = process(script, backend_name, timeout=120)
    assert float(done.split()[-1]) < 400  # 700 ** 3 floats are 1308 MiB


@pytest.mark.parametrize("distinct", [1, 3001])
def test_a_long_chain_is_evaluated(distinct: int, backend: Any) -> None:
    """A chain of 3,000 small `@` evaluates in under 5 s, compilation included."""
    arrays, expr = chain(distinct, optimizable=False)
    begin = clocks()
    value = backend.to_numpy(ff.Factorization.from_tsrex(expr, dtype=backend.float32)())
    seconds = since(begin)
    expected = functools.reduce(np.matmul, arrays)
    np.testing.assert_allclose(value, expected, atol=1e-3)
    assert seconds < 5


@pytest.mark.parametrize("distinct", [1, 3001])
def test_a_long_chain_has_a_gradient(distinct: int, backend: Any) -> None:
    """A chain of 3,000 small `@` evaluates in under 15 s with gradient, compilation included."""
    if not hasattr(backend, "value_and_grad"):
        pytest.skip("this backend declares no Autodiff")
    arrays, expr = chain(distinct, optimizable=True)
    begin = clocks()
    forward = lower(expr.ir, list(expr.tensors), backend, backend.float32)
    gradient = backend.value_and_grad(lambda factors: (backend.sum(forward(factors)), None))
    (_, _), grads = gradient([backend.tensor(x, backend.float32) for x in arrays[:distinct]])
    first = backend.to_numpy(grads[0])
    assert since(begin) < 15
    if distinct > 1:  # the first factor's: ones times all the others, transposed
        expected = np.ones((4, 4)) @ functools.reduce(np.matmul, arrays[1:]).T
        np.testing.assert_allclose(first, expected, atol=1e-3)


@pytest.mark.parametrize("distinct", [1, 3001])
def test_a_long_chain_is_fitted(distinct: int, backend: Any, backend_name: str) -> None:
    """The same for who asks for a gradient by fitting: the first steps come in under 15 s."""
    if not hasattr(backend, "value_and_grad"):
        pytest.skip("this backend declares no Autodiff")
    script = """
        import sys
        sys.path.insert(0, sys.argv[3])
        import numpy as np
        import funfact as ff
        from test_cost import chain, clocks, since
        ff.use(sys.argv[1])
        expr = chain(int(sys.argv[2]), optimizable=True)[1]
        begin = clocks()
        ff.factorize(expr, np.eye(4, dtype=np.float32), max_steps=2, lr=1e-3, tol=0)
        print(since(begin))
    """
    done = process(script, backend_name, str(distinct), str(Path(__file__).parent), timeout=40)
    assert float(done.split()[-1]) < 15


def chain(distinct: int, optimizable: bool) -> tuple[list[Any], Any]:
    """3,001 orthogonal 4x4 matrices, so many of them distinct, and the product of them all."""
    arrays = [orthogonal(k, 4) for k in range(distinct)]
    tensors = [ff.tensor(x, optimizable=optimizable) for x in arrays]
    order = [k % distinct for k in range(3001)]
    expr = functools.reduce(operator.matmul, [tensors[k] for k in order])
    return [arrays[k].astype(float) for k in order], expr


def clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def since(begin: tuple[float, float]) -> float:
    """Seconds that went by; those of this process alone where others kept it waiting."""
    return min(now - then for now, then in zip(clocks(), begin, strict=True))


def process(script: str, *args: str, timeout: float) -> str:
    """What a script prints in a fresh process."""
    command = [sys.executable, "-c", textwrap.dedent(script), *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return done.stdout
