"""What the bench renders: photo-like stills, a song and the documents that use them. Seeded: every run is the same."""

from __future__ import annotations

import json
import subprocess
import wave
from pathlib import Path
from typing import Any

import cv2
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

STILL = (2560, 1440)
SIZE = (1920, 1080)
FPS = 30
SCENE_SECONDS = 4.0
CROSSFADE_SECONDS = 0.5
CAPTIONS = (
    "The old harbour at dawn",
    "Nets are mended before the tide",
    "A ferry leaves at seven",
    "Nobody here is in a hurry",
    "Come back in the evening",
)
Pixels = NDArray[np.uint8]


def reference(folder: Path, scenes: int = 5, scene_seconds: float = SCENE_SECONDS, changed: str = "") -> Path:
    """The reference film's document beside its files; `changed` is put into the third scene's caption."""
    folder.mkdir(parents=True, exist_ok=True)
    stills = [still(folder / f"still-{number}.jpg", number) for number in range(5)]
    document: dict[str, Any] = {
        "title": "Reference",
        "quality": "1080p",
        "fps": FPS,
        "soundtrack": {"asset": song(folder / "song.wav").name},
        "scenes": [
            {
                "template": "picture",
                "duration": scene_seconds,
                "params": {"image": stills[number % len(stills)].name, "motion": "zoom_in"},
                "caption": caption(number) + (f" {changed}" if changed and number == 2 else ""),
                **({"transition": {"kind": "crossfade", "duration": CROSSFADE_SECONDS}} if number else {}),
            }
            for number in range(scenes)
        ],
    }
    path = folder / f"film-{scenes}-{scene_seconds:g}-{changed or 'plain'}.json"
    path.write_text(json.dumps(document, indent=2))
    return path


def caption(number: int) -> str:
    """Each scene's own words, so that no two segments are the same."""
    words = CAPTIONS[number % len(CAPTIONS)]
    return words if number < len(CAPTIONS) else f"{words}, {number + 1}"


def frames_of(scenes: int, scene_seconds: float = SCENE_SECONDS) -> int:
    """The film's length."""
    return round((scenes * scene_seconds - (scenes - 1) * CROSSFADE_SECONDS) * FPS)


def interview(folder: Path, seconds: int) -> Path:
    """The document of an intro: somebody's name over footage that is as large as the film."""
    folder.mkdir(parents=True, exist_ok=True)
    film = footage(folder / f"footage-{seconds}.mp4", still(folder / "still-0.jpg", 0), seconds)
    params = {"video": film.name, "full_name": "Ada Lovelace", "role": "First of all programmers", "team": "Analysis"}
    scene = {"template": "intro", "duration": seconds, "params": params}
    path = folder / f"interview-{seconds}.json"
    path.write_text(json.dumps({"title": "Interview", "quality": "1080p", "fps": FPS, "scenes": [scene]}, indent=2))
    return path


def footage(path: Path, picture: Path, seconds: int) -> Path:
    """A camera that wanders over a picture, at a camera's bit rate, with a tone."""
    if path.exists():
        return path
    around = f"crop={SIZE[0]}:{SIZE[1]}:x='320+300*sin(t)':y='180+160*cos(0.7*t)',noise=alls=4:allf=t"
    around += ",scale=out_range=tv:out_color_matrix=bt709,format=yuv420p"
    sources = ["-loop", "1", "-r", str(FPS), "-i", f"file:{picture}", "-f", "lavfi", "-i", "sine=f=330:r=48000"]
    coded = ["-c:v", "libx264", "-preset", "superfast", "-crf", "22", "-g", str(2 * FPS), "-pix_fmt", "yuv420p"]
    tags = ["-color_range", "tv"]
    tags += [word for tag in ("colorspace", "color_primaries", "color_trc") for word in (f"-{tag}", "bt709")]
    ends = [*tags, "-c:a", "aac", "-t", str(seconds), f"file:{path}"]
    quiet = ["-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *quiet, *sources, "-vf", around, *coded, *ends], check=True)
    return path


def still(path: Path, seed: int) -> Path:
    """A picture that costs an encoder what a photograph does: sky, hills, texture, things with edges, grain."""
    if path.exists():
        return path
    random = np.random.default_rng(seed)
    width, height = STILL
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    top, bottom = random.uniform(60, 230, 3).astype(np.float32), random.uniform(20, 160, 3).astype(np.float32)
    picture = np.repeat(top * (1 - down) + bottom * down, width, axis=1)
    for octave in range(1, 10):
        across = 2 ** (octave + 1)
        rough = random.standard_normal((max(2, across * 9 // 16), across, 3), np.float32)
        picture += cv2.resize(rough, STILL, interpolation=cv2.INTER_CUBIC) * (36 / octave)
    things = np.clip(picture, 0, 255).astype(np.uint8)
    for _ in range(60):
        x, y, size = (int(random.integers(*limits)) for limits in ((0, width), (height // 3, height), (20, 260)))
        colour = [float(value) for value in random.uniform(10, 245, 3)]
        if random.random() < 0.5:
            cv2.circle(things, (x, y), size, colour, -1, cv2.LINE_AA)
        else:
            cv2.rectangle(things, (x, y), (x + size, y + 2 * size), colour, -1, cv2.LINE_AA)
    # The things are seen through the texture, and all of it through the grain of a film.
    picture = picture * 0.5 + things * np.float32(0.5)
    picture += random.standard_normal((height, width, 1), np.float32) * 3
    cv2.imwrite(str(path), np.clip(picture, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])
    return path


def song(path: Path, seconds: int = 12) -> Path:
    """Chords with a beat and a little noise."""
    if path.exists():
        return path
    rate = 48_000
    random = np.random.default_rng(1)
    at = np.arange(seconds * rate) / rate
    roots = np.array([220.0, 174.6, 261.6, 196.0])[(at // 3).astype(int) % 4]
    chord = sum(np.sin(2 * np.pi * roots * step * at) / step for step in (1, 1.25, 1.5, 2, 3))
    beat = random.standard_normal(at.size) * np.exp(-18 * (at % 0.5))
    both = np.stack([chord * 0.12 + beat * 0.2, chord * 0.12 + np.roll(beat, 90) * 0.2], axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(both, -1, 1) * 32767).astype("<i2").tobytes())
    return path
