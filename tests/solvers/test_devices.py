"""A fit on four devices is the fit on one, and its steps need no word between them.

Each in a process of its own: how many devices a CPU passes for is settled once.
"""

import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

from funfact import backends
from funfact.backends import Repeat, Spread
from funfact.errors import DeviceError, OptionError

HERE = Path(__file__).parent
FOUR = "--xla_force_host_platform_device_count=4"
SWEPT = {"replicas": 5, "devices": "all", "multilinear": True, "max_steps": 9}
# of methods that take a step or not by its loss, so few steps that this is no matter of rounding
MORE = [
    {"replicas": 3, "axis": 0, "devices": "all"},
    {"replicas": 1, "axis": -1, "devices": ["cpu:1", "cpu:3"], "optimizer": "RMSprop"},
    {"replicas": 5, "axis": 0, "devices": ["cpu:1", "cpu:3"], "optimizer": "LM", "max_steps": 4},
    {"replicas": 5, "axis": 0, "devices": "all", "optimizer": "LBFGS", "max_steps": 9},
    {**SWEPT, "axis": -1, "optimizer": "ALS"},
    {**SWEPT, "axis": 0, "optimizer": "auto"},
    {"replicas": 5, "axis": 0, "devices": "all", "multilinear": True},
]
COLLECTIVE = re.compile(r"(all-gather|all-reduce|all-to-all|collective-permute|reduce-scatter)")


@pytest.fixture(scope="module")
def name(backend_name):
    if not isinstance(backends.load(backend_name), Spread):
        pytest.skip(f"backend {backend_name!r} spreads nothing over several devices")
    return backend_name


def run(command, folder, flags=FOUR):
    env = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=env)


def fits(name, cases, folder, flags=FOUR):
    done = run(
        [sys.executable, "-W", "error", str(HERE / "spread.py"), name, json.dumps(cases)],
        folder,
        flags,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def spread(name, tmp_path_factory):
    """What the fits of spread.py came to, and the folder of the programs that JAX compiled."""
    cases = [
        {"replicas": 8, "axis": 0, "devices": "all"},
        # as many do not divide by four; a user's own method makes arrays of its own
        {"replicas": 6, "axis": -1, "devices": ["cpu:2", "cpu:0", "cpu:3", "cpu:1"], "own": True},
        *([] if name == "jax" else MORE),  # there each case takes seconds to compile
    ]
    folder = tmp_path_factory.mktemp("spread")
    dump = (
        f"--xla_dump_to={folder} --xla_dump_hlo_as_text --xla_dump_hlo_module_re=jit_(run|gradient)"
    )
    return fits(name, cases, folder, f"{FOUR} {dump}"), folder


def test_a_fit_on_four_devices_is_the_fit_on_one(spread):
    for difference, shapes in spread[0]:
        assert difference < 1e-5
        assert len(shapes) == 3


def test_replicas_are_given_up_on_four_devices(name, tmp_path):
    cases = [
        {"replicas": 8, "axis": 0, "devices": "all", "halving": 2, "max_steps": 60},
        {"replicas": 9, "axis": -1, "devices": "all", "halving": 1, "optimizer": "LBFGS"},
    ]
    for difference, _ in fits(name, cases if name != "jax" else cases[:1], tmp_path):
        assert difference < 1e-5


def test_steps_exchange_nothing(name, spread):
    if not isinstance(backends.load(name), Repeat):
        pytest.skip(f"backend {name!r} has a share for each device, which knows no other")
    found, folder = spread
    assert found[0][1] == [[[8, 3, 2], 4], [[8, 4, 2], 4], [[8, 5, 2], 4]]
    for program in ("run", "gradient"):  # the second for a user's own method
        one, four = sorted(folder.glob(f"*jit_{program}.cpu_after_optimizations.txt"))
        assert "num_partitions=4" not in one.read_text()
        assert "num_partitions=4" in four.read_text()
        assert not COLLECTIVE.search(four.read_text())


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"device": "cpu", "devices": "all"},
            OptionError,
            r"device='cpu' and devices='all' are both given\. .* Give one of them\.",
        ),
        ({"devices": []}, OptionError, r"devices=\(\) names no device\. Give at least one of \w"),
        (
            {"devices": ["cpu", "cpu:0"]},
            OptionError,
            r"devices=\['cpu', 'cpu:0'\] names one device twice: 'cpu' and 'cpu:0'\.",
        ),
        ({"devices": "cpu"}, OptionError, r"devices='cpu': expected 'all' or a list of names"),
        ({"devices": ["cpu", "cpu:99"]}, DeviceError, r"has no device 'cpu:99' here\. It has \w"),
        ({"devices": 4}, OptionError, r"option 'devices' of backend .* cannot be 4\. It takes"),
        ({"devices": [0, 1]}, OptionError, r"option 'devices' of backend .* cannot be \(0, 1\)"),
    ],
)
def test_devices_that_make_no_sense(name, options, error, message):
    with pytest.raises(error, match=message):
        backends.load(name, **options)


def test_the_same_devices_are_the_same_backend(name):
    first = backends.load(name, devices=["cpu"])
    assert first is backends.load(name, devices=("cpu:0",))
    assert first is pickle.loads(pickle.dumps(first))
    assert first.device in backends.devices(name)
    (share,) = first.shares(5)
    assert (share.size, share.backend) == (5, first)


def test_what_is_made_on_a_device_stays_there(name, tmp_path):
    done = run([sys.executable, "-W", "error", str(HERE / "homes.py"), name], tmp_path)
    assert done.returncode == 0, done.stderr
