"""The kit finds planted faults, and says which member is at fault and what was expected."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from strangers import python

from funfact.testing import BackendTests

HERE = Path(__file__).parent

# right backends, and the groups that they pass
RIGHT = {
    "Right": ["Data", "Dtypes", "Conventions", "Einsum", "Functions", "Draws", "Pairing"],
    "Differs": ["Derivatives", "Gradients", "Fits"],
    "Runs": ["Programs"],
    "Solves": ["LinearAlgebra", "Fits"],
    "Places": ["Places"],
}

# a wrong one, the group that finds it, and what stands in one message about it
FAULTS: list[tuple[str, str, tuple[str, ...]]] = [
    (
        "SharesMemory",
        "Data",
        ("ab.tensor(x), after x was overwritten,", "a copy, on the chosen device"),
    ),
    ("ReadsInFortranOrder", "Data", ("ab.to_numpy(ab.tensor(", "expected:", "got:")),
    (
        "LosesDtype",
        "Data",
        ("ab.to_numpy(a tensor of float32)", "float32", "got:      dtype float64"),
    ),
    ("TakesListsForTensors", "Data", ("ab.is_native([1.])", "expected: False", "got:      True")),
    (
        "Truncates",
        "Dtypes",
        ("ab.tensor([1], dtype='float64')", "or a DtypeError", "float32, silently"),
    ),
    ("DropsImaginaryParts", "Dtypes", ("ab.tensor(", "imaginary part would be lost", "no error")),
    (
        "WrapsAround",
        "Dtypes",
        ("ab.tensor([300], dtype='int8')", "does not fit into int8", "no error"),
    ),
    ("WrongAxis", "Conventions", ("ab.sum(x / 10, axis=0)", "shape (3, 4)", "shape (2, 3)")),
    ("SampleDeviation", "Conventions", ("ab.std(x / 10, axis=None)", "NumPy's meaning")),
    ("TransposesInverted", "Conventions", ("ab.transpose(x, (2, 0, 1))", "shape (4, 2, 3)")),
    ("ConjugatesNothing", "Conventions", ("ab.conj(z)", "contract: Complex conjugate")),
    ("ForgetsWhatIsLeft", "Conventions", ("ab.in_blocks(", "shape (2, 3, 4)", "shape (2, 3, 3)")),
    ("WrongDiagonal", "Einsum", ("ab.einsum('aa->a', x)", "Sum of products", "got:")),
    ("ConjugatesProducts", "Einsum", ("ab.einsum('ab,bc->ac', x, y)", "x = complex64 (2, 3)")),
    ("TensorFloat32", "Einsum", ("ab.einsum(", "4097 everywhere, which needs all of float32")),
    (
        "Overflows",
        "Functions",
        ("ab.log_sum_exp(x, axis=None)", "got:      inf", "without overflow"),
    ),
    ("RoughErf", "Functions", ("ab.erf(x)", "contract: Error function")),
    ("Cancels", "Functions", ("ab.erfc(x)", "without cancellation")),
    ("ReluInPlace", "Functions", ("x after ab.relu(x)", "[-80. , -5. , -1. , -0.1, 0. ")),
    ("Unseeded", "Draws", ("ab.normal(0, 1, (2, 3)) after ab.seed(7), twice", "expected:", "got:")),
    ("SeedsAgain", "Draws", ("ab.normal(0, 1, (2, 3)), called twice", "the same again")),
    ("TakesVariance", "Draws", ("the deviation of ab.normal(2.0, 0.5", "expected: 0.5, to 0.02")),
    (
        "RealAndImaginaryAlike",
        "Draws",
        ("the mean of (z - mean)**2 of ab.normal", "expected: 0, to"),
    ),
    (
        "ConjugatesGradients",
        "Derivatives",
        ("ab.value_and_grad", "steepest ascent", "2.+4.j", "2.-4.j"),
    ),
    ("HalfTheGradient", "Derivatives", ("the gradient of f = sum(abs(z)**2)", "steepest ascent")),
    ("SwapsGradients", "Derivatives", ("the gradient by params[0] of ab.value_and_grad", "(3, 2)")),
    ("WideGradients", "Derivatives", ("ab.value_and_grad", "dtype float32", "dtype float64")),
    ("PullsBackHalf", "Derivatives", ("pull(cotangent) of ab.linearize", "Jacobian")),
    ("OneStepShort", "Programs", ("the number of steps of ab.repeated", "n = 3", "got:      2")),
    ("AddsAllButTheLast", "Programs", ("ab.accumulated(term)", "expected:", "got:")),
    ("StopsAtOnce", "Programs", ("carry of ab.repeated_until", "n = 2", "9.", "3.")),
    (
        "BakesArgumentsIn",
        "Programs",
        ("ab.compile(f)([3.0, 4.0]", "expected: 25, to 0", "got:      5"),
    ),
    ("AlwaysTheFirstAxis", "Programs", ("ab.vmap(f, in_axes=0, out_axes=1)(x)", "shape (3, 2)")),
    ("OnlyTheFirstMatrix", "LinearAlgebra", ("ab.xp.linalg.cholesky", "expected:", "got:")),
    ("OnTheFirstDevice", "Places", ("ab.linspace(0, 1, 5)", "on two, where ab.tensor", "on one")),
    ("ForgetsTheLast", "Pairing", ("the value of a[i, j] * b[j, k]", "a = float32 (2, 3)")),
    ("ForgetsTheLast", "Kept", ("the value of a[~i, k] * b[i, k]", "expected:", "got:")),
    ("ForgetsTheLast", "Kronecker", ("the value of a[[*i, j]] * b[i, j]", "expected:", "got:")),
    ("ForgetsTheLast", "Lists", ("the value of a[i, j] * b[j, k] >> [k, i]", "expected:")),
    ("ForgetsTheLast", "Sizes", ("the value of a[i, ~j] * b[j] * c[j]", "expected:", "got:")),
    ("ForgetsTheLast", "Rename", ("the value of a[i, j][m, n] * b[n, k]", "expected:", "got:")),
    ("ForgetsTheLast", "Replicas", ("replica 0 of a[i, j] * b[j, k]", "expected:", "got:")),
    ("ForgetsTheLast", "Expressions", ("the value of ", "expected:", "given: ")),
    ("ConjugatesNothing", "Numbers", ("the value of ff.conj(z[i, j]) * z[k, j]", "expected:")),
    ("RoughErf", "ElementwiseFunctions", ("the value of ff.erf(a - 1)", "expected:", "got:")),
    ("Overflows", "Semirings", ("the value of ff.logsumexp(a[i], b[i])", "got:      inf")),
    ("ConjugatesGradients", "Gradients", ("ab.value_and_grad of a & b by a", "steepest ascent")),
    ("SolvesBackwards", "Fits", ("in the relative error of a fit of rank 3 by ALS", "FitError")),
    ("ConjugatesGradients", "Fits", ("30 steps of Adam in complex64", "expected:", "got:")),
    ("AnyNameWillDo", "Places", ("Options(device='abacus')", "got:      no error")),
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What the kit says of each backend, by the name of its class."""
    folder = tmp_path_factory.mktemp("mutants")
    pairs = [(name, group) for name, groups in RIGHT.items() for group in groups]
    pairs += [(name, group) for name, group, _ in FAULTS]
    classes = [
        f"class Test{name}{group}(suite.{group}):\n"
        "    @pytest.fixture\n"
        "    def backend(self):\n"
        f"        return mutants.{name}()\n"
        for name, group in pairs
    ]
    source = "import mutants, pytest\nfrom funfact.testing import suite\n" + "\n".join(classes)
    (folder / "test_mutants.py").write_text(source)
    (folder / "mutants.py").write_text((HERE / "mutants.py").read_text())
    kit = ["-m", "pytest", "-p", "funfact.testing.plugin", "--funfact-report=report.json"]
    done = python(folder, *kit, "-c", os.devnull, "--rootdir=.", "test_mutants.py")
    assert done.returncode == 1, done.stdout + done.stderr
    found: dict[str, list[dict[str, Any]]] = {}
    for outcome in json.loads((folder / "report.json").read_text()):
        found.setdefault(outcome["test"].partition("::")[0], []).append(outcome)
    return found


def test_each_group_has_a_fault() -> None:
    groups = {base.__name__ for base in BackendTests.__bases__}
    assert groups == {group for _, group, _ in FAULTS}


@pytest.mark.parametrize(
    ("name", "group"), [(name, group) for name, groups in RIGHT.items() for group in groups]
)
def test_right_ones_pass(outcomes: Any, name: str, group: str) -> None:
    mine = outcomes[f"Test{name}{group}"]
    assert [o["message"] for o in mine if o["outcome"] == "failed"] == []
    assert any(o["outcome"] == "passed" for o in mine)


@pytest.mark.parametrize(
    ("name", "group", "says"), FAULTS, ids=["-".join(fault[:2]) for fault in FAULTS]
)
def test_a_fault_is_found_and_named(outcomes: Any, name: str, group: str, says: Any) -> None:
    mine = outcomes[f"Test{name}{group}"]
    failed = [o["message"] for o in mine if o["outcome"] == "failed"]
    assert any(all(part in text for part in says) for text in failed), "\n\n".join(failed)
