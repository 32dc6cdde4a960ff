"""Steps that are recorded and replayed; run with ``--backend torch``.

What is recorded on a CUDA device is recorded here by a function that calls the steps again, on
any machine; the last tests need the device.
"""

import gc
from weakref import ref

import numpy as np
import pytest

import funfact as ff
from funfact.backends import Repeat, load

i, j, k, r = ff.indices("i, j, k, r")


@pytest.fixture
def torch(backend_name):
    if backend_name != "torch":
        pytest.skip("the torch backend replays steps")
    return pytest.importorskip("torch")


@pytest.fixture
def replayed(torch):
    """A function that makes `Replayed` of a step, and the list of what was recorded."""
    from funfact_backend_torch.graphs import Replayed

    recorded = []

    def record(work):
        recorded.append(work)
        work(1)  # as a device warms up
        return lambda n: lambda: work(n)

    return lambda step: (Replayed(step, record), recorded)


def fibonacci(carry, more):
    return {"pair": (carry["pair"][1], carry["pair"][0] + carry["pair"][1] + more[0]), "none": None}


def start(torch, n=2):
    return {"pair": (torch.zeros(n), torch.ones(n)), "none": None}


def test_any_number_of_steps_is_recorded_once(torch, replayed):
    run, recorded = replayed(fibonacci)
    more = [torch.zeros(2)]
    found = [run(start(torch), n, more) for n in (0, 1, 16, 35)]
    assert [x["pair"][0].tolist() for x in found] == [[f, f] for f in (0, 1, 987, 9227465)]
    assert found[0]["none"] is None
    assert len(recorded) == 1


def test_a_result_is_not_written_to_by_later_steps(torch, replayed):
    run, _ = replayed(fibonacci)
    more = [torch.zeros(2)]
    first = run(start(torch), 10, more)
    again = run(first, 10, more)
    assert first["pair"][0].tolist() == [55, 55]
    assert again["pair"][0].tolist() == [6765, 6765]


def test_another_target_is_read_and_so_is_one_that_was_changed(torch, replayed):
    run, recorded = replayed(lambda carry, rate: [carry[0] * rate])
    rate = torch.tensor(2.0)
    assert run([torch.ones(1)], 3, rate)[0].item() == 8
    rate.fill_(3.0)
    assert run([torch.ones(1)], 3, rate)[0].item() == 27
    assert len(recorded) == 1
    assert run([torch.ones(1)], 3, torch.tensor(4.0))[0].item() == 64
    assert len(recorded) == 2


@pytest.mark.parametrize("other", [{"size": 3}, {"size": 2, "dtype": "float64"}])
def test_another_kind_of_carry(torch, replayed, other):
    run, recorded = replayed(lambda carry: [carry[0] + 1])
    run([torch.zeros(2)], 5)
    native = getattr(torch, other.get("dtype", "float32"))
    found = run([torch.zeros(other["size"], dtype=native)], 5)[0]
    assert found.tolist() == [5] * other["size"]
    assert found.dtype == native
    assert len(recorded) == 2


def test_a_target_is_not_kept_alive(torch):
    from funfact_backend_torch.graphs import Replayed

    run = Replayed(lambda carry, x: [carry[0] + x], lambda work: lambda n: lambda: None)
    target = torch.ones(2)
    seen = ref(target)
    run([torch.zeros(2)], 1, target)
    del target
    gc.collect()
    assert seen() is None


def test_steps_that_cannot_be_recorded_are_called(torch):
    from funfact_backend_torch.graphs import Replayed

    def refuse(work):
        raise RuntimeError("operation not permitted when stream is capturing")

    run = Replayed(fibonacci, refuse)
    assert run(start(torch), 10, [torch.zeros(2)])["pair"][0].tolist() == [55, 55]


def test_a_fault_of_the_step_itself_is_shown(torch, replayed):
    run, _ = replayed(lambda carry: [carry[0] @ torch.ones(7)])
    with pytest.raises(RuntimeError, match="size"):
        run([torch.ones(2)], 1)


# --- on a CUDA device


@pytest.fixture
def cuda(torch):
    if not torch.cuda.is_available():
        pytest.skip("CUDA graphs need a CUDA device, and PyTorch sees none")
    return load("torch", device="cuda", compile=True)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("replicas", [1, 4])
def test_fits_on_a_gpu_are_those_on_the_cpu(cuda, replicas):
    target = np.random.default_rng(0).normal(size=(6, 5, 4))

    def run(**options):
        rng = np.random.default_rng(1)
        a, b, c = (
            ff.tensor(f"u{n}", n, 3, initializer=rng.normal(size=(n, 3))) for n in target.shape
        )
        with ff.using("torch", **options):
            found = ff.factorize(a[i, ~r] * b[j, ~r] * c[k, r], target, optimizer="Adam", tol=0,
                                 max_steps=75, checkpoint_freq=25, vec_size=replicas,
                                 dtype="float64", progress=False)  # fmt: skip
        return found.history.losses

    assert isinstance(cuda, Repeat)
    np.testing.assert_allclose(run(device="cuda", compile=True), run(device="cpu"), rtol=1e-6)


def test_steps_are_replayed_on_a_gpu(cuda, monkeypatch):
    import torch

    replay, replays = torch.cuda.CUDAGraph.replay, []
    monkeypatch.setattr(
        torch.cuda.CUDAGraph, "replay", lambda graph: (replays.append(None), replay(graph))
    )
    run = cuda.repeated(lambda carry, more: [carry[0] + more])
    more = cuda.tensor([1.0, 2.0])
    for n in (40, 3, 100):
        assert cuda.to_numpy(run([cuda.zeros(2)], n, more)[0]).tolist() == [n, 2 * n]
    assert len(replays) == (40 // 16 + 40 % 16) + 3 + (100 // 16 + 100 % 16)
