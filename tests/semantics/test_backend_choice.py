"""What the choice of a backend says of what it cannot do, and of devices that are not there."""

from typing import Any

import pytest

from funfact import backends
from funfact.backends import Autodiff, Devices, Repeat
from funfact.errors import CapabilityError, DeviceError, OptionError


def test_a_capability_that_is_not_declared_has_no_method(backend: Any) -> None:
    for capability, method in ((Autodiff, "value_and_grad"), (Repeat, "repeated")):
        if not isinstance(backend, capability):
            assert method not in dir(type(backend))
            with pytest.raises(CapabilityError, match=f"{capability.ability}, which <backend"):
                backends.require(backend, capability, "fitting")


def test_the_kind_alone_is_its_first_device(backend_name: str) -> None:
    if isinstance(backends.load(backend_name), Devices):
        for device in ("cpu", "cpu:0", *backends.devices(backend_name)):
            backend = backends.load(backend_name, device=device)
            assert backend.device in backend.devices()
            assert backend.device.startswith("cpu") or device not in ("cpu", "cpu:0")


@pytest.mark.parametrize("device", ["cuda:99", "cpu:99", "abacus", "", "cpu:x", "meta"])
def test_a_device_that_is_not_there(backend_name: str, device: str) -> None:
    if not isinstance(backends.load(backend_name), Devices):
        with pytest.raises(OptionError, match="has no option 'device'"):
            backends.load(backend_name, device=device)
        return
    with pytest.raises(DeviceError) as caught:
        backends.load(backend_name, device=device)
    assert f"has no device {device!r} here. It has " in str(caught.value)
    for there in backends.devices(backend_name):
        assert there in str(caught.value)


def test_devices_are_texts(backend_name: str) -> None:
    with pytest.raises(OptionError, match="cannot be 3"):
        backends.load(backend_name, device=3) if isinstance(
            backends.load(backend_name), Devices
        ) else pytest.skip("it has no choice of devices")
