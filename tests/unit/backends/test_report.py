"""The status of each name, the table and JSON of the command, and missing capabilities."""

import json

import pytest
from samples import Plain

from funfact.backends import Autodiff, Vmap, __main__, discovery, register_backend, require, status
from funfact.backends.entries import Entry
from funfact.backends.report import table
from funfact.errors import CapabilityError


class Able(Plain, Vmap, Autodiff):
    """Claims to be able; nothing calls it."""

    def vmap(self, f, in_axes=0, out_axes=0):
        return f

    def value_and_grad(self, f):
        return f


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> list[Entry]:
    found = [
        Entry("broken", "no_such_module:B", "dist-broken", "0.1"),
        Entry("off", "samples:Plain", "dist-off", "0.2"),
        Entry("twice", "samples:Plain", "dist-one", "1"),
        Entry("twice", "samples:Plain", "dist-two", "2"),
        Entry("jax", "samples:Plain", "funfact-backend-jax", "2.0.0"),
        Entry("jax", "samples:Plain", "other-jax", "3"),
    ]
    monkeypatch.setattr(discovery, "scan", lambda: found)
    monkeypatch.setenv("FUNFACT_DISABLE_BACKENDS", "off")
    register_backend("able", Able)
    return found


def test_states() -> None:
    assert {name: s.state for name, s in status().items()} == {
        "jax": "ready",
        "able": "ready",
        "broken": "broken",
        "off": "disabled",
        "twice": "ambiguous",
    }


def test_what_each_says() -> None:
    found = status()
    assert found["able"].capabilities == ("Autodiff", "Vmap")
    assert found["able"].distribution == "register_backend"
    assert "no_such_module" in found["broken"].cause
    assert found["broken"].remedy.endswith("pip install --force-reinstall dist-broken")
    assert (found["broken"].distribution, found["broken"].version) == ("dist-broken", "0.1")
    assert "Take off out of the environment variable" in found["off"].remedy
    assert found["twice"].remedy == "Say use('twice@dist-one') or use('twice@dist-two')."
    assert found["twice"].distribution == "dist-one, dist-two"
    assert "use('jax@other-jax')" in found["jax"].remedy


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    __main__.main([])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["backend", "state", "distribution", "version", "capabilities"]
    assert lines[1].split() == ["jax", "ready", "funfact-backend-jax", "2.0.0", "-"]
    assert lines[2].split() == ["able", "ready", "register_backend", "-", "Autodiff", "Vmap"]
    assert any(
        line.startswith("broken: loading no_such_module:B raised") and "reinstall" in line
        for line in lines
    )


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    __main__.main(["--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["able"]["capabilities"] == ["Autodiff", "Vmap"]
    assert found["twice"]["state"] == "ambiguous"


def test_an_empty_table_says_what_to_install() -> None:
    assert "pip install funfact-backend-jax" in table([])


def test_a_missing_capability_names_an_installed_backend() -> None:
    with pytest.raises(CapabilityError) as caught:
        require(Plain(), Autodiff, "fitting with Adam")
    assert str(caught.value) == (
        "fitting with Adam needs automatic differentiation, which <backend 'Plain'> does not "
        "have. Choose another: ff.use('able')"
    )


def test_a_missing_capability_names_what_to_install(installed: list[Entry]) -> None:
    discovery.registered.clear()
    installed[4:] = []
    with pytest.raises(CapabilityError) as caught:
        require(Plain(), Autodiff, "fitting with Adam")
    assert str(caught.value).endswith(
        "Install one that has, then choose it with ff.use: "
        "pip install funfact-backend-jax or pip install funfact-backend-torch"
    )


def test_a_missing_capability_of_backends_that_are_switched_off(
    installed: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    discovery.registered.clear()
    installed.append(Entry("torch", "samples:Plain", "funfact-backend-torch", "2.0.0"))
    monkeypatch.setenv("FUNFACT_DISABLE_BACKENDS", "jax,torch")
    with pytest.raises(CapabilityError) as caught:
        require(Plain(), Autodiff, "fitting with Adam")
    assert str(caught.value).endswith(
        "jax and torch have, and cannot be used here: python -m funfact.backends says why."
    )


def test_a_capability_that_is_there() -> None:
    require(Able(), Autodiff, "fitting with Adam")
