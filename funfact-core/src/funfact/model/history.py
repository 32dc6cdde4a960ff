"""How a fit went: what a fitted model remembers of it."""

import enum
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from funfact.model.curves import plot

__all__ = ["History", "Outcome"]


class Outcome(enum.Enum):
    """Why a fit ended; the value is advice, whatever the method was."""

    CONVERGED = "the tolerance was reached; for a lower loss, lower it (tol=)"
    SETTLED = (
        "the loss of no replica changes any more; for a lower one try more replicas (vec_size=) or "
        "a larger model"
    )
    MAX_STEPS = (
        "all steps were made; for a lower loss, allow more (max_steps=) or more replicas "
        "(vec_size=)"
    )
    LOST = "no replica has a finite loss any more; try starts closer to zero (initializer=)"
    INTERRUPTED = "interrupted; these are the best factors until then"
    PLUGIN = "a plug-in ended it"

    def __str__(self) -> str:
        return self.value


_BY_RATE = {
    Outcome.MAX_STEPS: "raise lr ({lr:g}) or scale the data if they are far from order one",
    Outcome.LOST: "a smaller lr ({lr:g})",
}
"""What else can be done where the method has a learning rate."""


@dataclass(frozen=True, eq=False)
class History:
    """How a fit went, and which replica this model is.

    Attributes
    ----------
    steps : array of int, shape (checkpoints,)
    losses : array, shape (checkpoints, replicas)
        The loss of each replica at each checkpoint, without penalties; not finite from where a
        replica was lost or given up.
    seconds : array, shape (checkpoints,)
        Since the fit started, compilation included.
    best : array, shape (replicas,)
        The lowest loss of each replica; its factors at that checkpoint are the model's.
    converged : array of bool, shape (replicas,)
        Which replicas reached the tolerance.
    lost : tuple of int
        Replicas whose loss became NaN or infinite.
    tol : float
    outcome : Outcome
    replica : int
        The one whose factors the model has.
    method : str
        Which solver it was: ``'ALS'``, ``'Adam'``.
    reason : str
        Why that was chosen by ``optimizer='auto'``; empty if it was asked for.
    stopped : tuple of int
        Replicas that were given up early; their losses are NaN from then on.
    gradient_norms : array, shape (checkpoints, replicas), or None
        The norm of the gradient of the loss and the weighted penalties by all factors of a
        replica. None where checkpoints are fewer than ten steps apart, of which it would be too
        large a share, and on a backend without automatic differentiation where a fit was over
        before its first step.
    loss_name : str
        What the loss is called, ``'MSE'``.
    squares : float or None
        What a loss is multiplied with to have the squared error; None if it is none.
    target_norm : float
        The root of the sum of squares of the target.
    lr : float or None
        The learning rate of the method; None if it has none, or one of its own.
    """

    steps: "np.ndarray[Any, Any]"
    losses: "np.ndarray[Any, Any]"
    seconds: "np.ndarray[Any, Any]"
    best: "np.ndarray[Any, Any]"
    converged: "np.ndarray[Any, Any]"
    lost: tuple[int, ...]
    tol: float
    outcome: Outcome
    replica: int
    method: str = ""
    reason: str = ""
    stopped: tuple[int, ...] = ()
    gradient_norms: "np.ndarray[Any, Any] | None" = None
    loss_name: str = ""
    squares: float | None = None
    target_norm: float = 0.0
    lr: float | None = None

    @property
    def loss(self) -> float:
        """The loss of the model, without penalties."""
        return float(self.best[self.replica])

    @property
    def advice(self) -> str:
        """The outcome, and what can be done by this method for a lower loss."""
        more = _BY_RATE.get(self.outcome) if self.lr is not None else None
        return str(self.outcome) + (f", or {more.format(lr=self.lr)}" if more else "")

    @property
    def gradient_norm(self) -> float | None:
        """That of the model, at its best checkpoint; None where it was not taken."""
        if self.gradient_norms is None:
            return None
        of_model = self.losses[:, self.replica]
        place = np.argmin(np.where(np.isfinite(of_model), of_model, np.inf))
        return float(self.gradient_norms[place, self.replica])

    @property
    def squared_error(self) -> float | None:
        """The sum of squares of model minus target; None if the loss says nothing of it."""
        return None if self.squares is None else self.squares * self.loss

    @property
    def explained(self) -> float | None:
        """The explained fit, ``1 - |model - target| / |target|``; None where that is unknown."""
        if self.squared_error is None or not 0 < self.target_norm < np.inf:
            return None
        return 1 - float(np.sqrt(self.squared_error)) / self.target_norm

    def plot(self, ax: Any = None) -> Any:
        """Draw the losses of all replicas over the steps, that of the model in front.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default in a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        MissingLibraryError
            If matplotlib does not import; FunFact does not depend on it.
        """
        return plot(self, ax)

    def of_replica(self, replica: int) -> "History":
        """The same history, from the point of view of another replica."""
        return replace(self, replica=replica)

    def __repr__(self) -> str:
        count = len(self.best)
        lost = f", {len(self.lost)} lost" if self.lost else ""
        by = f" of {self.method}" if self.method else ""
        return (
            f"loss {self.loss:.6g} after {self.steps[-1]} steps{by} in {self.seconds[-1]:.3g} s: "
            f"{self.advice} (replica {self.replica} of {count}, {self.converged.sum()} below "
            f"tol={self.tol:g}{lost})"
        )
