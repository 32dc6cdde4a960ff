"""Problems as solvers see them, of an expression alone."""

import numpy as np
from plain import Plain

import funfact as ff
from funfact.fit.problem import Problem
from funfact.loss import MSE
from funfact.model import Factorization

AB = Plain()


def problem_of(expr, data=(), loss=None, weight=1.0, replicas=2, dtype="float64"):
    """With these values of the tensors that are not optimised, and a target of zeros."""
    expr, values = ff.vectorize(expr, replicas), iter(data)
    held = [None if tensor.optimizable else next(values) for tensor in expr.tensors]
    model = Factorization(expr, AB, np.dtype(dtype), held)
    return Problem(
        backend=AB,
        model=model.forward,
        ir=model.ir,
        dtype=model.dtype,
        tensors=expr.tensors,
        target=np.zeros(expr.shape[1:], dtype),
        data=list(data),
        loss=loss or MSE(),
        penalty_weight=weight,
        replicas=replicas,
        append=False,
    )
