"""Layouts for scripts that run from right to left: the whole scene is turned over, as its readers expect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rendering.engine.bidi import levels
from rendering.engine.timeline import Clip, Keyframes, Layer
from rendering.video_templates.fields import Field, Text


def runs_to_the_left(fields: Mapping[str, Field[Any]], values: Mapping[str, Any]) -> bool:
    """Whether the scene's texts begin on the right: their first letter with a direction decides (UAX 9, P2)."""
    texts = " ".join(values[name] for name, field in fields.items() if isinstance(field, Text) and values.get(name))
    return levels(texts)[0] == 1


def mirrored(clip: Clip, width: int) -> Clip:
    """The clip with all that has a place on the other side; pictures and letters themselves are not turned."""
    return replace(clip, layers=tuple(turned(layer, width) for layer in clip.layers))


def turned(layer: Layer, width: int) -> Layer:
    """One layer, across the frame's middle; it comes and goes from the other side too."""
    changes: dict[str, Any] = {"shift_x": opposite(layer.shift_x)}
    if box := getattr(layer, "box", None):
        left, top, wide, high = box
        changes["box"] = (width - left - wide, top, wide, high)
    return replace(layer, **changes)


def opposite(shift: float | Keyframes) -> float | Keyframes:
    if isinstance(shift, tuple):
        return tuple((frame, -value, easing) for frame, value, easing in shift)
    return -shift if shift else shift
