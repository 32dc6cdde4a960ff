"""How much memory a call takes at most, beyond what the process holds when it begins."""

import ctypes
import gc
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

__all__ = ["watched"]

RESET = Path("/proc/self/clear_refs")
"""Where Linux takes a 5 to forget the peak so far."""


def watched() -> Callable[[], float]:
    """A function that tells how many MiB the process has taken at most since now.

    On Linux free memory is given back first, so that nothing is made where something else was
    before, and pages of files do not count: they are code of libraries, read as it is first run.
    Elsewhere it is how much higher the peak of the whole process is.
    """
    gc.collect()
    if not os.access(RESET, os.W_OK):
        before = _highest()
        return lambda: _highest() - before
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # which glibc alone has
    if trim is not None:
        trim(0)
    RESET.write_text("5")
    held = _status("VmRSS") - _status("RssFile")
    return lambda: _status("VmHWM") - _status("RssFile") - held


def _status(name: str) -> float:
    """What Linux says of the process, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (found,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(found) / 2**10


def _highest() -> float:
    """The most that the process has held; macOS counts bytes, Linux KiB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2 ** (20 if sys.platform == "darwin" else 10)
