"""Warnings that point at the line of the person who called FunFact.

Examples
--------
>>> import warnings
>>> with warnings.catch_warnings(record=True) as caught:
...     warnings.simplefilter('always')
...     notice('mind the gap')
>>> str(caught[0].message)
'mind the gap'
"""

import sys
import warnings

__all__ = ["notice"]


def notice(text: str) -> None:
    """Warn, naming the nearest caller outside this package and contextlib."""
    inside = (__name__.rpartition(".")[0], "contextlib")
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith(inside):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, stacklevel=level + 1)
