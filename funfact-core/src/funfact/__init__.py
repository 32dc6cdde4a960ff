"""Tensor models written as they stand in a paper, fitted to data on any array library."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from funfact import backends
from funfact.backends import active_backend, devices, register_backend, use, using
from funfact.backends.grad import enable_grad, is_grad_on
from funfact.language.functions import (
    abs,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    celu,
    conj,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    imag,
    log,
    real,
    relu,
    sigmoid,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)
from funfact.language.leaves import index, indices, tensor
from funfact.language.notation import TsrEx
from funfact.language.replicas import vectorize
from funfact.language.semirings import logsumexp, minplus, semiring, viterbi
from funfact.language.special import eye, ones, pi, zeros
from funfact.language.template import hole, template

__all__ = [
    "Factorization",
    "TsrEx",
    "abs",
    "acos",
    "acosh",
    "active_backend",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "available_backends",
    "backends",
    "celu",
    "conditions",
    "conj",
    "cos",
    "cosh",
    "devices",
    "enable_grad",
    "erf",
    "erfc",
    "exp",
    "eye",
    "factorize",
    "fit",
    "gradient_descent_plugin",
    "hole",
    "imag",
    "index",
    "indices",
    "initializers",
    "is_grad_on",
    "load",
    "log",
    "logsumexp",
    "loss",
    "minplus",
    "ones",
    "optim",
    "parametrized",
    "pi",
    "planar_rotation",
    "quantum",
    "real",
    "register_backend",
    "relu",
    "semiring",
    "sigmoid",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "template",
    "tensor",
    "use",
    "using",
    "vectorize",
    "view",
    "viterbi",
    "zeros",
]

if TYPE_CHECKING:
    from funfact import conditions, fit, initializers, loss, optim, quantum
    from funfact.fit import factorize, gradient_descent_plugin
    from funfact.model import Factorization, view
    from funfact.model.store import load
    from funfact.parametrized import parametrized, planar_rotation

# Writing an expression needs none of these: they are imported when first asked for.
_LAZY = {
    "Factorization": "funfact.model",
    "conditions": "",
    "factorize": "funfact.fit",
    "fit": "",
    "gradient_descent_plugin": "funfact.fit",
    "initializers": "",
    "load": "funfact.model.store",
    "loss": "",
    "optim": "",
    "parametrized": "",  # a module that can be called
    "planar_rotation": "funfact.parametrized",
    "quantum": "",
    "view": "funfact.model",
}


def __getattr__(name: str) -> Any:
    if name == "available_backends":
        return backends.available()
    if name in _LAZY:
        module = import_module(_LAZY[name] or f"funfact.{name}")
        globals()[name] = getattr(module, name) if _LAZY[name] else module
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, "available_backends"})
