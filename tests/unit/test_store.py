"""Files of models: what they hold, what they cannot, and what happens to bad ones."""

import io
import json
import os
import pickle
import warnings
import zipfile

import numpy as np
import pytest

import funfact as ff
from funfact import conditions, initializers
from funfact.errors import FileFormatError, OptionError, UnknownNameError
from funfact.model import History, Outcome

i, j, k, r = ff.indices("i, j, k, r")


@pytest.fixture(autouse=True)
def on_numpy():
    with ff.using("numpy") as ab:
        ab.seed(0)
        yield


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.ff"


def model(expr, **kwargs):
    return ff.Factorization.from_tsrex(expr, **kwargs)


def low_rank(**kwargs):
    u, v = ff.tensor("u", 3, 2, **kwargs), ff.tensor("v", 4, 2, **kwargs)
    return u[i, r] * v[j, r]


def reloaded(fac, path, **kwargs):
    fac.save(path)
    return ff.load(path, **kwargs)


def rotation(angle, ab):
    c, s = ab.cos(angle), ab.sin(angle)
    return ab.reshape(ab.stack([c, -s, s, c]), (2, 2))


# --- the expression


def circuit():
    gates = ff.quantum.Circuit(3)
    gates.append(ff.quantum.H @ 0)
    gates.append(ff.quantum.U4("V") @ (2, 0))
    gates.append(ff.quantum.controlled(ff.quantum.RY("theta")) @ (1, 2))
    gates.append(ff.quantum.gate(ff.tensor("A", 4, 4)) @ (0, 1))
    return gates.to_tsrex()


def shared():
    v = ff.tensor("V", 3, 3)
    square = v @ v
    return square[i, j] * square[j, k] >> [k, i]


def nested():
    a, data = ff.tensor("a", 2, 3), ff.tensor("d", np.arange(3.0))
    inner = ff.vectorize(a @ data, 4)
    return ff.vectorize(ff.exp(inner) + ff.tensor("b", 4, 2), 5, append=True)


WRITTEN = {
    "numbers": lambda: (2 * low_rank() + 0.1) ** 3 / ff.pi - 1e300,
    "complex": lambda: low_rank() * (1 - 2j),
    "marks": lambda: ff.tensor("a", 2, 3)[[*i, ~j]] * ff.tensor("b", 2, 3)[i, j],
    "dots": lambda: ff.tensor("a", 2, 3, 4)[i, ...] * ff.tensor("b", 2, 3)[i, j],
    "rename": lambda: ff.exp(low_rank())[j, k] >> [k, ...],
    "dense": lambda: (ff.eye(2) & ff.tensor("a", 3, 3)) @ ff.ones(6, 1) - ff.zeros(1),
    "semiring": lambda: ff.viterbi(low_rank(), ff.tensor("w", 4)[j]),
    "own names": lambda: ff.semiring("max", "hypot")(low_rank(), ff.tensor("w", 4)[j]),
    "rotation": lambda: ff.planar_rotation(0, 2, 3, theta="t") @ ff.planar_rotation(1, 2, 3),
    "real": lambda: ff.tensor("x", 3, real=True) * 1j,
    "no symbol": lambda: ff.tensor(2, 3) @ ff.tensor(3),
    "circuit": circuit,
    "shared": shared,
    "nested": nested,
}


@pytest.mark.parametrize("name", WRITTEN)
def test_the_expression_is_the_same(name, path):
    expr = WRITTEN[name]()
    fac = model(expr)
    loaded = reloaded(fac, path)
    assert repr(loaded.tsrex) == repr(expr)
    assert loaded.tsrex.latex == expr.latex
    assert fac.same_structure(loaded)
    assert loaded.dtype == fac.dtype
    np.testing.assert_array_equal(loaded(), fac())


def test_what_is_shared_stays_shared(path):
    loaded = reloaded(model(shared()), path)
    assert len(loaded.factors) == 1
    pair = loaded.tsrex.node.child
    assert pair.left.child is pair.right.child


def test_replicas(path):
    fac = model(low_rank(), vec_size=3, vec_axis=-1)
    loaded = reloaded(fac, path)
    assert loaded.shape == (3, 4, 3)
    np.testing.assert_array_equal(ff.view(loaded, 1)(), ff.view(fac, 1)())
    nest = reloaded(model(nested()), path)
    original = nest.tsrex.original
    assert original is not None
    assert original.shape == (4, 2)


def test_a_long_chain(path):
    expr = ff.tensor("a", 2, 2)
    for _ in range(3000):
        expr = expr @ ff.eye(2)
    fac = model(expr)
    np.testing.assert_array_equal(reloaded(fac, path)(), fac())


@pytest.mark.parametrize("value", [float("inf"), -0.0, 1e-320, 10**25, complex(-0.0, 1)])
def test_numbers_are_the_same(value, path):
    number = reloaded(model(ff.tensor("a", np.ones(2)) * value), path).tsrex.node.right.value
    assert (type(number), repr(number)) == (type(value), repr(value))


# --- what the tensors carry


@pytest.mark.parametrize("dtype", ["bool", "int8", "int64", "float16", "float32", "complex64"])
def test_data_keeps_its_type(dtype, path):
    data = np.array([[0, 1, 2], [3, 0, 5]]).astype(dtype)
    fac = model(ff.tensor("d", data) * ff.tensor("e", data.T.copy().T))
    found = reloaded(fac, path).tsrex.tensors[0].data
    assert found.dtype == data.dtype
    np.testing.assert_array_equal(found, data)


def test_data_that_is_a_value_takes_its_room_once(path):
    model(ff.tensor("d", np.zeros(10**4))).save(path)
    assert path.stat().st_size < 10**5


@pytest.mark.parametrize(
    "given",
    [
        initializers.Ones,
        initializers.Normal(std=0.1, truncation=True, dtype=np.float32),
        initializers.VarianceScaling(scale=np.float64(2.0), axis=(0, 1)),
        np.arange(6.0).reshape(3, 2),
        [[1.0, 2.0]] * 3,
    ],
)
def test_initializers(given, path):
    tensor = ff.tensor("u", 3, 2, initializer=given)
    found = reloaded(model(tensor), path).tsrex.tensors[0].initializer
    if isinstance(given, np.ndarray | list):
        np.testing.assert_array_equal(found, given)
    elif isinstance(given, type):
        assert found is given
    else:
        assert (type(found), found.scale if hasattr(found, "scale") else found.std) == (
            type(given),
            given.scale if hasattr(given, "scale") else given.std,
        )


@pytest.mark.parametrize("given", [conditions.Diagonal, conditions.Unitary(2.0, "l1", "sum")])
def test_conditions(given, path):
    fac = model(ff.tensor("A", 3, 3, prefer=given))
    loaded = reloaded(fac, path)
    assert loaded.tsrex.tensors[0].prefer == given
    assert loaded.penalty() == fac.penalty()


def test_which_are_optimised_and_which_have_no_value(path):
    data = ff.tensor("d", np.ones((3, 2)), optimizable=True)
    fac = model(data + ff.tensor("u", 3, 2, optimizable=False), initialize=False)
    loaded = reloaded(fac, path)
    assert [t.optimizable for t in loaded.tsrex.tensors] == [True, False]
    np.testing.assert_array_equal(loaded["d"], np.ones((3, 2)))
    loaded["u"] = np.ones((3, 2))
    assert (loaded() == 2).all()


def test_the_history(path):
    fac = model(low_rank())
    fac.history = History(
        steps=np.array([0, 50]),
        losses=np.array([[1.0, np.nan], [0.1, np.inf]], "float32"),
        seconds=np.array([0.0, 0.3]),
        best=np.array([0.1, np.inf], "float32"),
        converged=np.array([True, False]),
        lost=(1,),
        tol=1e-6,
        outcome=Outcome.CONVERGED,
        replica=0,
    )
    loaded = reloaded(fac, path).history
    assert repr(loaded) == repr(fac.history)
    assert loaded.outcome is Outcome.CONVERGED
    assert loaded.lost == (1,)
    np.testing.assert_array_equal(loaded.losses, fac.history.losses)
    assert loaded.losses.dtype == np.float32


# --- a user's own


def test_a_generator_of_ones_own(path):
    fac = model(ff.parametrized(rotation, "theta", shape=(2, 2)) @ ff.tensor("x", 2))
    fac.save(path)
    with pytest.raises(
        UnknownNameError,
        match=r"model\.ff holds .* of your own.*: rotation \(generator of rotation\)\. Give them "
        r"back: ff\.load\(path, own=\{'rotation': \.\.\.\}\)",
    ):
        ff.load(path)
    loaded = ff.load(path, own={"rotation": rotation})
    np.testing.assert_array_equal(loaded(), fac())
    assert fac.same_structure(loaded)


def test_a_generator_of_one_argument(path):
    def double(x):
        return ff.active_backend.concatenate([x, x])

    fac = model(ff.parametrized(double, "x", 2, shape=4))
    loaded = reloaded(fac, path, own={"double": double})
    np.testing.assert_array_equal(loaded(), fac())


def test_a_semiring_of_ones_own(path):
    def far(x, y):
        return abs(x - y)

    fac = model(ff.semiring("max", far, symbol="far")(low_rank(), ff.tensor("w", 4)[j]))
    fac.save(path)
    with pytest.raises(UnknownNameError, match=r"far \(combine of far\)"):
        ff.load(path)
    np.testing.assert_array_equal(ff.load(path, own={"far": far})(), fac())


def test_a_condition_of_ones_own(path):
    class SumsToOne(conditions.Condition):
        def residual(self, x, ab):
            return ab.sum(x, axis=-1, keepdims=True) - 1

    light, heavy = SumsToOne(weight=0.5), SumsToOne(weight=2.0)
    fac = model(ff.tensor("u", 3, prefer=light) + ff.tensor("v", 3, prefer=heavy))
    fac.save(path)
    with pytest.raises(
        UnknownNameError,
        match=r"SumsToOne \(prefer of u, an instance.*SumsToOne_2 \(prefer of v, an inst",
    ):
        ff.load(path)
    loaded = ff.load(path, own={"SumsToOne": light, "SumsToOne_2": heavy})
    assert loaded.penalty() == fac.penalty()
    with pytest.raises(OptionError, match=r"was saved with an instance there"):
        ff.load(path, own={"SumsToOne": SumsToOne, "SumsToOne_2": heavy})
    with pytest.raises(OptionError, match=r"expected the things by name"):
        ff.load(path, own=[light])


def test_an_initializer_of_ones_own_is_dispensable(path):
    def sevens(shape):
        return np.full(shape, 7.0)

    fac = model(ff.tensor("u", 3, initializer=sevens))
    fac.save(path)
    with pytest.warns(UserWarning, match=r"saved with sevens \(initializer of u\), which no file"):
        loaded = ff.load(path)
    assert loaded.tsrex.tensors[0].initializer is None
    np.testing.assert_array_equal(loaded(), [7.0, 7.0, 7.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ff.load(path, own={"sevens": sevens}).tsrex.tensors[0].initializer is sevens


def test_what_is_given_and_not_in_the_file(path):
    model(ff.parametrized(rotation, "theta", shape=(2, 2))).save(path)
    with pytest.raises(UnknownNameError, match=r"no function .* 'rotate'.* mean 'rotation'"):
        ff.load(path, own={"rotate": rotation})


# --- writing


def test_an_existing_file_is_replaced_and_nothing_is_left_beside_it(path):
    model(low_rank()).save(path)
    fac = model(ff.tensor("w", 5))
    fac.save(str(path))
    np.testing.assert_array_equal(ff.load(str(path))["w"], fac["w"])
    assert os.listdir(path.parent) == ["model.ff"]


@pytest.mark.parametrize("broken", ["write_array", "replace", "fsync"])
def test_nothing_is_written_on_failure(path, monkeypatch, broken):
    fac = model(low_rank())
    fac.save(path)
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError("no space left on device")

    module = np.lib.format if broken == "write_array" else os
    monkeypatch.setattr(module, broken, fail)
    with pytest.raises(OSError, match="no space left"):
        model(ff.tensor("w", 5)).save(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["model.ff"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such folder; make it first: .*nowhere'\)?$"):
        model(low_rank()).save(tmp_path / "nowhere" / "model.ff")


# --- reading


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path, **replaced):
    """The file with other members, by the name up to the dot."""
    content = members(path)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, replaced.get(name.partition(".")[0].replace("/", "_"), data))


def test_a_missing_file(path):
    with pytest.raises(FileNotFoundError, match=r"model\.ff"):
        ff.load(path)


@pytest.mark.parametrize("content", [b"", b"P", b"not a model", pickle.dumps({"u": 1})])
def test_a_foreign_file(path, content):
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"model\.ff is not a model of FunFact.*numpy\.load"):
        ff.load(path)


def test_arrays_of_numpy_are_foreign(path):
    with open(path, "wb") as file:
        np.savez(file, u=np.ones(3))
    with pytest.raises(FileFormatError, match="is not a model of FunFact"):
        ff.load(path)


def test_a_newer_version(path):
    model(low_rank()).save(path)
    document = json.loads(members(path)["model.json"])
    rewritten(path, model=json.dumps({**document, "version": 99}))
    with pytest.raises(FileFormatError, match=r"version 99 .* reads version 1.*pip install --upg"):
        ff.load(path)


def test_a_file_that_is_cut_short(path):
    model(low_rank()).save(path)
    whole = path.read_bytes()
    for length in range(2, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(FileFormatError, match=r"cut short or damaged.*download it again"):
            ff.load(path)


def test_a_file_with_a_wrong_byte_never_gives_another_model(path):
    fac = model(low_rank())
    fac.save(path)
    whole = path.read_bytes()
    for place in range(0, len(whole), 13):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            found = ff.load(path)
        except FileFormatError:
            continue
        np.testing.assert_array_equal(found(), fac())  # a date, which means nothing


def test_a_pickle_inside_is_not_opened(path):
    model(low_rank()).save(path)
    hostile = io.BytesIO()
    np.lib.format.write_array(hostile, np.array([print], dtype=object), allow_pickle=True)
    rewritten(path, arrays_0=hostile.getvalue())
    with pytest.raises(FileFormatError, match=r"damaged.*allow_pickle"):
        ff.load(path)


@pytest.mark.parametrize(
    "change",
    [
        {"things": [["os.system", {"command": "ls"}]]},
        {"things": []},
        {"root": {"ref": 10**6}},
        {"root": {"Popen": {}}},
        {"root": {"ref": 0, "array": 0}},
        {"values": []},
        {"values": [{"array": 0}, {"array": 0}]},
        {"values": [{"array": 0}, {"array": "1"}]},
        {"dtype": 7},
        {"own": None},
    ],
)
def test_a_document_that_does_not_fit_together(path, change):
    model(low_rank()).save(path)
    document = json.loads(members(path)["model.json"])
    rewritten(path, model=json.dumps({**document, **change}))
    with pytest.raises(FileFormatError, match=r"model\.ff is cut short or damaged"):
        ff.load(path)


def edited(path, place, value):
    """The file with another value at one place of its document."""
    document = json.loads(members(path)["model.json"])
    entry = document
    for step in place[:-1]:
        entry = entry[step]
    entry[place[-1]] = value
    rewritten(path, model=json.dumps(document))


def places(path, kind, field):
    """Where a field of things of a kind stands in the document."""
    things = json.loads(members(path)["model.json"])["things"]
    return [["things", n, 1, field] for n, (name, _) in enumerate(things) if name == kind]


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("Tensor", "symbol", 3),
        ("Tensor", "shape", [2.5, 2]),
        ("Tensor", "shape", [0, 2]),
        ("Tensor", "optimizable", "yes"),
        ("Tensor", "replicas", [1]),
        ("Tensor", "data", {"array": 0}),
        ("Indexed", "child", 3),
        ("Indexed", "written", [3]),
        ("Pair", "semiring", True),
        ("Apply", "fn", "fromfile"),
        ("Apply", "fn", 3),
        ("Pair", "op", "copyto"),
        ("Special", "name", "empty"),
        ("Number", "value", "1"),
    ],
)
def test_a_field_that_holds_something_else(path, kind, field, value):
    expr = ff.exp(low_rank()) * ff.tensor("d", np.ones(3))[i] * ff.ones(3)[i] * 2.5
    model(expr).save(path)
    edited(path, places(path, kind, field)[0], value)
    with pytest.raises(FileFormatError, match=r"model\.ff is cut short or damaged"):
        ff.load(path)


@pytest.mark.parametrize("field", ["combine", "reduce"])
def test_a_file_calls_no_function_that_a_semiring_has_not(path, field):
    u = ff.tensor("u", 3, 2)
    model(ff.semiring("max", "add")(u[i, r], u[j, r])).save(path)
    edited(path, [*places(path, "Pair", "semiring")[0], "Semiring", field], "fromfile")
    with pytest.raises(FileFormatError, match="there is no such Semiring"):
        ff.load(path)


@pytest.mark.parametrize("change", [{"seed": "a"}, {"history": 3}, {"history": {"array": 0}}])
def test_what_goes_with_a_model_is_checked(path, change):
    model(low_rank()).save(path)
    document = json.loads(members(path)["model.json"])
    rewritten(path, model=json.dumps({**document, **change}))
    with pytest.raises(FileFormatError, match=r"model\.ff is cut short or damaged"):
        ff.load(path)


def test_a_backend_that_is_not_there_is_refused_before_anything_is_warned_of(path):
    model(ff.tensor("u", 3, initializer=lambda shape: np.ones(shape))).save(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UnknownNameError, match="No backend is called 'nope'"):
            ff.load(path, "nope")


def test_lambdas_and_instances_are_given_back_by_these_names(path):
    def two(f, g):
        x = ff.parametrized(f, "x", 2, shape=2) + ff.parametrized(g, "y", 2, shape=2)
        return x * ff.tensor("z", 2, prefer=Near(3.0))

    f, g = lambda x: 2 * x, lambda x: 3 * x  # lambdas are what is tried
    fac = model(two(f, g))
    fac.save(path)
    with pytest.raises(
        UnknownNameError, match=r"<lambda> \(.*<lambda>_2 .*Near \(prefer of z, an in"
    ):
        ff.load(path)
    own = {"<lambda>": f, "<lambda>_2": g, "Near": Near(3.0)}
    loaded = ff.load(path, own=own)
    np.testing.assert_array_equal(loaded(), fac())
    np.testing.assert_array_equal(loaded.penalty(), fac.penalty())


class Near(conditions.Condition):
    def __init__(self, place):
        super().__init__()
        object.__setattr__(self, "place", place)

    def residual(self, x, ab):
        return x - self.place


def test_paths_that_are_none(tmp_path):
    with ff.using("numpy"):
        fac = ff.Factorization.from_tsrex(ff.tensor("u", 3))
    with pytest.raises(OptionError, match=r"3 names no file. Expected a path"):
        fac.save(3)
    with pytest.raises(OptionError, match=r"3 names no file. Expected a path"):
        ff.load(3)
    with pytest.raises(IsADirectoryError, match=r"a folder; name a file in it"):
        fac.save(tmp_path)


def test_a_file_that_cannot_be_written_is_named_as_it_was_given(tmp_path, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", self)

    monkeypatch.setattr("builtins.open", lambda path, *args: refuse(str(path)))
    with ff.using("numpy"):
        fac = ff.Factorization.from_tsrex(ff.tensor("u", 3))
    with pytest.raises(PermissionError) as caught:
        fac.save(tmp_path / "model.ff")
    assert caught.value.filename == str(tmp_path / "model.ff")
