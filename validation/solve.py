"""Solve one row, in a process of its own: ``python -m validation.solve tucker jax``.

The last line that it prints is what it found, as JSON.
"""

import argparse
import dataclasses
import json
import warnings

import funfact as ff
from validation.ledger import Asked, Found
from validation.rows import ROWS

__all__ = ["solved"]


def solved(name: str, asked: Asked) -> Found:
    """A row, with its backend active."""
    with ff.using(asked.backend, **_options(asked.backend)), warnings.catch_warnings():
        # that a fit is no good is what the ledger says
        warnings.simplefilter("ignore")
        return ROWS[name].solve(asked)


def _options(backend: str) -> dict[str, bool]:
    """What makes double precision available."""
    return {"enable_x64": True} if backend == "jax" else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=ROWS)
    parser.add_argument("backend")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--alone", action="store_true")
    given = parser.parse_args()
    found = solved(given.name, Asked(given.backend, given.quick, given.alone))
    print(json.dumps(dataclasses.asdict(found)))


if __name__ == "__main__":
    main()
