"""``python -m funfact.backends``: the status of the backends, as a table or as JSON."""

import argparse
import json
from dataclasses import asdict

from .report import status, table


def main(arguments: list[str] | None = None) -> None:
    """Print the status of the backends."""
    parser = argparse.ArgumentParser(
        prog="python -m funfact.backends", description="Show the state of the installed backends."
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    if parser.parse_args(arguments).json:
        print(json.dumps({name: asdict(s) for name, s in status().items()}, indent=2))
    else:
        print(table(list(status().values())))


if __name__ == "__main__":
    main()
