"""The engine's ratio table: `python -m tests.bench.engine [--quick] [--long] [--strict]`, also `make bench`.

R is `render_storyboard … --no-cache` from process start to checked film. Runs are interleaved (floor, R, floor, R …)
and medians compared: ratios of one session mean something on any machine, seconds do not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rendering.engine.segments import Encoding
from tests.bench import likeness, rivals
from tests.bench.material import caption, frames_of, reference
from tests.bench.stopwatch import Took, run

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "var" / "bench" / "engine.json"
SCENES = 5
MANY_SCENES = 20
EVERY = 30
SHORT, LONG = 20.0, 600.0


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


def main() -> None:
    """Measure, print the table, write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of each, nothing that takes long")
    parser.add_argument("--long", action="store_true", help="also the memory of a film of ten minutes")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a target is missed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench_") as folder:
        bench = Bench(Path(folder), rounds=1 if options.quick else 5, slow_rounds=1 if options.quick else 2)
        parts: list[Callable[[Bench], None]] = [against_the_floor, against_the_slow, one_caption, stills]
        if not options.quick:
            parts.append(many_scenes)
        if options.long:
            parts.append(memory)
        for part in parts:
            say(f"{part.__name__.replace('_', ' ')}:")
            part(bench)
    write(bench)
    say(table(bench.rows))
    if options.strict and not all(row.met for row in bench.rows):
        sys.exit(1)


def render(document: Path, output: Path, *more: str) -> list[str]:
    return [sys.executable, "manage.py", "render_storyboard", str(document), "--output", str(output), *more]


def against_the_floor(bench: Bench) -> None:
    """R and the encoding of R's own frames, in turns."""
    document, film, raw = reference(bench.folder), bench.folder / "r.mp4", bench.folder / "r.yuv"
    bench.time("R, first and not counted", render(document, film, "--no-cache"))
    frames = rivals.decoded(film, raw)
    if frames != frames_of(SCENES):
        raise SystemExit(f"R has {frames} frames, planned were {frames_of(SCENES)}: nothing to compare.")
    for _ in range(bench.rounds):
        bench.time("floor", rivals.floor(raw, bench.folder / "floor.mp4"))
        bench.time("R", render(document, film, "--no-cache"))
    bench.facts |= {
        "frames": frames,
        "bytes": {"R": film.stat().st_size, "floor": (bench.folder / "floor.mp4").stat().st_size},
    }
    bench.rows += [
        Row("R against the floor, wall", bench.wall("R") / bench.wall("floor"), 1.35, at_most=True),
        Row("R against the floor, CPU", bench.cpu("R") / bench.cpu("floor"), 1.45, at_most=True),
    ]


def against_the_slow(bench: Bench) -> None:
    """A third of the frames of the two usual ways, scaled; and whether they show the same film."""
    document = reference(bench.folder)
    third = frames_of(SCENES) // 3
    for _ in range(bench.slow_rounds):
        bench.time("filter graph, a third", rivals.graph(document, bench.folder, bench.folder / "graph.mp4", third))
        bench.time("idiomatic MoviePy, a third", rivals.moviepy(document, bench.folder / "idiomatic.mp4", third))
    for name in ("graph", "idiomatic"):
        frames = rivals.count(bench.folder / f"{name}.mp4")
        if frames != third:
            raise SystemExit(f"{name}.mp4 has {frames} frames, wanted were {third}: nothing to compare.")
    pictures = bench.folder / "pictures"
    pictures.mkdir()
    bench.time("MoviePy's single frames", rivals.moviepy(document, pictures, EVERY))
    same = likeness.compare(bench.folder / "r.yuv", pictures)
    (bench.folder / "r.yuv").unlink()
    bench.facts["likeness"] = asdict(same)
    moving = "moves alike" if same.motion else "DOES NOT MOVE ALIKE"

    def slower(name: str) -> float:
        return 3 * bench.wall(name) / bench.wall("R")

    scaled = "a third of the frames × 3"
    bench.rows += [
        Row("idiomatic MoviePy against R", slower("idiomatic MoviePy, a third"), 12, False, "×", scaled),
        Row("FFmpeg's filter graph against R", slower("filter graph, a third"), 1.8, False, "×", scaled),
        Row("SSIM of R with idiomatic MoviePy", same.mean, 0.9, False, "", f"{same.frames} frames, {moving}"),
        Row("SSIM in the caption's place", same.caption, 0.8, False, ""),
    ]


def one_caption(bench: Bench) -> None:
    """The cache is warm, one caption is new: another one each time."""
    changed(bench, SCENES, 0.35)


def many_scenes(bench: Bench) -> None:
    """The same with more scenes."""
    document = reference(bench.folder, MANY_SCENES)
    bench.time(f"R of {MANY_SCENES} scenes", render(document, bench.folder / "many.mp4", "--no-cache"))
    changed(bench, MANY_SCENES, 0.12)


def changed(bench: Bench, scenes: int, target: float) -> None:
    whole = "R" if scenes == SCENES else f"R of {scenes} scenes"
    name = f"{whole}, a caption changed"
    data, film = f"cache-{scenes}", bench.folder / "changed.mp4"
    bench.time(f"{whole}, filling the cache", render(reference(bench.folder, scenes), film), data)
    for number in range(min(3, bench.rounds)):
        document = reference(bench.folder, scenes, changed=f"({number + 1})")
        bench.time(name, render(document, film), data)
    ratio = bench.wall(name) / bench.wall(whole)
    bench.rows.append(Row(f"{name}, against {whole}", ratio, target, True, "×", f"was “{caption(2)}”"))


def stills(bench: Bench) -> None:
    """Any frame of the film, in a process that is warm."""
    document = reference(bench.folder)
    amount = 6 if bench.rounds == 1 else 20
    environment = os.environ | {
        "DATA_DIR": str(bench.folder / "data"),
        "DJANGO_SETTINGS_MODULE": "videoserver.settings",
    }
    answer = subprocess.run(
        [sys.executable, "-m", "tests.bench.warm_stills", str(document), str(bench.folder), str(amount)],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    times = sorted(1000 * seconds for seconds in json.loads(answer.stdout.splitlines()[-1]))
    bench.facts["stills_ms"] = times
    note = f"{amount} stills, {times[0]:.0f} to {times[-1]:.0f} ms"
    bench.rows.append(Row("still, warm process, median", median(times), 120, True, "ms", note))


def memory(bench: Bench) -> None:
    """Ten minutes against twenty seconds."""
    for seconds in (SHORT, LONG):
        document = reference(bench.folder, SCENES, scene_seconds=seconds / SCENES)
        bench.time(f"film of {seconds:.0f} s", render(document, bench.folder / "long.mp4", "--no-cache"))
    short, long = (bench.runs[f"film of {seconds:.0f} s"][0].memory for seconds in (SHORT, LONG))
    bench.rows.append(Row("memory of 10 min against 20 s", long / short, 1.2, True))


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
        "rounds": bench.rounds,
        "rows": [asdict(row) | {"met": row.met} for row in bench.rows],
        "runs": {name: [asdict(took) for took in runs] for name, runs in bench.runs.items()},
        "peak_memory_mib": {name: max(took.memory for took in runs) / 2**20 for name, runs in bench.runs.items()},
        "facts": bench.facts,
    }
    REPORT.write_text(json.dumps(report, indent=2) + "\n")


def table(rows: list[Row]) -> str:
    """The rows for people."""
    wide = max(len(row.figure) for row in rows)
    lines = ["", f"{'figure':<{wide}}  {'measured':>10}  {'target':>10}", "-" * (wide + 36)]
    for row in rows:
        number = f"{row.value:.0f} {row.unit}" if row.unit == "ms" else f"{row.value:.2f} {row.unit}"
        target = f"{'≤' if row.at_most else '≥'} {row.target:g} {row.unit}"
        verdict = "met" if row.met else "MISSED"
        lines.append(f"{row.figure:<{wide}}  {number:>10}  {target:>10}  {verdict:<6} {row.note}".rstrip())
    return "\n".join([*lines, "", f"Written to {REPORT.relative_to(ROOT)}"])


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
