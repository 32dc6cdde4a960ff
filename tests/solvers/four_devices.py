"""Four devices on a machine that has one CPU, for the scripts of test_devices.py."""

from contextlib import nullcontext
from functools import cache

import funfact as ff


def four_devices(name):
    """A context, of this thread, in which the backend has ``cpu:0`` to ``cpu:3``.

    JAX's are made by ``XLA_FLAGS``. PyTorch knows one CPU: here a tensor remembers under
    which name it was put there, and no function takes tensors of two names.
    """
    context = _apart(name)() if name == "torch" else nullcontext()
    assert ff.devices(name) == ("cpu:0", "cpu:1", "cpu:2", "cpu:3")
    return context


def where(x):
    """The names of the devices that an array lives on."""
    return {x.place} if hasattr(x, "place") else {f"{d.platform}:{d.id}" for d in x.devices()}


@cache
def _apart(name):
    import torch
    from torch.overrides import TorchFunctionMode
    from torch.utils._pytree import tree_leaves

    from funfact_backend_torch import PyTorchBackend

    class Four(PyTorchBackend):
        def devices(self):
            return tuple(f"cpu:{n}" for n in range(4))

    class Apart(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            made = function(*args, **(kwargs or {}))
            given = tree_leaves((args, kwargs))
            asked = {str(x) for x in given if isinstance(x, torch.device)}
            there = {x.place for x in given if hasattr(x, "place")}
            results = [x for x in tree_leaves(made) if isinstance(x, torch.Tensor)]
            assert asked or not results or len(there) < 2, (function, there)
            for x in results if asked or there else ():
                x.place = min(asked or there)
            return made

    ff.register_backend(name, Four)
    return Apart
