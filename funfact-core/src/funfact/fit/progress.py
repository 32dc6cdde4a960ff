"""The progress bar: step, best loss, and how many replicas have converged."""

import os
import sys
from typing import Any

import numpy as np

from funfact.errors import OptionError
from funfact.fit.hooks import Fit, Point, hookimpl

__all__ = ["VARIABLE", "Progress", "wanted"]

VARIABLE = "FUNFACT_PROGRESS"
"""The environment variable that turns the bar on (1) or off (0) where nothing else is said."""


def wanted(progress: bool | None) -> bool:
    """Whether to show a bar.

    As `progress` says, if not None; else as the environment variable says; else
    in a terminal or a notebook, and not where the output goes to a file.

    Raises
    ------
    OptionError
        If `progress` is something else.
    """
    if progress is not None:
        if not isinstance(progress, bool):
            raise OptionError(f"progress={progress!r}: expected True, False or None.")
        return progress
    variable = os.environ.get(VARIABLE, "").strip().lower()
    if variable:
        return variable not in ("0", "false", "no", "off")
    return _in_notebook() or (sys.stderr is not None and sys.stderr.isatty())


class Progress:
    """Shows a bar on the standard error output, or in the notebook."""

    def __init__(self) -> None:
        self._bar: Any = None

    @hookimpl
    def started(self, fit: Fit) -> None:
        # Importing tqdm costs a third of importing NumPy, so only when a bar is shown.
        if _in_notebook():
            from tqdm.auto import tqdm
        else:
            from tqdm import tqdm
        self._bar = tqdm(total=fit.max_steps, unit="step", dynamic_ncols=True, desc=fit.method)
        if fit.reason:
            self._bar.write(f"{fit.method}: {fit.reason}", file=sys.stderr)

    @hookimpl
    def checkpoint(self, point: Point) -> None:
        self._bar.set_postfix_str(
            f"best loss {np.min(point.best):.3g}, "
            f"converged {point.converged.sum()}/{len(point.best)}",
            refresh=False,
        )
        self._bar.update(point.step - self._bar.n)

    @hookimpl
    def stopped(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules
