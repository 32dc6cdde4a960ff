"""Tensor models written as they stand in a paper, fitted to data on any array library."""

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
from funfact.language.notation import TsrEx, index, indices, tensor
from funfact.language.replicas import vectorize
from funfact.language.semirings import logsumexp, minplus, viterbi
from funfact.language.special import eye, ones, pi, zeros
