"""Every check of FunFact, each in a fresh environment: ``nox`` runs them all."""

import os
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "venv"
nox.options.sessions = [
    "lint",
    "types",
    "layers",
    "core-alone",
    "tests",
    "conformance",
    "loopback",
    "adapter",
    "third-party",
    "docs",
    "plugins",
    "packaging",
    "quickstart",
]

ROOT = "."
CORE = "./funfact-core"
NUMPY = "./funfact-backend-numpy"
JAX = "./funfact-backend-jax"
TORCH = "./funfact-backend-torch"
AUTOGRAD = "./examples/funfact-backend-autograd"
DISTRIBUTIONS = [CORE, NUMPY, JAX, TORCH, ROOT]
SOURCES = [f"{project}/src" for project in (CORE, NUMPY, JAX, TORCH)]
BACKENDS = {"numpy": NUMPY, "jax": JAX, "torch": TORCH}

# Most of the time of the tests is Python, or XLA's compiler: each takes one core. A worker has
# neighbours in a file, which share programs; the one that is done first takes of the other's.
WORKERS = ["-n", "2", "--dist", "worksteal"]

# pip takes distributions that are on no index from a folder only when each is named
PINS = ["-c", "constraints.txt"]
BUILDING = ["hatchling", "editables"]
TESTING = ["pytest", "pytest-xdist", "hypothesis", "array-api-strict"]
SITE = ["mkdocs-material", "mkdocstrings[python]", "ruff"]  # ruff sets long signatures
SOLVED = ["tensorly", "pyttb", "scikit-learn", "scikit-image"]  # beside FunFact, or with data
SHOWN = ["matplotlib", "dask[array]", "hatchling"]  # what examples in the docs need besides


def install(session: nox.Session, *packages: str, editable: bool = False) -> None:
    """Install folders of the checkout and packages, at the versions of constraints.txt."""
    session.env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    # compiles nothing, as most of a library is never imported: pip asks for a false value here
    session.env["PIP_NO_COMPILE"] = "0"
    folders = [package for package in packages if package.startswith(".")]
    if folders:  # all built with what is installed once, not each in an environment of its own
        session.install(*PINS, *BUILDING)
    flagged = [
        word
        for package in packages
        for word in (["-e", package] if editable and package in folders else [package])
    ]
    session.install(*PINS, *(["--no-build-isolation"] if folders else []), *flagged)


def build(session: nox.Session, folder: str, *projects: str) -> None:
    """Build the source distribution of each project, and from it the wheel."""
    install(session, "build", "hatchling")
    for project in projects or DISTRIBUTIONS:
        session.run(
            *("python", "-m", "build", "--no-isolation", "--outdir", folder, project),
            silent=True,
        )
    session.log("built " + ", ".join(sorted(wheel.name for wheel in Path(folder).glob("*.whl"))))


@nox.session
def quickstart(session: nox.Session) -> None:
    """Fit a nonnegative CP model to measured data; `-- --backend jax` does so on JAX."""
    others = [BACKENDS[name] for name in session.posargs if name in BACKENDS and name != "numpy"]
    install(session, CORE, NUMPY, *others, ROOT, "matplotlib", "tensorly")
    session.run("python", "examples/quickstart.py", *session.posargs)


@nox.session
@nox.parametrize("backend", list(BACKENDS))
def tests(session: nox.Session, backend: str) -> None:
    """Models, circuits, costs and fits on one backend; what expressions mean is `conformance`."""
    others = [] if backend == "numpy" else [BACKENDS[backend]]
    others += ["optax"] if backend == "jax" else []  # another Adam
    others += ["tensorly", "scikit-image"]  # a reference of tests/validation, and its data
    install(session, CORE, NUMPY, *others, ROOT, *TESTING, editable=True)
    session.env["FUNFACT_BACKEND"] = backend
    # tests/unit needs no backend: core-alone runs it
    folders = ["tests/compat", "tests/backends", "tests/semantics", "tests/solvers"]
    wide = []  # what is run in single and in double precision where there are both
    if backend == "jax":  # for JAX doubles are a choice for the whole process
        wide = ["tests/solvers/test_gradients.py", "tests/solvers/test_constrain.py"]
    else:
        folders += ["tests/validation"]
    ignored = [f"--ignore={file}" for file in wide]
    run = ["pytest", "--backend", backend]
    session.run(*run, *(session.posargs or [*WORKERS, *folders, *ignored]))
    if wide and not session.posargs:
        doubles = {"JAX_ENABLE_X64": "1"}
        session.run(*run, *WORKERS, *wide, "tests/validation", env=doubles)


@nox.session
@nox.parametrize("backend", list(BACKENDS))
def conformance(session: nox.Session, backend: str) -> None:
    """The conformance kit on one backend, as its author runs it: with core and nothing else."""
    install(session, CORE, BACKENDS[backend], "pytest", "pytest-xdist", "hypothesis", editable=True)
    tests = f"funfact-backend-{backend}/tests"
    session.run("pytest", tests, *WORKERS, *session.posargs)
    if backend == "jax" and not session.posargs:  # doubles are a choice for the whole process
        session.run("pytest", tests, *WORKERS, "-k", "gradient", env={"JAX_ENABLE_X64": "1"})


@nox.session
@nox.parametrize("backend", ["strict", "opaque"])
def loopback(session: nox.Session, backend: str) -> None:
    """What expressions mean, on backends that have what the contract asks for and no more."""
    install(session, CORE, NUMPY, *TESTING, editable=True)
    tests = session.posargs or [*WORKERS, "tests/semantics", "tests/solvers"]
    # what the contract asks of a namespace; the kit's own calls use the standard's latest
    session.run(
        *("pytest", "--backend", backend, *tests),
        env={"ARRAY_API_STRICT_API_VERSION": "2023.12"},
    )
    if not session.posargs:
        kit = ["-p", "funfact.testing.plugin", "--funfact-backend", backend]
        session.run("pytest", "--backend", backend, *WORKERS, *kit, "--pyargs", "funfact.testing")


@nox.session
def adapter(session: nox.Session) -> None:
    """The kit on Dask, a backend in twenty lines by way of the array API standard."""
    dask = "./examples/funfact-backend-dask"
    install(session, CORE, dask, "pytest", "hypothesis", editable=True)
    session.run("pytest", *(session.posargs or [f"{dask}/tests"]))


@nox.session(name="core-alone")
def core_alone(session: nox.Session) -> None:
    """Core with NumPy and no backend: what `import funfact` loads, and the unit tests."""
    install(session, CORE, *TESTING, editable=True)
    session.run("pytest", *(session.posargs or [*WORKERS, "tests/unit"]))


@nox.session
def docs(session: nox.Session) -> None:
    """With all three backends: the site, its examples, and models moved between backends."""
    install(session, *DISTRIBUTIONS, *TESTING, *SITE, *SHOWN, editable=True)
    session.run("mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})
    kit = "--ignore=funfact-core/src/funfact/testing/test_backend.py"  # tests, not examples
    examples = session.posargs or [*WORKERS, "tests/docs", *SOURCES]
    session.run("pytest", "--doctest-modules", kit, *examples)
    several = ["tests/solvers/test_capability.py", "tests/unit/fit/test_target.py"]
    session.run("pytest", "--backend", "jax", *several)


@nox.session
def bench(session: nox.Session) -> None:
    """FunFact's time over an expert's, TensorLy's and 1.0.3's: the tables of docs/performance.md.

    On a quiet machine.
    """
    install(session, *DISTRIBUTIONS, "tensorly")
    pins = Path("constraints.txt").read_text().split()
    torch = next(pin for pin in pins if pin.startswith("torch=="))  # that of the other rows
    with tempfile.TemporaryDirectory(prefix="funfact-1.0.3-") as folder:
        old = earlier(session, folder, torch)
        session.run("python", "benchmarks/run.py", "--earlier", old, *session.posargs)


def earlier(session: nox.Session, folder: str, *packages: str) -> str:
    """Make an environment with FunFact 1.0.3, whose import name is the same; its Python."""
    session.run("python", "-m", "venv", folder)
    old = str(Path(folder, "Scripts" if os.name == "nt" else "bin", "python"))
    needs = ["-r", "benchmarks/compat/requirements-1.0.3.txt", *packages]
    session.run(old, "-m", "pip", "install", "-q", *needs, external=True)
    return old


@nox.session
def validate(session: nox.Session) -> None:
    """Problems with known answers, into docs/validation.md; fails if one does not hold."""
    install(session, *DISTRIBUTIONS, *SOLVED)
    session.run("python", "-m", "validation", *session.posargs)


@nox.session(name="compat-1.0")
def compat_1_0(session: nox.Session) -> None:
    """The quick start of FunFact 1.0.3, here and with 1.0.3 itself: who ends better."""
    install(session, CORE, NUMPY, JAX, ROOT)
    with tempfile.TemporaryDirectory(prefix="funfact-1.0.3-") as folder:
        old = earlier(session, folder)
        session.run("python", "benchmarks/compat/compare.py", "python", old)


@nox.session
def plugins(session: nox.Session) -> None:
    """Sample distributions, good, broken and duplicate, beside core and NumPy."""
    install(session, CORE, NUMPY, ROOT, *TESTING, "build", "hatchling", "ruff")
    session.run("pytest", *(session.posargs or [*WORKERS, "tests/plugins"]))


@nox.session(name="third-party")
def third_party(session: nox.Session) -> None:
    """A stranger's backend beside `funfact`, both from wheels; and one that `new` writes."""
    with tempfile.TemporaryDirectory(prefix="funfact-third-") as folder:
        build(session, folder, CORE, NUMPY, ROOT, AUTOGRAD)
        session.run("python", "-m", "venv", f"{folder}/venv")
        python = str(Path(folder, "venv", "Scripts" if os.name == "nt" else "bin", "python"))

        def run(*words: str) -> None:
            session.run(python, *words, external=True)

        pip = ["-m", "pip", "install", "-q", *PINS, "--find-links", folder]
        run(*pip, "funfact", "funfact-backend-autograd[test]")
        run("-m", "pytest", "-q", f"{AUTOGRAD}/tests")
        run("-m", "funfact.backends", "check", "autograd")
        run("tests/docs/page.py", f"{AUTOGRAD}/README.md")
        run(*pip, "matplotlib", "tensorly")
        picture = ["--output", f"{folder}/quickstart.png"]
        run("examples/quickstart.py", "--backend", "autograd", "--steps", "100", *picture)

        package = f"{folder}/fast-arrays"
        run("-m", "funfact.backends", "new", "fast-arrays", "--path", package)
        run(*pip, "-e", f"{package}[test]")
        run("-m", "pytest", "-q", package)
        run("-m", "funfact.backends")


@nox.session
def wheels(session: nox.Session) -> None:
    """Build all five distributions into dist/."""
    build(session, "dist")


@nox.session
def packaging(session: nox.Session) -> None:
    """Install the built wheels the way a stranger would, outside the checkout."""
    with tempfile.TemporaryDirectory(prefix="funfact-wheels-") as folder:
        build(session, folder)
        install(session, *TESTING)
        session.run("pytest", "--wheels", folder, *(session.posargs or ["tests/packaging"]))


@nox.session
def lint(session: nox.Session) -> None:
    """Lint and format with ruff."""
    install(session, "ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types, strict, without any array library but NumPy."""
    install(session, CORE, "mypy", "pytest", "hypothesis")
    session.run("mypy")


@nox.session
def layers(session: nox.Session) -> None:
    """Imports between the rooms of core run one way."""
    install(session, CORE, "import-linter", editable=True)
    session.run("lint-imports", "--no-logo")
