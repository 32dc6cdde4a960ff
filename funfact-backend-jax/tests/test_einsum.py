"""JAX's einsum with as few axes as it needs, against NumPy's."""

import re

import jax
import numpy as np
import pytest

import funfact as ff

CASES = [
    ("nij,njk->nik", (1, 4, 3), (1, 3, 5)),
    ("nij,nik->njk", (1, 4, 3), (1, 4, 3)),
    ("nir,njr->nijr", (1, 4, 3), (1, 5, 3)),
    ("nij,nj->in", (1, 4, 1), (1, 1)),
    ("ni,ni->n", (1, 4), (1, 4)),
    ("ni,ni->", (1, 1), (1, 1)),
    ("nii->n", (1, 3, 3)),
    ("ij,jk->ik", (4, 1), (1, 5)),
    ("nij,jk->kni", (1, 300, 300), (300, 2)),
    ("nijr,nkr->nijk", (1, 90, 90, 5), (1, 7, 5)),
    ("kij,knr->nijr", (3, 130, 130), (3, 1, 2)),
    ("nir,njr->jnir", (1, 200, 3), (1, 100, 3)),
    ("nij,njk->nik", (1, 0, 3), (1, 3, 5)),
    ("ij,jk->ik", (4, 1), (3, 5)),
    ("ij,jk->ki", (4, 3), (3, 5)),
    ("inj,nkj->kni", (4, 2, 3), (2, 5, 3)),
    ("injl,nlkj->nik", (4, 2, 3, 6), (2, 6, 5, 3)),
    ("ijn,kn->nijk", (2, 3, 4), (5, 4)),
    ("ij,ij->ji", (2, 3), (2, 3)),
    ("i,jk->jik", (2,), (3, 4)),
    ("ij,ij->", (2, 3), (2, 3)),
    ("jr,ijr->ri", (5, 3), (4, 5, 3)),
    ("nkjr,nrj->nrk", (2, 4, 5, 3), (2, 3, 5)),
    ("nij,njk", (1, 4, 3), (1, 3, 5)),
]


@pytest.fixture
def backend():
    with ff.using("jax"):
        yield ff.active_backend


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_it_is_that_of_numpy(backend, case):
    subscripts, *shapes = case
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape).astype("float32") for shape in shapes]
    found = backend.einsum(subscripts, *map(backend.tensor, arrays))
    expected = np.einsum(subscripts, *arrays)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_of_one_replica_no_gradient_is_transposed(backend):
    """What meets a transposed gradient is slow to compile."""

    def gram(arrays):
        product = backend.einsum("nir,nis->nrs", arrays[0], x)
        return backend.sum(product * weights), ()

    x, weights = backend.ones((1, 64, 16)), backend.ones((1, 16, 16))
    program = jax.jit(lambda x: backend.value_and_grad(gram)([x])[1][0] * 0.9 + x)
    text = program.lower(x).compile().as_text()
    assert "} transpose(" not in text


@pytest.mark.parametrize("subscripts", ["ij,jk->ik", "nij,jk->nq"])
def test_what_it_refuses_is_told_by_jax(backend, subscripts):
    with pytest.raises((ValueError, TypeError), match=r"einsum|subscript|dimension|did not appear"):
        backend.einsum(subscripts, backend.ones((1, 2, 3)), backend.ones((3, 4)))


PRODUCTS = [case for case in CASES if len(case) == 3 and "->" in case[0]]


@pytest.mark.parametrize("case", PRODUCTS, ids=lambda case: case[0])
@pytest.mark.parametrize("dtype", ["float32", "complex64"])
def test_its_gradients_are_finite_differences(backend, case, dtype):
    """Of Re⟨w, product⟩ along a direction: exact, as it is linear in each operand."""
    subscripts, *shapes = case
    rng = np.random.default_rng(0)

    def draw(shape):
        a, b = rng.normal(size=(2, *shape))
        return a + 1j * b if dtype == "complex64" else a

    arrays = [draw(shape) for shape in shapes]
    weights = draw(np.einsum(subscripts, *arrays).shape)

    def inner(*operands):
        return np.sum(weights.conj() * np.einsum(subscripts, *operands)).real

    def objective(operands, w):
        product = backend.einsum(subscripts, *operands)
        return backend.sum(backend.real(backend.conj(w) * product)), ()

    native = [backend.tensor(x.astype(dtype)) for x in (*arrays, weights)]
    found = backend.value_and_grad(objective)(native[:2], native[2])[1]
    for n, gradient in enumerate(found):
        along = [draw(x.shape) if n == m else x for m, x in enumerate(arrays)]
        slope = np.sum(np.conj(gradient) * along[n]).real
        np.testing.assert_allclose(slope, inner(*along), rtol=1e-4, atol=1e-3)


def test_gradients_are_made_in_the_order_of_the_operands(backend):
    """Of a product in the middle of others, of a large tensor with two large results."""

    def inner(arrays, target):
        left = backend.einsum("ipa,ajq->ijpq", *arrays)
        return backend.sum(backend.einsum("ijpq,ijkl->pqkl", left, target) ** 2), ()

    def program(gradient):
        arrays = [backend.ones((16, 8, 8)), backend.ones((8, 16, 8))]
        target = backend.ones((16, 16, 16, 16))
        compiled = jax.jit(lambda *args: gradient(*args)[1]).lower(arrays, target).compile()
        return compiled.as_text()

    def transposed(text):
        return text.count(" transpose(") + text.count("} copy(")

    plain = jax.value_and_grad(inner, has_aux=True)
    assert transposed(program(backend.value_and_grad(inner))) < transposed(program(plain))


@pytest.mark.parametrize(("n", "products"), [(16, 0), (64, 1)])
def test_tiny_vectors_times_a_matrix_each_are_one_loop(backend, n, products):
    """Of the step of a CP model: nothing is brought into the order of a product of matrices."""
    arrays = backend.ones((1, n, 16)), backend.ones((1, n, n, 16))
    product = jax.jit(lambda *arrays: backend.einsum("njr,nijr->nir", *arrays))
    text = product.lower(*arrays).compile().as_text()
    assert text.count(" dot(") == products
    assert products or text.count(" fusion(") == 1


def test_of_one_replica_a_model_is_made_and_compared_in_one_loop(backend):
    """Of a CP model: the product of two factors, that with the third, and the squares."""
    shapes = [(1, 64, 16), (1, 64, 16), (1, 64, 16), (64, 64, 64)]
    arrays = [backend.ones(shape) for shape in shapes]

    @jax.jit
    def loss(a, b, c, target):
        model = backend.einsum("nijr,nkr->nijk", backend.einsum("nir,njr->nijr", a, b), c)
        return backend.squared_distance(model, target)

    text = loss.lower(*arrays).compile().as_text()
    entry = text[text.index("ENTRY") :]
    assert entry.count(" fusion(") == 1
    assert not re.search(r" (copy|transpose|dot)\(", entry)


def test_a_large_matrix_is_not_read_across_memory(backend):
    """Of the step of a matrix model: summed along its first axis, it stands on the right."""
    product = jax.jit(lambda *arrays: backend.einsum("ij,inr->njr", *arrays))
    text = product.lower(backend.ones((512, 512)), backend.ones((512, 1, 32))).compile().as_text()
    (dot,) = re.findall(r" dot\(.*", text)
    assert "lhs_contracting_dims={1}, rhs_contracting_dims={0}" in dot


def test_sums_of_tiny_arrays_keep_the_dtype(backend):
    x, y = (backend.ones(shape, dtype=backend.float16) for shape in [(5, 3), (4, 5, 3)])
    assert backend.einsum("jr,ijr->ri", x, y).dtype == backend.float16


@pytest.mark.parametrize("pairs", ["njr,nkr->njkr", "nkr,njr->njkr"])
def test_a_large_gradient_is_not_transposed_between_products(backend, pairs):
    """Of a CP model's product with its target, by two of the factors."""

    def inner(arrays, target):
        pair = backend.einsum(pairs, *arrays)
        return backend.sum(backend.einsum("ijk,njkr->inr", target, pair) ** 2), ()

    arrays, target = [backend.ones((1, 64, 16))] * 2, backend.ones((64, 64, 64))
    gradient = jax.jit(lambda *args: backend.value_and_grad(inner)(*args)[1])
    text = gradient.lower(arrays, target).compile().as_text()
    assert not re.search(r"f32\[1,16,64,64\]\S* copy\(", text)


def test_gradients_can_be_differentiated_forwards(backend):
    """The Hessian of |x y|² by x along v is 2 v y yᵀ."""
    rng = np.random.default_rng(0)
    x, y, v = (rng.normal(size=shape).astype("float32") for shape in [(3, 4), (4, 5), (3, 4)])

    def square(arrays):
        return backend.sum(backend.einsum("ij,jk->ik", arrays[0], y) ** 2), ()

    gradient = backend.value_and_grad(square)
    _, found = jax.jvp(lambda x: gradient([x])[1][0], [x], [v])
    np.testing.assert_allclose(found, 2 * v @ y @ y.T, rtol=1e-4)


def test_elsewhere_products_are_differentiated_forwards(backend):
    y = backend.ones((4, 5))
    backend.value_and_grad(lambda a: (backend.sum(backend.einsum("ij,jk->ik", a[0], y)), ()))([y.T])
    _, found = jax.jvp(lambda x: backend.einsum("ij,jk->ik", x, y), [y.T], [y.T])
    np.testing.assert_allclose(found, np.full((5, 5), 4.0))


def test_what_is_held_fixed_has_no_gradient_made(backend):
    """The gradient by a large operand that nobody asks for is not even traced."""
    y = backend.ones((4, 1000))

    def total(arrays):
        return backend.sum(backend.einsum("ij,jk->ik", arrays[0], y)), ()

    jaxpr = jax.make_jaxpr(lambda x: backend.value_and_grad(total)([x]))(backend.ones((3, 4)))
    assert str(jaxpr).count("dot_general") == 2


def test_a_function_compiled_inside_of_a_gradient_goes_forwards_later(backend):
    """JAX traces it once, whatever it is differentiated by."""
    rng = np.random.default_rng(0)
    x, v = (rng.normal(size=(3, 4)).astype("float32") for _ in range(2))
    square = jax.jit(lambda x: backend.einsum("ij,kj->ik", x, x))
    _, (found,) = backend.value_and_grad(lambda a: (backend.sum(square(a[0])), ()))([x])
    np.testing.assert_allclose(found, np.tile(2 * x.sum(0), (3, 1)), rtol=1e-4)
    _, along = jax.jvp(square, [x], [v])
    np.testing.assert_allclose(along, v @ x.T + x @ v.T, rtol=1e-4, atol=1e-5)


def test_a_number_of_python_is_an_operand(backend):
    x = np.ones((2, 3), "float32")
    f = backend.value_and_grad(lambda a: (backend.sum(backend.einsum(",ij->ij", 2.0, a[0])), ()))
    np.testing.assert_allclose(f([x])[1][0], 2 * x)
