"""Wheels of the sample distributions, written without a build backend."""

import base64
import hashlib
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

SAMPLES = Path(__file__).with_name("samples")


def wheel(sample: str, folder: Path) -> Path:
    """The wheel of one sample, as pip accepts it."""
    project = tomllib.loads((SAMPLES / sample / "pyproject.toml").read_text("utf-8"))["project"]
    stem = f"{project['name'].replace('-', '_')}-{project['version']}"
    info = f"{stem}.dist-info"
    requires = "".join(f"Requires-Dist: {needed}\n" for needed in project["dependencies"])
    points = project.get("entry-points", {}).get("funfact.backends", {})
    files = {path.name: path.read_text("utf-8") for path in (SAMPLES / sample).glob("*.py")}
    files |= {
        f"{info}/METADATA": "Metadata-Version: 2.1\n"
        f"Name: {project['name']}\nVersion: {project['version']}\n{requires}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[funfact.backends]\n"
        + "".join(f"{name} = {target}\n" for name, target in points.items()),
    }
    record = "".join(f"{name},sha256={_hash(text)},{len(text)}\n" for name, text in files.items())
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (files | {f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}).items():
            archive.writestr(name, text)
    return path


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def unpack(sample: str, folder: Path) -> None:
    """Put a sample where ``pip install --target`` would."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(wheel(sample, folder)) as archive:
        archive.extractall(folder)
    Path(archive.filename or "").unlink()


def pip_install(sample: str, folder: Path) -> None:
    """Have pip install a sample."""
    path = wheel(sample, folder)
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*command, "--target", str(folder / "site"), str(path)], check=True)
