"""The engine's ratio table: `python -m tests.bench.engine [--quick] [--long] [--strict]`, also `make bench`.

R is `render_storyboard … --no-cache` from process start to checked film. Runs are interleaved (floor, R, floor, R …)
and medians compared: ratios of one session mean something on any machine, seconds do not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import rows
from tests.bench.session import Bench, say, table, write

PARTS: dict[str, Callable[[Bench], None]] = {
    "floor": rows.against_the_floor,
    "rivals": rows.against_the_slow,
    "caption": rows.one_caption,
    "many": rows.many_scenes,
    "footage": rows.over_footage,
    "workers": rows.two_workers,
    "stills": rows.stills,
}


def main() -> None:
    """Measure, print the table, write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of each")
    parser.add_argument("--long", action="store_true", help="also a film of ten minutes: its memory, its last second")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a target is missed")
    parser.add_argument("--only", choices=list(PARTS), action="append", help="these parts; all but the first need it")
    options = parser.parse_args()
    wanted = {"floor", *options.only} if options.only else set(PARTS)
    with tempfile.TemporaryDirectory(prefix="bench_") as folder:
        bench = Bench(Path(folder), rounds=1 if options.quick else 5, slow_rounds=1 if options.quick else 2)
        parts = [part for name, part in PARTS.items() if name in wanted]
        for part in [*parts, rows.long_film] if options.long else parts:
            say(f"{part.__name__.replace('_', ' ')}:")
            part(bench)
    write(bench)
    say(table(bench.rows))
    if options.strict and not all(row.met for row in bench.rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
