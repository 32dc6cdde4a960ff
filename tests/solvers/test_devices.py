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
from funfact.backends import Spread
from funfact.errors import DeviceError, OptionError

SCRIPT = Path(__file__).with_name("spread.py")
FOUR = "--xla_force_host_platform_device_count=4"
COLLECTIVE = re.compile(r"(all-gather|all-reduce|all-to-all|collective-permute|reduce-scatter)")


@pytest.fixture
def name(backend_name):
    if not isinstance(backends.load(backend_name), Spread):
        pytest.skip(f"backend {backend_name!r} spreads nothing over several devices")
    return backend_name


def run(command, folder, flags=FOUR):
    env = {**os.environ, "XLA_FLAGS": flags}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=env)


def fits(name, cases, folder, flags=FOUR):
    done = run([sys.executable, "-W", "error", str(SCRIPT), name, json.dumps(cases)], folder, flags)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_fit_on_four_devices_is_the_fit_on_one(name, tmp_path):
    cases = [
        {"replicas": 8, "axis": 0, "devices": "all"},
        # two are copies that nobody sees; a user's own method makes arrays of its own
        {"replicas": 6, "axis": -1, "devices": ["cpu:2", "cpu:0", "cpu:3", "cpu:1"], "own": True},
    ]
    dump = f"--xla_dump_to={tmp_path} --xla_dump_hlo_as_text --xla_dump_hlo_module_re=jit_run"
    (difference, shapes), (other, _) = fits(name, cases, tmp_path, f"{FOUR} {dump}")
    assert max(difference, other) < 1e-5
    assert shapes == [[[8, 3, 2], 4], [[8, 4, 2], 4], [[8, 5, 2], 4]]
    one, four = sorted(tmp_path.glob("*.cpu_after_optimizations.txt"))
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
        ({"devices": []}, OptionError, r"devices=\(\) names no device\. Give at least one of cpu"),
        (
            {"devices": ["cpu", "cpu:0"]},
            OptionError,
            r"devices=\['cpu', 'cpu:0'\] names one device twice: 'cpu' and 'cpu:0'\.",
        ),
        ({"devices": "cpu"}, OptionError, r"devices='cpu': expected 'all' or a list of names"),
        ({"devices": ["cpu", "cpu:99"]}, DeviceError, r"has no device 'cpu:99' here\. It has cpu"),
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


HOMES = """
import sys, threading
import numpy as np
import funfact as ff
from funfact import active_backend as ab
name = sys.argv[1]
i, j = ff.indices('i, j')
expr = ff.tensor('u', 3)[i] * ff.tensor('d', [1.0, 2.0])[j] * 2.0

def places(x):
    return {f'cpu:{d.id}' for d in x.devices()}

def home(fac, there):
    n = np.zeros((fac.ndim, 1), int)
    for x in (*fac.all_factors, fac(), fac[1, 0], fac.points(*n), fac.penalty()):
        assert places(x) == there, (places(x), there)

for there in ({'cpu:2'}, {'cpu:3', 'cpu:1'}):
    options = {'devices': sorted(there)} if len(there) > 1 else {'device': min(there)}
    ff.use(name, **options)
    built = ff.Factorization.from_tsrex(expr, vec_size=2)
    made = [ab.tensor(np.ones(3)), ab.normal(0, 1, 3), ab.uniform(0, 1, 3, dtype='complex64')]
    made += [ab.zeros(3), ab.eye(3), ab.hanning(3), ab.ones((3, 2), dtype='int32') @ ab.ones(2)]
    for x in made:
        assert places(x) == there, (places(x), there)
    fitted = ff.factorize(expr, np.ones((3, 2)), vec_size=3, max_steps=2, progress=False)
    built.save('model.ff')
    loaded = ff.load('model.ff')
    ff.use(name, device='cpu:0')
    for fac in (built, fitted, loaded, ff.view(built, 1), built.copy()):
        home(fac, there)
    home(built.to(name, device='cpu:1'), {'cpu:1'})
    home(built.to(name, **options), there)
    home(ff.load('model.ff'), {'cpu:0'})
    built['u'] = np.ones((2, 3))
    home(built, there)

def work(device, found):
    with ff.using(name, device=device):
        for n in range(3):
            ab.seed(n)
            fac = ff.Factorization.from_tsrex(expr)
            home(fac, {device})
            found.append(ab.to_numpy(fac()))

results = {device: [] for device in ff.devices(name)}
threads = [threading.Thread(target=work, args=item) for item in results.items()]
[t.start() for t in threads], [t.join() for t in threads]
assert all(np.array_equal(x, y) for r in results.values() for x, y in zip(r, results['cpu:0']))
assert ab.device == 'cpu:0' and all(len(r) == 3 for r in results.values())
"""


def test_what_is_made_on_a_device_stays_there(name, tmp_path):
    done = run([sys.executable, "-W", "error", "-c", HOMES, name], tmp_path)
    assert done.returncode == 0, done.stderr
