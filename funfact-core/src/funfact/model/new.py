"""What a new model is made of: an expression with its replicas, and a data type."""

from typing import Any

from funfact.arguments import named
from funfact.backends import require
from funfact.backends.contract import Backend
from funfact.errors import NotationError
from funfact.language.notation import TsrEx, instead
from funfact.language.replicas import replicated
from funfact.model.penalty import conditions_of, constraints_of
from funfact.model.values import appended, settle_dtype

__all__ = ["prepared"]


def prepared(
    tsrex: TsrEx, dtype: Any, vec_size: int | None, vec_axis: int, backend: Backend
) -> tuple[TsrEx, Any]:
    """The expression of a model, and its native data type; see `Factorization.from_tsrex`.

    Raises
    ------
    NotationError, OptionError, DtypeError
        If no model can be made of it so.
    CapabilityError
        If what is asked of a tensor needs more than the backend declares.
    """
    if not isinstance(tsrex, TsrEx):
        advice = "Write one from ff.tensor(...), such as a[i, r] * b[j, r]."
        what = f"a {type(tsrex).__name__}" if instead(tsrex) else f"{tsrex!r:.60}"
        raise NotationError(
            f"a model is made of an expression, not of {what}. {instead(tsrex) or advice}"
        )
    settled = settle_dtype(tsrex, backend, dtype)
    append = appended(vec_axis)
    if vec_size is not None:
        tsrex = replicated(tsrex, vec_size, append)
    conditions_of(tsrex.tensors)
    for constraint in filter(None, constraints_of(tsrex.tensors)):
        for capability in constraint.needs:
            require(backend, capability, f"constrain={named(constraint)}")
    return tsrex, settled
