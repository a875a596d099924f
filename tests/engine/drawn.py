"""Scenes drawn in the test's own process, small: layers to RGB frames. And the MoviePy clips of a user's project."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from moviepy import ColorClip, VideoClip

from rendering.engine.compositor import Picture
from rendering.engine.planes import Planes, to_rgb
from rendering.engine.segments import split
from rendering.engine.timeline import Clip, Layer, Timeline

SIZE = (320, 180)


def frames(
    layers: Sequence[Layer],
    numbers: Sequence[int] = (0,),
    *,
    assets: dict[str, Path] | None = None,
    size: tuple[int, int] = SIZE,
    fps: int = 30,
    length: int = 30,
    background: str = "#000000",
    moviepy_layers: Sequence[str] = (),
) -> list[Any]:
    """The RGB frames `numbers` of a scene of these layers."""
    film = Timeline(*size, fps, (Clip(length, tuple(layers), background),))
    return picture(film, numbers, assets or {}, moviepy_layers)


def picture(film: Timeline, numbers: Sequence[int], assets: dict[str, Path], moviepy_layers: Sequence[str] = ()) -> Any:
    """RGB frames of a film's first segment."""
    request = {
        "spec": asdict(split(film)[0])["spec"],
        "assets": {name: str(path) for name, path in assets.items()},
        "moviepy_layers": list(moviepy_layers),
    }
    drawn, canvas, made = Picture(request), Planes.blank(film.width, film.height), []
    try:
        for number in numbers:
            drawn.draw(number, canvas)
            made.append(to_rgb(canvas))
    finally:
        drawn.close()
    return made


def marching_bar(width: int, height: int, fps: int, frames: int, color: Sequence[int] = (0, 255, 0)) -> VideoClip:
    """A bar that walks from left to right, a frame a column of ten pixels: a clip as a user would write it."""

    def frame(t: float) -> Any:
        rgb = np.zeros((height, width, 3), np.uint8)
        left = round(t * fps) * 10
        rgb[:, left : left + 10] = color
        return rgb

    return VideoClip(frame, duration=frames / fps)


def badge(width: int, height: int, fps: int, frames: int) -> VideoClip:
    """A small half-transparent white square near the right bottom corner."""
    square = ColorClip((40, 20), (255, 255, 255), duration=frames / fps)
    return square.with_opacity(0.5).with_position((width - 61, height - 31))
