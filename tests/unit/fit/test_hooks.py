"""How plug-ins are found to be some."""

import pluggy
import pytest
from scripts import column, scripted

from funfact.fit import hookimpl
from funfact.fit.hooks import manager


class Counter:
    def __init__(self):
        self.seen = 0

    @hookimpl
    def checkpoint(self, point):
        self.seen += 1


def test_every_instance_of_a_class_is_told():
    first, second = Counter(), Counter()
    scripted(column(3, 2, 1), plugins=(first, second))
    assert first.seen == second.seen == 2


def test_what_an_instance_has_of_its_own_counts():
    seen = []

    @hookimpl
    def started(fit):
        seen.append(fit)

    plugin, other = Counter(), Counter()
    plugin.started = started
    scripted(column(3, 2, 1), plugins=(plugin, other))
    assert len(seen) == 1


def test_a_hook_that_there_is_not_is_found():
    class Wrong:
        @hookimpl
        def chekpoint(self, point):
            pass

    for _ in range(2):
        plugins = manager()
        plugins.register(Wrong())
        with pytest.raises(pluggy.PluginValidationError, match="chekpoint"):
            plugins.check_pending()
