"""The rows of the engine's table: each function measures one kind of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from statistics import median

from PIL import Image, ImageDraw

from tests.bench import likeness, rivals
from tests.bench.material import FPS, SIZE, caption, frames_of, interview, reference
from tests.bench.session import ROOT, Bench, Row, say
from tests.soak import long_film as film

SCENES = 5
MANY_SCENES = 20
WORKED_SECONDS = 2.0
"""Of each scene for the two workers: the film takes one of them a minute as it is."""
INTERVIEW_SECONDS = 20
EVERY = 30
GRAPHS = {"filter graph": 1, "smooth filter graph": 2}
"""`zoompan` cuts at every second pixel, so that the plain one trembles by up to two of the still's pixels; with stills
of twice the size it is within a quarter of a frame's pixel, as the engine is."""
SHORT, LONG = 20.0, 600.0


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
        for name, finer in GRAPHS.items():
            graph = rivals.graph(document, bench.folder, bench.folder / f"{name}.mp4", third, finer)
            bench.time(f"{name}, a third", graph)
        bench.time("idiomatic MoviePy, a third", rivals.moviepy(document, bench.folder / "idiomatic.mp4", third))
    for name in (*GRAPHS, "idiomatic"):
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

    def against_r(figure: str, name: str, target: float) -> Row:
        runs = f"{name}, a third"
        note = f"a third of the frames × 3; CPU {3 * bench.cpu(runs) / bench.cpu('R'):.2f} ×"
        return Row(f"{figure} against R", 3 * bench.wall(runs) / bench.wall("R"), target, False, "×", note)

    bench.rows += [
        against_r("idiomatic MoviePy", "idiomatic MoviePy", 12),
        *(against_r(f"FFmpeg's {name}", name, 1.8) for name in GRAPHS),
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
    note = f"CPU {bench.cpu(name) / bench.cpu(whole):.2f} ×; was “{caption(2)}”"
    bench.rows.append(Row(f"{name}, against {whole}", ratio, target, True, "×", note))


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


def over_footage(bench: Bench) -> None:
    """The template `intro` over footage of the film's size against FFmpeg that lays a PNG over it."""
    document = interview(bench.folder, INTERVIEW_SECONDS)
    film, rival, png = (bench.folder / name for name in ("intro.mp4", "overlay.mp4", "overlay.png"))
    plate = Image.new("RGBA", SIZE)
    ImageDraw.Draw(plate).rounded_rectangle((134, 800, 900, 990), 20, fill=(14, 19, 32, 230))
    plate.save(png)
    for _ in range(bench.rounds):
        bench.time(
            "FFmpeg's overlay", rivals.overlay(document.with_name(f"footage-{INTERVIEW_SECONDS}.mp4"), png, rival)
        )
        bench.time("intro over footage", render(document, film, "--no-cache"))
    made = {path.name: rivals.count(path) for path in (film, rival)}
    if set(made.values()) != {INTERVIEW_SECONDS * FPS}:
        raise SystemExit(f"Nothing to compare: {made} frames.")
    ratio = bench.wall("intro over footage") / bench.wall("FFmpeg's overlay")
    less = bench.cpu("intro over footage") / bench.cpu("FFmpeg's overlay")
    bench.rows.append(Row("intro over footage against overlay", ratio, 1.2, True, "×", f"{less:.2f} × its CPU"))


def two_workers(bench: Bench) -> None:
    """The same film through the real queue by one worker on one core, and by two on two."""
    document = reference(bench.folder, MANY_SCENES, scene_seconds=WORKED_SECONDS)
    taken: dict[int, list[float]] = {1: [], 2: []}
    for number in range(bench.slow_rounds):
        for workers, seconds in taken.items():
            data = bench.folder / f"workers-{workers}-{number}"
            seconds.append(worked(document, workers, data))
            say(f"  {workers} on as many cores            {seconds[-1]:7.2f} s from the order to the stored film")
            shutil.rmtree(data)
    bench.facts["workers_seconds"] = taken
    faster = median(taken[1]) / median(taken[2])
    bench.rows.append(
        Row("two pinned workers against one", faster, 1.8, False, "×", f"{MANY_SCENES} scenes, queue and all")
    )


def worked(document: Path, workers: int, data: Path) -> float:
    """Seconds of one job, in a database and a cache of its own."""
    environment = os.environ | {"DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "videoserver.settings"}
    command = [sys.executable, "-m", "tests.bench.two_workers", str(document), str(workers)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"The workers failed:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")
    return float(done.stdout.splitlines()[-1])


def long_film(bench: Bench) -> None:
    """Ten minutes against twenty seconds."""
    short, long = (film.render(bench.folder, seconds, "1080p") for seconds in (SHORT, LONG))
    bench.facts["long_film"] = {"memory": [short.memory, long.memory], "drift": long.drift}
    bench.rows += [
        Row("memory of 10 min against 20 s", long.memory / short.memory, 1.2, True),
        Row("sound beside the picture after 10 min", abs(1000 * long.drift), 1000 / FPS, True, "ms"),
    ]
