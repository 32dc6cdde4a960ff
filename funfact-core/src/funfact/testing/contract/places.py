"""`Devices` and `Spread`: everything lives where it was asked to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import funfact as ff

from ...backends.active import activated
from ...errors import DeviceError
from ..compare import fault, same_value, told
from ..group import needs
from .calls import Calls

MADE = [
    "ab.tensor(np.ones(2, 'float32'))",
    "ab.tensor(ab.ones(2))",
    "ab.zeros(2, dtype='float32')",
    "ab.eye(2)",
    "ab.linspace(0, 1, 5)",
    "ab.normal(0, 1, 2)",
    "ab.uniform(0, 1, 2, dtype='complex64')",
    "ab.astype(ab.ones(2), 'int32')",
    "ab.einsum('ij,jk->ik', ab.ones((2, 2)), ab.eye(2))",
]
ABSENT = ["cuda:99", "cpu:99", "abacus", "", "cpu:x"]


class Places(Calls):
    """Everything lives where it was asked to."""

    def on_each(self, backend: Any) -> Iterator[tuple[str, Any]]:
        """The backend on each device in turn."""
        for device in self.devices or backend.devices():
            with told(f"{type(backend).__name__}(Options(device={device!r}))"):
                yield device, type(backend)(replace(backend.options, device=device))

    @needs("Devices")
    def test_the_device_in_use_is_one_of_those_that_are_there(self, backend: Any) -> None:
        """`device` is a name from `devices`."""
        there = backend.devices()
        if backend.device not in there:
            raise fault("ab.device", expected=f"one of {there}", got=repr(backend.device))
        for device, placed in self.on_each(backend):
            if placed.device != device:
                raise fault("ab.device", expected=repr(device), got=repr(placed.device))

    @needs("Devices")
    @pytest.mark.parametrize("call", MADE)
    def test_everything_lives_on_the_device_that_was_chosen(self, backend: Any, call: str) -> None:
        """What ``x.device`` says is the same for all arrays, and differs between devices."""
        homes = {}
        for device, placed in self.on_each(backend):
            home = str(placed.tensor(0.0).device)
            found = str(self.called(placed, call, {}).device)
            if found != home:
                expected = f"on {home}, where ab.tensor(0.0) is, with device={device!r}"
                raise fault(call, expected=expected, got=f"on {found}")
            homes[device] = home
        if len(set(homes.values())) < len(homes):
            raise fault("ab.tensor(0.0)", expected="another device for each", got=str(homes))

    @needs("Devices")
    def test_models_live_on_the_device_that_was_chosen(self, backend: Any) -> None:
        """Factors, constants and values."""
        i, j = ff.indices("i, j")
        for device, placed in self.on_each(backend):
            with activated(placed):
                model = ff.Factorization.from_tsrex(ff.tensor(3, 2)[i, j] * ff.ones(2)[j])
                made = [model(), *model.factors]
            home = str(placed.tensor(0.0).device)
            for x in made:
                if str(x.device) != home:
                    what = f"a model with device={device!r}"
                    raise fault(what, expected=f"arrays on {home}", got=f"one on {x.device}")

    @needs("Devices")
    @pytest.mark.parametrize("device", ABSENT)
    def test_a_device_that_is_not_there(self, backend: Any, device: str) -> None:
        """`DeviceError` names it, and those that are there."""
        call = f"Options(device={device!r})"
        says = "(.|\n)*".join(map(re.escape, (repr(device), backend.devices()[0])))
        with self.raises(call, DeviceError, says):
            type(backend)(replace(backend.options, device=device))

    @needs("Spread")
    @pytest.mark.parametrize("replicas", [1, 6])
    def test_shares_hold_all_replicas(self, backend: Any, replicas: int) -> None:
        """Each is put where it is computed, as it is."""
        call = f"ab.shares({replicas})"
        shares = self.called(backend, call, {})
        if sum(share.size for share in shares) < replicas:
            sizes = str([share.size for share in shares])
            raise fault(call, expected=f"at least {replicas} replicas in all", got=sizes)
        for share in shares:
            x = np.arange(2.0 * share.size, dtype=np.float32).reshape(share.size, 2)
            with told(f"put of {call}"):
                put = share.put(backend.tensor(x), 0)
            same_value(f"put of {call}", share.backend.to_numpy(put), x, 0)
