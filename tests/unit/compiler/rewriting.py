"""What tests of rewrites share: the value of an expression's Ir, and that `fuse` keeps it."""

import numpy as np
from plain import Plain

from funfact.compiler.fuse import fuse
from funfact.compiler.ir import check
from funfact.compiler.lower import lower


def value(expression, ir):
    """What `ir` gives for the data of the expression, in NumPy, after a check of its form."""
    check(ir)
    tensors = expression.tensors
    function = lower(ir, tensors, Plain(), np.dtype("float64"))
    return function([tensor.data for tensor in tensors])


def kept(expression, rtol, atol=0.0):
    """The rewritten form, after a check that it computes what the plain form does."""
    ir = fuse(expression.ir)
    plain = value(expression, expression.ir)
    np.testing.assert_allclose(value(expression, ir), plain, rtol=rtol, atol=atol)
    return ir
