"""Run the steps: `python -m tests.soak [--only NAME]…`; one that fails ends it with exit 1."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.soak import chaos, long_film

STEPS: dict[str, Callable[[Path], str]] = {
    "long_film": long_film.step,
    "chaos": chaos.step,
}
"""Name → a function that works in a folder, says what it measured, and raises AssertionError when that is not good."""


def main() -> int:
    """All steps, or those that are named; how many failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(STEPS), action="append", help="this step (may be said again)")
    failed = 0
    for name in parser.parse_args().only or STEPS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"soak_{name}_") as folder:
            try:
                said, verdict = STEPS[name](Path(folder)), "good"
            except AssertionError as error:
                said, verdict, failed = str(error), "FAILED", failed + 1
        sys.stdout.write(f"{name}: {verdict} after {time.monotonic() - began:.0f} s: {said}\n")
        sys.stdout.flush()
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
