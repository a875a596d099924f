"""Short footage: a drawn place while the light of the day changes over it, mist drifts by and birds pass."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from rendering.engine import launch
from rendering.engine.segments import Encoding, split
from rendering.engine.timeline import Box, Clip, ImageLayer, Keyframes, Layer, Motion, Timeline, whole_frames
from rendering.providers import likeness
from rendering.providers.base import OnEvent, ProviderError
from rendering.providers.local import art
from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import mix
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import PALETTES, Palette
from rendering.providers.local.styles import scenery

MODEL = "local/clip-1"
SHORTEST, LONGEST = 0.5, 60.0
MOST_LINES = 720
"""Of the shorter side: what drifts and fades looks no better with more, and takes twice the time."""
SPARE = 1.12
"""Pictures are larger than the frame by this, so that the camera has room."""
PLACES = ("houses", "sea", "ridges", "forest", "skyline", "dunes")
"""Styles whose picture keeps its shapes when the hour changes."""
HOURS = (("midnight", "dawn"), ("midnight", "harbour"), ("plum", "lagoon"), ("aurora", "mint"), ("ember", "rose"))
"""Palettes of a night and of the day after it."""
EVENING = ("evening", "night", "dusk", "sunset", "dark", "moon", "star", "sleep")
PREVIEW_LINES = 120
FLAP = 0.22
"""Seconds from one beat of a wing to the next."""


@dataclass(frozen=True)
class Plate:
    """A drawn layer: its file, and how it is shown."""

    path: Path
    box: Box | None = None
    motion: Motion = "none"
    opacity: float | Keyframes = 1.0
    shift_x: float | Keyframes = 0.0
    shift_y: float | Keyframes = 0.0

    def layer(self, asset: str) -> Layer:
        return ImageLayer(
            asset=asset,
            box=self.box,
            motion=self.motion,
            opacity=self.opacity,
            shift_x=self.shift_x,
            shift_y=self.shift_y,
        )


def animate(
    prompt: str, width: int, height: int, seconds: float, fps: int, path: Path, *, on_event: OnEvent | None = None
) -> None:
    """Make silent footage of these words: H.264 in an .mp4 of this shape, encoded by the render child."""
    if not SHORTEST <= seconds <= LONGEST:
        raise ProviderError(f"Footage of {seconds:g} s can't be made: {SHORTEST:g} to {LONGEST:g} s.")
    frames = whole_frames(seconds, fps)
    width, height = size(width, height)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="plates-") as folder:
        plates = drawn(prompt, width, height, frames, fps, Path(folder), on_event)
        assets = {hashlib.sha256(plate.path.read_bytes()).hexdigest(): plate.path for plate in plates}
        layers = tuple(plate.layer(asset) for plate, asset in zip(plates, assets, strict=True))
        timeline = Timeline(width=width, height=height, fps=fps, video=(Clip(frames=frames, layers=layers),))
        (segment,) = split(timeline, Encoding(crf=17), whole=True)
        launch.segment(segment, assets, path, on_event=on_event)


def foreseen(prompt: str, width: int, height: int) -> str:
    """The likeness of the footage that `animate` would make: of its last hour, drawn small."""
    dice = Dice(MODEL, prompt)
    style = place(prompt, dice)
    hour = hours_of(prompt, dice)[-1]
    unit = PREVIEW_LINES / min(width, height)
    canvas = Canvas(round(width * unit), round(height * unit), living=True)
    art.STYLES[style].draw(canvas, PALETTES[hour], dice.fork("place"))
    return f"{likeness.of(canvas.image(Dice('preview'), grain=0))}:{style}:{hour}"


def hours_of(prompt: str, dice: Dice) -> list[str]:
    """Palettes in the order in which they are seen."""
    hours = list(dice.pick(HOURS))
    return hours[::-1] if art.hits(prompt, EVENING) else hours


def size(width: int, height: int) -> tuple[int, int]:
    """The shape that is asked for, with at most MOST_LINES on its shorter side."""
    less = min(1.0, MOST_LINES / min(width, height))
    return 2 * round(width * less / 2), 2 * round(height * less / 2)


def drawn(
    prompt: str, width: int, height: int, frames: int, fps: int, folder: Path, on_event: OnEvent | None
) -> list[Plate]:
    """The place by night and by day over each other, and what moves before it."""
    dice = Dice(MODEL, prompt)
    style = place(prompt, dice)
    hours = hours_of(prompt, dice)
    motion: Motion = dice.pick(("zoom_in", "zoom_out", "pan_left", "pan_right"))
    plates = []
    for number, hour in enumerate(hours):
        canvas = Canvas(round(width * SPARE), round(height * SPARE), living=True)
        art.STYLES[style].draw(canvas, PALETTES[hour], dice.fork("place"))
        target = folder / f"hour-{number}.jpg"
        canvas.save(target, dice)
        fade: float | Keyframes = ((frames * 0.1, 0.0, "in_out"), (frames * 0.9, 1.0, "in_out")) if number else 1.0
        plates.append(Plate(target, motion=motion, opacity=fade))
        if on_event:
            on_event({"event": "tick"})
    day = PALETTES[hours[-1]]
    return [
        *plates,
        mist(dice.fork("mist"), day, width, height, frames, folder),
        *flock(dice, day, width, height, frames, fps, folder),
    ]


def place(prompt: str, dice: Dice) -> str:
    """The style that the words call for, among those whose hour can change."""
    return max(PLACES, key=lambda name: min(2, art.hits(prompt, art.STYLES[name].hints)) + dice.number())


def mist(dice: Dice, palette: Palette, width: int, height: int, frames: int, folder: Path) -> Plate:
    """Long veils that drift to one side for the whole time."""
    drift = 2 * round(width * 0.06)
    wide, high = width + drift, 2 * round(height * 0.2)

    def veil(canvas: Canvas) -> None:
        field = canvas.field(dice, 0.7, octaves=3, stretch=4)
        middle = canvas.y / np.float32(canvas.tall) - np.float32(0.5)
        band = np.clip(1 - middle * middle * 4, 0, 1)
        canvas.paint(np.clip(field, 0, 1) * band * band, mix(palette.glow, palette.light, 0.5), strength=0.45)

    path = cut_out(veil, wide, high, folder / "mist.png")
    way: Keyframes = ((0, 0.0, "linear"), (frames - 1, -float(drift), "linear"))
    return Plate(path, box=(0, 2 * round(height * 0.24), wide, high), shift_x=way)


def flock(dice: Dice, palette: Palette, width: int, height: int, frames: int, fps: int, folder: Path) -> list[Plate]:
    """Birds that cross a part of the sky; two drawings of them take turns, which beats their wings."""
    box = (0, 0, 2 * round(width * 0.25), 2 * round(height * 0.17))
    colour = mix(palette.near, palette.sky, 0.25)
    side = dice.sign()
    begin, end = (width * 0.12, width * 0.42) if side > 0 else (width * 0.6, width * 0.3)
    across: Keyframes = ((0, begin, "linear"), (frames - 1, end, "linear"))
    down: Keyframes = ((0, height * 0.16, "out"), (frames - 1, height * 0.05, "linear"))
    plates = []
    beats = [number * FLAP * fps for number in range(int(frames / (FLAP * fps)) + 2)]
    for number, lift in enumerate((1.0, -0.35)):

        def birds(canvas: Canvas, lift: float = lift) -> None:
            scenery.birds(canvas, dice.fork("flock"), colour, canvas.wide / 2, 0.55, lift, scale=4.5)

        path = cut_out(birds, int(box[2]), int(box[3]), folder / f"birds-{number}.png")
        turns: Keyframes = tuple((at, float((beat + number) % 2), "in_out") for beat, at in enumerate(beats))
        plates.append(Plate(path, box=box, opacity=turns, shift_x=across, shift_y=down))
    return plates


def cut_out(paint: Callable[[Canvas], None], width: int, height: int, path: Path) -> Path:
    """What `paint` paints, on nothing: painted on black and on white, the difference is its transparency."""
    black, white = Canvas(width, height), Canvas(width, height)
    white.fill((1, 1, 1))
    paint(black)
    paint(white)
    alpha = np.clip(1 - (white.planes - black.planes).mean(axis=0), 0, 1)
    colours = black.planes / np.maximum(alpha, np.float32(1 / 512))
    levels = [*np.clip(colours * 255 + 0.5, 0, 255).astype(np.uint8), (alpha * 255 + 0.5).astype(np.uint8)]
    Image.merge("RGBA", [Image.fromarray(level) for level in levels]).save(path, "PNG", compress_level=1)
    return path
