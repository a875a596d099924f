"""Figures that several templates draw: discs for depth, pills, badges, frames around pictures."""

from __future__ import annotations

from rendering.engine.timeline import Box, ShapeLayer, Sound, TextLayer
from rendering.video_templates.base import AssetFacts, SceneFrame
from rendering.video_templates.colours import INK, READABLE, WHITE, contrast, mix, readable
from rendering.video_templates.layout import base_size
from rendering.video_templates.lettering import text_width

SEEN = 1.3
"""The least contrast of a solid thing that is not text."""


def discs(scene: SceneFrame, color: str, color_to: str) -> tuple[ShapeLayer, ...]:
    """A gradient, and two large discs that give it depth."""
    width, height = scene.width, scene.height
    near, far = 0.9 * min(width, height), 0.62 * max(width, height)
    glow = mix(color, WHITE, 0.5)
    return (
        ShapeLayer(box=(0, 0, width, height), color=color, color_to=color_to),
        ShapeLayer(box=(width - 0.62 * far, -0.45 * far, far, far), color=glow, radius=far / 2, opacity=0.10),
        ShapeLayer(box=(-0.45 * near, height - 0.5 * near, near, near), color=glow, radius=near / 2, opacity=0.07),
    )


def paper(scene: SceneFrame) -> tuple[str, str, str, str]:
    """A light ground with a breath of the brand: (paper, accent, ink, muted ink), all readable on it and on white."""
    tint = mix(WHITE, scene.brand.color, 0.07)
    muted = readable(mix(INK, tint, 0.35), tint)
    return tint, readable(scene.brand.color, tint), INK, muted


def sheet(scene: SceneFrame, tint: str) -> tuple[ShapeLayer, ...]:
    """The light ground itself, with a disc of the brand's colour that is hardly there."""
    width, height = scene.width, scene.height
    far = 0.7 * max(width, height)
    glow = mix(tint, scene.brand.color, 0.07)
    return (
        ShapeLayer(box=(0, 0, width, height), color=mix(tint, WHITE, 0.6), color_to=tint),
        ShapeLayer(box=(width - 0.55 * far, -0.5 * far, far, far), color=glow, radius=far / 2),
    )


def bar(scene: SceneFrame, left: float, top: float, color: str) -> ShapeLayer:
    """A short stroke over a title."""
    base = base_size(scene)
    return ShapeLayer(box=(left, top, 2.6 * base, 0.24 * base), color=color, radius=0.12 * base)


def pill(
    scene: SceneFrame, text: str, place: tuple[float, float], size: float, colors: tuple[str, str], widest: float
) -> tuple[ShapeLayer, TextLayer]:
    """A few bold words on a round plate, its top left corner at `place`; colours are (plate, words)."""
    width, height = pill_size(text, size, widest)
    plate, ink = colors
    inner = (place[0] + 0.55 * size, place[1], width - 1.1 * size, height)
    return (
        ShapeLayer(box=(*place, width, height), color=plate, radius=height / 2),
        TextLayer(text=text, box=inner, size=size, smallest=0.85, font=scene.brand.font, weight="bold", color=ink),
    )


def pill_size(text: str, size: float, widest: float) -> tuple[float, float]:
    return min(widest, text_width(text, size, bold=True) * 1.03 + 1.8 * size), 2.0 * size


def mark(scene: SceneFrame) -> tuple[str, str]:
    """A colour for small solid things on white, the brand's own if it can be seen, and the ink on it."""
    brand = scene.brand.color
    if contrast(brand, WHITE) < READABLE and contrast(brand, WHITE) > SEEN and contrast(brand, INK) >= READABLE:
        return brand, INK
    return readable(brand, WHITE), WHITE


def badge(scene: SceneFrame, text: str, box: Box) -> tuple[ShapeLayer, TextLayer]:
    """A letter or two, or a number, on a disc."""
    color, ink = mark(scene)
    side = box[2]
    inner = (box[0] + 0.1 * side, box[1], 0.8 * side, side)
    size = 0.5 * side if len(text) < 2 else 0.42 * side
    return (
        ShapeLayer(box=box, color=color, radius=side / 2),
        TextLayer(text=text, box=inner, size=size, smallest=0.9, font=scene.brand.font, weight="bold", color=ink),
    )


def own_sound(
    facts: AssetFacts, scene: SceneFrame, start: float = 0.0, end: float | None = None, volume_db: float = 0.0
) -> tuple[Sound, ...]:
    """The sound of a video that runs from the scene's first frame on."""
    length = min(scene.frames / scene.fps, min(facts.duration, end or facts.duration) - start)
    if not facts.has_audio or volume_db <= -60 or length <= 0:
        return ()
    return (Sound(asset=facts.sha256, role="footage", duration=length, start=start, volume_db=volume_db),)
