"""Which backend is active: for the process, in a block, in threads and in tasks."""

import asyncio
import contextvars
import inspect
import logging
import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from samples import Plain, Tunable

from funfact.backends import (
    active_backend,
    current,
    devices,
    discovery,
    register_backend,
    use,
    using,
)
from funfact.errors import BackendError, BrokenBackendError, UnknownNameError


@pytest.fixture(autouse=True)
def names() -> None:
    """Eight backends, each told from the others by its name, and by what it computes."""
    for i in range(8):
        members = {"protocol": 1, "answer": lambda self, name=f"b{i}": name}
        register_backend(f"b{i}", type(f"B{i}", (Plain,), members))
    register_backend("tunable", Tunable)


def test_use_is_for_the_process() -> None:
    use("b1")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: current().name).result() == "b1"
    assert repr(active_backend) == "<backend 'B1'>"


def test_the_active_backend_follows_later_choices() -> None:
    use("b1")
    ab = active_backend
    use("b2")
    assert repr(ab) == "<backend 'B2'>"
    assert ab.is_native(ab.zeros(2))
    assert "tensor" in dir(ab)
    assert pickle.loads(pickle.dumps(ab)) is ab


def test_looking_the_active_backend_over_loads_nothing() -> None:
    with pytest.raises(AttributeError, match="no attribute '__wrapped__'"):
        inspect.getattr_static(active_backend, "name", None) or active_backend.__wrapped__
    assert not hasattr(active_backend, "_repr_html_")
    with pytest.raises(AttributeError):
        active_backend.name = "x"


def test_using_restores_what_was_there() -> None:
    use("b0")
    with using("b1") as outer:
        assert current() is outer
        with using("b2"):
            assert current().name == "b2"
        assert current() is outer
    assert current().name == "b0"


def test_using_restores_after_an_exception() -> None:
    use("b0")
    with pytest.raises(ZeroDivisionError), using("b1"):
        1 / 0
    assert current().name == "b0"


def test_using_as_a_decorator() -> None:
    use("b0")

    @using("b1")
    def name() -> str:
        return current().name

    assert (name(), name(), current().name) == ("b1", "b1", "b0")


def test_blocks_closed_out_of_order_leave_nothing_behind() -> None:
    use("b0")
    first, second = using("b1"), using("b2")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert current().name == "b2"
    second.__exit__(None, None, None)
    assert current().name == "b0"


def test_a_generator_closed_late_leaves_nothing_behind() -> None:
    use("b0")

    def suspended() -> Iterator[str]:
        with using("b1"):
            yield current().name

    generator = suspended()
    next(generator)
    with using("b2"):
        generator.close()
        assert current().name == "b2"
    assert current().name == "b0"


def test_a_failing_choice_changes_nothing() -> None:
    use("b0")
    with pytest.raises(UnknownNameError):
        use("b9")
    with pytest.raises(UnknownNameError), using("b9"):
        pytest.fail("the block must not run")
    assert current().name == "b0"


def test_use_inside_using_names_what_to_write() -> None:
    use("b0")
    with using("b1"), pytest.raises(BackendError) as caught:
        use("tunable", level=2)
    assert "use('tunable', level=2) inside `with using('b1')`" in str(caught.value)
    assert "Write `with ff.using('tunable', level=2):` inside it instead." in str(caught.value)
    assert current().name == "b0"


def test_threads_do_not_inherit_a_block_unless_told() -> None:
    use("b0")
    with using("b1"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: current().name).result() == "b0"
        inside = contextvars.copy_context()
        assert pool.submit(inside.run, lambda: current().name).result() == "b1"


def test_tasks_and_to_thread_inherit_a_block() -> None:
    use("b0")

    async def name() -> str:
        await asyncio.sleep(0)
        return current().name

    async def main() -> list[str]:
        with using("b1"):
            task = asyncio.create_task(name())
            return [await task, await asyncio.to_thread(lambda: current().name)]

    assert asyncio.run(main()) == ["b1", "b1"]


SWITCHES = 1000


def _switch(own: str) -> int:
    """How often another's backend was seen in own blocks, one nested in the other."""
    wrong = 0
    for i in range(SWITCHES // 2):
        with using(own):
            wrong += current().name != own
            with using(f"b{i % 8}"):
                wrong += current().name != f"b{i % 8}"
            wrong += active_backend.answer() != own
    return wrong


async def _switch_task(own: str) -> int:
    wrong = 0
    for i in range(SWITCHES // 2):
        with using(own):
            await asyncio.sleep(0)
            wrong += current().name != own
            with using(f"b{i % 8}"):
                await asyncio.sleep(0)
                wrong += current().name != f"b{i % 8}"
            wrong += active_backend.answer() != own
    return wrong


def test_eight_threads_and_eight_tasks_do_not_disturb_one_another() -> None:
    use("b0")
    wrong: list[int] = []
    threads = [
        threading.Thread(target=lambda n=f"b{i}": wrong.append(_switch(n))) for i in range(8)
    ]

    async def tasks() -> list[int]:
        return await asyncio.gather(*(_switch_task(f"b{i}") for i in range(8)))

    for thread in threads:
        thread.start()
    wrong_tasks = asyncio.run(tasks())
    for thread in threads:
        thread.join()
    assert wrong == wrong_tasks == [0] * 8
    assert current().name == "b0"


# --- the default -------------------------------------------------------------


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first-party names, each registered as a sample."""
    for name in ("jax", "torch", "numpy"):
        register_backend(name, type(name.title(), (Plain,), {"protocol": 1}))


@pytest.mark.usefixtures("known")
def test_the_default_is_the_first_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="funfact"):
        assert [current().name for _ in range(3)] == ["jax"] * 3
    assert [r.getMessage() for r in caplog.records] == [
        "using the backend 'jax', the first that can be used."
    ]


@pytest.mark.usefixtures("known")
def test_threads_settle_on_one_default(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="funfact"), ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: current(), range(64)))
    assert len(set(map(id, found))) == len(caplog.records) == 1


@pytest.mark.usefixtures("known")
def test_the_default_passes_over_what_is_broken(caplog: pytest.LogCaptureFixture) -> None:
    register_backend("jax", "no_such_module:JAX")
    with caplog.at_level(logging.INFO, logger="funfact"):
        assert current().name == "torch"
    assert "backend 'jax' from register_backend is broken" in caplog.text


@pytest.mark.usefixtures("known")
def test_the_environment_chooses(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FUNFACT_BACKEND", "b3")
    with caplog.at_level(logging.INFO, logger="funfact"):
        assert current().name == "b3"
    assert "named by FUNFACT_BACKEND" in caplog.text


def test_the_environment_chooses_badly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNFACT_BACKEND", "b33")
    with pytest.raises(UnknownNameError, match="FUNFACT_BACKEND=b33 names a backend that cannot"):
        current()
    register_backend("bad", "no_such_module:Bad")
    monkeypatch.setenv("FUNFACT_BACKEND", "bad")
    with pytest.raises(BrokenBackendError, match="FUNFACT_BACKEND=bad"):
        current()


def test_no_default_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "scan", list)
    with pytest.raises(BackendError, match="No backend can be used without") as caught:
        current()
    assert "Choose one: ff.use('b0'). Or install one: pip install funfact-backend-jax" in str(
        caught.value
    )


def test_devices_of_a_backend_that_has_no_choice() -> None:
    use("b0")
    assert devices() == devices("b1") == ("cpu",)


def test_a_using_that_is_kept_can_be_entered_again(plain: str, tunable: str) -> None:
    kept, other = using(plain), using(tunable)
    for _ in range(2):
        with kept, other, kept as inner:
            assert current() is inner
            assert inner.name == plain
    with kept:
        with other, kept:
            pass
        assert current().name == plain
    with pytest.raises(BackendError, match="inside `with using"), kept:
        use(plain)
    use(plain)  # nothing of it is left
