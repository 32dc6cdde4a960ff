"""Plug-ins that packages bring, found by their metadata."""

import sys
import textwrap

import pytest
from scripts import column, scripted

from funfact.fit import FitWarning, Outcome
from funfact.fit.plugins import GROUP, installed


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """Installs a small package with one plug-in, and makes the next look see it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    installed.cache_clear()

    def make(name, source, target):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\nwatch = {target}\n")
        return name

    yield make
    installed.cache_clear()
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(path.stem, None)


STOPPER = """
    from funfact.fit import hookimpl

    class Stopper:
        @hookimpl
        def stop(self, point):
            return point.step >= 2
"""


def test_a_class_becomes_a_plugin(distribution):
    distribution("sample_stopper", STOPPER, "sample_stopper:Stopper")
    assert [type(plugin).__name__ for plugin in installed()] == ["Stopper"]
    outcome, _, _ = scripted(column(5, 4, 3, 2, 1), plugins=installed())
    assert outcome is Outcome.PLUGIN


@pytest.mark.parametrize(
    ("source", "target", "cause"),
    [
        ("import there_is_no_such_module", "sample_broken:Watch", "ModuleNotFoundError"),
        ("class Other: pass", "sample_broken:Watch", "AttributeError"),
        ("class Watch:\n    def __init__(self, need): pass", "sample_broken:Watch", "TypeError"),
    ],
)
def test_a_broken_one_is_left_out_with_a_warning(distribution, source, target, cause):
    distribution("sample_broken", source, target)
    distribution("sample_stopper", STOPPER, "sample_stopper:Stopper")
    with pytest.warns(FitWarning, match=rf"plug-in of sample_broken does not load \({cause}: "):
        found = installed()
    assert [type(plugin).__name__ for plugin in found] == ["Stopper"]
