"""Where things go and how they come and leave: safe areas, a type scale, entrances and exits."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeVar

from rendering.engine import captions
from rendering.engine.timeline import Box, Keyframes, Layer, TextLayer
from rendering.video_templates.base import SceneFrame
from rendering.video_templates.lettering import largest

SMALLEST = 0.72
"""No text becomes smaller than this part of the base size; it ends in an ellipsis instead."""
STAGGER, ENTRANCE, EXIT = 0.14, 0.6, 0.35
"""Seconds of a scene of two seconds and more; a shorter one is quicker."""
AnyLayer = TypeVar("AnyLayer", bound=Layer)


def safe_area(scene: SceneFrame) -> Box:
    """The part of the frame that no player's controls, no phone's rounded corner and no caption covers."""
    width, height = scene.width, scene.height
    left, top, bottom = (0.08, 0.13, 0.19) if height > 1.5 * width else (0.07, 0.08, 0.08)
    if scene.captioned:
        bottom = max(bottom, captions.room(width, height) / height)
    return width * left, height * top, width * (1 - 2 * left), height * (1 - top - bottom)


def base_size(scene: SceneFrame) -> float:
    """The size of small text: all other sizes are multiples of it. Upright films are seen on small screens."""
    return min(scene.width, scene.height) / (25 if scene.height > 1.5 * scene.width else 30)


def words(
    scene: SceneFrame,
    text: str,
    box: Box,
    sizes: tuple[float, float],
    color: str,
    *,
    bold: bool = False,
    align: Literal["start", "center", "right"] = "start",
    anchor: Literal["top", "middle", "bottom"] = "top",
) -> TextLayer:
    """The text as large as it fits into its box, between two sizes; words that don't fit then end in an ellipsis."""
    size = largest(text, (box[2], box[3]), sizes, bold)
    return TextLayer(
        text=text,
        box=box,
        size=size,
        smallest=shrinkable(scene, size),
        font=scene.brand.font,
        weight="bold" if bold else "regular",
        color=color,
        align=align,
        anchor=anchor,
    )


def shrinkable(scene: SceneFrame, size: float) -> float:
    """How far a text of this size may shrink when it does not fit, as a layer's `smallest`."""
    return min(1.0, max(0.5, SMALLEST * base_size(scene) / size))


def pace(scene: SceneFrame) -> float:
    """Frames that a second of animation takes in this scene."""
    return min(1.0, 0.5 * scene.frames / scene.fps) * scene.fps


def enter(layer: AnyLayer, scene: SceneFrame, turn: float, rise: float) -> AnyLayer:
    """The layer fading in while it rises; `turn` staggers things that enter one after the other."""
    first = 0.5 * scene.way_in + turn * STAGGER * pace(scene)
    last = first + ENTRANCE * pace(scene)
    opacity: Keyframes = ((first, 0.0, "out"), (last, 1.0, "linear"))
    shift: Keyframes = ((first, rise, "out"), (last, 0.0, "linear"))
    return replace(layer, opacity=opacity, shift_y=shift)


def slide(layer: AnyLayer, scene: SceneFrame, turn: float, across: float) -> AnyLayer:
    """The same from the side."""
    entered = enter(layer, scene, turn, across)
    return replace(entered, shift_x=entered.shift_y, shift_y=0.0)


def leave(layer: AnyLayer, scene: SceneFrame) -> AnyLayer:
    """The layer fading out at the scene's end, unless a transition takes it away."""
    if scene.way_out or not isinstance(layer.opacity, tuple):
        return layer
    last = float(scene.frames - 1)
    first = last - EXIT * pace(scene)
    if first <= layer.opacity[-1][0]:
        return layer
    return replace(layer, opacity=(*layer.opacity, (first, 1.0, "in"), (last, 0.0, "linear")))


def spread(scene: SceneFrame, count: int) -> float:
    """Turns from one of `count` things to the next, so that the viewer can follow and all are there in time."""
    seconds = scene.frames / scene.fps
    return min(0.9, 0.27 * seconds / max(count, 1)) / (STAGGER * pace(scene) / scene.fps)
