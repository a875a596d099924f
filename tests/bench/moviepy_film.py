"""The reference film as MoviePy's own documentation would have it: clips, a resize that is a function of time, text.

`python -m tests.bench.moviepy_film FILM.json OUT.mp4 FRAMES` writes its first frames; with a folder instead of a file,
every FRAMES-th frame of the film as a picture.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from moviepy import CompositeVideoClip, ImageClip, TextClip, vfx
from PIL import Image, ImageFont

from rendering.engine import captions
from rendering.engine.motion import window
from rendering.engine.segments import Encoding
from tests.bench.material import CROSSFADE_SECONDS, FPS, SIZE, STILL

FONT = Path(captions.__file__).parent / "fonts" / "Inter-Bold.otf"
CAPTION_FROM_BELOW = 0.07
MARGIN = (29, 17, 29, 39)
"""Uneven, since MoviePy 2.2.1 reckons text too low and would cut it off; see also `caption`."""


def main(document: Path, output: Path, frames: int) -> None:
    """Write the film, or single frames of it."""
    film = whole(json.loads(document.read_text()), document.parent)
    if output.is_dir():
        for number in range(0, round(film.duration * FPS), frames):
            picture = np.asarray(film.get_frame((number + 0.01) / FPS), np.uint8)
            Image.fromarray(picture).save(output / f"{number:05d}.png", compress_level=1)
        return
    encoding = Encoding()
    film.subclipped(0, frames / FPS).write_videofile(
        str(output),
        fps=FPS,
        codec="libx264",
        preset=encoding.preset,
        ffmpeg_params=["-crf", str(encoding.crf), "-pix_fmt", "yuv420p"],
        threads=encoding.threads,
        audio=False,
        logger=None,
    )


def whole(document: dict[str, Any], folder: Path) -> Any:
    """All scenes one over the other, each fading in."""
    parts: list[Any] = []
    at = 0.0
    for number, scene in enumerate(document["scenes"]):
        length = scene["duration"]
        overlap = CROSSFADE_SECONDS if number else 0.0
        at -= overlap
        last = number == len(document["scenes"]) - 1
        picture = zoomed(folder / scene["params"]["image"], length)
        shown = (overlap, length if last else length - CROSSFADE_SECONDS)
        words = caption(scene["caption"]).with_start(shown[0]).with_duration(shown[1] - shown[0])
        faded = words.with_effects([vfx.CrossFadeIn(captions.FADE_SECONDS), vfx.CrossFadeOut(captions.FADE_SECONDS)])
        scene_clip = CompositeVideoClip([picture, faded], size=SIZE).with_duration(length).with_start(at)
        parts.append(scene_clip.with_effects([vfx.CrossFadeIn(overlap)]) if overlap else scene_clip)
        at += length
    return CompositeVideoClip(parts, size=SIZE).with_duration(at)


def zoomed(path: Path, length: float) -> Any:
    """The still, growing from the frame's size on around its middle."""
    fitted = SIZE[0] / STILL[0]
    last = length - 1 / FPS

    def scale(seconds: float) -> float:
        return fitted / window("zoom_in", seconds / last).share

    return ImageClip(str(path)).with_duration(length).resized(scale).with_position("center")


def caption(text: str) -> Any:
    """White on a dark plate, near the lower edge."""
    size = captions.SIZE * min(SIZE)
    # MoviePy lifts words by as much as they reach below their line: all captions are to stand on the same line.
    lifted = ImageFont.truetype(FONT, size).getbbox(text, anchor="ls")[3]
    left, top, right, bottom = MARGIN
    margin = (left, round(top + lifted), right, round(bottom - lifted))
    plate = tuple(int(captions.PLATE[at : at + 2], 16) for at in (1, 3, 5, 7))
    clip = TextClip(font=str(FONT), text=text, font_size=size, color="white", bg_color=plate, margin=margin)
    return clip.with_position(("center", round(SIZE[1] * (1 - CAPTION_FROM_BELOW) - clip.size[1])))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
