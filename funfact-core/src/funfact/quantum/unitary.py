"""Free unitaries of one and two qubits, exactly unitary whatever their parameters.

They are products of rotations rather than a matrix exponential or a Cayley
transform: only sines, cosines and small matrix products, so that every backend
evaluates and differentiates them; no value of the parameters is singular; zero
is the identity; and all parameters are angles, so that uniform ones are a good
start. A Cayley transform reaches no eigenvalue -1, which X, H and SWAP have.
Also tried, on the 3-qubit Fourier transform from three gates (96 starts, Adam at
0.1, squared error below 1e-3): angles as here 57 % of the starts, the exponential
of 16 Pauli coefficients 48 %, Gram-Schmidt of a free matrix 48 %, Cayley 52 %.

A free matrix with a penalty, ``gate(ff.tensor('A', 4, 4, prefer=Unitary))``, may cut
through matrices that are not unitary and so gets stuck less often (all of 64 starts
there), but it is unitary at the end only as far as the penalty says.
"""

from typing import Any

import numpy as np

from funfact.backends.contract import Array, Backend
from funfact.parametrized import complex_of, parametrized
from funfact.quantum.arithmetic import GateFunction
from funfact.quantum.gates import Gate
from funfact.quantum.standard import PAULI_X, PAULI_Y, PAULI_Z, angle_of, rotation_name

__all__ = ["GENERATORS", "U2", "U4"]


@GateFunction
def U2(parameters: Any = None, **options: Any) -> Gate:
    """Any unitary of one qubit: ``exp(i a) RZ(b) RY(c) RZ(d)``.

    Parameters
    ----------
    parameters : str, array or expression of shape (4,), optional
        What (a, b, c, d) are called, their values, or where they come from.
    **options
        As for `RX`.

    References
    ----------
    Nielsen & Chuang, theorem 4.1.

    Examples
    --------
    >>> import funfact as ff
    >>> V = ff.quantum.U2("V", initializer=ff.initializers.Zeros)
    >>> with ff.using("numpy"):
    ...     ff.Factorization.from_tsrex(V.matrix)().real
    array([[ 1., -0.],
           [ 0.,  1.]])
    """
    return _free("U2", parameters, 4, (2, 2), options)


@GateFunction
def U4(parameters: Any = None, **options: Any) -> Gate:
    """Any unitary of two qubits.

    It is ``exp(i a) kron(A, B) @ exp(i (x XX + y YY + z ZZ)) @ kron(C, D)``, where XX is
    ``kron(X, X)``, and A, B, C and D are each ``RZ(b) RY(c) RZ(d)``.

    Parameters
    ----------
    parameters : str, array or expression of shape (16,), optional
        What the angles are called, their values, or where they come from: a, x, y, z, then
        b, c, d of A, of B, of C and of D.
    **options
        As for `RX`.

    References
    ----------
    Khaneja & Glaser, Cartan decomposition of SU(2^n) and control of spin systems,
    Chemical Physics 267, 2001. Kraus & Cirac, Optimal creation of entanglement using a
    two-qubit gate, Physical Review A 63, 2001.

    Examples
    --------
    >>> import funfact as ff
    >>> ff.quantum.U4("V") @ (2, 0)
    U4(V) @ (2, 0)
    """
    return _free("U4", parameters, 16, (2, 2, 2, 2), options)


def _free(
    name: str,
    parameters: Any,
    count: int,
    shape: tuple[int, ...],
    options: dict[str, Any],
) -> Gate:
    made = parametrized(
        GENERATORS[name],
        angle_of(name, parameters, (count,), options),
        shape=shape,
        name=name,
        real=True,
        complex=True,
        batched=True,
    )
    return Gate(rotation_name(name, parameters), made)


def _one(x: Array, ab: Backend) -> Array:
    return _cis(x[..., 0], ab)[..., None, None] * _special(x[..., 1:], ab)


def _two(x: Array, ab: Backend) -> Array:
    lead = tuple(x.shape[:-1])
    turns = _special(ab.reshape(x[..., 4:], (*lead, 4, 3)), ab)
    after = _kron(turns[..., 0, :, :], turns[..., 1, :, :], ab)
    before = _kron(turns[..., 2, :, :], turns[..., 3, :, :], ab)
    made = ab.matmul(ab.matmul(after, _entangled(x[..., :4], ab)), before)
    return ab.reshape(made, (*lead, 2, 2, 2, 2))


GENERATORS = {"U2": _one, "U4": _two}

# The columns of the magic basis are eigenvectors of XX, YY and ZZ alike.
_MAGIC = np.array([[1, 0, 0, 1], [1, 0, 0, -1], [0, 1, 1, 0], [0, 1, -1, 0]]).T / np.sqrt(2)
_PAIRS = [np.kron(pauli, pauli).real for pauli in (PAULI_X, PAULI_Y, PAULI_Z)]
_SIGNS = np.array([np.ones(4), *(np.diag(_MAGIC.T @ pair @ _MAGIC) for pair in _PAIRS)])
_PROJECTORS = np.einsum("ik,jk->kij", _MAGIC, _MAGIC).reshape(4, 16)


def _entangled(x: Array, ab: Backend) -> Array:
    """``exp(i (a + x XX + y YY + z ZZ))`` of (a, x, y, z) along the last axis, by eigenvalues."""
    values = _cis(ab.matmul(x, ab.tensor(_SIGNS, x.dtype)), ab)
    made = ab.matmul(values, ab.tensor(_PROJECTORS, values.dtype))
    return ab.reshape(made, (*x.shape[:-1], 4, 4))


def _special(x: Array, ab: Backend) -> Array:
    """``RZ(b) RY(c) RZ(d)`` of (b, c, d) along the last axis: determinant 1."""
    b, c, d = x[..., 0] / 2, x[..., 1] / 2, x[..., 2] / 2
    p = ab.cos(c) * _cis(b + d, ab)
    q = ab.sin(c) * _cis(b - d, ab)
    entries = ab.stack([ab.conj(p), -ab.conj(q), q, p], axis=-1)
    return ab.reshape(entries, (*x.shape[:-1], 2, 2))


def _kron(a: Array, b: Array, ab: Backend) -> Array:
    product = a[..., :, None, :, None] * b[..., None, :, None, :]
    return ab.reshape(product, (*a.shape[:-2], 4, 4))


def _cis(x: Array, ab: Backend) -> Array:
    """``exp(i x)`` of real x."""
    return ab.cos(x) + ab.sin(x) * ab.tensor(1j, complex_of(x, ab))
