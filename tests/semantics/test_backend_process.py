"""Options that hold for a process, and devices, each tried in a process of its own."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from funfact import backends
from funfact.backends import Devices

SCRIPT = """
import json, sys, warnings
from funfact import backends
from funfact.backends import Devices
name, option, first, second = json.loads(sys.argv[1])
backends.use(name, **({} if first is None else {option: first}))
a = getattr(backends.current().options, option)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter('always')
    backends.use(name, **{option: second})
b = getattr(backends.current().options, option)
print(json.dumps([a, b, [str(w.message) for w in caught]]))
print(json.dumps(backends.active_backend.dtype_name(backends.active_backend.default_dtype)))
"""


def outcome(name: str, option: str, first: Any, second: Any) -> tuple[list[Any], str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps([name, option, first, second])],
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("FUNFACT_")},
    )
    assert done.returncode == 0, done.stderr
    settled, dtype = map(json.loads, done.stdout.splitlines())
    return settled, dtype


def switches(name: str) -> list[str]:
    kind = type(backends.load(name))
    found = sorted(option for option in kind.process_options if option.startswith("enable"))
    if not found:
        pytest.skip(f"backend {name!r} has no options that hold for a process")
    return found


def test_the_first_value_stays(backend_name: str) -> None:
    for option in switches(backend_name):
        (first, second, messages), _ = outcome(backend_name, option, True, False)
        assert (first, second) == (True, True)
        assert f"option {option!r} of backend {backend_name!r} stays True" in messages[0]
        assert f"ff.use({backend_name!r}, {option}=False)" in messages[0]


def test_first_use_without_it_settles_it_too(backend_name: str) -> None:
    for option in switches(backend_name):
        (first, second, messages), _ = outcome(backend_name, option, None, True)
        assert first is second is False
        assert len(messages) == 1


def test_asking_again_for_the_same_is_quiet(backend_name: str) -> None:
    for option in switches(backend_name):
        assert outcome(backend_name, option, True, True)[0] == [True, True, []]


def test_wide_floats_once_enabled(backend_name: str) -> None:
    if "enable_x64" in switches(backend_name):
        assert outcome(backend_name, "enable_x64", True, True)[1] == "float64"


LIVES = """
import sys
import funfact as ff
name = sys.argv[1]
i, j = ff.indices('i j')
for device in ff.devices(name):
    ff.use(name, device=device)
    ab = ff.active_backend
    home = ab.tensor(0.0).device
    product = ab.einsum('ij,jk->ik', ab.ones((2, 2)), ab.eye(2))
    made = [ab.normal(0, 1, 2), ab.uniform(0, 1, 2, dtype='complex64'), product]
    model = ff.Factorization.from_tsrex(ff.tensor(3, 2)[i, j] * ff.ones(2)[j])
    made += [ab.zeros(2, dtype='float32'), ab.astype(ab.ones(2), 'int32')]
    made += [ab.linspace(0, 1, 5), model(), *model.factors]
    assert all(x.device == home for x in made), [x.device for x in made]
    assert ab.to_numpy(product).tolist() == [[1, 1], [1, 1]]
    print(ab.device, home)
"""


def test_everything_lives_on_the_device_that_was_chosen(backend_name: str) -> None:
    if not isinstance(backends.load(backend_name), Devices):
        pytest.skip(f"backend {backend_name!r} has no choice of devices")
    # A CPU that passes for two, where the library can do that.
    two = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", LIVES, backend_name],
        capture_output=True,
        text=True,
        env={**os.environ, **two},
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0][0].startswith("cpu")
    assert len({home for _, home in lines}) == len(lines)
