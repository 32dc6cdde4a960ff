"""What stands in the five wheels."""

import email
import zipfile
from pathlib import Path

import pytest

BACKENDS = {"numpy": "NumpyBackend", "jax": "JAXBackend", "torch": "PyTorchBackend"}
DISTRIBUTIONS = ["funfact", "funfact_core", *(f"funfact_backend_{name}" for name in BACKENDS)]


def opened(wheels: Path, distribution: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(wheels / f"{distribution}-2.0.0-py3-none-any.whl")


def metadata(wheels: Path, distribution: str) -> email.message.Message:
    with opened(wheels, distribution) as wheel:
        return email.message_from_bytes(wheel.read(f"{distribution}-2.0.0.dist-info/METADATA"))


def required(wheels: Path, distribution: str) -> set[str]:
    lines = metadata(wheels, distribution).get_all("Requires-Dist", [])
    return {line.replace(">", " ").replace("<", " ").split()[0] for line in lines}


def test_there_are_five(wheels: Path) -> None:
    found = {path.name.split("-")[0] for path in wheels.glob("*.whl")}
    assert found == set(DISTRIBUTIONS)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_each_has_its_licence_and_readme(wheels: Path, distribution: str) -> None:
    with opened(wheels, distribution) as wheel:
        assert f"{distribution}-2.0.0.dist-info/licenses/LICENSE" in wheel.namelist()
    data = metadata(wheels, distribution)
    assert data["License-Expression"] == "BSD-3-Clause"
    assert data["Requires-Python"] == ">=3.11"
    assert data.get_payload().startswith("# ")


def test_funfact_has_no_code(wheels: Path) -> None:
    with opened(wheels, "funfact") as wheel:
        assert {name.split("/")[0] for name in wheel.namelist()} == {"funfact-2.0.0.dist-info"}


@pytest.mark.parametrize("distribution", DISTRIBUTIONS[1:])
def test_the_others_hold_one_typed_package_and_nothing_else(
    wheels: Path, distribution: str
) -> None:
    package = "funfact" if distribution == "funfact_core" else distribution
    with opened(wheels, distribution) as wheel:
        names = wheel.namelist()
    assert f"{package}/py.typed" in names
    assert {name.split("/")[0] for name in names} == {package, f"{distribution}-2.0.0.dist-info"}


@pytest.mark.parametrize(("name", "descriptor"), BACKENDS.items())
def test_a_backend_is_an_entry_point(wheels: Path, name: str, descriptor: str) -> None:
    distribution = f"funfact_backend_{name}"
    with opened(wheels, distribution) as wheel:
        text = wheel.read(f"{distribution}-2.0.0.dist-info/entry_points.txt").decode()
    assert text.split() == ["[funfact.backends]", name, "=", f"{distribution}:{descriptor}"]


def test_a_backend_needs_core_and_its_library_alone(wheels: Path) -> None:
    assert required(wheels, "funfact_backend_numpy") == {"funfact-core", "numpy", "scipy"}
    assert required(wheels, "funfact_backend_jax") == {"funfact-core", "jax"}
    assert required(wheels, "funfact_backend_torch") == {"funfact-core", "torch"}


def test_core_holds_the_kit_and_needs_no_pytest_for_it(wheels: Path) -> None:
    with opened(wheels, "funfact_core") as wheel:
        assert "funfact/testing/test_backend.py" in wheel.namelist()
    optional = [
        line
        for line in metadata(wheels, "funfact_core").get_all("Requires-Dist", [])
        if line.startswith(("pytest", "hypothesis"))
    ]
    assert len(optional) == 2
    assert all("extra == 'testing'" in line for line in optional)


def test_the_extras_of_funfact(wheels: Path) -> None:
    assert set(metadata(wheels, "funfact").get_all("Provides-Extra", [])) == {
        "all",
        "jax",
        "torch",
    }
