"""Fits that follow a script: the losses are given, and the loop is what is watched."""

from dataclasses import dataclass

import numpy as np

from funfact.backends import load
from funfact.compiler.ir import Load
from funfact.fit.history import Recorder
from funfact.fit.hooks import Fit, manager
from funfact.fit.loop import run
from funfact.fit.parts import Part
from funfact.fit.problem import Problem
from funfact.fit.solvers.base import Solver
from funfact.fit.watch import BestSoFar, Settled, StopRule
from funfact.language.nodes import Replica, Tensor
from funfact.loss import L1

AB = load("numpy")


@dataclass(frozen=True, eq=False)
class Scripted(Solver):
    """The factor after step n is ``script[n]``; the loss is its modulus."""

    script: list

    def init(self, factors):
        return factors, 0

    def step(self, carry, target, data):
        _, n = carry
        if isinstance(self.script[n + 1], BaseException):
            raise self.script[n + 1]
        return [np.array(self.script[n + 1], float)], n + 1

    def factors(self, carry):
        return carry[0]


def scripted(script, tol=0.0, stop_after=1, freq=2, plugins=(), append=False, settles=False):
    """Run a script of one number per replica and step; the outcome and what was kept."""
    replicas = len(script[0])
    tensor = Tensor("x", (), replicas=(Replica(replicas, append),))
    problem = Problem(
        backend=AB,
        model=lambda arrays: arrays[0],
        ir=Load(tensor, (replicas,)),
        dtype=np.dtype(float),
        tensors=(tensor,),
        target=np.zeros(()),
        data=[],
        loss=L1(),
        penalty_weight=1.0,
        replicas=replicas,
        append=append,
    )
    fit = Fit(AB, replicas, append, tol, stop_after, len(script) - 1, freq, 1e-16, settles=settles)
    best, recorder, hooks = BestSoFar(), Recorder(), manager()
    for plugin in (best, recorder, StopRule(), Settled(), *plugins):
        hooks.register(plugin)
    part = Part(problem, Scripted(script), lambda x, axis: x, 0, replicas)
    outcome = run([part], fit, [np.array(script[0], float)], hooks)
    return outcome, recorder.history(outcome), best


def column(*losses):
    return [[x] for x in losses]
