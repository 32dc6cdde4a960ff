"""A stranger installs FunFact and gets a working library."""

from pathlib import Path

import pytest
from environments import CHECKOUT, Environment

EVALUATE = """
import numpy as np
import funfact as ff
ff.use({backend!r})
x = np.arange(6.0).reshape(2, 3)
fac = ff.Factorization.from_tsrex(ff.tensor(x) @ ff.tensor(x.T))
np.testing.assert_allclose(ff.active_backend.to_numpy(fac()), x @ x.T)
print(ff.available_backends, ff.active_backend)
"""

FIT = """
import numpy as np
import funfact as ff
ff.use({backend!r})
target = np.outer([1.0, 2.0], [3.0, 4.0, 5.0]).astype(np.float32)
fac = ff.factorize(ff.tensor(2, 1) @ ff.tensor(1, 3), target, lr=0.1, tol=1e-4, max_steps=1000)
np.testing.assert_allclose(ff.active_backend.to_numpy(fac()), target, atol=0.1)
print(ff.available_backends, ff.active_backend)
"""

# as CONTRIBUTING.md has it
EDITABLE = (
    "pip install -c constraints.txt"
    " -e ./funfact-core -e ./funfact-backend-numpy -e ./funfact-backend-jax -e ."
)


def test_plain_funfact_brings_numpy_and_nothing_heavier(plain: Environment) -> None:
    assert plain.run(EVALUATE.format(backend="numpy")) == "['numpy'] <backend 'NumpyBackend'>"
    assert plain.installed().isdisjoint({"jax", "jaxlib", "torch"})


@pytest.mark.parametrize(
    ("extra", "descriptor", "other"),
    [("jax", "JAXBackend", "torch"), ("torch", "PyTorchBackend", "jax")],
)
def test_an_extra_brings_its_backend(
    environment: Environment, wheels: Path, extra: str, descriptor: str, other: str
) -> None:
    environment.install(wheels, f"funfact[{extra}]==2.0.0")
    fitted = environment.run(FIT.format(backend=extra))
    assert fitted == f"['{extra}', 'numpy'] <backend '{descriptor}'>"
    assert environment.run(EVALUATE.format(backend="numpy")).endswith("<backend 'NumpyBackend'>")
    assert other not in environment.installed()


def test_core_alone_says_what_to_install(environment: Environment, wheels: Path) -> None:
    environment.install(wheels, "funfact-core==2.0.0")
    said = environment.run(
        "import funfact as ff\n"
        "print(ff.available_backends)\n"
        "try: ff.use('numpy')\n"
        "except ff.errors.UnknownNameError as error: print(error)"
    )
    assert said.startswith("[]")
    assert "pip install funfact-backend-numpy" in said
    assert "scipy" not in environment.installed()


def test_the_folders_of_the_checkout_install_as_editable(environment: Environment) -> None:
    assert EDITABLE in (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    environment.pip(*EDITABLE.split()[1:], cwd=CHECKOUT)
    fitted = environment.run(FIT.format(backend="jax"))
    assert fitted == "['jax', 'numpy'] <backend 'JAXBackend'>"
    where = environment.run("import funfact; print(funfact.__file__)")
    assert Path(where).is_relative_to(CHECKOUT / "funfact-core")
