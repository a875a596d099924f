"""The burned-in caption: where it stands, how large it is, how it comes and goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rendering.engine.cues import SHORTEST, Cue, by_scene, parts
from rendering.engine.timeline import Keyframes, TextLayer, Timeline, whole_frames

PLATE = "#101418b8"
SIZE = 0.048
"""Type size as a part of the frame's shorter side."""
LINES = 3
LINE_HEIGHT, PADDING = 1.30, 0.6
"""In type sizes."""
FADE_SECONDS = 0.25


def burned(timeline: Timeline, captions: Sequence[str], font: str = "Inter") -> Timeline:
    """The film with its scenes' captions over the pictures, at the times of its cues."""
    clips = list(timeline.video)
    for scene, whole in by_scene(timeline, captions):
        for cue in pieces(whole):
            start, end = (whole_frames(seconds, timeline.fps) for seconds in (cue.start, cue.end))
            for place in range(scene, len(clips)):  # a narration may hold its caption over the scenes that follow
                clip, first = clips[place], timeline.starts[place]
                if first >= end:
                    break
                if max(start - first, 0) < min(end - first, clip.frames):
                    line = layer(cue.text, timeline, start - first, end - first, clip.frames, font)
                    clips[place] = replace(clip, layers=(*clip.layers, line))
    return replace(timeline, video=tuple(clips))


def pieces(whole: Cue) -> list[Cue]:
    """A long caption in turns that can be read; one that has no time for turns is shown whole, as small as it must."""
    turns = parts(whole)
    if len(turns) == 1 or min(turn.end - turn.start for turn in turns) < SHORTEST:
        return [whole]
    return [replace(turn, text=" ".join(turn.text.split("\n"))) for turn in turns]


def room(width: int, height: int) -> float:
    """What a caption of all its lines takes of the frame, in pixels from below."""
    size = SIZE * min(width, height)
    below = 0.14 if height > 1.5 * width else 0.07  # where phones lay their own controls
    return height * below + size * (LINES * LINE_HEIGHT + PADDING)


def layer(text: str, film: Timeline, first: int, until: int, frames: int, font: str = "Inter") -> TextLayer:
    """A caption on a plate in the safe area at the bottom, at most three lines; in frames of a clip of `frames`."""
    size = SIZE * min(film.width, film.height)
    across = film.width * 0.86
    tall = size * (LINES * LINE_HEIGHT + PADDING)
    return TextLayer(
        text=text,
        box=((film.width - across) / 2, film.height - room(film.width, film.height), across, tall),
        size=size,
        smallest=0.6,
        font=font,
        weight="bold",
        anchor="bottom",
        plate=PLATE,
        role="caption",
        first=max(first, 0),
        until=min(until, frames),
        opacity=fades(first, until, film.fps),
    )


def fades(first: int, until: int, fps: int) -> Keyframes:
    """In and out within a quarter of a second, or of the time there is if that is shorter."""
    length = max(1, min(round(FADE_SECONDS * fps), (until - first) // 4))
    return (
        (first - 1, 0.0, "out"),
        (first - 1 + length, 1.0, "linear"),
        (max(until - length, first + length), 1.0, "in"),
        (max(until, first + length + 1), 0.0, "linear"),
    )
