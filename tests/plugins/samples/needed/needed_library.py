"""An array library, which FunFact knows nothing of."""

from numpy import *  # noqa: F403
