"""FunFact beside FunFact 1.0.3, each in a process with its own environment, in turns."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

__all__ = ["PATIENCE", "beside"]

PROGRAM = Path(__file__).with_name("stretch.py")

PATIENCE = 60
"""Seconds, after which 1.0.3 makes no more stretches of a workload."""

ENOUGH = 3
"""Pairs without which there is no answer."""


def beside(python: str, name: str, backend: str, steps: int, pairs: int) -> dict[str, Any] | None:
    """Milliseconds of CPU time for a step, or a value, of this FunFact and of 1.0.3.

    Parameters
    ----------
    python : str
        That of an environment with FunFact 1.0.3.
    name, backend : str
    steps : int
        Of a stretch of this FunFact.
    pairs : int
        Of stretches, one of each; fewer if there is no time for more.

    Returns
    -------
    dict or None
        None if 1.0.3 cannot do it, or there was time for less than three pairs.
    """
    words = [str(PROGRAM), name, backend, "--steps", str(steps)]
    ours: list[float] = []
    theirs: list[float] = []
    # -E: without PYTHONPATH, in which this FunFact may stand
    with _process([python, "-E", *words]) as old, _process([sys.executable, *words]) as new:
        limit = threading.Timer(PATIENCE, old.kill)
        limit.start()
        for _ in range(1 + pairs):  # compilers are at work in the first, which does not count
            seconds = _stretch(old)
            if seconds is None:
                break
            theirs.append(seconds)
            ours.append(_stretch(new) or sys.exit(f"no answer from {words}"))
        limit.cancel()
    if len(ours) <= ENOUGH:
        return None
    low, middle, high = quantiles([a / b for a, b in zip(theirs[1:], ours[1:], strict=True)], n=4)
    return {
        "ours": 1e3 * median(ours[1:]),
        "theirs": 1e3 * median(theirs[1:]),
        "ratio": middle,
        "low": low,
        "high": high,
    }


@contextmanager
def _process(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    # a progress bar goes to stderr
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _stretch(process: subprocess.Popen[str]) -> float | None:
    """What a stretch that begins now says in the end; None if the process ends before it."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write("\n")
        process.stdin.flush()
    except BrokenPipeError:
        return None
    said = process.stdout.readline()
    return float(said) if said else None
