"""One session of the bench: the runs that were made, the rows that follow from them, the table and the report."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rendering.engine.segments import Encoding
from tests.bench.rivals import threads
from tests.bench.stopwatch import Took, run

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "var" / "bench" / "engine.json"


@dataclass(frozen=True)
class Row:
    """One figure, what it should be, and whether it is."""

    figure: str
    value: float
    target: float
    at_most: bool
    unit: str = "×"
    note: str = ""

    @property
    def met(self) -> bool:
        return self.value <= self.target if self.at_most else self.value >= self.target


@dataclass
class Bench:
    """One session: where it works, every run that was made, and the rows that follow."""

    folder: Path
    rounds: int
    slow_rounds: int
    runs: dict[str, list[Took]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def time(self, name: str, command: list[str], data: str = "data") -> Took:
        """Run a command of the house, or of a rival, and remember what it took."""
        environment = os.environ | {"DATA_DIR": str(self.folder / data), "PYTHONPATH": str(ROOT)}
        took = run(command, cwd=ROOT, env=environment)
        self.runs.setdefault(name, []).append(took)
        say(f"  {name:<28} {took.wall:7.2f} s wall {took.cpu:7.2f} s CPU {took.memory / 2**20:6.0f} MiB")
        return took

    def wall(self, name: str) -> float:
        return median(took.wall for took in self.runs[name])

    def cpu(self, name: str) -> float:
        return median(took.cpu for took in self.runs[name])


def write(bench: Bench) -> None:
    """Everything that was measured, for machines."""
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "machine": {
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "encoding": asdict(Encoding()),
        "encoder_threads": threads(),
        "rounds": bench.rounds,
        "rows": [asdict(row) | {"met": row.met} for row in bench.rows],
        "runs": {name: [asdict(took) for took in runs] for name, runs in bench.runs.items()},
        "peak_memory_mib": {name: max(took.memory for took in runs) / 2**20 for name, runs in bench.runs.items()},
        "facts": bench.facts,
    }
    REPORT.write_text(json.dumps(report, indent=2) + "\n")


def table(rows: list[Row], report: Path = REPORT) -> str:
    """The rows for people."""
    wide = max(len(row.figure) for row in rows)
    lines = ["", f"{'figure':<{wide}}  {'measured':>10}  {'target':>10}", "-" * (wide + 36)]
    for row in rows:
        number = f"{row.value:.0f} {row.unit}" if row.unit == "ms" else f"{row.value:.2f} {row.unit}"
        target = f"{'≤' if row.at_most else '≥'} {row.target:g} {row.unit}"
        verdict = "met" if row.met else "MISSED"
        lines.append(f"{row.figure:<{wide}}  {number:>10}  {target:>10}  {verdict:<6} {row.note}".rstrip())
    return "\n".join([*lines, "", f"Written to {report.relative_to(ROOT) if report.is_relative_to(ROOT) else report}"])


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
