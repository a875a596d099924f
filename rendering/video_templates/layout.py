"""Where words go: safe areas, a guess at how wide a text runs, a type size that suits it, and entrances."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TypeVar

from rendering.engine.timeline import Box, Keyframes, Layer
from rendering.video_templates.base import SceneFrame

LINE = 1.25
"""Line height in type sizes."""
CAPTION = 0.17
"""What two lines of a caption take of the shorter side."""
AnyLayer = TypeVar("AnyLayer", bound=Layer)


def safe_area(scene: SceneFrame) -> Box:
    """The part of the frame that no player's controls, no phone's rounded corner and no caption covers."""
    width, height = scene.width, scene.height
    left, top, bottom = (0.08, 0.13, 0.19) if height > 1.5 * width else (0.07, 0.08, 0.08)
    if scene.captioned:
        bottom += CAPTION * min(width, height) / height
    return width * left, height * top, width * (1 - 2 * left), height * (1 - top - bottom)


def base_size(scene: SceneFrame) -> float:
    """The size of small text: all other sizes are multiples of it. Upright films are seen on small screens."""
    return min(scene.width, scene.height) / (25 if scene.height > 1.5 * scene.width else 30)


def text_width(text: str, size: float, bold: bool = False) -> float:
    """About how wide a line of this text is; the engine, which has the fonts, makes it fit exactly."""
    return sum(map(advance, text)) * size * (1.06 if bold else 1.0)


def advance(char: str) -> float:
    if ord(char) >= 0x2E80:
        return 1.02
    if char in "iIjl.,:;'|! ()[]-tfr":
        return 0.34
    if char in "mwMW@%&":
        return 0.9
    return 0.68 if char.isupper() or char.isdigit() else 0.57


def lines(text: str, size: float, width: float, bold: bool = False) -> int:
    """About how many lines the text takes; a broken line loses some of its width to the word that did not fit."""
    count = 0
    for paragraph in text.splitlines() or [""]:
        run = text_width(paragraph, size, bold)
        count += 1 if run <= width else ceil(run / (0.86 * width))
    return count


def largest(text: str, box: tuple[float, float], sizes: tuple[float, float], bold: bool = False) -> float:
    """The largest type size between two at which the text fits into (width, height)."""
    least, size = sizes
    while size > least and lines(text, size, box[0], bold) * size * LINE > box[1]:
        size *= 0.96
    return max(size, least)


def enter(layer: AnyLayer, scene: SceneFrame, turn: float, rise: float) -> AnyLayer:
    """The layer fading in while it rises; `turn` staggers things that enter one after the other."""
    pace = min(1.0, 0.5 * scene.frames / scene.fps) * scene.fps
    first = 0.5 * scene.way_in + turn * 0.14 * pace
    last = first + 0.6 * pace
    opacity: Keyframes = ((first, 0.0, "out"), (last, 1.0, "linear"))
    shift: Keyframes = ((first, rise, "out"), (last, 0.0, "linear"))
    return replace(layer, opacity=opacity, shift_y=shift)
