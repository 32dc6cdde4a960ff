"""What `import funfact` loads, in the environment that runs the tests.

Where an array library is installed, this shows that it is left alone; where it
is not, that core does without.
"""

import subprocess
import sys

import pytest

LIBRARIES = {"jax", "jaxlib", "torch", "scipy", "matplotlib"}
TESTING = {"pytest", "hypothesis"}
SLOW = {"tqdm", "array_api_compat", "asyncio"}  # each a third of NumPy's own time, and more


def loaded(code: str) -> set[str]:
    """The top-level modules that a new process has loaded after `code`."""
    show = "; import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code + show], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import funfact",
        "import funfact; funfact.available_backends",
        "import funfact; funfact.backends.status()",
        "import funfact as ff; ff.exp(ff.tensor('a', 2, 3) @ ff.tensor(3, 2)).shape",
    ],
)
def test_no_array_library_is_loaded_but_numpy(code: str) -> None:
    modules = loaded(code)
    assert "numpy" in modules
    assert modules.isdisjoint(LIBRARIES | TESTING)


def test_what_is_slow_to_import_waits_until_it_is_needed() -> None:
    assert loaded("import funfact").isdisjoint(SLOW)


@pytest.mark.parametrize(("operands", "needed"), [(3, False), (8, False), (9, True)])
def test_orders_of_few_operands_need_no_library(operands: int, needed: bool) -> None:
    """It takes as long to import as the first value takes."""
    chain = [(n, n + 1) for n in range(operands)]
    code = f"from funfact.compiler.order import orders; list(orders({chain}, (0,), [2] * 10))"
    assert ("opt_einsum" in loaded(code)) == needed
