"""Names, registration, and every way in which a backend can be unusable."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from samples import Plain

from funfact import backends
from funfact.backends import Backend, available, discovery, entries, load, register_backend
from funfact.backends.entries import Entry
from funfact.errors import BackendError, BrokenBackendError, UnknownNameError


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[Entry]:
    """What the metadata scan finds; tests add to it."""
    found: list[Entry] = []
    monkeypatch.setattr(discovery, "scan", lambda: found)
    return found


def entry(name: str, distribution: str, target: str = "samples:Plain", **more: object) -> Entry:
    return Entry(name, target, distribution, "1.2", **more)


def message(name: str, **options: object) -> str:
    with pytest.raises(BackendError) as caught:
        load(name, **options)
    return str(caught.value)


# --- names -------------------------------------------------------------------


def test_known_names_come_first(installed: list[Entry]) -> None:
    for name in ("zeta", "numpy", "alpha", "torch", "jax"):
        installed.append(entry(name, f"dist-{name}"))
    assert available() == ["jax", "torch", "numpy", "alpha", "zeta"]
    assert backends.available_backends == available()


def test_an_unknown_name_lists_and_suggests(installed: list[Entry]) -> None:
    installed.append(entry("numpy", "funfact-backend-numpy"))
    with pytest.raises(UnknownNameError) as caught:
        load("nunpy")
    assert str(caught.value) == (
        "No backend is called 'nunpy'. Did you mean 'numpy'? Installed: numpy."
    )


@pytest.mark.parametrize("typed", ["torch", "pytorch"])
def test_a_known_name_comes_with_its_command(installed: list[Entry], typed: str) -> None:
    installed.append(entry("numpy", "funfact-backend-numpy"))
    with pytest.raises(UnknownNameError) as caught:
        load(typed)
    assert str(caught.value).endswith(
        "Installed: numpy. To get 'torch': pip install funfact-backend-torch"
    )


def test_a_package_that_is_not_installed_yet(installed: list[Entry]) -> None:
    installed.append(entry("numpy", "funfact-backend-numpy"))
    with pytest.raises(UnknownNameError) as caught:
        load("fastarrays")
    assert str(caught.value) == (
        "No backend is called 'fastarrays'. Installed: numpy. Install the package that brings it, "
        "by its name or folder: pip install -e FOLDER"
    )


def test_nothing_installed(installed: list[Entry]) -> None:
    with pytest.raises(UnknownNameError, match="Installed: none"):
        load("echo")


def test_a_name_is_a_string() -> None:
    with pytest.raises(UnknownNameError, match="chosen by its name, a string, not by <module"):
        load(np)


def test_an_unknown_distribution(installed: list[Entry]) -> None:
    installed.append(entry("echo", "echo-arrays"))
    with pytest.raises(UnknownNameError) as caught:
        load("echo@eco-arrays")
    assert "No distribution 'eco-arrays' offers a backend 'echo': echo-arrays 1.2 does" in str(
        caught.value
    )


# --- more than one claim -----------------------------------------------------


def test_the_first_party_wins_with_a_warning(installed: list[Entry]) -> None:
    installed += [entry("jax", "evil-arrays"), entry("jax", "Funfact_Backend.JAX")]
    with pytest.warns(UserWarning, match="'jax' is claimed by evil-arrays 1.2 and") as caught:
        load("jax")
    text = str(caught[0].message)
    assert "Funfact_Backend.JAX 1.2 is used, which the name belongs to" in text
    assert "'jax@evil-arrays'" in text
    assert caught[0].filename == __file__


def test_third_parties_must_be_told_apart(installed: list[Entry]) -> None:
    installed += [entry("echo", "echo-one"), entry("echo", "echo-two")]
    assert message("echo") == (
        "backend 'echo' is claimed by echo-one 1.2 and echo-two 1.2. "
        "Say which: 'echo@echo-one' or 'echo@echo-two'."
    )
    assert load("echo@Echo_Two").name == "echo@Echo_Two"


def test_switched_off(installed: list[Entry], monkeypatch: pytest.MonkeyPatch) -> None:
    installed += [entry("echo", "echo-one"), entry("echo", "echo-two"), entry("other", "other")]
    monkeypatch.setenv("FUNFACT_DISABLE_BACKENDS", "other, echo@echo-one")
    assert available() == ["echo"]
    assert load("echo") is not None
    with pytest.raises(BackendError) as caught:
        load("other")
    assert "switched off by FUNFACT_DISABLE_BACKENDS='other, echo@echo-one'" in str(caught.value)
    assert "Take its name out" in str(caught.value)


def test_all_switched_off(installed: list[Entry], monkeypatch: pytest.MonkeyPatch) -> None:
    installed += [entry("echo", "echo-one"), entry("numpy", "funfact-backend-numpy")]
    monkeypatch.setenv("FUNFACT_DISABLE_BACKENDS", "echo,numpy")
    with pytest.raises(BackendError) as caught:
        backends.current()
    assert str(caught.value).startswith(
        "No backend can be used without being chosen. Switched off by "
        "FUNFACT_DISABLE_BACKENDS='echo,numpy': numpy, echo. Take one out of that environment "
        "variable. Or install one: pip install funfact-backend-jax"
    )


def test_switching_off_what_nobody_offers_is_logged_once(
    installed: list[Entry], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    discovery._complain.cache_clear()
    installed.append(entry("echo", "echo-one"))
    monkeypatch.setenv("FUNFACT_DISABLE_BACKENDS", "ecko, echo@echo-one,jax,,jax@other")
    for _ in range(2):
        assert available() == []
    assert [record.getMessage() for record in caplog.records] == [
        "FUNFACT_DISABLE_BACKENDS switches off 'ecko', and no installed backend is called so. "
        "Did you mean 'echo'?"
    ]


def test_switched_off_after_it_was_loaded(plain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load(plain)
    monkeypatch.setenv("FUNFACT_DISABLE_BACKENDS", plain)
    assert "switched off" in message(plain)


# --- broken ones -------------------------------------------------------------


def test_a_module_that_is_not_there(installed: list[Entry]) -> None:
    installed.append(entry("echo", "echo-arrays", "no_such_module:Echo"))
    text = message("echo")
    assert text.startswith("backend 'echo' from echo-arrays 1.2 is broken: loading ")
    assert "ModuleNotFoundError: No module named 'no_such_module'" in text
    assert text.endswith("To install it anew: pip install --force-reinstall echo-arrays")


def test_an_editable_install_of_this_moment(installed: list[Entry]) -> None:
    installed.append(entry("echo", "echo-arrays", "no_such_module:Echo", editable=True))
    assert "editable install; one that is added while Python runs" in message("echo")
    assert "after a restart" in message("echo")


def test_a_library_that_its_module_imports_and_is_not_there(
    installed: list[Entry], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    (tmp_path / "eager_sample.py").write_text("import no_such_library")
    monkeypatch.syspath_prepend(tmp_path)
    installed.append(entry("echo", "echo-arrays", "eager_sample:Echo"))
    text = message("echo")
    assert "No module named 'no_such_library'" in text
    assert text.endswith("To install what it needs: pip install echo-arrays")
    with pytest.raises(BrokenBackendError) as caught:
        load("echo")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_module_that_exits(
    installed: list[Entry], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    (tmp_path / "exiting_sample.py").write_text("raise SystemExit('no licence')")
    monkeypatch.syspath_prepend(tmp_path)
    installed.append(entry("echo", "echo-arrays", "exiting_sample:Echo"))
    assert "raised SystemExit: no licence" in message("echo")


def test_an_attribute_that_is_not_there(installed: list[Entry]) -> None:
    installed.append(entry("echo", "echo-arrays", "samples:Echo"))
    assert "AttributeError: module 'samples' has no attribute 'Echo'" in message("echo")


def test_something_that_is_not_a_backend(installed: list[Entry]) -> None:
    installed.append(entry("echo", "echo-arrays", "samples:dataclass"))
    text = message("echo")
    assert "not a class derived from funfact's Backend" in text
    assert text.endswith("Tell its authors; to be rid of it: pip uninstall echo-arrays")


@pytest.mark.parametrize(
    ("protocol", "stated", "command"),
    [
        (0, "is written for protocol 0", "pip install --upgrade echo-arrays"),
        (2, "is written for protocol 2", "pip install --upgrade funfact-core"),
        ("1", "is written for protocol '1'", "pip install --upgrade echo-arrays"),
        (None, "states no protocol", "pip install --upgrade echo-arrays"),
    ],
)
def test_another_protocol(
    installed: list[Entry],
    monkeypatch: pytest.MonkeyPatch,
    protocol: object,
    stated: str,
    command: str,
) -> None:
    module = ModuleType("other_sample")
    module.Other = type("Other", (Backend,), {} if protocol is None else {"protocol": protocol})
    monkeypatch.setitem(sys.modules, "other_sample", module)
    installed.append(entry("echo", "echo-arrays", "other_sample:Other"))
    text = message("echo")
    assert text.startswith("backend 'echo' from echo-arrays 1.2 is incompatible: Other " + stated)
    assert "this funfact-core speaks protocol 1" in text
    assert text.endswith(command)


def test_one_module_that_is_no_tuple() -> None:
    register_backend("odd", type("Odd", (Plain,), {"protocol": 1, "requires": "numpy"}))
    assert "Odd.requires is 'numpy', and a tuple of names is expected" in message("odd")


def test_another_protocol_of_a_registered_backend() -> None:
    register_backend("old", type("Old", (Plain,), {"protocol": 0}))
    assert message("old").endswith("Give register_backend a complete backend class.")


def test_members_that_are_missing() -> None:
    class Half(Backend):
        protocol = 1

        def tensor(self, data: object, dtype: object = None) -> object:
            return data

    register_backend("half", Half)
    assert "Half lacks is_native, to_numpy. Give register_backend a complete" in message("half")


def test_options_that_are_no_dataclass() -> None:
    register_backend("odd", type("Odd", (Plain,), {"Options": dict}))
    assert "Odd.Options is not a dataclass" in message("odd")


def test_a_library_that_is_not_installed(installed: list[Entry]) -> None:
    register_backend("far", type("Far", (Plain,), {"requires": ("numpy", "no_such_library.sub")}))
    text = message("far")
    assert "it needs no_such_library.sub, which is not installed" in text
    assert text.endswith("if it is called there as its module is: pip install no_such_library")


def test_a_library_that_is_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "blocked_library", None)
    register_backend("far", type("Far", (Plain,), {"requires": ("blocked_library",)}))
    assert "blocked_library, which is not installed" in message("far")


def test_a_constructor_that_fails_is_remembered_and_tried_again() -> None:
    class Moody(Plain):
        broken = True

        def __init__(self, options: object = None) -> None:
            super().__init__(options)
            if self.broken:
                raise OSError("libarrays.so: wrong ELF class")

    register_backend("moody", Moody)
    text = message("moody")
    assert "loading Moody raised OSError: libarrays.so: wrong ELF class" in text
    assert text.endswith("Mend that, or what register_backend was given.")
    assert backends.status()["moody"].state == "broken"
    assert "wrong ELF class" in backends.status()["moody"].cause
    Moody.broken = False
    assert load("moody").name == "moody"
    assert backends.status()["moody"].state == "ready"


def test_a_constructor_that_sets_no_xp() -> None:
    def nothing(self: Plain, options: object = None) -> None:
        self.options = options

    register_backend("blank", type("Blank", (Plain,), {"__init__": nothing}))
    assert "Blank() sets no xp" in message("blank")


# --- registration ------------------------------------------------------------


def test_register_by_text_and_take_out_again() -> None:
    remove = register_backend("late", "samples:Plain")
    assert "late" in available()
    assert isinstance(load("late"), Plain)
    remove()
    assert "late" not in available()
    with pytest.raises(UnknownNameError):
        load("late")


def test_a_registered_backend_goes_before_an_installed_one(installed: list[Entry]) -> None:
    installed.append(entry("jax", "funfact-backend-jax", "no_such_module:JAX"))
    register_backend("jax", Plain)
    assert isinstance(load("jax"), Plain)


@pytest.mark.parametrize("wrong", [Plain(), np, dict, 3, "x", ":Class", "m:"])
def test_register_what_is_no_class(wrong: object) -> None:
    with pytest.raises(BackendError, match="takes a class derived from funfact's Backend"):
        register_backend("wrong", wrong)


@pytest.mark.parametrize("name", [3, None, "", " ", "a@b", "a,b"])
def test_register_what_is_no_name(name: object) -> None:
    before = available()
    with pytest.raises(BackendError, match=r"takes the name that ff\.use will get, as text"):
        register_backend(name, Plain)
    assert available() == before


# --- the scan ----------------------------------------------------------------


class Distribution(SimpleNamespace):
    """As much of a distribution as the scan reads."""

    def __init__(self, name: str, version: str, points: object, folder: str = "/a") -> None:
        super().__init__(metadata={"Name": name}, version=version, points=points, folder=folder)

    @property
    def entry_points(self) -> list[SimpleNamespace]:
        if isinstance(self.points, Exception):
            raise self.points
        return [
            SimpleNamespace(name=n, value=v, group="funfact.backends")
            for n, v in self.points.items()
        ]

    def read_text(self, name: str) -> str | None:
        return "[funfact.backends]" if name == "entry_points.txt" else None

    def locate_file(self, path: str) -> str:
        return self.folder


def scanned(monkeypatch: pytest.MonkeyPatch, *distributions: Distribution) -> list[Entry]:
    monkeypatch.setattr("importlib_metadata.distributions", lambda: iter(distributions))
    return entries.scan()


def test_duplicates_collapse_to_the_first_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    found = scanned(
        monkeypatch,
        Distribution("echo-arrays", "1.0", {"echo": "first:E"}, "/a"),
        Distribution("echo_arrays", "3.0", {"echo": "later:E"}, "/b"),
    )
    assert [e.target for e in found] == ["first:E"]


@pytest.mark.parametrize("turned", [False, True])
def test_in_one_folder_the_higher_version_counts(
    monkeypatch: pytest.MonkeyPatch, turned: bool
) -> None:
    stale = Distribution("echo", "9.0", {"echo": "stale:E"})
    fresh = Distribution("echo", "10.0", {"echo": "fresh:E"})
    found = scanned(monkeypatch, *((fresh, stale) if turned else (stale, fresh)))
    assert [e.target for e in found] == ["fresh:E"]


def test_malformed_metadata_hides_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    entries._complain.cache_clear()
    distributions = (
        Distribution("bad", "1.0", ValueError("not a section"), "/bad"),
        Distribution("", "1.0", {"nameless": "n:N"}, "/nameless"),
        Distribution("good", "1.0", {"good": "g:G"}),
    )
    for _ in range(2):
        assert [e.name for e in scanned(monkeypatch, *distributions)] == ["good"]
    assert len(caplog.records) == 2  # once for each
    assert "A distribution in /bad offers a FunFact backend" in caplog.text
    assert "ValueError: not a section" in caplog.text
    assert "its METADATA has no Name" in caplog.text
    assert "Reinstall it, or remove its dist-info folder" in caplog.text
