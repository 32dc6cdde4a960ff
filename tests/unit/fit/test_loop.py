"""The loop and its hooks, with a solver that follows a script."""

import numpy as np
import pytest
from scripts import column, scripted

from funfact.errors import OptionError
from funfact.fit import FitWarning, Outcome, gradient_descent_plugin, hookimpl
from funfact.fit.hooks import manager
from funfact.fit.plugins import register


def test_all_steps_are_made():
    outcome, history, best = scripted(column(6, 5, 4, 3, 2, 1))
    assert outcome is Outcome.MAX_STEPS
    np.testing.assert_array_equal(history.steps, [0, 2, 4, 5])
    np.testing.assert_array_equal(history.losses, [[6], [4], [2], [1]])
    assert history.loss == 1
    assert np.all(np.diff(history.seconds) >= 0)
    np.testing.assert_array_equal(best.factors[0], [1])


def test_the_best_checkpoint_of_each_replica_is_kept():
    script = [[5, 5], [0, 0], [2, 4], [0, 0], [3, 1], [0, 0], [9, 9]]
    _, history, best = scripted(script)
    np.testing.assert_array_equal(best.factors[0], [2, 1])
    np.testing.assert_array_equal(history.best, [2, 1])
    assert history.replica == 1


@pytest.mark.parametrize(
    ("stop_after", "steps"),
    [(1, 2), (2, 4), (3, 6)],
)
def test_it_stops_when_enough_have_converged(stop_after, steps):
    script = [
        [9, 9, 9],
        [9, 9, 9],
        [1, 9, 9],
        [9, 9, 9],
        [9, 1, 9],
        [9, 9, 9],
        [9, 9, 1],
        [0, 0, 0],
    ]
    outcome, history, _ = scripted(script, tol=2.0, stop_after=stop_after)
    assert outcome is Outcome.CONVERGED
    # a replica that once reached the tolerance has converged, whatever it does later
    assert history.steps[-1] == steps
    assert history.converged.sum() == stop_after


def test_a_tolerance_of_zero_never_stops():
    outcome, _, _ = scripted(column(0, 0, 0, 0))
    assert outcome is Outcome.MAX_STEPS


@pytest.mark.parametrize(
    ("tol", "settles", "steps"),
    [(1e-6, True, 6), (0.0, True, 10), (1e-6, False, 10)],
)
def test_a_loss_that_no_longer_changes_ends_a_fit(tol, settles, steps):
    # looked at after every second step: (9, 9), (8, 8), (7, 7), and (7, 7) once more
    losses = [9, 9, 8, 8, 7, 7, 7, 7, 7, 7, 7]
    script = [[x, 2 * x] for x in losses]
    outcome, history, _ = scripted(script, tol=tol, settles=settles)
    assert history.steps[-1] == steps
    assert outcome is (Outcome.SETTLED if steps == 6 else Outcome.MAX_STEPS)


def test_a_step_that_was_refused_ends_no_fit():
    # looked at after every step; the second one changes nothing, the last two neither
    outcome, history, _ = scripted(column(9, 8, 8, 7, 7, 7, 7), tol=1e-6, freq=1, settles=True)
    assert outcome is Outcome.SETTLED
    assert history.steps[-1] == 6


def test_a_start_may_be_good_enough():
    outcome, history, _ = scripted(column(0, 1, 2), tol=0.5)
    assert outcome is Outcome.CONVERGED
    np.testing.assert_array_equal(history.steps, [0])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_lost_replica_stays_lost_and_is_never_the_best(bad):
    script = [[5, 5], [5, 5], [4, bad], [4, bad], [3, 0], [3, 0], [2, 0]]
    outcome, history, best = scripted(script)
    assert outcome is Outcome.MAX_STEPS
    assert history.lost == (1,)
    np.testing.assert_array_equal(history.best, [2, 5])
    np.testing.assert_array_equal(best.factors[0], [2, 5])


def test_all_wait_for_nobody_who_is_lost():
    script = [[5, 5], [5, 5], [1, np.nan], [1, np.nan], [1, 1]]
    outcome, history, _ = scripted(script, tol=2.0, stop_after=2)
    assert outcome is Outcome.CONVERGED
    assert history.steps[-1] == 2


def test_with_no_replica_left_it_ends():
    outcome, history, _ = scripted([[5, 5], [np.nan, np.nan], [np.nan, np.inf], [0, 0], [0, 0]])
    assert outcome is Outcome.LOST
    assert history.lost == (0, 1)
    np.testing.assert_array_equal(history.best, [5, 5])


def test_an_interrupt_keeps_what_there_is():
    script = [*column(5, 4, 3), KeyboardInterrupt(), [1]]
    outcome, history, best = scripted(script)
    assert outcome is Outcome.INTERRUPTED
    assert history.loss == 3
    np.testing.assert_array_equal(best.factors[0], [3])


def test_an_early_interrupt_has_nothing_to_keep():
    with pytest.raises(KeyboardInterrupt):
        scripted([[5], KeyboardInterrupt(), [3]])


# --- plug-ins


class Log:
    """Writes down which hook was called with what."""

    def __init__(self):
        self.calls = []

    @hookimpl
    def started(self, fit):
        self.calls.append(("started", fit.max_steps))

    @hookimpl
    def checkpoint(self, point):
        self.calls.append(("checkpoint", point.step, point.improved.tolist()))

    @hookimpl
    def stopped(self, outcome):
        self.calls.append(("stopped", outcome))


def test_hooks_in_their_order():
    log = Log()
    scripted(column(5, 4, 3, 2, 7), plugins=[log])
    assert log.calls == [
        ("started", 4),
        ("checkpoint", 0, [True]),
        ("checkpoint", 2, [True]),
        ("checkpoint", 4, [False]),
        ("stopped", Outcome.MAX_STEPS),
    ]


def test_hooks_learn_that_a_fit_failed():
    log = Log()
    with pytest.raises(ZeroDivisionError):
        scripted([[5], ZeroDivisionError()], plugins=[log])
    assert log.calls[-1] == ("stopped", None)


def test_a_plugin_may_stop_a_fit():
    class Enough:
        @hookimpl
        def stop(self, point):
            return point.step >= 4

    outcome, history, _ = scripted(column(6, 5, 4, 3, 2, 1, 0), plugins=[Enough()])
    assert outcome is Outcome.PLUGIN
    assert history.steps[-1] == 4


def test_a_plugin_that_does_not_stop_lets_others_do():
    class Never:
        @hookimpl
        def stop(self, point):
            return False

    outcome, _, _ = scripted(column(5, 4, 3, 2, 1), tol=3.5, plugins=[Never()])
    assert outcome is Outcome.CONVERGED


class Steps:
    """Wants to see some steps."""

    def __init__(self, *steps):
        self.steps = steps

    @hookimpl
    def next_step(self, step):
        return next((s for s in self.steps if s > step), None)


def test_stretches_end_where_a_plugin_wants_a_step(monkeypatch):
    import funfact.fit.loop as loop
    import funfact.fit.team as team

    stretches, seen = [], []
    plain = team._advancer

    def counted(solver, backend, fit):
        advance = plain(solver, backend, fit)

        def counting(carry, n, *args):
            stretches.append(n)
            return advance(carry, n, *args)

        return counting

    monkeypatch.setattr(team, "_advancer", counted)
    monkeypatch.setattr(loop._Watch, "state", lambda self, step, carry: seen.append(step))
    scripted(column(*range(12, 0, -1)), freq=5, plugins=[Steps(0, 3, 5, 6)])
    assert stretches == [3, 2, 1, 4, 1]
    assert seen == [0, 3, 5, 6]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"every": 3}, [3, 6, 9]),
        ({"every": 1}, list(range(1, 12))),
        ({"at": 4}, [4]),
        ({"at": [7, 0, 2]}, [0, 2, 7]),
        ({"at": (99,)}, []),
        ({"trigger": lambda state: state.step % 4 == 1}, [1, 5, 9]),
    ],
)
def test_functions_of_the_state(options, expected, monkeypatch):
    import funfact.fit.loop as loop
    from funfact.fit.hooks import State

    monkeypatch.setattr(
        loop._Watch, "state", lambda self, step, carry: State(step, None, [], carry)
    )
    steps = []

    @gradient_descent_plugin(**options)
    def note(state):
        steps.append(state.step)

    others = [Steps(1, 2, 3, 4, 5, 6, 7)]
    scripted(column(*range(12, 0, -1)), freq=5, plugins=[note, *others])
    assert steps == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"takes one of every=, at= and trigger="),
        ({"every": 1, "at": 2}, r"takes one of every=, at= and trigger=; got every=1, at=2"),
        ({"every": 0}, r"every=...\) got 0: expected a step, an integer of at least 1"),
        ({"every": 2.5}, r"got 2.5"),
        ({"at": [-1]}, r"at=...\) got -1: expected a step, an integer of at least 0"),
        ({"trigger": 3}, r"trigger=3 is not a function of the state"),
        ({"trigger": lambda: 1}, r"the trigger <lambda> is called as f\(state\), and takes \(\)"),
    ],
)
def test_what_a_plugin_of_a_function_refuses(options, message):
    with pytest.raises(OptionError, match=message):
        gradient_descent_plugin(**options)


def test_only_a_function_becomes_a_plugin():
    with pytest.raises(OptionError, match=r"was put on 3, and goes on a function of the state"):
        gradient_descent_plugin(every=2)(3)
    with pytest.raises(OptionError, match=r"the plug-in <lambda> is called as f\(state\)"):
        gradient_descent_plugin(every=2)(lambda step, loss: None)


@pytest.mark.parametrize("plugin", [print, object(), Log])
def test_what_is_no_plugin(plugin):
    with pytest.raises(OptionError, match=r"is not a plug-in. Make one .*gradient_descent_plugin"):
        register(manager(), [plugin])


def test_plugins_come_in_a_list():
    with pytest.raises(OptionError, match=r"expected a list of plug-ins"):
        register(manager(), Log())


def test_a_misspelt_hook_is_refused():
    class Wrong:
        @hookimpl
        def checkpiont(self, point):
            pass

    with pytest.raises(OptionError, match=r"is not a plug-in.*started, next_step, stepped"):
        register(manager(), [Wrong()])


def test_one_hook_right_and_one_wrong():
    class Half:
        @hookimpl
        def started(self, fit):
            pass

        @hookimpl
        def finished(self):
            pass

    class Greedy:
        @hookimpl
        def checkpoint(self, point, weather):
            pass

    for plugin, named in ((Half(), "finished"), (Greedy(), "weather")):
        with pytest.raises(
            OptionError, match=rf"(?s)a hook that there is not, or one.*{named}"
        ) as caught:
            register(manager(), [plugin])
        assert type(plugin).__name__ in str(caught.value)
        assert str(id(plugin)) not in str(caught.value)
        assert "0x" not in str(caught.value)


def test_a_plugin_given_twice_is_called_once():
    hooks, log = manager(), Log()
    register(hooks, [log, log])
    assert len([p for p in hooks.get_plugins() if p is log]) == 1


# --- history


def test_a_history_tells_its_story():
    script = [[9, 9], [9, 9], [1, np.nan]]
    outcome, history, _ = scripted(script, tol=2.0)
    text = repr(history)
    assert "loss 1 after 2 steps" in text
    assert "the tolerance was reached" in text
    assert "replica 0 of 2, 1 below tol=2, 1 lost" in text
    assert history.of_replica(1).loss == 9
    assert outcome is history.outcome


def test_a_warning_is_a_warning():
    assert issubclass(FitWarning, RuntimeWarning)


def test_each_outcome_advises():
    assert "max_steps=" in str(Outcome.MAX_STEPS)
    assert "tol=" in str(Outcome.CONVERGED)
    assert "initializer=" in str(Outcome.LOST)
