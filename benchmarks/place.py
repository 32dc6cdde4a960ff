"""The machine that was measured on, programs that print what they found, and a page's place."""

import json
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import version
from os import cpu_count
from pathlib import Path
from typing import Any

__all__ = ["COMPILED", "ask", "backend_of", "library", "replaced", "where"]

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

COMPILED = "torch-compiled"
"""What stands for the backend torch with ``compile=True`` among the names of backends."""

NAMES = {
    "numpy": "NumPy",
    "jax": "JAX",
    "torch": "PyTorch",
    COMPILED: "PyTorch, compiled",
    "tensorly": "TensorLy",
    "scipy": "SciPy",
}


def ask(*words: str) -> dict[str, Any]:
    """What a Python program prints last, as JSON; its errors are shown."""
    command = [sys.executable, *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def where(names: Iterable[str]) -> str:
    """The machine and the versions, NumPy's first, as a sentence."""
    libraries = dict.fromkeys(backend_of(name)[0] for name in ["numpy", *names])
    versions = ", ".join(f"{library(name)} {version(name)}" for name in libraries)
    return (
        f"Measured on {_processor()} with {cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {versions}."
    )


def replaced(text: str, measured: str) -> str:
    """The page with other tables."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}"


def library(name: str) -> str:
    """What a library is called."""
    return NAMES.get(name, name)


def backend_of(name: str) -> tuple[str, dict[str, Any]]:
    """What ``ff.use`` takes."""
    return ("torch", {"compile": True}) if name == COMPILED else (name, {})


def _processor() -> str:
    """What the processor calls itself, where the system tells."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
