"""``python -m funfact.backends``: the status of the backends.

``check NAME`` tests one, ``new NAME`` writes a package for one.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from ..errors import FunFactError
from .report import status, table


def main(arguments: list[str] | None = None) -> int:
    """Print the status of the backends, or what a command is asked for.

    Returns
    -------
    int
        The exit status: 0, or 1 where the kit found failures, or 2 where a command is refused.
    """
    options = _parser().parse_args(arguments)
    if options.command == "check":
        return _check(options.name, options.json)
    if options.command == "new":
        return _new(options.name, options.path)
    if options.json:
        print(json.dumps({name: asdict(s) for name, s in status().items()}, indent=2))
    else:
        print(table(list(status().values())))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m funfact.backends", description="Show the state of the installed backends."
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    commands = parser.add_subparsers(dest="command", title="commands")
    check = commands.add_parser(
        "check",
        help="run the conformance kit on a backend",
        description="Run the conformance kit on a backend: its level, and what failed and why.",
    )
    check.add_argument("name", help="an installed backend")
    check.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print JSON instead of text"
    )
    new = commands.add_parser(
        "new",
        help="write a package for a backend of your own",
        description="Write a package for a backend of your own, over NumPy to begin with.",
    )
    new.add_argument("name", help="what people will type, such as fast-arrays")
    new.add_argument("--path", type=Path, help="the folder to make (default: funfact-backend-NAME)")
    return parser


def _check(name: str, as_json: bool) -> int:
    # the kit is a room downstream, and only here is it asked for
    from ..testing.check import check, text

    try:
        verdict = check(name)
    except FunFactError as error:
        print(error, file=sys.stderr)
        return 2
    print(text(verdict, as_json))
    return 1 if verdict.failures else 0


def _new(name: str, path: Path | None) -> int:
    from .new import new

    try:
        folder = new(name, path)
    except (FunFactError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    module = next(folder.glob("src/*/__init__.py"))
    print(
        f"{folder} holds a backend over NumPy that passes its tests:\n"
        f'    cd {folder} && pip install -e ".[test]" && pytest\n'
        f"Your library goes in at the places 1 to 5 of {module.relative_to(folder)}."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
