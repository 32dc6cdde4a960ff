"""``python -m funfact.backends new``: what it writes, and what it refuses."""

import tomllib
from pathlib import Path

import pytest
from samples import Plain

from funfact.backends import __main__, register_backend
from funfact.backends import new as room
from funfact.backends.new import new, package
from funfact.errors import OptionError


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_package(tmp_path: Path) -> None:
    folder = new("fast_arrays2", tmp_path / "mine")
    assert folder == tmp_path / "mine"
    assert files(tmp_path) == {
        "mine/.github/workflows/ci.yml",
        "mine/.gitignore",
        "mine/README.md",
        "mine/pyproject.toml",
        "mine/src/funfact_backend_fast_arrays2/__init__.py",
        "mine/src/funfact_backend_fast_arrays2/py.typed",
        "mine/tests/test_conformance.py",
    }
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == "funfact-backend-fast-arrays2"
    assert project["entry-points"]["funfact.backends"] == {
        "fast_arrays2": "funfact_backend_fast_arrays2:FastArrays2Backend"
    }
    for word in ("@NAME@", "@MODULE@", "@CLASS@", "@DISTRIBUTION@"):
        assert not any(word in text for text in package("fast_arrays2").values())


def test_by_default_it_stands_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert new("fast_arrays") == Path("funfact-backend-fast-arrays")
    assert Path("funfact-backend-fast-arrays", "pyproject.toml").is_file()


@pytest.mark.parametrize("name", ["", "Fast", "2fast", "-a", "a-", "a--b", "a b", "a@b", "../a"])
def test_names_that_cannot_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        OptionError, match=r"cannot be the name of a backend.*such as 'fast-arrays'"
    ):
        new(name, tmp_path / "x")
    assert not files(tmp_path)


def test_names_that_are_taken(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"'torch' belongs to funfact-backend-torch. Choose ano"):
        new("torch", tmp_path / "x")
    remove = register_backend("fast-arrays", Plain)
    try:
        with pytest.raises(
            OptionError,
            match=r"'fast-arrays' is installed already, from register_backend.*Choose another name",
        ):
            new("fast_arrays", tmp_path / "x")
    finally:
        remove()
    assert not files(tmp_path)


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(OptionError, match=r"x exists already, and nothing was.*--path FOLDER"):
        new("fast", tmp_path / "x")
    with pytest.raises(OptionError, match=r"there is no folder .*nowhere to make x in"):
        new("fast", tmp_path / "nowhere" / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert not files(tmp_path)


def test_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "package", lambda name: {"a": "text", "b": 3})
    with pytest.raises(TypeError):
        new("fast", tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "x")
    assert __main__.main(["new", "fast", "--path", folder]) == 0
    assert f'cd {folder} && pip install -e ".[test]" && pytest' in capsys.readouterr().out
    assert __main__.main(["new", "fast", "--path", folder]) == 2
    assert "x exists already" in capsys.readouterr().err
