"""The progress bar."""

import io
import sys

import numpy as np
import pytest

from funfact.backends import load
from funfact.errors import OptionError
from funfact.fit.hooks import Fit, Point
from funfact.fit.progress import VARIABLE, Progress, wanted


@pytest.fixture(autouse=True)
def no_variable(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_by_default_in_a_terminal_only(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not wanted(None)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert wanted(None)
    monkeypatch.setattr(sys, "stderr", None)
    assert not wanted(None)


@pytest.mark.parametrize(("value", "shown"), [("0", False), ("off", False), ("1", True)])
def test_the_environment_decides(value, shown, monkeypatch):
    monkeypatch.setenv(VARIABLE, value)
    monkeypatch.setattr(sys, "stderr", io.StringIO() if shown else Terminal())
    assert wanted(None) is shown


def test_the_argument_decides_first(monkeypatch):
    monkeypatch.setenv(VARIABLE, "1")
    assert not wanted(False)
    monkeypatch.setenv(VARIABLE, "0")
    assert wanted(True)
    with pytest.raises(OptionError, match=r"progress=1: expected True, False or None"):
        wanted(1)


def test_it_shows_step_best_loss_and_how_many_have_converged(capsys):
    bar = Progress()
    bar.started(Fit(load("numpy"), 3, False, 0.1, 1, 200, 50))
    losses = np.array([0.5, 0.05, 2.0])
    yes = np.full(3, True)
    bar.checkpoint(Point(100, losses, losses, yes, yes, losses < 0.1, 1.0, [], yes))
    bar.stopped()
    shown = capsys.readouterr().err
    assert "100/200" in shown
    assert "best loss 0.05, converged 1/3" in shown


def test_a_fit_that_never_started_has_no_bar():
    Progress().stopped()
