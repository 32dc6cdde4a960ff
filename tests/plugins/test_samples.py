"""Backends of strangers, installed as distributions: what works, and what each message says."""

import json
from collections.abc import Callable
from pathlib import Path

from wheels import pip_install, unpack

Run = Callable[..., str]
Install = Callable[..., None]

ALL = ("good", "brittle", "impostor", "future", "claims-jax", "first-party", "twin-one", "twin-two")
FUNFACT_ONLY = "jax,torch,numpy"  # whichever of them are installed here


def test_a_good_one_works(install: Install, run: Run) -> None:
    install("good")
    code = """
ff.use('echo')
ab = ff.active_backend
print(ab, ab.to_numpy(ab.einsum('ij,jk->ik', ab.ones((2, 3)), ab.ones((3, 2)))).tolist())
"""
    assert run(code) == "<backend 'EchoBackend'> [[3.0, 3.0], [3.0, 3.0]]\n"


def test_installed_by_pip(tmp_path: Path, run: Run) -> None:
    pip_install("good", tmp_path)
    assert "echo" in run("print(ff.available_backends)")


def test_all_at_once_break_nothing(install: Install, run: Run) -> None:
    install(*ALL)
    code = """
import sys
names = ff.available_backends
loaded = [m for m in sys.modules if m.endswith('_arrays') or m in ('jax', 'torch', 'another_jax')]
ff.use('echo')
print(names, loaded, ff.active_backend)
"""
    printed = run(code)
    assert printed.startswith("['jax', ")
    assert "'brittle', 'echo', 'future', 'impostor', 'twin'] [] <backend 'EchoBackend'>" in printed


def test_the_import_fails(install: Install, refusal: Run) -> None:
    install("brittle")
    text = refusal("ff.use('brittle')")
    assert text == (
        "backend 'brittle' from brittle-arrays 0.3 is broken: loading "
        "brittle_arrays:BrittleBackend raised ModuleNotFoundError: "
        "No module named 'a_library_that_nobody_has'. "
        "To install what it needs: pip install brittle-arrays"
    )


def test_no_backend_at_all(install: Install, refusal: Run) -> None:
    install("impostor")
    text = refusal("ff.use('impostor')")
    assert text.startswith("backend 'impostor' from impostor-arrays 1.1 is broken: ")
    assert "impostor_arrays:backend is <function backend" in text
    assert "not a class derived from funfact's Backend" in text
    assert text.endswith("Tell its authors; to be rid of it: pip uninstall impostor-arrays")


def test_another_protocol(install: Install, refusal: Run) -> None:
    install("future")
    assert refusal("ff.use('future')") == (
        "backend 'future' from future-arrays 7.0 is incompatible: FutureBackend is written for "
        "protocol 2, and this funfact-core speaks protocol 1. "
        "To update it: pip install --upgrade funfact-core"
    )


def test_a_stranger_claims_jax(install: Install, run: Run) -> None:
    install("claims-jax", "first-party")
    printed = run("ff.use('jax')\nprint(ff.active_backend)")
    assert "<backend 'MeantBackend'>" in printed
    assert "UserWarning: backend 'jax' is claimed by another-jax 0.9 and " in printed
    assert "funfact-backend-jax 9.9.9 is used, which the name belongs to" in printed
    assert "'jax@another-jax'" in printed
    assert run("ff.use('jax@another-jax')\nprint(ff.active_backend)") == (
        "<backend 'AnotherBackend'>\n"
    )


def test_a_stranger_has_jax_alone(install: Install, run: Run) -> None:
    install("claims-jax")
    printed = run(
        "ff.use('jax')\nprint(ff.active_backend)",
        FUNFACT_DISABLE_BACKENDS="jax@funfact-backend-jax",
    )
    assert printed == "<backend 'AnotherBackend'>\n"


def test_two_strangers_share_a_name(install: Install, run: Run, refusal: Run) -> None:
    install("twin-two", "twin-one")
    assert refusal("ff.use('twin')") == (
        "backend 'twin' is claimed by twin-one 1.0 and twin-two 2.0. "
        "Say which: 'twin@twin-one' or 'twin@twin-two'."
    )
    assert run("ff.use('twin@twin-two'); print(type(ff.backends.current()).__doc__)") == (
        "Twin two.\n"
    )


def test_status_of_each(install: Install, run: Run) -> None:
    install(*ALL)
    found = json.loads(run("", "-m", "funfact.backends", "--json", FUNFACT_DISABLE_BACKENDS="echo"))
    states = {name: found[name]["state"] for name in found}
    assert states | {"torch": "", "numpy": ""} == {
        "jax": "ready",
        "torch": "",
        "numpy": "",
        "brittle": "broken",
        "echo": "disabled",
        "future": "incompatible",
        "impostor": "broken",
        "twin": "ambiguous",
    }
    assert found["future"]["version"] == "7.0"
    assert found["brittle"]["remedy"].endswith("pip install brittle-arrays")
    table = run("", "-m", "funfact.backends")
    assert "twin-one, twin-two" in table
    assert "brittle: loading brittle_arrays:BrittleBackend raised" in table


def test_status_imports_no_array_library(run: Run) -> None:
    code = "import sys; ff.backends.status(); print({'jax', 'torch', 'scipy'} & set(sys.modules))"
    assert run(code) == "set()\n"


def test_the_environment_chooses_a_stranger(install: Install, run: Run, refusal: Run) -> None:
    install("good", "brittle")
    assert run("print(ff.active_backend)", FUNFACT_BACKEND="echo") == "<backend 'EchoBackend'>\n"
    text = refusal("print(ff.active_backend)", FUNFACT_BACKEND="brittle")
    assert text.startswith("FUNFACT_BACKEND=brittle names a backend that cannot be used. backend")


def test_a_stranger_is_not_taken_by_default(install: Install, refusal: Run) -> None:
    install("good")
    text = refusal("print(ff.active_backend)", FUNFACT_DISABLE_BACKENDS=FUNFACT_ONLY)
    assert "No backend can be used without being chosen. Choose one: ff.use('echo')" in text


def test_the_default_passes_over_a_broken_one(site: Path, install: Install, run: Run) -> None:
    install("first-party")
    (site / "meant_jax.py").write_text("raise OSError('libjax.so is damaged')")
    printed = run(
        "import logging; logging.basicConfig(level='INFO'); print(ff.active_backend)",
        FUNFACT_DISABLE_BACKENDS="torch",
    )
    assert printed.startswith("<backend 'NumpyBackend'>")
    assert "using the backend 'numpy', the first that can be used. backend 'jax' from" in printed
    assert "OSError: libjax.so is damaged" in printed


def test_a_wheel_added_while_running(site: Path, run: Run) -> None:
    here = str(Path(__file__).parent)
    code = f"""
import sys, pathlib
before = 'echo' in ff.available_backends
sys.path.append({here!r})
from wheels import unpack
unpack('good', pathlib.Path({str(site)!r}))
print(before, 'echo' in ff.available_backends)
ff.use('echo'); print(ff.active_backend)
"""
    assert run(code) == "False True\n<backend 'EchoBackend'>\n"


def test_an_editable_install_added_while_running(site: Path, refusal: Run) -> None:
    unpack("good", site)
    (site / "echo_arrays.py").unlink()  # its folder joins the path at the next start
    (site / "echo_arrays-1.0.dist-info" / "direct_url.json").write_text(
        '{"url": "file:///home/me/echo", "dir_info": {"editable": true}}'
    )
    text = refusal("ff.use('echo')")
    assert "No module named 'echo_arrays'" in text
    assert text.endswith(
        "It is an editable install; one that is added while Python runs can be imported "
        "after a restart."
    )


def test_a_stale_copy_of_the_metadata_collapses(site: Path, install: Install, run: Run) -> None:
    install("good")
    stale = site / "echo_arrays-0.1.dist-info"
    stale.mkdir()
    for name, text in {
        "METADATA": "Metadata-Version: 2.1\nName: echo_arrays\nVersion: 0.1\n",
        "entry_points.txt": "[funfact.backends]\necho = echo_arrays:OldName\n",
    }.items():
        (stale / name).write_text(text)
    assert run("ff.use('echo'); print(ff.available_backends.count('echo'))") == "1\n"


def test_malformed_metadata_hides_nothing(site: Path, install: Install, run: Run) -> None:
    install("good")
    for folder, files in {
        "malformed-1.0.dist-info": {
            "METADATA": "Metadata-Version: 2.1\nName: malformed\nVersion: 1.0\n",
            "entry_points.txt": "[funfact.backends]\nthis is no entry point\n",
        },
        "elsewhere-1.0.dist-info": {
            "METADATA": "Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n",
            "entry_points.txt": "neither section nor entry\n= =\n",
        },
        "nameless-1.0.dist-info": {"entry_points.txt": "[funfact.backends]\nghost = ghost:G\n"},
    }.items():
        (site / folder).mkdir()
        for name, text in files.items():
            (site / folder / name).write_text(text)
    printed = run("print('echo' in ff.available_backends, 'ghost' in ff.available_backends)")
    assert printed.startswith("True False\n")
    assert "offers a FunFact backend and its metadata cannot be read" in printed
