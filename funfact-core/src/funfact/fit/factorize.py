"""`factorize`: an expression and a target in, fitted models out."""

from collections.abc import Sequence
from math import prod
from typing import Any, Literal

import numpy as np
import pluggy

from funfact.arguments import named
from funfact.backends import current, require
from funfact.backends.capabilities import Autodiff
from funfact.backends.contract import Array, Backend
from funfact.errors import FitError, NotationError, OptionError
from funfact.fit.choice import Choice, choose, needed
from funfact.fit.history import History, Recorder
from funfact.fit.hooks import Fit, manager
from funfact.fit.loop import run
from funfact.fit.options import Options, checked
from funfact.fit.parts import Part, fewer_of, parts_of
from funfact.fit.plugins import register
from funfact.fit.problem import Problem, bytes_held, squares_of
from funfact.fit.progress import Progress, wanted
from funfact.fit.room import check_limit, check_room
from funfact.fit.shortcomings import check_result
from funfact.fit.solvers.base import Solver
from funfact.fit.solvers.table import name_of
from funfact.fit.sound import check_loss, check_numbers, check_scale, check_sets
from funfact.fit.start import starts
from funfact.fit.target import model_dtype, prepare, read
from funfact.fit.watch import BestSoFar, Halving, Settled, StopRule
from funfact.language.notation import TsrEx, instead
from funfact.model import Factorization, view

__all__ = ["factorize"]

_KEPT = 2**23
"""Numbers in the factors of all replicas, up to which they are kept with the models."""

_STRETCH = 10
"""Steps between two looks at the losses, from which on the gradient is looked at, too."""


def factorize(
    tsrex: TsrEx,
    target: Any,
    optimizer: Any = "auto",
    loss: Any = "MSE",
    lr: float | None = None,
    tol: float = 1e-6,
    max_steps: int = 10000,
    vec_size: int = 1,
    vec_axis: int = 0,
    stop_by: Literal["first"] | int | None = "first",
    returns: Literal["best", "all"] | int = "best",
    checkpoint_freq: int = 50,
    dtype: Any = None,
    penalty_weight: float = 1.0,
    plugins: Sequence[Any] = (),
    *,
    halving: int | None = None,
    memory_limit: int | str | None = None,
    progress: bool | None = None,
) -> Any:
    """Fit an expression to data: find the factors that minimise the loss.

    What is minimised is the loss plus the weighted penalties of the factors' conditions
    (``prefer=``), for several independent replicas at once, each from a random
    start of its own. The factors with the lowest loss seen at a checkpoint are
    what is returned. ``ff.active_backend.seed(n)`` beforehand makes it reproducible.

    Parameters
    ----------
    tsrex : TsrEx
        The model.
    target : array-like, shape of `tsrex`
        Finite numbers.
    optimizer : str, class, partial of a class, or transformation
        ``'auto'`` takes the best method that applies, and says why in ``fac.history.reason``:
        a gradient method if `lr` is given. By name: ``'ALS'`` (alternating least squares),
        ``'LM'`` (Levenberg-Marquardt), ``'LBFGS'``, ``'Adam'``, ``'RMSprop'``. One of your own
        is a class (`funfact.optim.Optimizer`); an optax transformation on JAX and a class of
        torch.optim on PyTorch are taken as they are.
    loss : str, class, instance or function of model and target
        See `funfact.loss`.
    lr : float, optional
        The learning rate of a gradient method; that of a ``partial`` unless given, else 0.1, or
        what a class of ``torch.optim`` takes for itself.
    tol : float
        A replica has converged when its loss, without penalties, is below this at a
        checkpoint. With 0 none ever has, and no fit ends because its losses have settled.
    max_steps : int
        A fit of fewer than 32 of an expression of more than 500 operands is not compiled.
    vec_size : int
        How many replicas.
    vec_axis : {0, -1}
        Where the replica axis stands in the arrays: first or last.
    stop_by : 'first', int or None
        Stop when one replica has converged, so many, or all of them.
    returns : 'best', int or 'all'
        The best model, or a list of so many, or of all, the best first.
    checkpoint_freq : int
        Steps between two looks at the losses.
    dtype : name or native dtype, optional
        That of the factors; the target's unless given, as far as the backend has it (JAX
        without ``enable_x64`` takes float64 as float32, which is logged), and the backend's
        default float for a target of integers.
    penalty_weight : float
        What the penalties are multiplied with.
    plugins : list
        What watches the fit: see `gradient_descent_plugin` and `funfact.fit.Hooks`.
    halving : int, optional
        Give up losers early (successive halving): at checkpoints 1, 2, 4, 8, ... the
        worse half of the replicas that still run, by loss, until so many are left. Those that have
        converged stay. See ``fac.history.stopped``.
    memory_limit : int or str, optional
        Bytes that a step may hold beside the factors, the target and the data, ``'2 GB'``. Where
        it would take more, the loss and its gradient are computed piece by piece, along the
        replicas or, for losses that are `separable`, along an axis of the model; methods that
        need the model as a whole are left to larger limits.
    progress : bool, optional
        Whether to show a bar. By default in terminals and notebooks, unless the
        environment variable ``FUNFACT_PROGRESS`` is 0, and everywhere if it is 1.

    Returns
    -------
    Factorization or list of Factorization
        Each with its ``history``. A list is shorter than asked for if replicas never had
        a finite loss.

    Raises
    ------
    OptionError, UnknownNameError
        For an option that makes no sense.
    TargetError, ShapeError, DtypeError
        For a target that is not finite, of another shape, or complex where the model is real, or
        whose squares its dtype does not hold; for data of the expression that hold NaN.
    CapabilityError
        If the active backend cannot do what the optimiser needs.
    FitError
        If nothing can be optimised, or the loss of every replica is NaN or infinite
        before it got better than at its start.

    Warns
    -----
    FitWarning
        If a loss of your own has no gradient at the start; if some replicas were lost, or the
        fit was interrupted (Ctrl-C, after the first checkpoint: what was found until then is
        returned); if no step of a gradient method changed the loss, which has a gradient; if the
        loss fell below `tol` and is not small against that of a model of zeros
        (more than a thousandth), or is no better than that after a thousand steps or more; if it
        is a divergence of a model that is not positive where the target is.

    Notes
    -----
    Tensors without an initialiser start from the standard normal distribution. If
    multiplying all of them by s multiplies the model by a power of s, they are
    then scaled, so that the model of each replica has the norm of the target.

    Examples
    --------
    >>> import funfact as ff, numpy as np
    >>> i, j, r = ff.indices("i, j, r")
    >>> u, v = ff.tensor("u", 5, 1), ff.tensor("v", 4, 1)
    >>> target = np.outer(np.arange(1.0, 6.0), np.arange(1.0, 5.0))
    >>> with ff.using("jax"):  # doctest: +SKIP
    ...     fac = ff.factorize(u[i, r] * v[j, r], target, vec_size=4)
    """
    options = checked(
        optimizer=optimizer,
        loss=loss,
        lr=lr,
        tol=tol,
        max_steps=max_steps,
        vec_size=vec_size,
        vec_axis=vec_axis,
        stop_by=stop_by,
        returns=returns,
        checkpoint_freq=checkpoint_freq,
        penalty_weight=penalty_weight,
        halving=halving,
        memory_limit=memory_limit,
    )
    best, recorder = BestSoFar(), Recorder()
    watchers = _watchers(plugins, best, recorder, wanted(progress), options.halving)
    backend = current()
    if not isinstance(tsrex, TsrEx):
        raise NotationError(
            f"factorize got a {type(tsrex).__name__} where the expression belongs. The first "
            "argument is the expression, the second the data: "
            f"ff.factorize(a[i, r] * b[j, r], target). {instead(tsrex)}".rstrip()
        )
    if tsrex.has_hole:
        raise FitError(
            f"{tsrex!r} has a hole, so it has no value to fit. Fill it first: "
            "ff.template(pattern) @ expr."
        )
    if not any(tensor.optimizable for tensor in tsrex.tensors):
        raise FitError(
            f"there is nothing to optimise in {tsrex!r}: all its tensors hold data. Give a tensor "
            "by its shape, ff.tensor('u', 3, 2), or say ff.tensor(array, optimizable=True)."
        )
    for capability in needed(options):
        require(backend, capability, f"fitting with {name_of(options.optimizer)}")
    model, problem = _build(tsrex, target, dtype, options, backend)
    check_numbers(model)
    check_scale(problem)
    check_sets(model)
    choice = _chosen(problem, options)
    parts = parts_of(problem, tsrex, choice.make)
    check_loss(problem, parts, model.factors, stacklevel=2)
    solver = parts[0].solver
    if options.halving and not solver.pure:
        raise OptionError(
            f"halving={options.halving} gives up replicas, and optimizer={choice.method!r} keeps "
            "the state of all of them to itself. Leave halving out, or give a method by name, "
            "optimizer='Adam'."
        )
    factors = starts(problem, parts, model.factors, steps=options.max_steps)

    def fewer(replicas: int) -> Sequence[Part]:
        return parts_of(fewer_of(problem, tsrex, replicas), tsrex, choice.make)

    outcome = run(parts, _fit(options, choice, problem, solver), factors, watchers, fewer)
    history = recorder.history(outcome)
    check_result(history, best.factors, options, problem, stacklevel=2)
    return _results(model, best.factors, history, options)


def _watchers(
    plugins: Sequence[Any],
    best: BestSoFar,
    recorder: Recorder,
    progress: bool,
    halving: int | None,
) -> pluggy.PluginManager:
    """All that watches the fit: what a user gave, what is installed, what every fit has."""
    watchers = manager()
    register(watchers, plugins)
    asked = ([Progress()] if progress else []) + ([Halving(halving)] if halving else [])
    for watcher in (best, recorder, StopRule(), Settled(), *asked):
        watchers.register(watcher)
    return watchers


def _build(
    tsrex: TsrEx, target: Any, dtype: Any, options: Options, backend: Backend
) -> tuple[Factorization, Problem]:
    """The model with its replicas at their random starts, and what there is to minimise."""
    raw = read(target, backend)
    native = model_dtype(raw, dtype, backend)
    prepared = prepare(raw, tsrex.shape, native, options.loss, backend)
    axis, name = -1 if options.append else 0, backend.dtype_name(native)
    check_room(tsrex, name, options.vec_size)
    model = Factorization.from_tsrex(tsrex, native, options.vec_size, axis)
    tensors = model.tsrex.tensors
    pairs = zip(tensors, model.all_factors, strict=True)
    problem = Problem(
        backend=backend,
        model=model.forward,
        ir=model.ir,
        dtype=model.dtype,
        tensors=tensors,
        target=prepared,
        data=[value for tensor, value in pairs if not tensor.optimizable],
        loss=options.loss,
        penalty_weight=options.penalty_weight,
        replicas=options.vec_size,
        append=options.append,
        limit=options.memory_limit and options.memory_limit // bytes_held(name),
    )
    check_limit(problem, options.memory_limit)
    return model, problem


def _chosen(problem: Problem, options: Options) -> Choice:
    """The solver to take; what it needs and the backend lacks is an error."""
    choice = choose(problem, options)
    if isinstance(choice, str):
        require(problem.backend, Autodiff, f"fitting this model ({choice.rstrip('.')})")
        raise AssertionError("a backend with gradients has a method for any model")
    return choice


def _fit(options: Options, choice: Choice, problem: Problem, solver: Solver) -> Fit:
    return Fit(
        backend=problem.backend,
        replicas=options.vec_size,
        append=options.append,
        tol=options.tol,
        stop_after=options.stop_after,
        max_steps=options.max_steps,
        checkpoint_freq=options.checkpoint_freq,
        precision=float(problem.backend.xp.finfo(problem.dtype).eps),
        settles=solver.settles,
        method=choice.method,
        reason=choice.reason,
        gradient_norms=_norms_are_taken(problem, options, solver),
        loss=named(options.loss),
        squares=squares_of(problem),
        target_norm=problem.norm,
        lr=choice.lr,
    )


def _norms_are_taken(problem: Problem, options: Options, solver: Solver) -> bool:
    """Whether the norms of gradients are worth their price, which is that of a step or so."""
    known = isinstance(problem.backend, Autodiff) or solver.linear
    return known and min(options.checkpoint_freq, options.max_steps) >= _STRETCH


def _results(
    model: Factorization,
    factors: list[Array],
    history: History,
    options: Options,
) -> Any:
    """The replicas that were asked for, as models of the expression that was given."""
    pairs, found = zip(model.tsrex.tensors, model.all_factors, strict=True), iter(factors)
    values = [next(found) if tensor.optimizable else value for tensor, value in pairs]
    # not set one by one, where each would be looked at for what is imposed on it
    fitted = Factorization(model.tsrex, model.backend, model.dtype, values)
    fitted.seed = model.seed
    # what says that replicas found the same; a model that is large would keep as many of its size
    kept = fitted if sum(prod(x.shape) for x in factors) <= _KEPT else None
    ranked = [int(r) for r in np.argsort(history.best, kind="stable")]
    ranked = [r for r in ranked if np.isfinite(history.best[r])]
    models = []
    for replica in ranked[: options.returns or 1]:
        fac = view(fitted, replica)
        fac.history, fac.replicas = history.of_replica(replica), kept
        models.append(fac)
    return models[0] if options.returns is None else models
