"""Layers as MoviePy clips: ours can also give planes, any other clip or effect goes through its RGB frames."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from moviepy.tools import compute_position
from moviepy.video.VideoClip import VideoClip

from rendering.engine import images, text
from rendering.engine.errors import MediaProcessingFailed, ProcessingFailed
from rendering.engine.footage import Footage
from rendering.engine.motion import closest, safe, window
from rendering.engine.planes import Array, Bitmap, Planes, as_bytes, blend, even, from_rgba, masked, to_rgb
from rendering.engine.timeline import (
    Box,
    ImageLayer,
    Layer,
    MoviepyLayer,
    ShapeLayer,
    TextLayer,
    VideoLayer,
    at_frame,
)
from rendering.engine.warp import FINEST, warp, warp_alpha

MOVIEPY_OWN = ("moviepy.video.fx.",)
"""Effects of MoviePy itself may always be called."""


@dataclass(frozen=True)
class Stage:
    """What a layer must know of the film and of its scene."""

    width: int
    height: int
    fps: int
    frames: int
    """Of the scene."""
    assets: Mapping[str, Path]
    moviepy_layers: Sequence[str] = ()

    def path(self, sha256: str) -> Path:
        if sha256 not in self.assets:
            raise MediaProcessingFailed(f"The asset {sha256[:12]} is missing.")
        return self.assets[sha256]


class LayerClip(VideoClip):  # type: ignore[misc]
    """A MoviePy clip, with mask and position, that also lays itself over planes. Frames count from its first one."""

    def __init__(self, layer: Layer, stage: Stage, box: tuple[int, int, int, int]) -> None:
        self.layer = layer
        self.frames = (stage.frames if layer.until is None else min(layer.until, stage.frames)) - layer.first
        super().__init__(duration=max(self.frames, 1) / stage.fps)
        self.x, self.y, width, height = box
        self.size = (width, height)
        self.fps = stage.fps
        self.pos = lambda t: (self.x, self.y)
        self.frame_function = lambda t: self.colours(self.bitmap(self.frame_at(t)))
        self.mask = VideoClip(is_mask=True, duration=self.duration)
        self.mask.size = self.size
        self.mask.frame_function = lambda t: self.bitmap(self.frame_at(t)).alphas()[0] / 255.0

    @abstractmethod
    def bitmap(self, frame: int) -> Bitmap:
        """The layer's picture, without opacity and shift."""

    def covers(self, canvas: Planes) -> bool:
        """Whether nothing of the canvas shines through, ever."""
        return False

    def look(self, frame: int) -> Hashable:
        """Equal for frames whose bitmaps are equal."""
        return 0

    def draw(self, canvas: Planes, frame: int) -> None:
        blend(canvas, self.bitmap(frame), self.opacity(frame), self.shift(frame))

    def state(self, frame: int) -> Hashable:
        """Equal for frames that draw the same."""
        return self.look(frame), self.opacity(frame), self.shift(frame)

    def opacity(self, frame: int) -> float:
        return min(max(at_frame(self.layer.opacity, frame + self.layer.first), 0.0), 1.0)

    def shift(self, frame: int) -> tuple[float, float]:
        """In steps of 1/16 px: finer ones cannot be seen."""
        across = at_frame(self.layer.shift_x, frame + self.layer.first)
        down = at_frame(self.layer.shift_y, frame + self.layer.first)
        return round(across * 16) / 16, round(down * 16) / 16

    def frame_at(self, t: float) -> int:
        return min(max(int(t * self.fps + 0.5), 0), max(self.frames - 1, 0))

    @staticmethod
    def colours(bitmap: Bitmap) -> Array:
        """RGB as MoviePy wants it: not premultiplied."""
        if bitmap.alpha is None:
            return to_rgb(bitmap.planes)
        pairs = zip(bitmap.planes.each(), bitmap.alphas(), strict=True)
        y, u, v = (as_bytes(plane * (255 / np.maximum(alpha, 1.0))) for plane, alpha in pairs)
        return to_rgb(Planes(y, u, v))


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
        super().__init__(layer, stage, (drawn.x, drawn.y, drawn.planes.width, drawn.planes.height))

    def bitmap(self, frame: int) -> Bitmap:
        return self.drawn


class ForeignClip(LayerClip):
    """Any MoviePy clip: its RGB frames and mask, turned into planes frame by frame."""

    def __init__(self, clip: Any, layer: Layer, stage: Stage) -> None:
        super().__init__(layer, stage, (0, 0, stage.width, stage.height))
        self.clip = clip
        self.stage_size = (stage.width, stage.height)

    def look(self, frame: int) -> Hashable:
        return frame

    def bitmap(self, frame: int) -> Bitmap:
        t = frame / self.fps
        rgb = as_bytes(self.clip.get_frame(t))
        height, width = rgb.shape[:2]
        alpha = np.full((height, width, 1), 255, np.uint8)
        if self.clip.mask is not None:
            alpha = as_bytes(np.asarray(self.clip.mask.get_frame(t)) * 255.0).reshape(height, width, 1)
        place = compute_position((width, height), self.stage_size, self.clip.pos(t), self.clip.relative_pos)
        return from_rgba(np.concatenate([rgb[..., :3], alpha], axis=2), int(place[0]), int(place[1]))

    def close(self) -> None:
        self.clip.close()
        super().close()


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
    return ForeignClip(with_effects(plain, layer, stage), layer, stage)


def ours(layer: Layer, stage: Stage) -> LayerClip:
    if isinstance(layer, ImageLayer):
        return ImageClip(layer, stage)
    if isinstance(layer, VideoLayer):
        return FootageClip(layer, stage)
    if isinstance(layer, TextLayer | ShapeLayer):
        return DrawnClip(layer, stage)
    raise ProcessingFailed(f"Nothing draws a layer of kind {type(layer).__name__}.")


def with_effects(clip: Any, layer: Layer, stage: Stage) -> Any:
    if not layer.effects:
        return clip
    prefixes = (*MOVIEPY_OWN, *stage.moviepy_layers)
    return clip.with_effects([allowed(effect["call"], prefixes)(**effect.get("args", {})) for effect in layer.effects])


def allowed(call: str, prefixes: Sequence[str]) -> Any:
    """What a dotted path names, if it lies under one of the allowed prefixes."""
    if not any(call == prefix or call.startswith(prefix.rstrip(".") + ".") for prefix in prefixes):
        raise MediaProcessingFailed(f"{call} is not under a prefix of MOVIEPY_LAYERS.")
    module, _, name = call.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise MediaProcessingFailed(f"{call} cannot be imported.") from error


def snapped(box: Box | None, stage: Stage) -> tuple[int, int, int, int]:
    """A box on even pixels, where chroma samples begin."""
    if box is None:
        return 0, 0, stage.width, stage.height
    x, y = 2 * round(box[0] / 2), 2 * round(box[1] / 2)
    right, bottom = 2 * round((box[0] + box[2]) / 2), 2 * round((box[1] + box[3]) / 2)
    return x, y, max(right - x, 2), max(bottom - y, 2)
