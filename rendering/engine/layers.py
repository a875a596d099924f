"""Layers as MoviePy clips: ours can also give planes, any other clip or effect goes through its RGB frames."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from rendering.engine import images, text
from rendering.engine.errors import ProcessingFailed
from rendering.engine.footage import Footage
from rendering.engine.foreign import ForeignClip, allowed, with_effects
from rendering.engine.layer_clip import LayerClip, Stage
from rendering.engine.motion import closest, safe, window
from rendering.engine.planes import Bitmap, Planes, even, masked
from rendering.engine.timeline import Box, ImageLayer, Layer, MoviepyLayer, ShapeLayer, TextLayer, VideoLayer
from rendering.engine.warp import FINEST, warp, warp_alpha


class ImageClip(LayerClip):
    """A still: covering or contained in its box, with a slow camera move."""

    layer: ImageLayer

    def __init__(self, layer: ImageLayer, stage: Stage) -> None:
        box = snapped(layer.box, stage)
        super().__init__(layer, stage, box)
        finer = closest(layer.motion) * FINEST if layer.motion != "none" else 1.0
        size = even(round(box[2] * finer)), even(round(box[3] * finer))
        path = stage.path(layer.asset)
        self.source = images.source(path, layer.asset, size, layer.fit, layer.backdrop, safe(layer.motion))
        self.corners = text.rounded(box, layer.radius) if layer.radius else None
        self.scene_frames = stage.frames
        self.still = self.seen(0) if layer.motion == "none" else None

    def look(self, frame: int) -> Hashable:
        return 0 if self.still else frame

    def draw(self, canvas: Planes, frame: int) -> None:
        plain = self.source.opaque and not self.corners and not self.still
        inside = self.x >= 0 and self.y >= 0 and self.x + self.w <= canvas.width and self.y + self.h <= canvas.height
        if plain and inside and self.opacity(frame) == 1 and self.shift(frame) == (0, 0):
            view = self.window(frame)
            warp(self.source, canvas.view(self.x, self.y, *self.size), view.left, view.top, view.share)
        else:
            super().draw(canvas, frame)

    def covers(self, canvas: Planes) -> bool:
        whole = (self.x, self.y, *self.size) == (0, 0, canvas.width, canvas.height)
        steady = self.layer.opacity == 1 and self.layer.shift_x == self.layer.shift_y == 0
        return whole and steady and self.source.opaque and not self.corners

    def bitmap(self, frame: int) -> Bitmap:
        return self.still or self.seen(frame)

    def seen(self, frame: int) -> Bitmap:
        view = self.window(frame)
        target = Planes.blank(*self.size)
        warp(self.source, target, view.left, view.top, view.share)
        shown = Bitmap(target, x=self.x, y=self.y)
        if not self.source.opaque:
            shown = Bitmap(target, *warp_alpha(self.source, target, view.left, view.top, view.share), self.x, self.y)
        return masked(shown, self.corners) if self.corners else shown

    def window(self, frame: int) -> Any:
        return window(self.layer.motion, frame / max(self.frames - 1, 1))


class FootageClip(LayerClip):
    """A video asset: the frame that is shown at each time, never stretched."""

    layer: VideoLayer

    def __init__(self, layer: VideoLayer, stage: Stage) -> None:
        box = snapped(layer.box, stage)
        super().__init__(layer, stage, box)
        self.footage = Footage(stage.path(layer.asset), layer.asset, self.size, layer.fit, layer.backdrop)

    def look(self, frame: int) -> Hashable:
        seconds = self.layer.start + frame / self.fps
        if self.layer.end is not None:
            seconds = min(seconds, max(self.layer.end - 1 / self.fps, self.layer.start))
        return self.footage.seek(seconds)

    def bitmap(self, frame: int) -> Bitmap:
        self.look(frame)
        return self.footage.bitmap().moved(self.x, self.y)

    def close(self) -> None:
        self.footage.close()
        super().close()


class DrawnClip(LayerClip):
    """A text or a shape: drawn once."""

    def __init__(self, layer: TextLayer | ShapeLayer, stage: Stage) -> None:
        drawn = text.draw(layer) if isinstance(layer, TextLayer) else text.shape(layer)
        self.drawn = drawn
        self.warnings = text.warnings(layer) if isinstance(layer, TextLayer) else ()
        super().__init__(layer, stage, (drawn.x, drawn.y, drawn.planes.width, drawn.planes.height))

    def bitmap(self, frame: int) -> Bitmap:
        return self.drawn


def clip(layer: Layer, stage: Stage) -> LayerClip:
    """The clip of a layer spec, with its MoviePy effects if it has some."""
    if isinstance(layer, MoviepyLayer):
        make = allowed(layer.call, stage.moviepy_layers)
        frames = (stage.frames if layer.until is None else min(layer.until, stage.frames)) - layer.first
        foreign = make(stage.width, stage.height, stage.fps, frames, **layer.args)
        return ForeignClip(with_effects(foreign, layer, stage), layer, stage)
    if not layer.effects:
        return ours(layer, stage)
    plain = ours(replace(layer, effects=(), opacity=1.0, shift_x=0.0, shift_y=0.0), stage)
    changed = ForeignClip(with_effects(plain, layer, stage), layer, stage)
    changed.warnings = plain.warnings
    return changed


def ours(layer: Layer, stage: Stage) -> LayerClip:
    if isinstance(layer, ImageLayer):
        return ImageClip(layer, stage)
    if isinstance(layer, VideoLayer):
        return FootageClip(layer, stage)
    if isinstance(layer, TextLayer | ShapeLayer):
        return DrawnClip(layer, stage)
    raise ProcessingFailed(f"Nothing draws a layer of kind {type(layer).__name__}.")


def snapped(box: Box | None, stage: Stage) -> tuple[int, int, int, int]:
    """A box on even pixels, where chroma samples begin."""
    if box is None:
        return 0, 0, stage.width, stage.height
    x, y = 2 * round(box[0] / 2), 2 * round(box[1] / 2)
    right, bottom = 2 * round((box[0] + box[2]) / 2), 2 * round((box[1] + box[3]) / 2)
    return x, y, max(right - x, 2), max(bottom - y, 2)
