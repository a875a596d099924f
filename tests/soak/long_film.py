"""A long film: its memory is that of a short one, and at its end the sound is still in step with the pictures.

Every scene but the last is a still that the camera crosses; the last one is light, and a click comes with its first
frame.
"""

from __future__ import annotations

import json
import os
import sys
import wave
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from rendering.engine.source import RATE, decoded
from tests import footage
from tests.bench.stopwatch import run

ROOT = Path(__file__).resolve().parents[2]
FPS = 30
SCENES = 5
LAST_SECONDS = 2.0
MOST_MEMORY = 1.2
LIGHT = 180


@dataclass(frozen=True)
class Rendered:
    frames: int
    memory: int
    """Bytes of the whole family of processes at their largest."""
    drift: float
    """Seconds by which the click at the end comes after its picture."""


def step(folder: Path, short: float = 20, long: float = 600, quality: str = "1080p", most: float = MOST_MEMORY) -> str:
    """Both films, compared."""
    brief, lengthy = (render(folder, seconds, quality) for seconds in (short, long))
    more = lengthy.memory / brief.memory
    said = (
        f"{lengthy.memory / 2**20:.0f} MiB for {long:g} s, {more:.2f} times those for {short:g} s; "
        f"sound {1000 * lengthy.drift:+.1f} ms beside the pictures at the end"
    )
    assert lengthy.frames == round(long * FPS), f"{lengthy.frames} frames"
    assert more <= most, said
    assert abs(lengthy.drift) <= 1 / FPS, said
    return said


def render(folder: Path, seconds: float, quality: str) -> Rendered:
    """A film of so many seconds, through the command."""
    film = folder / f"film-{seconds:g}.mp4"
    command = [sys.executable, "manage.py", "render_storyboard", str(document(folder, seconds, quality))]
    environment = os.environ | {"DATA_DIR": str(folder / "data"), "DJANGO_SETTINGS_MODULE": "videoserver.settings"}
    took = run([*command, "--output", str(film), "--no-cache"], cwd=ROOT, env=environment)
    with av.open(str(film)) as container:
        frames = sum(1 for packet in container.demux(video=0) if packet.size)
    return Rendered(frames, took.memory, heard_at(film) - seen_at(film, seconds))


def document(folder: Path, seconds: float, quality: str) -> Path:
    """The film's plan beside its pictures and sounds."""
    click(folder / "click.wav")
    footage.tone(folder / "music.wav", 10.0)
    light = Image.new("RGB", (1920, 1080), (235, 235, 235))
    light.save(folder / "light.png")
    length = (seconds - LAST_SECONDS) / SCENES
    scenes = []
    for number in range(SCENES):
        name = footage.picture(folder / f"{number}.png", (2560, 1440), number, seed=number).name
        caption = f"Part {number + 1}"
        params = {"image": name, "motion": "zoom_in"}
        scenes.append({"template": "picture", "duration": length, "params": params, "caption": caption})
    last = {"template": "picture", "duration": LAST_SECONDS, "params": {"image": "light.png", "motion": "none"}}
    film = {
        "title": "Long",
        "quality": quality,
        "fps": FPS,
        "soundtrack": {"asset": "music.wav"},
        "scenes": [*scenes, last | {"narration": "click.wav"}],
    }
    path = folder / f"film-{seconds:g}.json"
    path.write_text(json.dumps(film))
    return path


def click(path: Path) -> None:
    """Half a second of a hiss that begins at once."""
    hiss = np.random.default_rng(0).uniform(-0.9, 0.9, RATE // 2)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((hiss * 32767).astype("<i2").tobytes())


def seen_at(film: Path, seconds: float) -> float:
    """When the light picture's first frame is shown."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        container.seek(round((seconds - LAST_SECONDS - 1) / stream.time_base), stream=stream)
        for frame in container.decode(stream):
            if frame.to_ndarray(format="gray").mean() > LIGHT:
                return float(Fraction(frame.pts) * stream.time_base)
    raise AssertionError("The last picture is not there.")


def heard_at(film: Path) -> float:
    """When the hiss begins: nothing else in the film has sharp edges."""
    at = 0
    for block in decoded(film, film.name, 0.0, False):
        edges = np.abs(np.diff(block[0], prepend=block[0][:1])) > 0.2
        if edges.any():
            return (at + int(edges.argmax())) / RATE
        at += block.shape[1]
    raise AssertionError("The click is not there.")
