"""Runs `quickstart.py` with two Pythons, the second of which has FunFact 1.0.3, and compares.

Fails unless the median error of the first is at or below that of the second.
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

PROGRAM = Path(__file__).with_name("quickstart.py")


def run(python):
    done = subprocess.run([python, str(PROGRAM)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{python} failed:\n{done.stderr[-4000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    errors = found["errors"]
    print(
        f"{found['version']:>8}  median {median(errors):.4f}  worst {max(errors):.4f}  "
        f"best {min(errors):.4f}  {found['seconds']:.0f} s for {len(errors)} seeds"
    )
    return median(errors)


if __name__ == "__main__":
    ours, theirs = (run(python) for python in sys.argv[1:3])
    sys.exit(f"the median is above that of 1.0.3: {ours:.4f}" if ours > theirs else 0)
